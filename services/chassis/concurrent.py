"""The slow stage: many messages of a partition at once, commits contiguous.

What must hold (and is tested): a commit never passes an unfinished message; a message whose events or dead letter are
not acknowledged stays open; no partition is paused (that would drop what was fetched ahead), records are simply not
asked for; revoked partitions are drained for a while before they are given back, heartbeats going on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.bindings import Concurrent
from services.chassis.clock import Clock
from services.chassis.delivery import Abandoned, Desk
from services.chassis.ending import end
from services.chassis.metrics import Metrics
from services.chassis.partitions import NOWHERE, Ledger
from services.chassis.reading import RawRecord
from services.chassis.suspects import CommitMarks, DeathWatch

log = logging.getLogger(__name__)

_COMMIT_EVERY_S: Final = 0.2
_POLL_MS: Final = 100
_FULL_WAIT_S: Final = 1.0
_AFTER_ERROR_S: Final = 1.0
Hand = Callable[[Any], Awaitable[Any]]

#: What ends the waits of the message in hand: set when its partition goes or the service stops. A message keeps the
#: one that it was handed out under, else it could begin after its partition was taken away.
_in_hand: ContextVar[asyncio.Event] = ContextVar("interrupt of the message in hand")


class ConcurrentStage(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka carries no types
    """Fetches into free slots and commits what is done without a gap.

    Args:
        topics: full names, most urgent first: a free slot asks them in this order, but for the last one's turns.
        desk: handles each message.
        options: slots and drain.
        metrics: of the service.
        clock: of the service.
        killed_limit: as of `DeathWatch`.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, made in one place
        self,
        topics: Sequence[str],
        desk: Desk,
        options: Concurrent,
        metrics: Metrics,
        clock: Clock,
        *,
        killed_limit: int = 0,
    ) -> None:
        self.last_turn = clock.monotonic()
        self.regrouping = False
        self.stop_s = options.drain_s if options.stop_s is None else options.stop_s
        self._topics = tuple(topics)
        self._hold = options.slots + options.ahead
        self._desk = desk
        self._options = options
        self._clock = clock
        self._ledger = Ledger(metrics)
        self._watch = DeathWatch(killed_limit, self._hold, self._ledger, desk.conditions.troubles)
        desk.on_survived = self._watch.survived
        self._passed_over = 0
        self._consumer: AIOKafkaConsumer | None = None
        self._hand: Hand = desk_unset
        self._tasks: dict[asyncio.Task[None], TopicPartition] = {}
        self._interrupt = asyncio.Event()
        self._stopping = asyncio.Event()
        self._freed = asyncio.Event()

    def attach(self, consumer: AIOKafkaConsumer, hand: Hand) -> None:
        """The consumer to fetch from, and the way (FastStream's) by which a record comes back to `consume`."""
        self._consumer = consumer
        self._hand = hand
        self._watch.attach(CommitMarks(consumer))

    def interrupt(self) -> None:
        """Fetch nothing more; waits for a retry end, running handlers may end."""
        self._stopping.set()
        self._interrupt.set()
        self._freed.set()

    async def consume(self, record: RawRecord) -> bool:
        """Handle one message; True when its offset may be committed."""
        try:
            await self._desk.process(record, _in_hand.get(self._interrupt))
        except Abandoned:
            return False
        self._desk.done(record)
        return True

    async def run(self) -> None:
        """Fetch, hand out and commit until interrupted; then drain."""
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("ConcurrentStage: attach() comes first")
        committing = asyncio.create_task(self._commit_now_and_then(consumer))
        fetching = asyncio.create_task(self._fetch(consumer))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({fetching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if fetching.done():
                await fetching
            # While the group shares out its partitions anew, a fetch waits for as long as the slowest member drains.
            await end(fetching)
            await self._drain(self._tasks, self.stop_s)
        finally:
            await end(fetching, stopping, committing)
        await self._ledger.commit(consumer)

    async def close(self) -> None:
        """Cancel what did not end while draining. Its offsets stay open, so its messages come again."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def release(self) -> None:
        """This life ends in order."""
        await self._watch.release()

    async def measure(self) -> None:
        """Bring the lag of the partitions in hand up to date."""
        if self._consumer is not None:
            await self._ledger.measure(self._consumer)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Called by the consumer before a rebalance, which waits for it: drain, commit, let go.

        A handler that needs longer goes on unsupervised: cancelling it would waste what it has done, and whoever gets
        the message next finds the handler's claim.
        """
        self.regrouping = True
        if not revoked or self._consumer is None:
            return
        interrupt, self._interrupt = self._interrupt, asyncio.Event()
        interrupt.set()
        if self._stopping.is_set():
            self._interrupt.set()
        lost = set(revoked)
        await self._drain([task for task, tp in self._tasks.items() if tp in lost], self._options.drain_s)
        await self._ledger.commit(self._consumer)
        await self._watch.release(lost)
        self._watch.forget(lost)
        self._ledger.forget(lost)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called by the consumer after a rebalance: positions start from what the group has committed."""
        self._ledger.forget(assigned)
        self._watch.assigned(assigned)
        self.regrouping = False

    async def _fetch(self, consumer: AIOKafkaConsumer) -> None:
        while not self._stopping.is_set():
            try:
                await self._turn(consumer)
            except KafkaError as error:
                log.warning("fetching failed, trying again: %r", error)
                await asyncio.sleep(_AFTER_ERROR_S)
            else:
                self.last_turn = self._clock.monotonic()

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        await self._watch.look()
        suspect = self._watch.suspect
        free = self._hold - len(self._tasks) if suspect is None else -len(self._tasks)
        if suspect is not None and not self._tasks:
            await self._start_alone(consumer, suspect)
            return
        if free <= 0:
            # Tells the group that we live, without taking or dropping records.
            await consumer.getmany(NOWHERE, timeout_ms=0)
            await self._wait_for_room()
            return
        roomy = self._with_room(consumer.assignment())
        for topic, most in self._turns(free):
            asked = [tp for tp in roomy if tp.topic == topic]
            found = await consumer.getmany(*asked, timeout_ms=0, max_records=most) if asked else {}
            if found:
                if topic != self._topics[-1]:
                    self._passed_over += sum(map(len, found.values()))
                self._start(found)
                return
        waiting = roomy or [NOWHERE]
        self._start(await consumer.getmany(*waiting, timeout_ms=_POLL_MS, max_records=free))

    def _turns(self, free: int) -> list[tuple[str, int]]:
        """Topics in the order of asking, each with how many messages it may give: the last one isn't starved."""
        *urgent, last = self._topics
        left = self._options.fair_every - 1 - self._passed_over
        if left <= 0:
            self._passed_over = 0
            return [(last, 1), *((topic, 1) for topic in urgent)]
        return [*((topic, min(free, left)) for topic in urgent), (last, free)]

    def _with_room(self, assigned: Iterable[TopicPartition]) -> list[TopicPartition]:
        partitions = sorted(assigned)
        of_topic = Counter(tp.topic for tp in partitions)

        def ceiling(tp: TopicPartition) -> int:
            # By topic: the few partitions of a busy one must be able to fill every slot beside many idle ones.
            return self._options.per_partition or max(1, 2 * self._hold // of_topic[tp.topic])

        return [tp for tp in partitions if self._ledger.tracker(tp).in_flight < ceiling(tp)]

    def _start(self, found: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        if self._stopping.is_set():
            return
        for partition, records in found.items():
            for record in records:
                self._ledger.tracker(partition).begin(record.offset)
                task = asyncio.create_task(self._one(partition, record, self._interrupt))
                self._tasks[task] = partition
                task.add_done_callback(self._ended)

    async def _start_alone(self, consumer: AIOKafkaConsumer, suspect: TopicPartition) -> None:
        found = await consumer.getmany(suspect, timeout_ms=_POLL_MS, max_records=1)
        for record in found.get(suspect, ()):
            if not self._stopping.is_set():
                self._ledger.tracker(suspect).begin(record.offset)
                task = asyncio.create_task(self._alone(consumer, record, self._interrupt))
                self._tasks[task] = suspect
                task.add_done_callback(self._ended)
        if not found:
            await self._watch.missing(suspect)

    async def _alone(self, consumer: AIOKafkaConsumer, record: ConsumerRecord, interrupt: asyncio.Event) -> None:
        """One message that may kill its process, or the one that has."""
        partition = TopicPartition(record.topic, record.partition)
        killed = await self._watch.take(record)
        if killed is None:
            await self._one(partition, record, interrupt)
        else:
            try:
                await self._desk.give_up(record, killed, "handle", killed.times, interrupt)
            except Abandoned:
                return
            self._desk.done(record)
            self._ledger.tracker(partition).finish(record.offset)
        await self._ledger.commit(consumer)
        if self._ledger.is_done(record):
            await self._watch.passed(record, guilty=killed is not None)

    async def _one(self, partition: TopicPartition, record: ConsumerRecord, interrupt: asyncio.Event) -> None:
        _in_hand.set(interrupt)
        tracker = self._ledger.tracker(partition)
        try:
            finished = await self._hand(record)
        except Exception as error:
            log.exception("the chassis failed on a message")
            self._desk.halt(f"chassis error: {error!r}", record)
            return
        if finished:
            # The tracker of this assignment: after a revocation it commits nothing any more.
            tracker.finish(record.offset)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(task, None)
        self._freed.set()

    async def _wait_for_room(self) -> None:
        self._freed.clear()
        try:
            async with asyncio.timeout(_FULL_WAIT_S):
                await self._freed.wait()
        except TimeoutError:
            return

    async def _commit_now_and_then(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(_COMMIT_EVERY_S)
            await self._ledger.commit(consumer)

    @staticmethod
    async def _drain(tasks: Iterable["asyncio.Task[None]"], seconds: float) -> None:
        running = list(tasks)
        if running:
            await asyncio.wait(running, timeout=seconds)


async def desk_unset(record: object) -> bool:
    """Stands where `attach` puts FastStream's way in."""
    raise RuntimeError(f"ConcurrentStage: attach() comes before {record!r}")
