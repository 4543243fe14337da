"""Positions of the partitions that a consumer holds: what is open, what to commit, how far behind."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.chassis.metrics import Metrics
from services.chassis.offsets import OffsetTracker
from services.chassis.reading import RawRecord

log = logging.getLogger(__name__)

#: A partition that nobody has: asking it for records tells the group that we live, and takes no record.
NOWHERE: Final = TopicPartition("__nowhere__", 0)
_ANSWER_S: Final = 10.0


class CommittingConsumer(Protocol):
    """What committing needs of `AIOKafkaConsumer`."""

    def assignment(self) -> Iterable[TopicPartition]:
        """The partitions held now."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the offsets for the group."""
        ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The ends of partitions, asked of the broker."""
        ...

    async def position(self, partition: TopicPartition) -> int:
        """Where the next fetch of a partition begins: where the group has committed, when nothing was taken yet."""
        ...


class Ledger:
    """One tracker per partition in hand."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._trackers: dict[TopicPartition, OffsetTracker] = {}
        self._ends: dict[TopicPartition, int] = {}

    def tracker(self, partition: TopicPartition) -> OffsetTracker:
        """The tracker of a partition, new where there is none."""
        return self._trackers.setdefault(partition, OffsetTracker())

    def is_done(self, record: RawRecord) -> bool:
        """Whether a message and all before it are done."""
        done = self.tracker(TopicPartition(record.topic, record.partition)).committable()
        return done is not None and done > record.offset

    def open(self) -> int:
        """How many messages are handed out and not done."""
        return sum(tracker.in_flight for tracker in self._trackers.values())

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are no longer ours: what is still running on them will not be committed by us."""
        for partition in partitions:
            self._trackers.pop(partition, None)
            self._ends.pop(partition, None)
            self._metrics.lag.forget(partition.topic, str(partition.partition))

    async def commit(self, consumer: CommittingConsumer) -> None:
        """Commit what is news. A refusal is logged: the messages come again, to us or to another member."""
        held = set(consumer.assignment())
        news = {
            partition: offset
            for partition, tracker in self._trackers.items()
            if partition in held and (offset := tracker.to_commit()) is not None
        }
        if not news:
            return
        try:
            await consumer.commit(news)
        except (CommitFailedError, IllegalStateError) as error:
            log.warning("commit refused, the group has rebalanced: %r", error)
        except KafkaError as error:
            log.warning("commit failed, the next one tries again: %r", error)
        else:
            for partition, offset in news.items():
                if partition in self._trackers:
                    self._trackers[partition].committed(offset)
                self._note_lag(partition, offset)

    async def measure(self, consumer: CommittingConsumer) -> None:
        """How far behind the group is on what this consumer holds; the last known values stay when nobody answers.

        The ends come from the broker: those of the newest fetch stand still while a slow consumer fetches nothing.
        """
        held = list(consumer.assignment())
        if not held:
            return
        try:
            async with asyncio.timeout(_ANSWER_S):
                ends = await consumer.end_offsets(held)
            for partition, end in ends.items():
                tracker = self._trackers.get(partition)
                done = tracker.committable() if tracker is not None else None
                if done is None:
                    async with asyncio.timeout(_ANSWER_S):
                        done = await consumer.position(partition)
                if partition in consumer.assignment():
                    self._ends[partition] = end
                    self._note_lag(partition, done)
        except (TimeoutError, IllegalStateError, KafkaError) as error:
            log.info("the lag could not be measured: %r", error)

    def _note_lag(self, partition: TopicPartition, done: int) -> None:
        end = self._ends.get(partition)
        if end is not None:
            self._metrics.lag(partition.topic, str(partition.partition)).set(max(0, end - done))
