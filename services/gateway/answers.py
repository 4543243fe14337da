"""The one form of every answer of the gateway, and of every error."""

import functools
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.responses import JSONResponse, Response


def as_json(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Response]]:
    """The endpoint's answer written as JSON at once: our answers are plain values, a walk through them is waste."""

    @functools.wraps(endpoint)
    async def answer(*arguments: Any, **named: Any) -> Response:  # noqa: ANN401 - as the endpoint has them
        found = await endpoint(*arguments, **named)
        return found if isinstance(found, Response) else Response(orjson.dumps(found), media_type="application/json")

    return answer


def problem(status: HTTPStatus, code: str, message: str, **about: str) -> JSONResponse:
    """`{"error": {code, message, field?, value?, allowed?}}`."""
    return JSONResponse({"error": {"code": code, "message": message, **about}}, status_code=status)
