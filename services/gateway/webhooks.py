"""Where vendors call us when an image is ready: `POST /webhooks/<provider>`.

A call that is taken becomes one ProviderCallbackReceived; the worker that waits for the job hears of it at once. A call
that is refused or never comes loses nothing, since the worker polls as well.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr

from services.chassis.clock import Clock
from services.gateway.answers import problem
from services.gateway.domain.callbacks import JUDGES, Call, CallbackRefusedError
from services.gateway.ports import EventPublisher
from services.gateway.routing import add_route

log = logging.getLogger(__name__)

#: A callback lists a handful of images; whatever is larger is none.
_MAX_BYTES: Final = 1024 * 1024

Known = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """Which vendors may call, and how late.

    Attributes:
        keys: callback key by provider; a provider without one has no webhook here.
        window: how old a callback may be.
    """

    keys: Mapping[str, SecretStr] = field(default_factory=dict)
    window: timedelta = timedelta(minutes=15)


class Webhooks:
    """Takes vendors' callbacks.

    Args:
        publisher: of the events.
        known: whether an event of that id has been through the read model: then the call is a replay.
        clock: by which callbacks are stale.
        rules: from the settings.
    """

    def __init__(self, publisher: EventPublisher, known: Known, clock: Clock, rules: WebhookRules) -> None:
        self._publisher = publisher
        self._known = known
        self._clock = clock
        self._rules = rules

    async def received(self, provider: str, request: Request) -> Response:
        """202 when the broker has the callback; 4xx says why it is refused."""
        key = self._rules.keys.get(provider)
        judge = JUDGES.get(provider)
        if key is None or judge is None:
            return problem(HTTPStatus.NOT_FOUND, "not-found", f"provider {provider[:64]!r} has no webhook here")
        try:
            call = Call(request.headers, await _body(request), self._clock.now())
            event = judge(call, key.get_secret_value(), self._rules.window)
        except CallbackRefusedError as error:
            log.warning("a callback of %s was refused: %s", provider, error)
            return problem(error.status, error.code, str(error))
        if event is None:
            return JSONResponse({"ignored": "this kind of callback is not about images"}, HTTPStatus.ACCEPTED)
        if await self._known(event.event_id):
            return problem(
                HTTPStatus.CONFLICT, "replayed", f"generation {event.vendor_job_id!r} was called back for before"
            )
        # Two at the same moment both get here: one event id, one effect.
        await self._publisher.publish([event])
        return JSONResponse({"event_id": event.event_id}, HTTPStatus.ACCEPTED)


def webhook_routes(webhooks: Webhooks) -> APIRouter:
    """`POST /webhooks/{provider}`."""
    router = APIRouter()
    add_route(router, "POST", "/webhooks/{provider}", webhooks.received, HTTPStatus.ACCEPTED, streams=True)
    return router


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > _MAX_BYTES:
            raise CallbackRefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"body: allowed is at most {_MAX_BYTES} bytes"
            )
    return bytes(data)
