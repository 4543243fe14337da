"""A worker of a vendor over every protocol: requests in, the API asked once for each, images in the object store."""

from collections import Counter
from dataclasses import replace

import pytest
from pydantic import SecretStr

from schemas import topics
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested, ReferenceUse
from services.chassis.provision import provision
from services.generation.app import build
from services.generation.providers.vendor_settings import VendorSettings
from services.generation.settings import GenerationSettings
from tests.fakes.provider import picture
from tests.fakes.requests import a_request, a_run
from tests.fakes.vendors.faults import Fault, Kind
from tests.fakes.vendors.openai import FakeOpenAI
from tests.fakes.vendors.server import FakeServer
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = pytest.mark.integration
SHOTS = 8


def asked(shot: int, references: tuple[ReferenceUse, ...]) -> GenerationRequested:
    run = a_run(shot={"shot_id": f"sh{shot:04}", "code": f"SH{shot:04}"})
    model = "gpt-image-2.6-flare"
    size = {"width": 1280, "height": 720}
    return a_request(run, provider="openai", model=model, prompt=f"shot {shot}", references=references, **size)


async def test_a_film_is_made_by_openai_and_every_call_is_paid_once(surroundings: OneService) -> None:
    fake = FakeOpenAI()
    fake.next(Fault(Kind.REFUSE), Fault(Kind.STATUS, status=500), Fault(Kind.DROP, carried_out=True))
    await provision(surroundings.settings, [replace(spec, partitions=2) for spec in topics.generation_specs("openai")])
    stored = await surroundings.objects.put("refs/radha.png", picture(), "image/png")
    references = (ReferenceUse(uri=stored.uri, role="character", entity_id="radha"),)
    requests = [asked(shot, references) for shot in range(SHOTS)]
    async with FakeServer(fake) as server:
        vendors = VendorSettings(openai_api_key=SecretStr(fake.key), ice_openai_base_url=server.url)
        settings = GenerationSettings(**surroundings.shared, generation_provider="openai", vendors=vendors)
        await surroundings.publisher.publish([*requests, *requests])
        await surroundings.start(build(settings))
        done = await surroundings.read(topics.GENERATION_COMPLETED, SHOTS - 3)
        failed = await surroundings.read(topics.GENERATION_FAILED, 3)
    images = {event.generation_id: event for event in done if isinstance(event, GenerationCompleted)}
    kinds = Counter(event.kind for event in {e.event_id: e for e in failed if isinstance(e, GenerationFailed)}.values())
    assert kinds == {FailureKind.REFUSED: 1, FailureKind.OUTAGE: 1, FailureKind.IN_DOUBT: 1}
    assert len(images) == SHOTS - 3
    # One of those in doubt was carried out; none was sent again.
    assert len(fake.bill) == SHOTS - 2
    assert max(Counter(order.prompt for order in fake.orders).values()) == 1
    assert sum(event.cost_usd_micros for event in images.values()) < fake.charged_usd_micros
    for order in fake.orders:
        assert order.references == (picture(),)
    for event in images.values():
        assert (event.asset.width, event.asset.height) == (1280, 720)
        assert event.parameters["cost_basis"] == "vendor"
        assert await surroundings.objects.stat(event.asset.uri) is not None
