"""How the rows of the API's tables become routes.

GET answers HEAD too, a body is bounded before it is read, and the description in `/openapi.json` names every status
and the one form of errors, so that clients and fuzzers made from it meet nothing that it doesn't tell.
"""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import Response
from fastapi.routing import APIRoute

from schemas.base import Model

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""The largest event that brokers are set up for; a body that is larger can't become one."""

Endpoint = Callable[..., Awaitable[Any]]
_ERRORS: Final = {
    HTTPStatus.BAD_REQUEST: "The body can't be read",
    HTTPStatus.UNAUTHORIZED: "A wrong or no key",
    HTTPStatus.NOT_FOUND: "Unknown; the message names what",
    HTTPStatus.CONFLICT: "Something else was there before",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is wrong; the message names it and what is allowed",
    HTTPStatus.SERVICE_UNAVAILABLE: "Database or broker are away; `Retry-After` says when to come again",
}
_OF_READING: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)


class ErrorDetail(Model):
    """What is wrong."""

    code: str
    """Kind of error, stable for programs."""
    message: str
    """For people."""
    field: str | None = None
    """Path of the field that is wrong."""
    value: str | None = None
    """What stood there, shortened."""
    allowed: str | None = None
    """What is allowed instead."""


class ErrorAnswer(Model):
    """The one form of every error."""

    error: ErrorDetail
    """What is wrong."""


class BoundedRoute(APIRoute):
    """A route whose body ends in 413 as soon as it is larger than `MAX_BODY_BYTES`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, behind the bound."""
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handler(Request(request.scope, _bounded(request)))

        return bounded


def add_route(
    router: APIRouter, method: str, path: str, endpoint: Endpoint, *done: HTTPStatus, streams: bool = False
) -> None:
    """One row of a table.

    Args:
        router: takes the route.
        method: `GET` brings `HEAD` along.
        path: below the router's prefix.
        endpoint: gives a whole answer.
        done: statuses of an answer that is no error, the usual one first; none = 200.
        streams: the endpoint reads the body piece by piece and has a bound of its own.
    """
    reads = method == "GET"
    statuses = done or (HTTPStatus.OK,)
    errors = {status: text for status, text in _ERRORS.items() if not reads or status in _OF_READING}
    responses: dict[int | str, dict[str, Any]] = {
        **{int(status): {"description": status.phrase} for status in statuses[1:]},
        **{int(status): {"model": ErrorAnswer, "description": text} for status, text in errors.items()},
    }
    for verb in ("GET", "HEAD") if reads else (method,):
        router.add_api_route(
            path,
            endpoint,
            methods=[verb],
            status_code=int(statuses[0]),
            response_model=None,
            responses=responses,
            # Two methods of one route would share one operation id, which must be unique.
            include_in_schema=verb != "HEAD",
            route_class_override=None if streams else BoundedRoute,
        )


def _bounded(request: Request) -> Callable[[], Coroutine[Any, Any, Any]]:
    """The request's messages, until they are too many bytes."""
    total = 0

    async def receive() -> Any:  # noqa: ANN401 - an ASGI message
        nonlocal total
        message = await request.receive()
        total += len(message.get("body", b""))
        if total > MAX_BODY_BYTES:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: allowed are at most {MAX_BODY_BYTES:,} bytes"
            )
        return message

    return receive
