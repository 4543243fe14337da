"""The driver of one ComfyUI server: finds its jobs again, hears of their end by WebSocket, calls them off."""

import asyncio
from dataclasses import replace
from typing import Final, Protocol

from services.chassis.ending import end
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.call_records import parameters_of
from services.generation.providers.errors import ProviderError, UnusableImage
from services.generation.providers.exchange import HttpCall, HttpReply, JsonBody
from services.generation.providers.local.comfyui import history, prompt_id, queued
from services.generation.providers.local.server import LocalServer
from services.generation.providers.local.vendor import JobLostError
from services.generation.providers.optional import CallbackHints
from services.generation.providers.vendor import Pending

_ASK_S: Final = 20.0
_MOST_CALLED_OFF: Final = 4096


class Socket(CallbackHints, Protocol):
    """Hears of jobs' ends from `start` to `stop`."""

    async def start(self) -> None:
        """Begin to listen; returns at once."""
        ...

    async def stop(self) -> None:
        """End it."""
        ...

    def progress(self, job_id: str) -> float | None:
        """Share of a job's current node that is done, 0 to 1."""
        ...


class ComfyServer(LocalServer):
    """One ComfyUI server. `listen` gives it a socket."""

    _socket: Socket | None = None
    _called_off: dict[str, None]

    def listen(self, socket: Socket) -> None:
        """Hear of jobs' ends by this socket; called once, before `start`."""
        self._socket = socket
        self._jobs.use_hints(socket)

    def use_hints(self, hints: CallbackHints) -> None:
        """Look at a job when a callback has come, too."""
        super().use_hints(hints if self._socket is None else Either(self._socket, hints))

    def progress(self, vendor_job_id: str) -> float | None:
        """Share of a job's current node that is done, 0 to 1; None = nothing was told of it."""
        return None if self._socket is None else self._socket.progress(vendor_job_id)

    async def start(self) -> None:
        """Make the client, and listen."""
        self._called_off = {}
        await super().start()
        if self._socket is not None:
            await self._socket.start()

    async def stop(self) -> None:
        """Close every connection."""
        if self._socket is not None:
            await self._socket.stop()
        await super().stop()

    async def holds(self, vendor_job_id: str) -> bool:
        """Whether the job is in the queue or the history.

        Raises:
            ProviderError: the server can't be asked.
        """
        reply = await self._calls.ask(self._local.queue(), _ASK_S)
        if vendor_job_id in self._understood(reply):
            return True
        call = history(vendor_job_id)
        reply = await self._calls.ask(call, _ASK_S)
        return self._calls.understood(call, lambda: reply.at(vendor_job_id) is not None)

    async def interrupt(self, generation_id: str) -> bool:
        """Call the job of a generation off; its call then ends without an image."""
        return await self.cancel(prompt_id(generation_id))

    async def cancel(self, vendor_job_id: str) -> bool:
        """Take a job out of the queue, or stop it while it is drawn; True when it is neither any more."""
        call = self._local.queue()
        reply = await self._calls.ask(call, _ASK_S)
        if vendor_job_id not in self._understood(reply):
            return False
        self._called_off[vendor_job_id] = None
        while len(self._called_off) > _MOST_CALLED_OFF:
            self._called_off.pop(next(iter(self._called_off)))
        await self._calls.ask(HttpCall("POST", "/queue", JsonBody({"delete": [vendor_job_id]})), _ASK_S)
        reply = await self._calls.ask(call, _ASK_S)
        if vendor_job_id in self._understood(reply, "queue_running"):
            # Older servers ignore the id and stop what runs; so it is asked only while that is ours.
            await self._calls.ask(HttpCall("POST", "/interrupt", JsonBody({"prompt_id": vendor_job_id})), _ASK_S)
        return True

    async def _drawn(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """The job that a worker before us has sent where there is one, else a new one."""
        job_id = prompt_id(job.generation_id)
        try:
            if not await self._sent_before(job_id):
                return await self._generated(job, accepted)
            asked = job.prepared or await self._prepared(job)
            await accepted(job_id)
            made = await self._jobs.made(asked, Pending(job_id, 0))
        except JobLostError as error:
            if job_id in self._called_off:
                raise UnusableImage("the job was called off", charged=False) from error
            raise
        parameters = parameters_of(self._submission(asked), asked)
        return await self._image(asked, replace(made, vendor_job_id=job_id), parameters)

    async def _sent_before(self, job_id: str) -> bool:
        try:
            return await self.holds(job_id)
        except ProviderError:
            # At worst it is drawn twice, for nothing.
            return False

    def _understood(self, reply: HttpReply, *lists: str) -> list[str]:
        return self._calls.understood(self._local.queue(), lambda: queued(reply, *lists))


class Either:
    """Wakes a poll when one of two hints does. A `CallbackHints`."""

    def __init__(self, one: CallbackHints, other: CallbackHints) -> None:
        self._both = (one, other)

    async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
        """See `CallbackHints`."""
        tasks: set[asyncio.Task[bool]] = {
            asyncio.create_task(hints.wait(vendor_job_id, timeout_s)) for hints in self._both
        }
        waiting: set[asyncio.Task[bool]] = set(tasks)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    return True
            return False
        finally:
            for task in tasks:
                await end(task)
