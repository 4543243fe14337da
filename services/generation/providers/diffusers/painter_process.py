"""This side of the painter's process: start it, talk to it, and notice when it has died or gives no sign of life."""

import asyncio
import contextlib
import logging
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from services.generation.providers.diffusers import painter_entry
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import Forget, Paint, Told
from services.generation.providers.diffusers.painter_entry import Make

log = logging.getLogger(__name__)

_ENDING_S: Final = 5.0
_REAPED_S: Final = 5.0


class PainterProcess:
    """One process; `heard` is called on the event loop with each message, and with None once the process has gone.

    Args:
        settings: of the painter.
        heard: takes its messages.
        make: makes the painter in there; at the top level of a module.
    """

    def __init__(
        self, settings: DiffusersSettings, heard: Callable[[Told | None], None], make: Make = painter_entry.real
    ) -> None:
        self._settings = settings
        self._heard = heard
        self._make = make
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        """Start it; it says itself when it is ready."""
        # A fork would copy threads' locks, and a card can't be used after one.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=painter_entry.run, args=(theirs, self._settings, self._make), name="ice-painter", daemon=True
        )
        process.start()
        # Only the child may hold its end: else nobody would see it close.
        theirs.close()
        self._process, self._connection = process, ours
        loop = asyncio.get_running_loop()
        ear = threading.Thread(target=self._listen, args=(process, ours, loop), daemon=True, name="ice-painter-ear")
        ear.start()

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative = killed by that signal; None = it runs, or never did."""
        return None if self._process is None else self._process.exitcode

    def send(self, message: Paint | Forget) -> None:
        """Tell it; does nothing when it has gone, `heard` tells of that."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.send(message)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()

    async def stop(self) -> None:
        """Let it end, for a few seconds; then end it."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is None or connection is None:
            return
        with contextlib.suppress(OSError):
            connection.send(None)
        await asyncio.to_thread(process.join, _ENDING_S)
        if process.is_alive():
            process.kill()
            await asyncio.to_thread(process.join, _ENDING_S)
        connection.close()

    def _listen(self, process: BaseProcess, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._pass_on(loop, connection, connection.recv())
        # Its pipe closes a moment before its exit code can be read.
        process.join(_REAPED_S)
        self._pass_on(loop, connection, None)

    def _pass_on(self, loop: asyncio.AbstractEventLoop, connection: Connection, message: Told | None) -> None:
        def heard() -> None:
            # What a process says that was ended or replaced meanwhile means nothing any more.
            if connection is self._connection:
                self._heard(message)

        # The loop may have closed while the process was ending.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(heard)
