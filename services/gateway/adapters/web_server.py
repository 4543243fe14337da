"""Serves the web application inside the service's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from services.chassis.failures import Transient


class _QuietServer(uvicorn.Server):
    """Leaves signals to the service that hosts it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """A resource of the service: listens from `start` to `stop`."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens; with port 0, known after `start`."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken; the message names address and port and how to choose another.
        """
        listener = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise OSError(
                error.errno,
                f"gateway: {self._host}:{self._port} can't be listened on ({error.strerror}); "
                "set ICE_GATEWAY_PORT to a free port, or to 0 for any",
            ) from error
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="gateway web server")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise Transient("gateway: the web server stopped while starting")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish what is being answered, for three seconds at most. A second call does nothing."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._server = self._task = None

    async def ping(self) -> None:
        """Whether it still listens.

        Raises:
            Transient: it doesn't.
        """
        if self._task is None or self._task.done():
            raise Transient(f"gateway: the web server on {self.url} is not running")
