"""The driver of one AUTOMATIC1111 server: stops the drawing of a worker that is gone before it draws the same again."""

import logging
from typing import Final

from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import ProviderError, UnusableImage
from services.generation.providers.exchange import HttpCall, JsonBody
from services.generation.providers.local.a1111 import task_id
from services.generation.providers.local.server import LocalServer

log = logging.getLogger(__name__)

_ASK_S: Final = 10.0


class WebuiServer(LocalServer):
    """One AUTOMATIC1111 or Forge server.

    Its answer is the picture, so a picture whose worker has died can't be had any more. Its drawing would go on for
    nobody, and the new one would wait behind it: it is interrupted first. Where the server tells nothing of tasks (it
    was started with `--nowebui`), both are drawn, at no cost but time.
    """

    _running: set[str]
    _given_up: set[str]

    async def start(self) -> None:
        """Make the client."""
        self._running, self._given_up = set(), set()
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
        self._running.add(job.generation_id)
        try:
            made = await self._generated(job, accepted)
        finally:
            self._running.discard(job.generation_id)
            given_up = job.generation_id in self._given_up
            self._given_up.discard(job.generation_id)
        if given_up:
            # An interrupted drawing is answered with as much of the picture as there is.
            raise UnusableImage("the drawing was called off", charged=False)
        return made

    async def _stopped(self, generation_id: str) -> bool:
        """Interrupt what the server draws now, if that is this generation."""
        asked = JsonBody({"id_task": task_id(generation_id), "live_preview": False})
        try:
            reply = await self._calls.ask(HttpCall("POST", "/internal/progress", asked), _ASK_S)
            if not (reply.is_json and reply.at("active") is True):
                return False
            await self._calls.ask(HttpCall("POST", "/sdapi/v1/interrupt", JsonBody({})), _ASK_S)
        except ProviderError as error:
            log.debug("%s tells nothing of its tasks: %s", self.address, error)
            return False
        return True
