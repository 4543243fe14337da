"""Fetches an image from where a vendor says that it lies: allowed hosts only, no redirect, no private address."""

import asyncio
from http import HTTPStatus
from typing import Final

from services.generation.providers.exchange import is_picture
from services.generation.providers.host_rules import ForbiddenUrlError, HostRules
from services.generation.providers.vendor_http import BrokenReplyError, NoAnswerError, NotSentError, VendorHttp

_TRIES: Final = 4
_FIRST_WAIT_S: Final = 0.5
_TYPES: Final = ("image/", "application/octet-stream", "binary/octet-stream")
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 528)})
#: Stores that serve a file a moment after the vendor says that it is there call it forbidden or unknown until then.
_NOT_YET: Final = frozenset({403, 404})


class FetchError(Exception):
    """The image can't be had. `passing`: it may be had later; `again`: it is worth another try now."""

    def __init__(self, message: str, *, passing: bool, again: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        self.again = passing or again


async def safe_fetch(  # noqa: PLR0913 - limits of a download
    http: VendorHttp, rules: HostRules, url: str, max_bytes: int, limit_s: float, pace: float = 1.0
) -> bytes:
    """The bytes of an image; without the key, tried up to four times.

    Args:
        http: the vendor's client.
        rules: hosts that are asked.
        url: as the vendor gave it.
        max_bytes: of the image.
        limit_s: seconds per try.
        pace: factor on the waits between tries.

    Raises:
        FetchError: another host, a redirect, a private address, no image, too large, gone, or not to be reached.
    """
    try:
        checked = rules.file_url(url)
    except ForbiddenUrlError as error:
        raise FetchError(f"the image lies behind {error}", passing=False) from None
    for wait_s in (*(_FIRST_WAIT_S * 2**n for n in range(_TRIES - 1)), None):
        try:
            return await _fetch(http, checked, max_bytes, limit_s)
        except FetchError as error:
            if wait_s is None or not error.again:
                raise
            await asyncio.sleep(wait_s * pace)
    raise FetchError("not tried", passing=True)


async def _fetch(http: VendorHttp, url: str, max_bytes: int, limit_s: float) -> bytes:
    try:
        reply = await http.exchange("GET", url, {"accept": "image/*"}, limit_s, max_bytes)
    except BrokenReplyError as error:
        raise FetchError(f"fetching the image: {error}", passing=not error.too_large) from None
    except (NotSentError, NoAnswerError) as error:
        raise FetchError(f"fetching the image: {error}", passing=True) from None
    kind = reply.headers.get("content-type", "").lower()
    if reply.status != HTTPStatus.OK:
        raise FetchError(
            f"fetching the image: status {reply.status}, allowed is 200 without a redirect",
            passing=reply.status in _AGAIN,
            again=reply.status in _NOT_YET,
        )
    if kind and not kind.startswith(_TYPES) and not is_picture(reply.body):
        raise FetchError(f"fetching the image: content-type {kind[:60]!r}, allowed is an image", passing=False)
    return reply.body
