"""The real gateway API over documents in memory, fed with a film as far as the test wants it made."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import httpx
from PIL import Image

from schemas.base import Event
from schemas.envelope import from_headers
from schemas.film_plan import FilmPlan
from schemas.keyframe import KeyframeFailed, SeenCharacter
from schemas.run import RunContext, runs_of
from services.chassis.bindings import Received
from services.chassis.wire import engine_wire
from services.cli.plan_reading import plan_events
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.entry_book import EntryBook
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from services.gateway.registry.api import RegistryApi
from services.gateway.registry.book import AdapterBook
from services.gateway.registry.registry import Registry
from services.gateway.registry.uploads import Uploads
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.object_store import FakeObjectStore

URL = "http://gateway"


def picture(width: int, height: int, seed: str) -> bytes:
    """A PNG of one colour that follows from the seed."""
    colour = hashlib.sha256(seed.encode()).digest()[:3]
    out = io.BytesIO()
    Image.new("RGB", (width, height), (colour[0], colour[1], colour[2])).save(out, "PNG")
    return out.getvalue()


class FilmGateway(httpx.AsyncBaseTransport):
    """A transport: requests to the gateway reach its real API, requests for images what `make` stored."""

    def __init__(self, page_size: int = 500) -> None:
        self.images: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.published: list[Event] = []
        """Decisions that were handed in."""
        self.health: dict[str, Any] = {"live": True, "ready": True, "checks": {}}
        self._offset = 0
        documents = FakeDocuments()
        self._handlers = Handlers(documents)
        read_model = ReadModel(documents)
        links = Links(self, 60)
        api = Api(read_model, links, self, page_size=page_size)
        self.objects = FakeObjectStore()
        """Files of adapters that were added."""
        registry = Registry(AdapterBook(documents), EntryBook(documents), self.objects, "ice", self, FakeClock())
        adapters = RegistryApi(registry, Uploads(None, max_bytes=1024 * 1024), read_model, links)
        self._api = httpx.ASGITransport(app=web_app(api, registry=adapters))

    async def presign(self, uri: str, expires_s: int) -> str:
        """As the object store does."""
        del expires_s
        if not uri.startswith("s3://ice/"):
            raise ValueError(f"uri: {uri!r}, allowed is 's3://ice/<key>'")
        return f"http://images/{uri.removeprefix('s3://')}"

    async def publish(self, events: Sequence[Event]) -> None:
        """As the broker does."""
        self.published.extend(events)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if request.url.host == "images":
            data = self.images.get(request.url.path)
            return httpx.Response(200 if data else 404, content=data or b"")
        if request.url.path == "/readyz":
            return httpx.Response(200 if self.health["ready"] else 503, json=self.health)
        return await self._api.handle_async_request(request)

    async def feed(self, events: Sequence[Event]) -> None:
        """Let events arrive."""
        messages = []
        for event in events:
            self._offset += 1
            topic = engine_wire().topic_of(event)
            messages.append(
                Received(
                    event=event,
                    envelope=from_headers({}),
                    topic=topic,
                    partition=0,
                    offset=self._offset,
                    key=event.partition_key(),
                    timestamp=1_000 + 100 * self._offset,
                )
            )
        await self._handlers.project(messages)

    async def plan(self, plan: FilmPlan) -> list[RunContext]:
        """Let a film be planned; its runs in story order."""
        bible, shots = plan_events(plan)
        self.names = {character.id: character.name for character in plan.bible.characters}
        await self.feed([*bible, *shots])
        return [run for shot in shots for run in runs_of(shot)]

    async def make(self, run: RunContext, **changes: Any) -> None:
        """Let a keyframe be ready."""
        asked = builders.generation_requested(run)
        data = picture(run.width, run.height, asked.generation_id)
        path = f"ice/{run.partition_key}/{asked.generation_id}"
        self.images[f"/{path}.png"] = self.images[f"/{path}.thumb.jpg"] = data
        asset = builders.asset(
            asked.generation_id,
            uri=f"s3://{path}.png",
            thumbnail_uri=f"s3://{path}.thumb.jpg",
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            width=run.width,
            height=run.height,
        )
        made = builders.generation_completed(asked, asset=asset)
        cast = tuple(
            SeenCharacter(
                character_id=member.character_id,
                name=self.names.get(member.character_id, member.character_id),
                bible_version=1,
                costume_id="attire",
            )
            for member in run.shot.visible_cast
        )
        await self.feed([asked, made, builders.keyframe_ready(made, cast=cast, **changes)])

    async def fail(self, run: RunContext, reason: str) -> None:
        """Let a run end without a keyframe."""
        event = KeyframeFailed(
            shot=builders.shot_identity(run),
            revision=run.revision,
            run_id=run.run_id,
            frame_role=run.frame_role,
            code="attempts-exhausted",
            reason=reason,
        )
        await self.feed([event])
