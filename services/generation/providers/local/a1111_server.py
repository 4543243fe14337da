"""The driver of one AUTOMATIC1111 server: stops the drawing of a worker that is gone before it draws the same again."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from services.chassis.ending import end
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import ProviderError, UnusableImage
from services.generation.providers.exchange import HttpCall, HttpReply, JsonBody
from services.generation.providers.local.a1111 import task_id
from services.generation.providers.local.server import LocalServer

log = logging.getLogger(__name__)

_ASK_S: Final = 10.0
#: Between two looks at how far a drawing is; it takes some ten seconds.
_WATCH_S: Final = 2.0


class WebuiServer(LocalServer):
    """One AUTOMATIC1111 or Forge server.

    Its answer is the picture, so a picture whose worker has died can't be had any more. Its drawing would go on for
    nobody, and the new one would wait behind it: it is interrupted first. Where the server tells nothing of tasks (it
    was started with `--nowebui`), both are drawn, at no cost but time.
    """

    #: Shares done by generation, of the drawings that this process waits for.
    _running: dict[str, float | None]
    _given_up: set[str]

    async def start(self) -> None:
        """Make the client."""
        self._running, self._given_up = {}, set()
        await super().start()

    async def interrupt(self, generation_id: str) -> bool:
        """Stop a drawing that isn't wanted any more; one that hasn't begun is given up when its turn comes."""
        if generation_id not in self._running:
            return False
        self._given_up.add(generation_id)
        await self._stopped(generation_id)
        return True

    async def _drawn(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        if await self._stopped(job.generation_id):
            log.info("generation %s was being drawn for a worker that is gone: interrupted", job.generation_id)
        self._running[job.generation_id] = None
        watching = asyncio.create_task(self._watch(job.generation_id), name="a1111 progress")
        try:
            made = await self._generated(job, accepted)
        finally:
            await end(watching)
            self._running.pop(job.generation_id, None)
            given_up = job.generation_id in self._given_up
            self._given_up.discard(job.generation_id)
        if given_up:
            # An interrupted drawing is answered with as much of the picture as there is.
            raise UnusableImage("the drawing was called off", charged=False)
        return made

    def shares(self, vendor_job_ids: Iterable[str]) -> list[float]:
        """Of its drawings; it has no ids of jobs."""
        del vendor_job_ids
        return [share for share in self._running.values() if share is not None]

    async def _watch(self, generation_id: str) -> None:
        """Ask how far a drawing is, until ended, or until the server tells nothing of its tasks."""
        while True:
            await asyncio.sleep(_WATCH_S)
            try:
                reply = await self._task_of(generation_id)
            except ProviderError as error:
                log.debug("%s tells nothing of its tasks: %s", self.address, error)
                return
            if reply.is_json and reply.at("active") is True:
                self._running[generation_id] = reply.number("progress")

    async def _task_of(self, generation_id: str) -> HttpReply:
        asked = JsonBody({"id_task": task_id(generation_id), "live_preview": False})
        return await self._calls.ask(HttpCall("POST", "/internal/progress", asked), _ASK_S)

    async def _stopped(self, generation_id: str) -> bool:
        """Interrupt what the server draws now, if that is this generation."""
        try:
            reply = await self._task_of(generation_id)
            if not (reply.is_json and reply.at("active") is True):
                return False
            await self._calls.ask(HttpCall("POST", "/sdapi/v1/interrupt", JsonBody({})), _ASK_S)
        except ProviderError as error:
            log.debug("%s tells nothing of its tasks: %s", self.address, error)
            return False
        return True
