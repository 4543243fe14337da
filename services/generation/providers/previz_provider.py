"""The provider `previz`: draws storyboard frames on this machine's processors, free and deterministic."""

import logging
from typing import Final

from pydantic import ValidationError

from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.drawing_pool import DrawingPool
from services.generation.providers.errors import InvalidRequest, Outage, UnusableImage
from services.generation.providers.previz_scene import scene_of

log = logging.getLogger(__name__)

NAME: Final = "previz"
MODELS: Final = ("previz",)


class PrevizProvider:
    """Draws from the planned facts; prompts, references and adapters are not looked at.

    Args:
        pool: drawing processes.
    """

    def __init__(self, pool: DrawingPool) -> None:
        self._pool = pool

    @property
    def name(self) -> str:
        """`previz`."""
        return NAME

    @property
    def free(self) -> bool:
        """It costs nothing."""
        return True

    @property
    def models(self) -> tuple[str, ...]:
        """One model, named like the provider."""
        return MODELS

    @property
    def slots(self) -> int:
        """Two per process, so that the next is there when one ends."""
        return 2 * self._pool.processes

    async def start(self) -> None:
        """Make the pool."""
        self._pool.start()

    async def stop(self) -> None:
        """End the processes."""
        await self._pool.stop()

    async def ping(self) -> None:
        """See whether a drawing process answers.

        Raises:
            Outage: none does.
        """
        await self._pool.ready()

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Draw the frame; the seed that was sent settles what the facts leave open.

        Raises:
            InvalidRequest: the facts make no scene.
            UnusableImage: the drawing failed, or took too long.
            Outage: the drawing processes die.
        """
        del accepted
        try:
            scene = scene_of(job)
        except ValidationError as error:
            raise InvalidRequest(f"the facts of the shot make no scene: {error}") from error
        try:
            data = await self._pool.draw(scene)
        except Outage:
            raise
        except Exception as error:
            log.exception("generation %s could not be drawn", job.generation_id)
            raise UnusableImage(f"the scene could not be drawn: {error!r}", charged=False) from error
        return GeneratedImage(
            data=data,
            seed_used=job.seed,
            parameters={"width": scene.width, "height": scene.height, "lens_mm": scene.lens_mm},
        )

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Draw again: it is free, and gives the same picture."""

        async def accepted(_: str) -> None:
            return

        del vendor_job_id
        return await self.generate(job, accepted)
