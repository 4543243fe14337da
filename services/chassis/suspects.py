"""Watches over messages that kill their process: marks where lives begin, takes suspects alone, names the guilty.

The rule is `deaths.py`. Nothing is written per message: a life marks the partitions that it is given and that have
something waiting, its first commit takes the mark away. A broker that drops the metadata of commits (the embedded one)
has no marks, and nothing changes.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from services.chassis.deaths import Course, Mark, read
from services.chassis.partitions import Ledger
from services.chassis.reading import RawRecord

log = logging.getLogger(__name__)

#: Looks in vain for a suspect that is no longer there (compacted away), before it is given up.
_LOOKS: Final = 5
_TROUBLE: Final = "suspects"


class KilledItsProcess(Exception):  # noqa: N818 - what it says in the dead letter
    """The message's handler ended its process each time."""

    def __init__(self, times: int) -> None:
        super().__init__(f"killed its process {times} times: {times - 2} times it was in hand with others, twice alone")
        self.times = times


class Marks(Protocol):
    """Where the marks of a group are kept."""

    async def read(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, tuple[int, str]]:
        """Committed offset and metadata of partitions; where nothing is committed, where it will begin."""
        ...

    async def waiting(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The ends of partitions."""
        ...

    async def write(self, marks: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Commit these offsets with these metadata."""
        ...


class CommitMarks:
    """Marks as the metadata of an `AIOKafkaConsumer`'s commits."""

    def __init__(self, consumer: Any) -> None:  # noqa: ANN401 - aiokafka carries no types
        self._consumer = consumer

    async def read(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, tuple[int, str]]:
        """As `Marks.read`."""
        # The public `committed()` drops the metadata.
        found = await self._consumer._coordinator.fetch_committed_offsets(list(partitions))  # noqa: SLF001
        told = {tp: (item.offset, item.metadata) for tp, item in found.items() if item.offset >= 0}
        return {tp: told[tp] if tp in told else (await self._consumer.position(tp), "") for tp in partitions}

    async def waiting(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """As `Marks.waiting`."""
        ends: Mapping[TopicPartition, int] = await self._consumer.end_offsets(list(partitions))
        return ends

    async def write(self, marks: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """As `Marks.write`."""
        await self._consumer.commit({tp: OffsetAndMetadata(offset, text) for tp, (offset, text) in marks.items()})


@dataclass(slots=True)
class _Held:
    """A partition's mark: at which offset, as it was before this life and as it is now."""

    offset: int
    before: Mark
    now: Mark


@dataclass(slots=True)
class _Suspected:
    course: Course
    lives: int
    left: int
    looks: int = 0


class DeathWatch:
    """One consumer's marks and suspects.

    Args:
        limit: lives that end at the same offset before its messages are taken alone; 0 = no watch is kept.
        window: messages of a partition that may have been in hand at once: so many are suspected.
        troubles: what keeps the service from being ready, by name; suspects are told there.
    """

    def __init__(self, limit: int, window: int, ledger: Ledger, troubles: dict[str, str]) -> None:
        self._limit = limit
        self._window = window
        self._ledger = ledger
        self._troubles = troubles
        self._marks: Marks | None = None
        self._ours: set[TopicPartition] = set()
        self._new: set[TopicPartition] = set()
        self._held: dict[TopicPartition, _Held] = {}
        self._suspected: dict[TopicPartition, _Suspected] = {}
        self._alone: TopicPartition | None = None

    def attach(self, marks: Marks) -> None:
        """Where the marks are kept."""
        self._marks = marks if self._limit else None

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """These are ours from now on; `look` comes before anything of them is taken."""
        self._ours |= set(partitions)
        self._new |= set(partitions)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These are no longer ours."""
        for partition in partitions:
            self._ours.discard(partition)
            self._new.discard(partition)
            self._held.pop(partition, None)
            self._clear(partition)

    @property
    def suspect(self) -> TopicPartition | None:
        """Where the next message is to be taken from, alone; None = nobody is suspected."""
        guilty = (tp for tp, found in self._suspected.items() if found.course is Course.DEAD_LETTER)
        return next(guilty, next(iter(self._suspected), None))

    async def look(self) -> None:
        """Read the marks of what is newly ours, and mark that a life has begun there."""
        if not self._new or self._marks is None:
            return
        partitions, self._new = sorted(self._new), set()
        try:
            found = await self._marks.read(partitions)
            ends = await self._marks.waiting(partitions)
        except (KafkaError, IllegalStateError) as error:
            log.info("marks of earlier lives could not be read: %r", error)
            return
        # Some may have gone, or gone and come again, while the broker was asked.
        still = [tp for tp in partitions if tp in self._ours and tp not in self._new]
        for partition in still:
            offset, text = found[partition]
            self._weigh(partition, offset, read(text), waiting=ends[partition] > offset)
        begun = [tp for tp in still if tp in self._held and tp not in self._suspected]
        await self._write({tp: (self._held[tp].offset, self._held[tp].now) for tp in begun})

    async def take(self, record: RawRecord) -> KilledItsProcess | None:
        """Hand a suspect out alone: marked, or told that it is the guilty one."""
        partition = TopicPartition(record.topic, record.partition)
        found, held = self._suspected.get(partition), self._held.get(partition)
        if found is None:
            # The partition has gone meanwhile; so may have the message.
            return None
        # What follows a suspect that has passed was in hand as often as that one.
        mark = held.now if held is not None else Mark(found.lives)
        if found.course is Course.DEAD_LETTER and mark.alone:
            return KilledItsProcess(mark.lives + mark.alone)
        found.looks = 0
        self._alone = partition
        self._held[partition] = _Held(record.offset, mark, mark.begun_alone())
        self._ledger.tracker(partition).committed(record.offset)
        await self._write({partition: (record.offset, mark.begun_alone())})
        return None

    async def passed(self, record: RawRecord, *, guilty: bool) -> None:
        """A suspect has ended, well or in a dead letter, and is committed."""
        partition, self._alone = TopicPartition(record.topic, record.partition), None
        self._held.pop(partition, None)
        found = self._suspected.get(partition)
        if guilty:
            # The others were only in its company.
            await self._acquit(list(self._suspected))
        elif found is not None:
            found.left -= 1
            if found.left <= 0:
                self._clear(partition)

    async def survived(self) -> None:
        """The handler of the suspect in hand came back, without having finished: it doesn't kill."""
        partition, self._alone = self._alone, None
        if partition is not None:
            await self._acquit([partition])

    async def missing(self, partition: TopicPartition) -> None:
        """No suspect came from a partition for a while."""
        found = self._suspected.get(partition)
        if found is not None:
            found.looks += 1
            if found.looks >= _LOOKS:
                await self._acquit([partition])

    async def release(self, partitions: Iterable[TopicPartition] | None = None) -> None:
        """This life ends in order, or gives these partitions back: its marks are as before it."""
        chosen = list(self._held) if partitions is None else [tp for tp in partitions if tp in self._held]
        standing = [tp for tp in chosen if (self._ledger.tracker(tp).committable() or 0) <= self._held[tp].offset]
        await self._write({tp: (self._held[tp].offset, self._held[tp].before) for tp in standing})
        for partition in chosen:
            del self._held[partition]

    def _weigh(self, partition: TopicPartition, offset: int, mark: Mark, *, waiting: bool) -> None:
        course = mark.course(self._limit)
        if not waiting:
            # Whatever killed has gone; what comes next begins with a clean slate.
            return
        # Else the first commit would say once more what the group has committed, and take the mark away.
        self._ledger.tracker(partition).committed(offset)
        if course is Course.TOGETHER:
            self._held[partition] = _Held(offset, mark, mark.begun())
            return
        self._held[partition] = _Held(offset, mark, mark)
        self._suspected[partition] = _Suspected(course, mark.lives, self._window)
        self._troubles[_TROUBLE] = f"{mark.lives} lives ended at {partition.topic}/{partition.partition}/{offset}"
        log.warning("%s; its messages are taken one at a time (%s)", self._troubles[_TROUBLE], course.value)

    async def _acquit(self, partitions: Sequence[TopicPartition]) -> None:
        await self._write({tp: (self._held[tp].offset, Mark()) for tp in partitions if tp in self._held})
        for partition in partitions:
            self._held.pop(partition, None)
            self._clear(partition)

    def _clear(self, partition: TopicPartition) -> None:
        self._suspected.pop(partition, None)
        if not self._suspected:
            self._troubles.pop(_TROUBLE, None)

    async def _write(self, marks: Mapping[TopicPartition, tuple[int, Mark]]) -> None:
        if not marks or self._marks is None:
            return
        try:
            await self._marks.write({tp: (offset, mark.text) for tp, (offset, mark) in marks.items()})
        except (KafkaError, IllegalStateError) as error:
            # A life that isn't counted: the next one is.
            log.info("marks could not be written: %r", error)
