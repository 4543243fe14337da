"""`/livez`, `/readyz` and `/metrics`, and the service's own application on every other path."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import uvicorn

from services.chassis.health import Health

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class ListenError(OSError):
    """The service can't serve HTTP where it was told to."""


class HealthApp:
    """The three paths as an ASGI application; `rest` gets every other path.

    `/livez` asks nobody: one that waited for a database that is away would time out, and the process be killed for it.
    """

    def __init__(
        self,
        health: Callable[[], Health],
        probe: Callable[[], Awaitable[Health]],
        metrics: Callable[[], bytes],
        rest: Asgi | None,
    ) -> None:
        self._health = health
        self._probe = probe
        self._metrics = metrics
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path")
        if scope["type"] == "http" and path in {"/livez", "/readyz"}:
            health = self._health() if path == "/livez" else await self._probe()
            good = health.live if path == "/livez" else health.ready
            status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
            await _answer(send, status, "application/json", json.dumps(asdict(health)).encode())
        elif scope["type"] == "http" and path == "/metrics":
            await _answer(send, HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", self._metrics())
        elif self._rest is not None:
            await self._rest(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, HTTPStatus.NOT_FOUND, "text/plain", b"/livez /readyz /metrics\n")


async def _answer(send: Send, status: HTTPStatus, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the service's own stop everything in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


class HttpServer:
    """Serves an ASGI application from `start` to `stop`."""

    def __init__(self, app: Asgi, host: str, port: int) -> None:
        self._where = f"{host}:{port}"
        config = uvicorn.Config(
            app, host=host, port=port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            ListenError: the port is taken.
        """
        self._task = asyncio.create_task(self._serve())
        while not self._server.started:
            if self._task.done():
                raise ListenError(f"ICE_HTTP_HOST, ICE_HTTP_PORT: can't listen on {self._where}; is the port taken?")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish running requests and close."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:
            # Uvicorn's way to say that it can't bind; `start` tells it as an error.
            log.debug("http server ended before it started")
