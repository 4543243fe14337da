"""The one form of every answer of the gateway, of the links in it, and of every error."""

import functools
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi.responses import JSONResponse, Response

from services.gateway.ports import LinkMaker

_log: Final = logging.getLogger(__name__)


class Links:
    """Links to what is in our store, good for `life_s` seconds (1 to 3,600)."""

    def __init__(self, maker: LinkMaker, life_s: int) -> None:
        self._maker = maker
        self._life_s = life_s

    async def to(self, uri: str | None) -> str | None:
        """A link to an object of ours; None for what lies elsewhere, which is signed for nobody."""
        try:
            return await self._maker.presign(uri, self._life_s) if uri else None
        except ValueError as error:
            _log.warning("no link: %s", error)
            return None

    async def of(self, asset: dict[str, Any] | None) -> dict[str, str | None]:
        """`url` and `thumbnail_url` of an image; both None where there is no image."""
        found = asset or {}
        return {"url": await self.to(found.get("uri")), "thumbnail_url": await self.to(found.get("thumbnail_uri"))}


def as_json(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Response]]:
    """The endpoint's answer written as JSON at once: our answers are plain values, a walk through them is waste."""

    @functools.wraps(endpoint)
    async def answer(*arguments: Any, **named: Any) -> Response:  # noqa: ANN401 - as the endpoint has them
        found = await endpoint(*arguments, **named)
        return found if isinstance(found, Response) else Response(orjson.dumps(found), media_type="application/json")

    return answer


def problem(status: HTTPStatus, code: str, message: str, **about: str) -> JSONResponse:
    """`{"error": {code, message, field?, value?, allowed?}}`."""
    told = {"code": code, "message": message, **about}
    return JSONResponse({"error": {name: _sayable(text) for name, text in told.items()}}, status_code=status)


def _sayable(text: str) -> str:
    """Text that can be encoded: JSON may bring lone surrogates, and an error quotes what is wrong."""
    return text.encode("utf-8", "backslashreplace").decode()
