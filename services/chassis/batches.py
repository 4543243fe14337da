"""The quick stage: a batch at a time, keys side by side, committed after every acknowledgement.

Within a batch the messages of one key are handled in order, one at a time; different keys run at once. When every
message is acknowledged or dead-lettered, the batch's offsets are committed and the next batch is taken; while some
wait for a dependency, what is done before them is committed every second. An interruption (stop, halt, rebalance)
lets running handlers end, starts nothing new, and commits what is done without a gap.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.bindings import OnBatch, Received
from services.chassis.clock import Clock
from services.chassis.delivery import Abandoned, Desk
from services.chassis.ending import end
from services.chassis.metrics import Metrics
from services.chassis.partitions import NOWHERE, Ledger
from services.chassis.publishing import Delivery
from services.chassis.reading import RawRecord
from services.chassis.suspects import CommitMarks, DeathWatch

log = logging.getLogger(__name__)

SIGN_OF_LIFE_S: Final = 10.0
_COMMIT_EVERY_S: Final = 1.0
LaneKey = tuple[str, Any]


class BatchStage(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka carries no types
    """Fetches and handles the batches of one consumer.

    Args:
        desk: handles each message.
        metrics: of the service.
        clock: of the service.
        drain_s: seconds that running handlers get when partitions are revoked.
        rows: full topic names by row of the service's table, most urgent first.
        killed_limit: as of `DeathWatch`.
        most: messages of a batch.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, made in one place
        self,
        desk: Desk,
        metrics: Metrics,
        clock: Clock,
        drain_s: float,
        rows: Sequence[Sequence[str]] = (),
        *,
        killed_limit: int = 0,
        most: int = 500,
    ) -> None:
        self.last_turn = clock.monotonic()
        self.regrouping = False
        self._assignment = self._taken_under = 0
        self._desk = desk
        self._metrics = metrics
        self._clock = clock
        self._drain_s = drain_s
        self._rows = [frozenset(row) for row in rows]
        self._consumer: AIOKafkaConsumer | None = None
        self._interrupt = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ledger = Ledger(metrics)
        self._watch = DeathWatch(killed_limit, most, self._ledger, desk.conditions.troubles)
        desk.on_survived = self._watch.survived

    def attach(self, consumer: AIOKafkaConsumer) -> None:
        """The consumer whose batches come here."""
        self._consumer = consumer
        self._watch.attach(CommitMarks(consumer))

    def turned(self) -> None:
        """The loop has got records, or learnt that there are none."""
        self.last_turn = self._clock.monotonic()
        self._taken_under = self._assignment

    async def fetch(self, max_records: int, timeout_ms: int) -> tuple[RawRecord, ...]:
        """The next batch; empty when nothing comes in time.

        Rows bound earlier go first, but each leaves half of the room that it finds: a flood in one topic neither
        keeps a batch from what is more urgent, nor starves what is less. Then whatever is there fills the rest.
        """
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("BatchStage: attach() comes first")
        await self._watch.look()
        suspect = self._watch.suspect
        if suspect is not None:
            return await self._fetch_alone(consumer, suspect, timeout_ms)
        found: list[RawRecord] = []
        under = self._assignment
        *urgent, last = self._rows or [frozenset()]
        for row, half in [*((row, True) for row in urgent), (last, False), *((row, False) for row in urgent)]:
            room = max_records - len(found)
            asked = [tp for tp in consumer.assignment() if tp.topic in row]
            if not asked or room < 1:
                continue
            most = max(1, room // 2) if half else room
            got = await consumer.getmany(*asked, timeout_ms=0, max_records=most)
            if under != self._assignment:
                # The group has shared out its partitions meanwhile: what was found before comes again.
                under, found = self._assignment, []
            found.extend(chain.from_iterable(got.values()))
        if not found:
            got = await consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
            found.extend(chain.from_iterable(got.values()))
        self.turned()
        return tuple(found)

    async def _fetch_alone(
        self, consumer: AIOKafkaConsumer, suspect: TopicPartition, timeout_ms: int
    ) -> tuple[RawRecord, ...]:
        under = self._assignment
        got = await consumer.getmany(suspect, timeout_ms=timeout_ms, max_records=1)
        if under != self._assignment:
            return ()
        self.turned()
        found = tuple(chain.from_iterable(got.values()))
        if not found:
            await self._watch.missing(suspect)
        return found

    def interrupt(self) -> None:
        """Start nothing new; what runs may end."""
        self._interrupt.set()

    async def release(self) -> None:
        """This life ends in order."""
        await self._watch.release()

    async def drained(self, timeout_s: float) -> None:
        """Wait until the batch in hand has ended, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()

    async def measure(self) -> None:
        """Bring the lag of the partitions in hand up to date."""
        if self._consumer is not None:
            await self._ledger.measure(self._consumer)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Called by the consumer before a rebalance, which waits for it: end the batch in hand and commit it."""
        self.regrouping = True
        self._assignment += 1
        if not self._idle.is_set():
            self.interrupt()
            await self.drained(self._drain_s)
        await self._watch.release(revoked)
        self._watch.forget(revoked)
        self._ledger.forget(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called by the consumer after a rebalance: positions start from what the group has committed."""
        self._ledger.forget(assigned)
        self._watch.assigned(assigned)
        self.regrouping = False

    async def consume(self, records: Sequence[RawRecord]) -> None:
        """Handle a batch to its end and commit it, or to its interruption and commit what is done."""
        consumer = self._consumer
        if consumer is None or self._desk.conditions.halted is not None:
            return
        if self._taken_under != self._assignment:
            # Taken just before its partitions were: they come again, to us or to another member.
            return
        self._interrupt = interrupt = asyncio.Event()
        self._idle.clear()
        alive = asyncio.create_task(self._stay_alive(consumer))
        committing = asyncio.create_task(self._commit_now_and_then(consumer))
        try:
            for record in records:
                self._ledger.tracker(_partition(record)).begin(record.offset)
            if self._watch.suspect is None:
                await self._run(records, interrupt)
                await end(committing)
                await self._ledger.commit(consumer)
            else:
                await self._run_alone(consumer, records[0], interrupt)
        except Exception as error:
            # FastStream would log this, take the next batch and commit past what was lost here.
            log.exception("the chassis failed on a batch")
            self._desk.halt(f"chassis error: {error!r}", records[0])
        finally:
            await end(alive, committing)
            self._idle.set()
            self.last_turn = self._clock.monotonic()

    async def _run(self, records: Sequence[RawRecord], interrupt: asyncio.Event) -> None:
        lanes: dict[LaneKey, list[RawRecord]] = {}
        batches: dict[int, tuple[OnBatch, list[RawRecord]]] = {}
        for record in records:
            if self._desk.is_spare(record):
                self._finish(record)
                continue
            binding = self._desk.binding(record)
            if isinstance(binding, OnBatch):
                batches.setdefault(id(binding), (binding, []))[1].append(record)
            else:
                lanes.setdefault(_lane(record), []).append(record)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._one_by_one(lane, interrupt))
            for on_batch, together in batches.values():
                group.create_task(self._together(on_batch, together, interrupt))

    async def _run_alone(self, consumer: AIOKafkaConsumer, record: RawRecord, interrupt: asyncio.Event) -> None:
        """One message that may kill its process, or the one that has."""
        killed = await self._watch.take(record)
        if killed is None:
            await self._run([record], interrupt)
        else:
            with suppress(Abandoned):
                await self._desk.give_up(record, killed, "handle", killed.times, interrupt)
                self._finish(record)
        await self._ledger.commit(consumer)
        if self._ledger.is_done(record):
            await self._watch.passed(record, guilty=killed is not None)

    async def _one_by_one(self, lane: Sequence[RawRecord], interrupt: asyncio.Event) -> None:
        handled: list[tuple[RawRecord, list[Delivery]]] = []
        with suppress(Abandoned):
            for record in lane:
                if interrupt.is_set():
                    break
                handled.append((record, await self._desk.handle(record, interrupt)))
        with suppress(Abandoned):
            for record, deliveries in handled:
                await self._desk.settle(record, deliveries, interrupt)
                self._finish(record)

    async def _together(self, binding: OnBatch, records: Sequence[RawRecord], interrupt: asyncio.Event) -> None:
        with suppress(Abandoned):
            read = [(record, self._desk.read(record)) for record in records]
            received = [found for _, found in read if isinstance(found, Received)]
            if received:
                deliveries = await self._desk.call_batch(binding, received, interrupt)
                if deliveries is None:
                    await self._one_by_one(records, interrupt)
                    return
                last = next(record for record, found in reversed(read) if isinstance(found, Received))
                await self._desk.settle(last, deliveries, interrupt)
            # In the order of arrival: what was handled breaks the row of dead letters.
            for record, found in read:
                if interrupt.is_set():
                    return
                if isinstance(found, Received):
                    self._desk.succeeded()
                else:
                    await self._desk.give_up(record, found, "decode", 0, interrupt)
                self._finish(record)

    def _finish(self, record: RawRecord) -> None:
        self._desk.done(record)
        self._ledger.tracker(_partition(record)).finish(record.offset)

    async def _stay_alive(self, consumer: AIOKafkaConsumer) -> None:
        """A batch may wait for hours for a dependency: keep the group from taking us for dead meanwhile."""
        while True:
            await asyncio.sleep(SIGN_OF_LIFE_S)
            self.last_turn = self._clock.monotonic()
            with suppress(KafkaError):
                await consumer.getmany(NOWHERE, timeout_ms=0)

    async def _commit_now_and_then(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(_COMMIT_EVERY_S)
            await self._ledger.commit(consumer)


def _partition(record: RawRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _lane(record: RawRecord) -> LaneKey:
    """Messages of one key go in order, whatever their topic; without a key, those of one partition do."""
    if record.key is not None:
        return ("", record.key)
    return (record.topic, record.partition)
