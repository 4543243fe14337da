"""The driver of one AUTOMATIC1111 server: stops the drawing of a worker that is gone before it draws the same again."""

import logging
from typing import Final

from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import ProviderError
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

    async def _drawn(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        await self._interrupted(job)
        return await self._generated(job, accepted)

    async def _interrupted(self, job: ImageJob) -> None:
        asked = JsonBody({"id_task": task_id(job.generation_id), "live_preview": False})
        try:
            reply = await self._calls.ask(HttpCall("POST", "/internal/progress", asked), _ASK_S)
            if reply.is_json and reply.at("active") is True:
                await self._calls.ask(HttpCall("POST", "/sdapi/v1/interrupt", JsonBody({})), _ASK_S)
                log.info("generation %s was being drawn for a worker that is gone: interrupted", job.generation_id)
        except ProviderError as error:
            log.debug("%s tells nothing of its tasks: %s", self.address, error)
