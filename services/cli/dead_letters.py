"""What dead letters say, which of them are still open, and what they were before. Pure: values in, values out.

A dead letter is handled when its topic holds a marker for it: a small record after it, with the key `handled/<offset>`
and these headers. So nothing but the topic itself needs to be kept, and any broker can keep it.

    x-handled           retried or dropped
    x-handled-offset    the letter's offset on this topic
    x-handled-at        when, RFC 3339 in UTC
    x-handled-by        who, as user@host
"""

import base64
import json
from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from schemas.envelope import Headers
from schemas.topics import DEAD_LETTER_SUFFIX
from services.chassis import dead_letters as told
from services.chassis.publishing import Outgoing
from services.chassis.reading import RawRecord

How = Literal["retried", "dropped"]

HANDLED: Final = "x-handled"
HANDLED_OFFSET: Final = "x-handled-offset"
HANDLED_AT: Final = "x-handled-at"
HANDLED_BY: Final = "x-handled-by"

REASON_LENGTH: Final = 160
"""Characters of a reason in a list."""
_PREVIEW_BYTES: Final = 2_048


@dataclass(frozen=True, slots=True)
class Marker:
    """Says that the letter at `offset` of the same topic is handled."""

    offset: int
    how: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it stands on its topic; `topic` is the full name, prefix and suffix included."""

    topic: str
    offset: int
    timestamp: int
    """Milliseconds since 1970, as the broker has it."""
    key: bytes | None
    value: bytes | None
    headers: Headers

    def told(self, name: str) -> str | None:
        """A header of the chassis as text; None when the letter lacks it (the chassis did not write it)."""
        found = [value for given, value in self.headers if given == name]
        return _text(found[-1]) if found else None

    @property
    def destination(self) -> str:
        """Full name of the topic where the original stood."""
        return self.told(told.ORIGINAL_TOPIC) or self.topic.removesuffix(DEAD_LETTER_SUFFIX)

    @property
    def origin(self) -> tuple[str, str] | None:
        """Where on its topic the original stood, as partition and offset; None when the letter doesn't say."""
        partition, offset = self.told(told.ORIGINAL_PARTITION), self.told(told.ORIGINAL_OFFSET)
        return (partition, offset) if partition is not None and offset is not None else None

    def came_from(self, stage: str) -> bool:
        """Whether it failed there: a step (decode, handle, publish), a consumer group, or a service by its name."""
        group = self.told(told.CONSUMER_GROUP) or ""
        return stage in {self.told(told.STAGE), group, group.rpartition(".")[2]}


@dataclass(slots=True)
class Handled:
    """What a dead-letter topic says of its letters: the fold of its records, whatever their number.

    Args:
        asked: offsets whose being there is to be remembered.
    """

    asked: Container[int] = ()
    markers: dict[int, str] = field(default_factory=dict)
    """How each handled letter was handled, by its offset."""
    present: set[int] = field(default_factory=set)
    """Those of `asked` that are letters."""

    def add(self, record: Letter | Marker) -> None:
        """Take in the topic's next record. The first marker of a letter counts."""
        if isinstance(record, Marker):
            self.markers.setdefault(record.offset, record.how)
        elif record.offset in self.asked:
            self.present.add(record.offset)


def read(record: RawRecord) -> Letter | Marker:
    """A record of a dead-letter topic.

    A letter always tells where it stood, a marker never does: so no original, however headed, passes for a marker.
    """
    headers: Headers = tuple((name, value or b"") for name, value in record.headers)
    names = {name for name, _ in headers}
    given = dict(headers)
    offset = given.get(HANDLED_OFFSET, b"")
    if HANDLED in names and told.ORIGINAL_TOPIC not in names and offset.isdigit():
        return Marker(int(offset), _text(given[HANDLED]))
    return Letter(record.topic, record.offset, record.timestamp, record.key, record.value, headers)


def original(letter: Letter) -> Outgoing:
    """The record as it was before it failed: its bytes, key and headers, to the topic where it stood."""
    headers = tuple((name, value) for name, value in letter.headers if name not in told.OURS)
    return Outgoing(topic=letter.destination, key=letter.key, value=letter.value, headers=headers)


def retried(letter: Letter, now: datetime) -> Outgoing:
    """The original as a retry publishes it: with one header more, by which consumers know it again."""
    out = original(letter)
    mark = (told.RETRIED_AT, now.astimezone(UTC).isoformat().replace("+00:00", "Z").encode())
    return replace(out, headers=(*out.headers, mark))


def marker(letter: Letter, how: How, *, by: str, now: datetime) -> Outgoing:
    """The record that says that a letter is handled."""
    said = {
        HANDLED: how,
        HANDLED_OFFSET: str(letter.offset),
        HANDLED_AT: now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        HANDLED_BY: by,
    }
    headers = tuple((name, value.encode("utf-8", "backslashreplace")) for name, value in said.items())
    return Outgoing(topic=letter.topic, key=f"handled/{letter.offset}".encode(), value=b"", headers=headers)


def summary(letter: Letter, topic: str) -> dict[str, Any]:
    """A letter in a list, as JSON; `topic` is the original's name without the environment's prefix."""
    attempts = letter.told(told.ATTEMPT) or ""
    reason = printable(letter.told(told.ERROR_MESSAGE) or "")
    return {
        "topic": topic,
        "offset": letter.offset,
        "key": None if letter.key is None else _text(letter.key),
        "stage": letter.told(told.STAGE),
        "consumer_group": letter.told(told.CONSUMER_GROUP),
        "error": letter.told(told.ERROR_CLASS),
        "reason": reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 1] + "…",
        "attempts": int(attempts) if attempts.isdecimal() else None,
        "failed_at": letter.told(told.FAILED_AT) or _instant(letter.timestamp),
    }


def details(letter: Letter, topic: str, handled: str | None) -> dict[str, Any]:
    """Everything of a letter, as JSON: `headers` are the original's, `value_base64` its exact bytes or None."""
    kind, text = preview(letter.value)
    return {
        **summary(letter, topic),
        "reason": letter.told(told.ERROR_MESSAGE),
        "handled": handled,
        "original_topic": letter.destination,
        "original_partition": letter.told(told.ORIGINAL_PARTITION),
        "original_offset": letter.told(told.ORIGINAL_OFFSET),
        "headers": [[name, _text(value)] for name, value in original(letter).headers],
        "diagnostics": {name: letter.told(name) for name in sorted(told.OURS) if letter.told(name) is not None},
        "bytes": len(letter.value or b""),
        "value_format": kind,
        "value": text,
        "value_base64": None if letter.value is None else base64.b64encode(letter.value).decode(),
    }


def preview(value: bytes | None) -> tuple[Literal["none", "json", "text", "hex"], str]:
    """What a person can read of a value: JSON indented and whole, else the start of a text or of the bytes in hex."""
    if value is None:
        return "none", ""
    try:
        return "json", printable(json.dumps(json.loads(value), ensure_ascii=False, indent=2), "\n")
    except (ValueError, RecursionError):
        pass
    start, more = value[:_PREVIEW_BYTES], "…" if len(value) > _PREVIEW_BYTES else ""
    try:
        value.decode()
    except UnicodeDecodeError:
        return "hex", start.hex(" ") + more
    # The cut may fall inside a letter of several bytes.
    return "text", printable(start.decode(errors="ignore"), "\n\t") + more


def printable(text: str, allowed: str = "") -> str:
    """A text that can't steer a terminal: what isn't printable is escaped, but for `allowed`."""
    return "".join(
        char if char.isprintable() or char in allowed else char.encode("unicode_escape").decode() for char in text
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _instant(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
