"""From a record's bytes to the event that its topic carries."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from schemas.envelope import DOWNCAST_FROM, Envelope, EnvelopeError, from_headers
from services.chassis.bindings import Binding, Received
from services.chassis.wire import Wire, sibling, version_of


class RawRecord(Protocol):
    """What the chassis needs of aiokafka's `ConsumerRecord`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: Any
    value: Any
    headers: Any


class Reader:
    """Reads the records of one service.

    Raises:
        KeyError: a bound topic is none that the wire knows.
    """

    def __init__(self, wire: Wire, topic_prefix: str, bindings: Iterable[Binding]) -> None:
        self._wire = wire
        self._prefix = topic_prefix
        self._types = {topic: wire.event_type_of(topic) for binding in bindings for topic in binding.topics}

    def topic(self, record: RawRecord) -> str:
        """The topic's name without the environment's prefix."""
        return record.topic.removeprefix(self._prefix)

    def is_spare(self, record: RawRecord) -> bool:
        """Whether a record is the older form of an event that comes whole, too, on a topic that is read here.

        Both would be the same event, but the older form may lack something: who decides once must not meet it first.
        """
        for name, value in record.headers:
            if name == DOWNCAST_FROM:
                with suppress(EnvelopeError):
                    whole = from_headers(((name, value or b""),)).downcast_from
                    return whole is not None and sibling(self.topic(record), whole) in self._types
        return False

    def read(self, record: RawRecord) -> Received:
        """The event with its envelope. Headers may be missing; those that are there must agree with the topic.

        Raises:
            EnvelopeError: headers or key contradict the topic or aren't readable.
            UnreadableEventError: the value can't become the topic's event.
            NewerVersionError: the event is newer than this service.
        """
        topic = self.topic(record)
        envelope = from_headers((name, value or b"") for name, value in record.headers)
        event_type = self._types[topic]
        if envelope.type is not None and envelope.type != event_type:
            raise EnvelopeError(f"header ce_type: {envelope.type!r}, allowed on {topic} is {event_type!r}")
        event = self._wire.registry.decode(event_type, _version(topic, envelope), record.value)
        return Received(
            event=event,
            envelope=envelope,
            topic=topic,
            partition=record.partition,
            offset=record.offset,
            key=_text(record.key),
            timestamp=record.timestamp,
        )


def _version(topic: str, envelope: Envelope) -> int:
    if envelope.schema_version is not None:
        return envelope.schema_version
    return version_of(topic)


def _text(key: bytes | None) -> str | None:
    if key is None:
        return None
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise EnvelopeError(f"key: {key[:64]!r} is not UTF-8") from error
