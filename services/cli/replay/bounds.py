"""From and to, as times or offsets, and rates: read from the command line, and turned into spans. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from services.cli.exits import CliError, Exit

_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})")
_RATE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(?:/(s|m|min|h))?")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_ALLOWED: Final = (
    "one time in ISO 8601 with its zone (2026-11-23T06:00:00Z, 2026-11-23T07:00:00+01:00), "
    "or offsets as PARTITION:OFFSET (3:1500), one per partition"
)


class Span(NamedTuple):
    """Offsets of one partition: the first, and the one after the last."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range: a time in milliseconds since 1970, or offsets by partition."""

    instant_ms: int | None = None
    offsets: Mapping[int, int] | None = None


def read_bound(option: str, texts: Sequence[str]) -> Bound | None:
    """A bound from the values of an option; None when it wasn't given.

    Raises:
        CliError: a value is neither a time with a zone nor an offset, or the values don't go together.
    """
    if not texts:
        return None
    places = [_PLACE.fullmatch(text.strip()) for text in texts]
    if all(places):
        found = {int(match[1]): int(match[2]) for match in places if match}
        if len(found) < len(texts):
            raise _wrong(option, " ".join(texts), "a partition is named twice")
        return Bound(offsets=found)
    if len(texts) > 1:
        raise _wrong(option, " ".join(texts), "given several times")
    try:
        instant = datetime.fromisoformat(texts[0].strip())
    except ValueError as error:
        raise _wrong(option, texts[0], str(error)) from error
    if instant.tzinfo is None:
        raise _wrong(option, texts[0], "no zone")
    return Bound(instant_ms=round(instant.timestamp() * 1000))


def _wrong(option: str, text: str, why: str) -> CliError:
    return CliError(f"{option} {text!r}: {why}; allowed is {_ALLOWED}", code=Exit.INVALID)


def read_rate(text: str | None) -> float | None:
    """Events per second from `N/s`, `N/m` or `N/h`; N alone is per second. None when it wasn't given.

    Raises:
        CliError: it is none of these, or zero.
    """
    if text is None:
        return None
    match = _RATE.fullmatch(text.strip())
    per_s = float(match[1]) / _SECONDS[match[2] or "s"] if match else 0.0
    if per_s <= 0:
        raise CliError(f"--rate {text!r}: allowed is a number above 0 with /s, /m or /h (50/s)", code=Exit.INVALID)
    return per_s


Times = Mapping[int, int | None]
"""By partition: offset of the first record at or after a time; None when there is none."""


class Window(NamedTuple):
    """Times in milliseconds since 1970: from the first on, up to and without the second; None = no bound."""

    first_ms: int | None = None
    end_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Whether a record of this time is meant. Times in a topic need not ascend, so each record is asked."""
        early = self.first_ms is not None and at_ms < self.first_ms
        return not early and (self.end_ms is None or at_ms < self.end_ms)


def window_of(start: Bound | None, stop: Bound | None) -> Window:
    """The times of two bounds.

    Raises:
        CliError: the second is not after the first.
    """
    window = Window(start.instant_ms if start else None, stop.instant_ms if stop else None)
    if window.first_ms is not None and window.end_ms is not None:
        _forward(window.first_ms < window.end_ms, "--from is not before --to")
    return window


def narrowed(spans: Mapping[int, Span], start: Bound | None, stop: Bound | None, *, starts: Times) -> dict[int, Span]:
    """The offsets of a topic that can lie between two bounds: from the first on, up to and without the second.

    Where offsets are given, only the partitions named take part. The end by time is left to `Window`: it is exact
    whatever the broker's index of times is like.

    Args:
        spans: the whole topic.
        start: None = its beginning.
        stop: None = its end.
        starts: offsets for the time of `start`.

    Raises:
        CliError: a partition isn't there, or the range ends before it begins.
    """
    named = {part for bound in (start, stop) if bound is not None for part in bound.offsets or ()}
    missing = sorted(named - spans.keys())
    if missing:
        raise CliError(
            f"partition {missing[0]}: the topic has none of that number; allowed is 0 to {len(spans) - 1}",
            code=Exit.INVALID,
        )
    found = {}
    for part in sorted(named or spans):
        first, end = spans[part]
        begin = first
        if start is not None:
            told = starts.get(part)
            by_time = end if told is None else told
            begin = by_time if start.offsets is None else start.offsets.get(part, first)
        until = stop.offsets.get(part, end) if stop is not None and stop.offsets is not None else end
        _forward(not named or begin <= until, f"partition {part}: from offset {begin} to offset {until}")
        found[part] = Span(min(max(begin, first), end), min(max(until, begin, first), end))
    return found


def _forward(holds: bool, problem: str) -> None:
    if not holds:
        raise CliError(f"{problem}; allowed is a range that goes forward", code=Exit.INVALID)
