"""Messages that kill their process end in the dead letters, wherever they lie; every other is handled."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.metrics import Metrics
from services.chassis.partitions import Ledger
from services.chassis.suspects import DeathWatch
from tests.fakes.stages import Record

LIMIT, HAND = 3, 4
Log = Mapping[TopicPartition, int]


class Died(Exception):  # noqa: N818 - it is no error
    """The process has."""


@dataclass
class Group:
    """What the broker keeps for a consumer group, and what has become of the messages."""

    ends: Log
    committed: dict[TopicPartition, tuple[int, str]]
    handled: list[tuple[TopicPartition, int]] = field(default_factory=list)
    buried: list[tuple[TopicPartition, int]] = field(default_factory=list)

    async def read(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, tuple[int, str]]:
        return {tp: self.committed[tp] for tp in partitions}

    async def waiting(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {tp: self.ends[tp] for tp in partitions}

    async def write(self, marks: Mapping[TopicPartition, tuple[int, str]]) -> None:
        self.committed.update(marks)

    @property
    def left(self) -> int:
        return sum(self.ends[tp] - offset for tp, (offset, _) in self.committed.items())


class Life:
    """A process that takes a few messages of each partition at once, or suspects alone, and commits in between."""

    def __init__(self, group: Group, killers: set[tuple[TopicPartition, int]]) -> None:
        self.group = group
        self.killers = killers
        self.ledger = Ledger(Metrics("toy"))
        self.watch = DeathWatch(LIMIT, HAND, self.ledger, {})
        self.watch.attach(group)
        self.watch.assigned(group.ends)
        self.positions = {tp: offset for tp, (offset, _) in group.committed.items()}

    async def live(self) -> None:
        """Until nothing is left.

        Raises:
            Died: a killer was handled.
        """
        await self.watch.look()
        while self.group.left:
            suspect = self.watch.suspect
            if suspect is not None:
                await self._alone(suspect)
                continue
            hand = [
                (tp, offset)
                for tp, position in self.positions.items()
                for offset in range(position, min(position + HAND, self.group.ends[tp]))
            ]
            for tp, offset in hand:
                self.ledger.tracker(tp).begin(offset)
            for tp, offset in hand:
                await self._handle(tp, offset)
            self.positions.update({tp: offset + 1 for tp, offset in hand})
            await self._commit()

    async def _alone(self, suspect: TopicPartition) -> None:
        offset = self.positions[suspect]
        if offset >= self.group.ends[suspect]:
            await self.watch.missing(suspect)
            return
        self.positions[suspect] += 1
        self.ledger.tracker(suspect).begin(offset)
        record = Record(offset, None, None, suspect.partition, suspect.topic)
        killed = await self.watch.take(record)
        if killed is None:
            await self._handle(suspect, offset)
        else:
            self.group.buried.append((suspect, offset))
            self.ledger.tracker(suspect).finish(offset)
        await self._commit()
        await self.watch.passed(record, guilty=killed is not None)

    async def _handle(self, tp: TopicPartition, offset: int) -> None:
        if (tp, offset) in self.killers:
            raise Died
        self.group.handled.append((tp, offset))
        self.ledger.tracker(tp).finish(offset)

    async def _commit(self) -> None:
        for tp in self.group.ends:
            offset = self.ledger.tracker(tp).to_commit()
            if offset is not None:
                assert offset >= self.group.committed[tp][0]
                self.group.committed[tp] = (offset, "")
                self.ledger.tracker(tp).committed(offset)


ENDS = st.lists(st.integers(0, 12), min_size=1, max_size=3)


@given(ends=ENDS, chosen=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 11)), max_size=4))
@settings(max_examples=150, deadline=None)
def test_killers_end_in_the_dead_letters_and_nothing_else_does(ends: list[int], chosen: set[tuple[int, int]]) -> None:
    log = {TopicPartition("toy", number): end for number, end in enumerate(ends)}
    killers = {
        (TopicPartition("toy", number), offset)
        for number, offset in chosen
        if number < len(ends) and offset < ends[number]
    }
    group = Group(log, dict.fromkeys(log, (0, "")))

    async def lives() -> int:
        # Together as often as it takes to suspect, twice alone, and the life that buries it and meets the next one.
        for count in range(1, (LIMIT + 3) * (len(killers) + 1) + 1):
            try:
                await Life(group, killers).live()
            except Died:
                continue
            return count
        raise AssertionError(f"{group.left} message(s) never came to an end")

    asyncio.run(lives())
    everything = {(tp, offset) for tp, end in log.items() for offset in range(end)}
    assert set(group.buried) == killers
    assert len(group.buried) == len(killers)
    assert set(group.handled) == everything - killers
    for tp in log:
        first = list(dict.fromkeys(offset for where, offset in group.handled if where == tp))
        assert first == sorted(first)


@given(stops=st.lists(st.booleans(), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_life_that_stops_in_order_is_never_counted(stops: list[bool]) -> None:
    here = TopicPartition("toy", 0)
    group = Group({here: 5}, {here: (0, "")})

    async def lives() -> None:
        deaths = 0
        for in_order in stops:
            life = Life(group, set())
            await life.watch.look()
            assert (life.watch.suspect is not None) == (deaths >= LIMIT)
            if in_order:
                await life.watch.release()
            else:
                deaths += 1

    asyncio.run(lives())
