"""Leonardo's webhook from end to end: vendor, gateway, broker, worker. It ends the wait; polling works without it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pymongo
import pytest
from aiokafka import AIOKafkaConsumer
from pydantic import SecretStr

from schemas import topics
from schemas.generation import GenerationCompleted, GenerationRequested, ReferenceUse
from services.chassis.provision import provision
from services.gateway.app import build as build_gateway
from services.gateway.settings import GatewaySettings
from services.generation.app import build
from services.generation.providers.leonardo import Leonardo
from services.generation.providers.references import ReferenceReader
from services.generation.providers.vendor_provider import Timing, VendorProvider
from services.generation.settings import GenerationSettings
from tests.fakes.provider import picture
from tests.fakes.requests import a_request, a_run
from tests.fakes.vendors.bench import Inline
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.leonardo import CASE, FakeLeonardo
from tests.fakes.vendors.server import FakeServer
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = pytest.mark.integration
CALLBACK_KEY = "callback-key-of-the-studio"
NEVER = 1_000_000
SHOTS = 3


@dataclass
class Studio:
    """A worker that waits for Leonardo, and a gateway that Leonardo calls."""

    world: OneService
    fake: FakeLeonardo
    server: FakeServer
    webhook: tuple[str, str]

    async def worker(self, pace: float) -> None:
        """`pace`: how slow the polls are; 1 is the usual."""
        reader = ReferenceReader(self.world.objects, Inline())
        provider = VendorProvider(
            Leonardo(),
            SecretStr(self.fake.key),
            reader,
            base_url=self.server.url + CASE.base_path,
            timing=Timing(pace=pace),
        )
        settings = GenerationSettings(**self.world.shared, generation_provider="leonardo")
        await self.world.start(build(settings, provider))

    async def made(self, count: int) -> list[GenerationCompleted]:
        events = await self.world.read(topics.GENERATION_COMPLETED, count)
        found = {event.generation_id: event for event in events if isinstance(event, GenerationCompleted)}
        assert len(found) == count
        return list(found.values())

    async def accepted(self, count: int) -> list[str]:
        """Jobs that the worker has noted as the vendor's."""
        ledger, deadline = self.world.documents.collection("ledger"), time.monotonic() + 120
        while await ledger.count({"state": "accepted"}) < count:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        return list(self.fake.jobs)

    @property
    def polls(self) -> int:
        return len([seen for seen in self.fake.seen if seen.at is At.POLL])


async def asked(world: OneService) -> list[GenerationRequested]:
    stored = await world.objects.put("refs/radha.png", picture(), "image/png")
    references = (ReferenceUse(uri=stored.uri, role="character", entity_id="radha"),)
    return [
        a_request(
            a_run(shot={"shot_id": f"sh{shot:04}", "code": f"SH{shot:04}"}),
            provider="leonardo",
            model="phoenix-v1.0",
            references=references,
            width=1280,
            height=720,
        )
        for shot in range(SHOTS)
    ]


@pytest.fixture
async def studio(surroundings: OneService) -> AsyncIterator[Studio]:
    specs = topics.generation_specs("leonardo")
    await provision(surroundings.settings, [replace(spec, partitions=2) for spec in specs])
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    gateway = GatewaySettings(
        **surroundings.shared,
        http_port=port,
        providers=("leonardo",),
        leonardo_callback_key=SecretStr(CALLBACK_KEY),
    )
    await surroundings.start(build_gateway(gateway))
    fake = FakeLeonardo()
    async with FakeServer(fake) as server:
        yield Studio(surroundings, fake, server, (f"http://127.0.0.1:{port}/webhooks/leonardo", CALLBACK_KEY))
        # The worker stops before the vendor does.
        await asyncio.gather(*(app.stop() for app in surroundings.apps))


async def test_a_callback_ends_the_wait_and_its_live_key_is_stored_nowhere(studio: Studio) -> None:
    studio.fake.polls = NEVER
    studio.fake.latency = lambda: 0.5
    studio.fake.webhook = studio.webhook
    await studio.worker(pace=1_000.0)
    await studio.world.publisher.publish(await asked(studio.world))
    images = await studio.made(SHOTS)
    assert studio.fake.called_back == [202] * SHOTS
    assert studio.polls == SHOTS, "one look each, after its callback"
    assert sum(image.cost_usd_micros for image in images) == studio.fake.charged_usd_micros
    assert [order.references for order in studio.fake.orders] == [(picture(),)] * SHOTS
    assert studio.fake.key in str(studio.fake.callback_body(next(iter(studio.fake.jobs))))
    everything = await asyncio.to_thread(_documents, studio.world) + await _records(studio.world)
    assert b"image_generation.complete" in everything
    assert studio.fake.key.encode() not in everything
    assert CALLBACK_KEY.encode() not in everything


async def test_a_forged_callback_wakes_nobody_and_a_replayed_one_is_refused(studio: Studio) -> None:
    studio.fake.polls = NEVER
    await studio.worker(pace=1_000.0)
    await studio.world.publisher.publish((await asked(studio.world))[:1])
    (job_id,) = await studio.accepted(1)
    studio.fake.webhook = studio.webhook
    genuine = studio.fake.callback_body(job_id)
    assert await studio.fake.call_back(job_id, genuine, key="a-key-that-was-guessed") == 401
    old = studio.fake.callback_body(job_id, at_ms=genuine["timestamp"] - 3_600_000)
    assert await studio.fake.call_back(job_id, old) == 409
    await asyncio.sleep(1.5)
    assert studio.polls == 0
    studio.fake.jobs[job_id].polls_left = 0
    assert await studio.fake.call_back(job_id, genuine) == 202
    await studio.made(1)
    deadline = time.monotonic() + 120
    # The gateway knows a replay as soon as the first call has been through its read model.
    while await studio.fake.call_back(job_id, genuine) != 409:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert studio.polls == 1
    assert len(studio.fake.bill) == 1


async def test_polling_alone_is_enough(studio: Studio) -> None:
    await studio.worker(pace=0.01)
    await studio.world.publisher.publish(await asked(studio.world))
    await studio.made(SHOTS)
    assert studio.fake.called_back == []
    assert len(studio.fake.bill) == SHOTS


def _documents(world: OneService) -> bytes:
    """Every document of the test's database, as text."""
    with pymongo.MongoClient[dict[str, object]](world.settings.mongo_url.get_secret_value()) as client:
        database = client[world.settings.mongo_database]
        found = [doc for name in database.list_collection_names() for doc in database[name].find({})]
    assert found
    return repr(found).encode()


async def _records(world: OneService) -> bytes:
    """Every record of the test's topics, keys and headers included."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.settings.bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=20
    )
    found: list[bytes] = []
    async with consumer:
        consumer.subscribe(
            [name for name in await consumer.topics() if name.startswith(world.settings.kafka_topic_prefix)]
        )
        quiet = 0
        while quiet < 5:
            batches = (await consumer.getmany(timeout_ms=200)).values()
            quiet = 0 if batches else quiet + 1
            records = [record for batch in batches for record in batch]
            found += [repr((record.key, record.value, record.headers)).encode() for record in records]
    return b"\n".join(found)
