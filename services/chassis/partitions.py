"""Positions of the partitions that a consumer holds: what is open, what to commit, how far behind."""

import logging
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.chassis.metrics import Metrics
from services.chassis.offsets import OffsetTracker

log = logging.getLogger(__name__)

#: A partition that nobody has: asking it for records tells the group that we live, and takes no record.
NOWHERE: Final = TopicPartition("__nowhere__", 0)


class CommittingConsumer(Protocol):
    """What committing needs of `AIOKafkaConsumer`."""

    def assignment(self) -> Iterable[TopicPartition]:
        """The partitions held now."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the offsets for the group."""
        ...

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end of a partition by the newest fetch."""
        ...


class Ledger:
    """One tracker per partition in hand."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._trackers: dict[TopicPartition, OffsetTracker] = {}

    def tracker(self, partition: TopicPartition) -> OffsetTracker:
        """The tracker of a partition, new where there is none."""
        return self._trackers.setdefault(partition, OffsetTracker())

    def open(self) -> int:
        """How many messages are handed out and not done."""
        return sum(tracker.in_flight for tracker in self._trackers.values())

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are no longer ours: what is still running on them will not be committed by us."""
        for partition in partitions:
            self._trackers.pop(partition, None)

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
                self._note_lag(consumer, partition, offset)

    def _note_lag(self, consumer: CommittingConsumer, partition: TopicPartition, offset: int) -> None:
        try:
            end = consumer.highwater(partition)
        except IllegalStateError:
            return
        if end is not None:
            gauge = self._metrics.lag(partition.topic, str(partition.partition))
            gauge.set(max(0, end - offset))
