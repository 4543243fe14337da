"""Vendors' webhooks, judged: whether the vendor sent it, whether it is fresh, and what of it may be kept. Pure.

What is kept is named field by field: a body may hold live secrets (Leonardo's holds the account's API key), and a list
of what to strip would miss the next one.
"""

import hmac
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError

from schemas.provider import ProviderCallbackReceived

#: How far a callback's own time may lie ahead of ours: the clocks' difference.
_AHEAD: Final = timedelta(minutes=2)

_LEONARDO_DONE: Final = "image_generation.complete"
_LEONARDO_JOB: Final = ("id", "status", "seed", "nsfw", "flagged", "quantity", "apiDollarCost")
_LEONARDO_IMAGE: Final = ("id", "url", "nsfw", "generationId")
_MOST_IMAGES: Final = 64
_LONGEST: Final = 4096
_INT64: Final = 1 << 63


class CallbackRefusedError(Exception):
    """The call is not taken. The message never repeats what was sent as a key.

    Args:
        status: HTTP status of the answer.
        code: for programs.
        message: for people.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook as it came in: `headers` with lower-case names, `body` not yet believed, `at` our time, aware."""

    headers: Mapping[str, str]
    body: bytes
    at: datetime


Judge = Callable[[Call, str, timedelta], ProviderCallbackReceived | None]


def leonardo(call: Call, key: str, window: timedelta) -> ProviderCallbackReceived | None:
    """Judge a call of Leonardo.ai: bearer callback key, no signature (Guide to the Webhook Callback Feature).

    Args:
        call: as it came in.
        key: the callback key that was set when the API key was made.
        window: how old a callback may be.

    Returns:
        The event to publish; None for a kind of callback that says nothing about images.

    Raises:
        CallbackRefusedError: forged, stale, or no callback at all.
    """
    _bearer(call, key)
    body = _object(call.body)
    _fresh(body.get("timestamp"), call.at, window)
    if body.get("type") != _LEONARDO_DONE:
        return None
    data = body.get("data")
    job = data.get("object") if isinstance(data, dict) else None
    if not isinstance(job, dict):
        raise _malformed("data.object: missing; allowed is the generation as an object")
    images = job.get("images")
    kept = _plain(job, _LEONARDO_JOB)
    kept["images"] = [
        _plain(image, _LEONARDO_IMAGE)
        for image in (images if isinstance(images, list) else [])[:_MOST_IMAGES]
        if isinstance(image, dict)
    ]
    try:
        return ProviderCallbackReceived(
            provider="leonardo",
            vendor_job_id=job.get("id", ""),
            body={"type": _LEONARDO_DONE, "timestamp": body["timestamp"], "object": kept},
        )
    except ValidationError as error:
        raise _malformed("data.object.id: no generation id; allowed is the one that the create call gave") from error


#: Vendors whose webhooks are taken.
JUDGES: Final[Mapping[str, Judge]] = {"leonardo": leonardo}


def _plain(told: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields with plain values that every store can hold: an object in a text's place could hold a secret again."""
    return {name: told[name] for name in names if name in told and _is_plain(told[name])}


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.isprintable()
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and -_INT64 <= value < _INT64)


def _bearer(call: Call, key: str) -> None:
    told = call.headers.get("authorization", "")
    if not hmac.compare_digest(told.encode(), f"Bearer {key}".encode()):
        raise CallbackRefusedError(
            HTTPStatus.UNAUTHORIZED, "forged", "authorization: wrong or missing; allowed is 'Bearer <callback key>'"
        )


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _malformed("body: no JSON; allowed is the vendor's JSON object") from error
    if not isinstance(body, dict):
        raise _malformed(f"body: a JSON {type(body).__name__}; allowed is an object")
    return body


def _fresh(timestamp: object, at: datetime, window: timedelta) -> None:
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise _malformed("timestamp: missing; allowed is milliseconds since 1970")
    age = timedelta(seconds=at.timestamp() - timestamp / 1000) if abs(timestamp) < _FAR_MS else timedelta.max
    if not -_AHEAD <= age <= window:
        raise CallbackRefusedError(
            HTTPStatus.CONFLICT,
            "stale",
            f"timestamp: {timestamp}, allowed is at most {window.total_seconds():g} s ago; polling finds the job",
        )


#: Milliseconds of the year 9999: what lies beyond can't be reckoned with.
_FAR_MS: Final = 253_402_300_800_000


def _malformed(message: str) -> CallbackRefusedError:
    return CallbackRefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", message)
