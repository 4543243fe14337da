"""What a reply that isn't 2xx means when nothing special is known of the vendor, and when to come back. Pure."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    OutcomeUnknown,
    ProviderError,
    Throttled,
)
from services.generation.providers.exchange import HttpReply, at

#: Longer waits are a vendor's mistake, or a quota that a wait doesn't help.
MAX_RETRY_AFTER_S: Final = 3600.0
_MESSAGE: Final = 500
#: Redirects are not followed: the base URL must be the final one. 408, 502, 504 and Cloudflare's 520 to 527 are a
#: proxy's words: whoever is behind it may have gone on.
_BY_STATUS: Final[Mapping[int, type[ProviderError]]] = {
    429: Throttled,
    **dict.fromkeys((*range(300, 400), 401, 402, 403), Configuration),
    **dict.fromkeys((408, 502, 504, *range(520, 528)), OutcomeUnknown),
    **dict.fromkeys((503, 529), Outage),
}
_USUAL_PATHS: Final[tuple[tuple[str | int, ...], ...]] = (
    ("error", "message"),
    ("message",),
    ("detail",),
    ("error",),
    ("errors", 0),
    ("detail", 0, "msg"),
    (0, "message"),
)


def by_status(reply: HttpReply, message: str) -> ProviderError:
    """The error of a status.

    429 is `Throttled`; 3xx, 401, 402 and 403 are `Configuration`; other 4xx are `InvalidRequest`; 503, 529 and any 5xx
    with a JSON error of the vendor's are `Outage`: it says itself that it failed. 408, 502, 504, 520 to 527 and a 5xx
    without readable words may come from a proxy while the call goes on: `OutcomeUnknown`.
    """
    return _kind(reply)(f"{_title(reply.status)}: {_whither(reply)}{message}")


def _whither(reply: HttpReply) -> str:
    """Where a redirect leads, without what may be secret in it."""
    told = reply.headers.get("location")
    if not told or not HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
        return ""
    try:
        parts = urlsplit(told)
        there = f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return ""
    return f"it leads to {(there + parts.path)[:200]!r}, allowed is an address that answers itself: "


def _kind(reply: HttpReply) -> type[ProviderError]:
    status = reply.status
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outage if reply.is_json else OutcomeUnknown
    return InvalidRequest


def usual_message(reply: HttpReply) -> str:
    """The words of a JSON error in one of the usual places, else the beginning of the body."""
    if reply.is_json:
        for path in _USUAL_PATHS:
            found = at(reply.document, *path)
            if isinstance(found, str) and found:
                return found[:_MESSAGE]
    return reply.excerpt if reply.body else "no words"


def retry_after_s(reply: HttpReply, now: datetime) -> float | None:
    """Seconds that the vendor asks to wait, 0 to 3600; None when it says nothing readable.

    `retry-after-ms` (milliseconds) goes before `retry-after` (seconds, or a date by the vendor's own clock, which its
    `date` tells). Of several that a proxy has joined, the first counts.
    """
    milliseconds = _number(reply.headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    told = reply.headers.get("retry-after")
    seconds = _number(told)
    if seconds is None and told:
        seconds = _number(told.partition(",")[0].removesuffix("s"))
    if seconds is not None:
        return _bounded(seconds)
    when = _date(told)
    return None if when is None else _bounded((when - (_date(reply.headers.get("date")) or now)).total_seconds())


def _date(text: str | None) -> datetime | None:
    try:
        when = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return when if when is None or when.tzinfo else when.replace(tzinfo=UTC)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _title(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
