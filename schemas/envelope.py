"""CloudEvents 1.0 in Kafka headers (binary mode): attributes in `ce_*` headers, the event alone in the value.

Source: CloudEvents Kafka protocol binding v1.0.2, §3.2. Headers are UTF-8. A producer in another language may leave
them out: the topic then names the event, and its id follows from its body.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.base import Event

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"

CE_SPECVERSION = "ce_specversion"
CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_SUBJECT = "ce_subject"
CE_TIME = "ce_time"
CE_DATASCHEMA = "ce_dataschema"
CE_SCHEMAVERSION = "ce_schemaversion"
CONTENT_TYPE_HEADER = "content-type"
TRACEPARENT = "traceparent"
REPLAYED_FROM = "ce_replayedfrom"
DOWNCAST_FROM = "ce_downcastfrom"

_VERSION = re.compile(r"0*[1-9][0-9]{0,8}", re.ASCII)

Headers = tuple[tuple[str, bytes], ...]


class EnvelopeError(ValueError):
    """The headers contradict the topic or the CloudEvents rules; the message says which header and what is allowed."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one received message. `None` where the producer left a header out."""

    id: str | None
    type: str | None
    source: str | None
    subject: str | None
    time: str | None
    schema_version: int | None
    traceparent: str | None
    replayed_from: str | None
    downcast_from: int | None = None


def schema_uri(event: Event | type[Event], version: int | None = None) -> str:
    """`dataschema` of an event: a stable name, resolved against `contracts/schemas/`. `version` None = the latest."""
    return f"urn:ice:schema:{event.TYPE.removeprefix('film.')}:v{version or event.VERSION}"


def to_headers(  # noqa: PLR0913 - one per header that the caller decides on
    event: Event,
    *,
    source: str,
    time: datetime,
    traceparent: str | None = None,
    replayed_from: str | None = None,
    older: int | None = None,
) -> Headers:
    """Headers for publishing `event`; `time` must be aware and is written in UTC.

    `replayed_from` (`topic:partition:offset`) marks a copy, which later replays skip.
    `older` is the version of a body that was made from a newer event for readers that don't know it yet.
    """
    pairs: list[tuple[str, str]] = [
        (CONTENT_TYPE_HEADER, CONTENT_TYPE),
        (CE_SPECVERSION, SPEC_VERSION),
        (CE_ID, event.event_id),
        (CE_TYPE, event.TYPE),
        (CE_SOURCE, source),
        (CE_SUBJECT, event.subject_ref()),
        (CE_TIME, time.astimezone(UTC).isoformat().replace("+00:00", "Z")),
        (CE_DATASCHEMA, schema_uri(event, older)),
        (CE_SCHEMAVERSION, str(older or event.VERSION)),
    ]
    if older is not None:
        pairs.append((DOWNCAST_FROM, str(event.VERSION)))
    if traceparent is not None:
        pairs.append((TRACEPARENT, traceparent))
    if replayed_from is not None:
        pairs.append((REPLAYED_FROM, replayed_from))
    return tuple((name, value.encode()) for name, value in pairs)


def from_headers(headers: Iterable[tuple[str, bytes]] | Mapping[str, bytes]) -> Envelope:
    """Read the attributes of a message; headers that aren't ours are left alone.

    Raises:
        EnvelopeError: a CloudEvents header is not UTF-8, the spec version is not 1.0, or a version is no
            whole number from 1 to 999,999,999.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    raw = {name: value for name, value in pairs if name.startswith("ce_") or name == TRACEPARENT}
    # A trace that can't be read begins anew (W3C Trace Context, 3.2.2.4); the event is as good as without.
    trace = raw.pop(TRACEPARENT, b"").decode("ascii", "replace")

    def text(name: str) -> str | None:
        value = raw.get(name)
        if value is None:
            return None
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise EnvelopeError(f"header {name}: {value[:64]!r} is not UTF-8") from error

    spec = text(CE_SPECVERSION)
    if spec is not None and spec != SPEC_VERSION:
        raise EnvelopeError(f"header {CE_SPECVERSION}: {spec!r}, allowed is {SPEC_VERSION!r}")

    def whole(name: str) -> int | None:
        value = text(name)
        if value is not None and not _VERSION.fullmatch(value):
            raise EnvelopeError(f"header {name}: {value[:64]!r}, allowed is a whole number from 1 to 999999999")
        return int(value) if value else None

    return Envelope(
        id=text(CE_ID),
        type=text(CE_TYPE),
        source=text(CE_SOURCE),
        subject=text(CE_SUBJECT),
        time=text(CE_TIME),
        schema_version=whole(CE_SCHEMAVERSION),
        traceparent=trace or None,
        replayed_from=text(REPLAYED_FROM),
        downcast_from=whole(DOWNCAST_FROM),
    )
