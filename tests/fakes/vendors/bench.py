"""A vendor's driver against its fake: what the contract suite works at."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from schemas.generation import ReferenceUse
from services.generation.providers.base import GeneratedImage, ImageJob
from services.generation.providers.errors import ProviderError
from services.generation.providers.references import ReferenceReader
from services.generation.providers.vendor import ModelTraits
from services.generation.providers.vendor_provider import Timing
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.provider import picture
from tests.fakes.requests import a_request
from tests.fakes.vendors.case import Driver, Inline, VendorCase
from tests.fakes.vendors.fake import FakeVendor
from tests.fakes.vendors.server import FakeServer

__all__ = ["REPLY_S", "Bench", "Inline", "bench"]
#: Long enough for a busy machine to answer.
REPLY_S = 20.0


@dataclass(slots=True)
class Bench:
    """A started provider, its fake and its references."""

    case: VendorCase
    fake: FakeVendor
    server: FakeServer
    provider: Driver
    store: FakeObjectStore = field(default_factory=FakeObjectStore)
    accepted: list[str] = field(default_factory=list)
    any_accepted: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def reference(self, number: int, size: tuple[int, int] = (128, 128), **changes: Any) -> ReferenceUse:
        """A picture in the store, each another one."""
        data = picture(*size, shade=30 + 7 * number)
        stored = await self.store.put(f"refs/{number}-{size[0]}.png", data, "image/png")
        return ReferenceUse(**{"uri": stored.uri, "role": "character", "entity_id": f"c{number}", **changes})

    async def job(self, model: str | None = None, **changes: Any) -> ImageJob:
        """A job that the model can do, with as many references as it needs."""
        chosen = model or self.case.models()[0]
        if "references" not in changes:
            changes["references"] = tuple([await self.reference(n) for n in range(self.case.least_references)])
        # Each is a generation of its own, as the router's are.
        self.asked += 1
        values = {"width": 1280, "height": 720, "seed_to_send": None, "attempt": self.asked, **changes}
        return ImageJob.from_request(a_request(provider=self.case.name, model=chosen, **values))

    async def generate(self, job: ImageJob) -> GeneratedImage:
        async def accepted(vendor_job_id: str) -> None:
            self.accepted.append(vendor_job_id)
            self.any_accepted.set()

        return await asyncio.wait_for(self.provider.generate(job, accepted), 90)

    async def failed(self, job: ImageJob | None = None) -> ProviderError:
        """The error that a call ends in; it tells no secret."""
        try:
            made = await self.generate(job or await self.job())
        except ProviderError as error:
            told = "".join(traceback.format_exception(error, chain=True)) + repr(vars(error))
            assert self.fake.key not in told
            return error
        raise AssertionError(f"an image came: {made.parameters}")

    def provided(self, **changes: Any) -> Driver:
        """Another driver against the same fake."""
        values: dict[str, Any] = {"timing": Timing(reply_s=REPLY_S, job_s=20, pace=0.01), **changes}
        key, reader = values.pop("key", self.fake.key), ReferenceReader(self.store, Inline())
        address = values.pop("base_url", self.server.url + self.case.base_path)
        return self.case.provider(key, reader, address, **values)

    def traits(self, model: str) -> ModelTraits:
        return self.case.vendor().models[model]


@asynccontextmanager
async def bench(case: VendorCase) -> AsyncIterator[Bench]:
    """A fake's server and a started driver."""
    fake = case.fake()
    async with FakeServer(fake) as server:
        desk = Bench(case, fake, server, provider=None)  # type: ignore[arg-type] # made of the bench itself
        first = desk.provider = desk.provided()
        await first.start()
        try:
            yield desk
        finally:
            # A test may have put another one in its place; a second stop does nothing.
            await first.stop()
            await desk.provider.stop()
