"""An image provider whose every answer a test decides."""

import asyncio
import io
from collections.abc import Callable

from PIL import Image

from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import ProviderError

Answer = GeneratedImage | BaseException


def picture(width: int = 320, height: int = 180, *, kind: str = "PNG", mode: str = "RGB", shade: int = 90) -> bytes:
    """A picture with content: a gradient with a bright block."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.paste((shade, 20, 160), (width // 4, height // 4, width // 2, height // 2))
    out = io.BytesIO()
    image.convert(mode).save(out, kind)
    return out.getvalue()


class FakeProvider:
    """Answers from `answers` in order, the last one again and again; `calls` counts what it was asked.

    Args:
        free: as a provider says of itself.
        vendor_job_id: reported as accepted before the answer, when set.
    """

    def __init__(self, name: str = "previz", *, free: bool = True, vendor_job_id: str | None = None) -> None:
        self._name = name
        self._free = free
        self._vendor_job_id = vendor_job_id
        self.answers: list[Answer] = [GeneratedImage(picture(), seed_used=7)]
        self.resumed: list[str] = []
        self.calls: list[ImageJob] = []
        self.trouble: ProviderError | None = None
        self.gate: asyncio.Event | None = None
        self.on_call: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        return self._name

    @property
    def free(self) -> bool:
        return self._free

    @property
    def models(self) -> tuple[str, ...]:
        return (self._name,)

    @property
    def slots(self) -> int:
        return 4

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        self.calls.append(job)
        self.on_call()
        if self._vendor_job_id is not None:
            await accepted(self._vendor_job_id)
        return await self._answer()

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        del job
        self.resumed.append(vendor_job_id)
        return await self._answer()

    async def _answer(self) -> GeneratedImage:
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer
