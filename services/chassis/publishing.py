"""Events to the broker: encoded with their headers, sent in order, acknowledged by all replicas or not published."""

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from schemas.base import Event
from schemas.envelope import TRACEPARENT, Headers, to_headers
from schemas.registry import Body
from services.chassis.broker_security import client_arguments
from services.chassis.clock import Clock, SystemClock
from services.chassis.ending import end
from services.chassis.failures import Transient
from services.chassis.metrics import Metrics
from services.chassis.settings import ServiceSettings
from services.chassis.tracing import Span, current_span
from services.chassis.wire import Wire, engine_wire, sibling

log = logging.getLogger(__name__)

_PING_S: Final = 5.0
_FLUSH_S: Final = 5.0
_DISCONNECT_S: Final = 5.0
# Below what any broker takes by default (1 MiB). The client's own 16 KiB makes hundreds of senders wait for each other.
_BATCH_BYTES: Final = 256 * 1024
#: A dead letter is its original and our headers: so much larger may it be than any event.
DEAD_LETTER_HEADROOM: Final = 64 * 1024
_TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)


class UnpublishableError(Exception):
    """The broker will never take this record: it is larger than allowed."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way to the broker; `topic` is the full name, prefix included."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record handed to the producer, and the acknowledgement that will come."""

    outgoing: Outgoing
    acknowledged: "asyncio.Future[object]"


class EventPublisher:
    """Publishes events of one service (`source`); a resource, also for code that consumes nothing.

    Order is kept per key as long as the broker takes records at the first try.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        source: str,
        *,
        wire: Wire | None = None,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._source = source
        self._wire = wire
        self._metrics = metrics if metrics is not None else Metrics(source)
        self._clock = clock if clock is not None else SystemClock()
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            Transient: no broker answers.
        """
        self._wire = self._wire if self._wire is not None else engine_wire()
        producer = AIOKafkaProducer(
            **client_arguments(self._settings),
            client_id=self._source,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            enable_idempotence=self._settings.kafka_idempotence,
            max_request_size=self._settings.kafka_max_message_bytes + DEAD_LETTER_HEADROOM,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise Transient(f"broker {self._settings.kafka_bootstrap}: {error!r}") from error
        self._producer = producer

    async def stop(self) -> None:
        """Send what is buffered, for a few seconds at most, and disconnect. A second call does nothing."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # What isn't flushed by then is not lost: nothing that is committed depends on it.
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(min(_FLUSH_S, max(self._settings.grace_s, 0.1))):
                await producer.flush()
        try:
            async with asyncio.timeout(_DISCONNECT_S):
                await producer.stop()
        except TimeoutError:
            # An idempotent producer repeats for ever what it has begun to send, and its stop waits for it.
            log.warning("no broker takes what is left to publish; disconnected")
            await end(producer._sender.sender_task)  # noqa: SLF001 - there is no other way to its task
            await producer.client.close()

    async def ping(self) -> None:
        """Ask the broker for its metadata.

        Raises:
            Transient: no broker answers within 5 s.
        """
        try:
            async with asyncio.timeout(_PING_S):
                await self._connected().client.fetch_all_metadata()
        except (TimeoutError, KafkaError) as error:
            raise Transient(f"broker {self._settings.kafka_bootstrap}: {error!r}") from error

    def outgoing(self, event: Event, *, span: Span | None = None, replayed_from: str | None = None) -> Outgoing:
        """An event as a record, with a span of its own below `span` (None: the running task's, or a new trace)."""
        if self._wire is None:
            raise RuntimeError("EventPublisher: start() comes first")
        above = span if span is not None else current_span.get()
        headers = to_headers(
            event,
            source=f"ice/{self._source}",
            time=self._clock.now(),
            traceparent=Span.following(above.traceparent if above else None).traceparent,
            replayed_from=replayed_from,
        )
        return Outgoing(
            topic=self._settings.kafka_topic_prefix + self._wire.topic_of(event),
            key=event.partition_key().encode(),
            value=event.model_dump_json(by_alias=True).encode(),
            headers=headers,
        )

    def outgoings(self, event: Event) -> list[Outgoing]:
        """An event as records: itself, then its older forms for readers that don't know its version yet.

        All bear one event id. The older ones come after it, so that none is there without the whole.
        """
        newest = self.outgoing(event)
        older = [] if self._wire is None else self._wire.registry.older_bodies(event)
        return [newest, *(self._older(event, newest, version, body) for version, body in older)]

    def _older(self, event: Event, newest: Outgoing, version: int, body: Body) -> Outgoing:
        headers = to_headers(
            event,
            source=f"ice/{self._source}",
            time=self._clock.now(),
            traceparent=dict(newest.headers)[TRACEPARENT].decode(),
            older=version,
        )
        value = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return replace(newest, topic=sibling(newest.topic, version), value=value, headers=headers)

    async def publish(self, events: Iterable[Event]) -> None:
        """Publish events and wait for every acknowledgement; tried once.

        Raises:
            Transient: some were not acknowledged; those before them may be published (consumers bear repeats).
            UnpublishableError: one is larger than the broker takes.
        """
        failed = await self.unacknowledged(
            await self.begin([item for event in events for item in self.outgoings(event)])
        )
        if failed:
            topics = sorted({item.topic for item in failed})
            raise Transient(f"broker: {len(failed)} event(s) not acknowledged on {', '.join(topics)}")

    async def begin(self, outgoing: Sequence[Outgoing]) -> list[Delivery]:
        """Hand records to the producer in this order; what goes wrong is told by `unacknowledged`."""
        return [Delivery(item, await self._send(item)) for item in outgoing]

    async def unacknowledged(self, deliveries: Sequence[Delivery]) -> list[Outgoing]:
        """Wait for the acknowledgements; the records that got none.

        Raises:
            UnpublishableError: a record is too large; the others were waited for.
        """
        if not deliveries:
            return []
        awaited = [item.acknowledged for item in deliveries if not item.acknowledged.done()]
        if awaited:
            await asyncio.wait(awaited)
        failed: list[Outgoing] = []
        for delivery in deliveries:
            topic = delivery.outgoing.topic
            error = _error_of(delivery.acknowledged)
            if isinstance(error, _TOO_LARGE):
                raise UnpublishableError(f"a record for {topic} is too large: {error}")
            if error is not None:
                self._metrics.publish_failed().inc()
                failed.append(delivery.outgoing)
            else:
                self._metrics.published(topic).inc()
        return failed

    async def _send(self, item: Outgoing) -> "asyncio.Future[object]":
        # The client wants a key or a value; a record that has neither can only come from a dead letter's original.
        value = item.value if item.value is not None or item.key is not None else b""
        try:
            sent: asyncio.Future[object] = await self._connected().send(
                item.topic, value=value, key=item.key, headers=list(item.headers)
            )
        except (KafkaError, Transient) as error:
            sent = asyncio.get_running_loop().create_future()
            sent.set_exception(error)
        return sent

    def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Transient("broker: not connected; start() was not called or stop() was")
        return self._producer


def _error_of(ended: "asyncio.Future[object]") -> BaseException | None:
    return asyncio.CancelledError() if ended.cancelled() else ended.exception()
