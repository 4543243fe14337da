"""One message from its bytes to its acknowledged events: decode, call the handler, retry, dead-letter.

Both stages use it; they differ in what runs at once and in when the offset is committed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Final

from schemas.base import Event
from schemas.registry import NewerVersionError
from services.chassis.bindings import Binding, OnBatch, Received
from services.chassis.clock import Clock
from services.chassis.dead_letters import DeadLetterBudget, Stage, dead_letter, was_retried
from services.chassis.failures import Busy, Poison, Transient
from services.chassis.interruption import current_interrupt
from services.chassis.logs import current_event_id
from services.chassis.metrics import Metrics
from services.chassis.publishing import Delivery, EventPublisher, Outgoing, UnpublishableError
from services.chassis.reading import RawRecord, Reader
from services.chassis.retrying import Backoff
from services.chassis.settings import ServiceSettings
from services.chassis.tracing import Span, current_span
from services.chassis.turns import Turns

log = logging.getLogger(__name__)

Call = Callable[[], Awaitable[Sequence[Event]]]
_BROKER: Final = "broker"


class Abandoned(Exception):  # noqa: N818 - an outcome: the message is left as it is, for whoever gets it next
    """The service stops, halts or loses the partition: leave the message unfinished, commit nothing past it."""


class UndeclaredEventError(Exception):
    """A handler returned an event whose class its binding doesn't list in `emits`."""


@dataclass(slots=True)
class Conditions:
    """What keeps the service from being ready, by name; and why its consumer has halted, if it has."""

    troubles: dict[str, str] = field(default_factory=dict)
    halted: str | None = None


class Desk:
    """Handles single messages for one service.

    `interrupt` in its methods is an event that is set when nothing new may be started: waits end with `Abandoned`.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, made in one place
        self,
        settings: ServiceSettings,
        group: str,
        *,
        bindings: Sequence[Binding],
        reader: Reader,
        publisher: EventPublisher,
        metrics: Metrics,
        clock: Clock,
        conditions: Conditions,
        slots: int,
    ) -> None:
        self.conditions = conditions
        self.on_halt: Callable[[], None] = lambda: None
        self.on_survived: Callable[[], Awaitable[None]] = _nothing
        self._settings = settings
        self._group = group
        self._by_topic = {topic: binding for binding in bindings for topic in binding.topics}
        self._reader = reader
        self._publisher = publisher
        self._metrics = metrics
        self._clock = clock
        self._turns = Turns(slots)
        self._backoff = Backoff(settings.retry_base_s, settings.retry_cap_s)
        self._budget = DeadLetterBudget(settings.dead_letter_budget)
        self._calls: dict[object, tuple[float, str]] = {}

    def binding(self, record: RawRecord) -> Binding:
        """The row of the service's table that a record goes to."""
        return self._by_topic[self._reader.topic(record)]

    async def process(self, record: RawRecord, interrupt: asyncio.Event) -> None:
        """Handle a message and wait until its events are acknowledged, or it is dead-lettered.

        Raises:
            Abandoned: it is neither.
        """
        if not self.is_spare(record):
            await self.settle(record, await self.handle(record, interrupt), interrupt)

    def is_spare(self, record: RawRecord) -> bool:
        """Whether there is nothing to do about a record: its event comes whole on another topic that is bound here."""
        return self._reader.is_spare(record)

    async def handle(self, record: RawRecord, interrupt: asyncio.Event) -> list[Delivery]:
        """Decode a message and call its handler; the returned events are on their way, not yet acknowledged.

        Raises:
            Abandoned: the message was not handled.
        """
        received = self.read(record)
        if isinstance(received, Exception):
            await self.give_up(record, received, "decode", 0, interrupt)
            return []
        binding = self.binding(record)
        span = Span.following(received.envelope.traceparent)
        span_token, id_token = current_span.set(span), current_event_id.set(received.envelope.id)
        try:
            if isinstance(binding, OnBatch):
                return await self._attempt(record, binding, lambda: binding.handler([received]), interrupt)
            urgent = binding.urgent is not None and binding.urgent(received.event)
            return await self._attempt(
                record, binding, lambda: binding.handler(received.event), interrupt, urgent=urgent
            )
        finally:
            current_event_id.reset(id_token)
            current_span.reset(span_token)

    def read(self, record: RawRecord) -> Received | Exception:
        """The message's event, or why it can't be read: then it is for `give_up`.

        Raises:
            Abandoned: it is of a newer version, and the consumer has halted.
        """
        try:
            return self._reader.read(record)
        except NewerVersionError as error:
            self.halt(str(error), record)
            raise Abandoned from error
        except Exception as error:  # noqa: BLE001 - also an upcast that stumbles over what is missing: it never blocks
            return error

    async def settle(self, record: RawRecord, deliveries: Sequence[Delivery], interrupt: asyncio.Event) -> None:
        """Wait for the acknowledgements of a message's events, sending again what gets none.

        Raises:
            Abandoned: interrupted before every event was acknowledged.
        """
        if not deliveries:
            return
        try:
            await self._acknowledge(deliveries, interrupt)
        except UnpublishableError as error:
            await self.give_up(record, error, "publish", 1, interrupt)

    async def call_batch(
        self, binding: OnBatch, received: Sequence[Received], interrupt: asyncio.Event
    ) -> list[Delivery] | None:
        """Give a batch to its handler, once; None when it failed by something else than a fault that passes.

        Raises:
            Abandoned: interrupted, or halted by a newer version.
        """
        topic = binding.topics[0]
        key = f"batch of {topic}"
        failures = 0
        try:
            while True:
                try:
                    events = await self._call(binding, topic, lambda: binding.handler(received), interrupt)
                    return await self._publisher.begin(self._outgoing(events))
                except (Transient, Busy) as error:
                    failures += 1
                    await self._wait_out(key, topic, error, failures, interrupt)
                except NewerVersionError as error:
                    self.halt(str(error), None)
                    raise Abandoned from error
                except Abandoned:
                    raise
                except Exception as error:  # noqa: BLE001 - the guilty message is found one by one
                    log.info("batch on %s failed (%r): trying message by message", topic, error)
                    return None
        finally:
            self.conditions.troubles.pop(key, None)

    def oldest_call(self) -> tuple[float, str] | None:
        """Seconds that the handler call that began first has been running, and what it handles; None = none runs."""
        began, what = min(self._calls.values(), default=(0.0, ""))
        return (self._clock.monotonic() - began, what) if what else None

    def succeeded(self) -> None:
        """A message of a batch was handled: the row of dead letters is broken."""
        self._budget.succeeded()

    def done(self, record: RawRecord) -> None:
        """Count a message whose handling has ended, well or in a dead letter; its offset may be committed."""
        self._metrics.consumed(record.topic).inc()

    async def give_up(
        self, record: RawRecord, error: BaseException, stage: Stage, attempts: int, interrupt: asyncio.Event
    ) -> None:
        """Write a message to the dead-letter topic and wait until it is there.

        Raises:
            Abandoned: it isn't there; the offset must stay open.
        """
        # An operator who retries a heap of letters too early must not halt every consumer by it.
        async with nullcontext() if was_retried(record) else self._budget.room():
            if interrupt.is_set() or self.conditions.halted is not None:
                raise Abandoned
            await self._bury(record, error, stage, attempts, interrupt)

    async def _bury(
        self, record: RawRecord, error: BaseException, stage: Stage, attempts: int, interrupt: asyncio.Event
    ) -> None:
        letter = dead_letter(record, error, stage=stage, group=self._group, attempts=attempts, now=self._clock.now())
        try:
            await self._acknowledge(await self._publisher.begin([letter]), interrupt)
        except UnpublishableError as too_large:
            self.halt(f"a message can't be dead-lettered: {too_large}", record)
            raise Abandoned from too_large
        log.error("dead-lettered after %d attempt(s), %s: %r", attempts, stage, error, extra=_place(record))
        self._metrics.dead_lettered(record.topic, type(error).__name__).inc()
        if not was_retried(record) and self._budget.failed():
            limit = self._settings.dead_letter_budget
            self.halt(f"{limit} dead letters in a row (dead_letter_budget {limit}); the last: {error!r}", record)

    def halt(self, reason: str, record: RawRecord | None) -> None:
        """Stop consuming until somebody has looked; the first reason is kept."""
        if self.conditions.halted is None:
            self.conditions.halted = reason
            self._metrics.halted().set(1)
            log.critical("consumer halted: %s", reason, extra=_place(record) if record else None)
        self.on_halt()

    async def _attempt(
        self, record: RawRecord, binding: Binding, call: Call, interrupt: asyncio.Event, *, urgent: bool = False
    ) -> list[Delivery]:
        """Call until it succeeds, or the message is dead-lettered (then there is nothing to deliver)."""
        topic = self._reader.topic(record)
        key = f"{record.topic}/{record.partition}/{record.offset}"
        failures = bugs = 0
        try:
            while True:
                try:
                    events = await self._call(binding, topic, call, interrupt, urgent=urgent)
                    outgoing = self._outgoing(events)
                    self._budget.succeeded()
                    return await self._publisher.begin(outgoing)
                except (Transient, Busy) as error:
                    failures += 1
                    await self._wait_out(key, topic, error, failures, interrupt)
                except Poison as error:
                    await self.give_up(record, error, "handle", bugs + 1, interrupt)
                    return []
                except NewerVersionError as error:
                    self.halt(str(error), record)
                    raise Abandoned from error
                except Abandoned:
                    raise
                except Exception as error:
                    bugs += 1
                    if bugs >= self._settings.max_attempts:
                        log.exception("handler failed %d time(s)", bugs, extra=_place(record))
                        await self.give_up(record, error, "handle", bugs, interrupt)
                        return []
                    self._metrics.retried(topic, "bug").inc()
                    await self._pause(self._backoff.delay(bugs), interrupt)
        finally:
            self.conditions.troubles.pop(key, None)

    def _outgoing(self, events: Sequence[Event]) -> list[Outgoing]:
        return [item for event in events for item in self._publisher.outgoings(event)]

    async def _call(
        self, binding: Binding, topic: str, call: Call, interrupt: asyncio.Event, *, urgent: bool = False
    ) -> tuple[Event, ...]:
        async with self._turns.turn(urgent=urgent):
            if interrupt.is_set():
                # Handed out, but not begun: whoever gets the partition makes this call, maybe a paid one.
                raise Abandoned
            in_flight = self._metrics.in_flight()
            in_flight.inc()
            began, call_id = self._clock.monotonic(), object()
            self._calls[call_id] = (began, f"{topic}, event {current_event_id.get() or 'batch'}")
            token = current_interrupt.set(interrupt)
            try:
                events = tuple(await call())
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                # Let out, it would end the consume loop while the process goes on living.
                raise RuntimeError("the handler leaked a CancelledError that nobody asked for") from error
            finally:
                current_interrupt.reset(token)
                in_flight.dec()
                del self._calls[call_id]
                self._metrics.handler_seconds(topic).observe(self._clock.monotonic() - began)
        for event in events:
            if type(event) not in binding.emits:
                allowed = ", ".join(cls.__name__ for cls in binding.emits) or "nothing"
                raise UndeclaredEventError(
                    f"handler of {topic} returned {type(event).__name__}, its binding emits {allowed}"
                )
        return events

    async def _acknowledge(self, deliveries: Sequence[Delivery], interrupt: asyncio.Event) -> None:
        failures = 0
        pending = deliveries
        try:
            while True:
                failed: list[Outgoing] = await self._publisher.unacknowledged(pending)
                if not failed:
                    return
                failures += 1
                self.conditions.troubles[_BROKER] = f"{len(failed)} record(s) not acknowledged"
                log.warning("%d record(s) not acknowledged, trying again", len(failed))
                await self._pause(self._backoff.delay(failures), interrupt)
                pending = await self._publisher.begin(failed)
        finally:
            if failures:
                self.conditions.troubles.pop(_BROKER, None)

    async def _wait_out(
        self, key: str, topic: str, error: Transient | Busy, failures: int, interrupt: asyncio.Event
    ) -> None:
        why = "busy" if isinstance(error, Busy) else "transient"
        self._metrics.retried(topic, why).inc()
        if isinstance(error, Transient):
            # Not so when it is only busy: with the claim of the process that it has killed, say.
            await self.on_survived()
            self.conditions.troubles[key] = str(error)
            log.warning("%s; try %d comes after a pause", error, failures + 1)
        await self._pause(self._backoff.delay(failures, error.retry_after_s), interrupt)

    async def _pause(self, seconds: float, interrupt: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await interrupt.wait()
        if interrupt.is_set():
            raise Abandoned


def _place(record: RawRecord) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


async def _nothing() -> None:
    """Stands where nobody wants to know."""
