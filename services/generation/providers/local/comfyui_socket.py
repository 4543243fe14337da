"""What a ComfyUI server tells by WebSocket while it draws: progress, and the end of each job, at once.

A hint and no more: the job is then asked for as after any pause, so a socket that can't be had only costs seconds.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from services.chassis.ending import end
from services.generation.providers.exchange import at

log = logging.getLogger(__name__)

_MOST: Final = 4096
_OPEN_S: Final = 10.0
_AGAIN_S: Final = 0.5
_AGAIN_MOST_S: Final = 15.0
#: Previews of a picture come as binary messages.
_MAX_MESSAGE: Final = 16 * 1024 * 1024
_ENDS: Final = frozenset({"execution_success", "execution_error", "execution_interrupted"})


@dataclass(slots=True)
class _Job:
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    share: float = 0.0


class ComfySocket:
    """Listens to one server from `start` to `stop`. A `CallbackHints`.

    Args:
        address: of the server, http or https.
        client_id: by which it knows whom to tell.
        headers: with the key, where there is one.
    """

    def __init__(self, address: str, client_id: str, headers: Mapping[str, str]) -> None:
        self._url = f"ws{address.removeprefix('http')}/ws?clientId={client_id}"
        self._headers = dict(headers)
        self._jobs: dict[str, _Job] = {}
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns at once, whether there is a server or not."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End it; a second call does nothing."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    def progress(self, job_id: str) -> float | None:
        """Share of a job's current node that is done, 0 to 1; None = nothing was told of it."""
        job = self._jobs.get(job_id)
        return None if job is None else job.share

    async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
        """Sleep until the server has told the job's end, at most `timeout_s` seconds; see `CallbackHints`."""
        job = self._job(vendor_job_id)
        try:
            async with asyncio.timeout(timeout_s):
                await job.ended.wait()
        except TimeoutError:
            return False
        job.ended.clear()
        return True

    def heard(self, message: str | bytes) -> None:
        """Take in one message; whatever isn't understood is passed over."""
        if isinstance(message, bytes):
            return
        try:
            told = orjson.loads(message)
        except orjson.JSONDecodeError:
            return
        kind, about = at(told, "type"), at(told, "data")
        job_id = at(about, "prompt_id")
        if not isinstance(job_id, str):
            return
        # `executing` without a node comes when the job is in the history; the others come a moment before.
        if kind in _ENDS or (kind == "executing" and at(about, "node") is None):
            self._job(job_id).ended.set()
        elif kind == "progress":
            self._job(job_id).share = _share(about)

    def _job(self, job_id: str) -> _Job:
        job = self._jobs.pop(job_id, None) or _Job()
        self._jobs[job_id] = job
        while len(self._jobs) > _MOST:
            self._jobs.pop(next(iter(self._jobs)))
        return job

    async def _listen(self) -> None:
        wait_s = _AGAIN_S
        while True:
            try:
                async with connect(
                    self._url,
                    additional_headers=self._headers,
                    open_timeout=_OPEN_S,
                    max_size=_MAX_MESSAGE,
                    proxy=None,
                ) as socket:
                    self.connected.set()
                    wait_s = _AGAIN_S
                    async for message in socket:
                        self.heard(message)
            except (OSError, TimeoutError, WebSocketException) as error:
                log.debug("no WebSocket to the ComfyUI server, polls go on: %s", type(error).__name__)
            self.connected.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _AGAIN_MOST_S)


def _share(about: Any) -> float:  # noqa: ANN401 - JSON
    value, most = at(about, "value"), at(about, "max")
    if not isinstance(value, int | float) or not isinstance(most, int | float) or most <= 0:
        return 0.0
    return min(1.0, max(0.0, value / most))
