"""What every image provider promises, whoever makes the image."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from schemas.run import RunContext
from services.generation.domain import images
from services.generation.domain.images import Limits
from services.generation.providers.base import ImageJob, ImageProvider
from services.generation.providers.drawing_pool import DrawingPool
from services.generation.providers.errors import Outage, ProviderError
from services.generation.providers.previz_provider import PrevizProvider
from tests.fakes.provider import FakeProvider
from tests.fakes.requests import a_character, a_request, a_run

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


async def accepted(vendor_job_id: str) -> None:
    raise AssertionError(f"a provider that answers at once has no job {vendor_job_id}")


@pytest.fixture(scope="module", params=["fake", "previz"])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[ImageProvider]:
    made: ImageProvider = FakeProvider() if request.param == "fake" else PrevizProvider(DrawingPool(1, 60))
    await made.start()
    yield made
    await made.stop()


def job(provider: ImageProvider, run: RunContext | None = None, **changes: Any) -> ImageJob:
    return ImageJob.from_request(a_request(run, provider=provider.name, model=provider.models[0], **changes))


async def test_it_says_who_it_is(provider: ImageProvider) -> None:
    assert SLUG.match(provider.name)
    assert provider.models
    assert provider.slots >= 1


async def test_it_answers_a_ping(provider: ImageProvider) -> None:
    await provider.ping()


async def test_its_image_can_be_brought_to_the_size_asked(provider: ImageProvider) -> None:
    made = await provider.generate(job(provider), accepted)
    picture = images.prepare(made.data, 320, 180, Limits())
    assert (picture.width, picture.height) == (320, 180)


async def test_a_seed_is_reported_only_when_one_was_sent(provider: ImageProvider) -> None:
    made = await provider.generate(job(provider, seed_to_send=7), accepted)
    assert made.seed_used == 7


async def test_a_free_provider_costs_nothing_and_repeats_itself(provider: ImageProvider) -> None:
    assert provider.free
    first = await provider.generate(job(provider), accepted)
    again = await provider.resume(job(provider), "any")
    assert (first.cost_usd_micros, first.vendor_job_id) == (0, None)
    assert first.data == again.data


async def test_any_words_give_an_image_or_a_typed_error(provider: ImageProvider) -> None:
    words = "राधा 👩🏽‍🚀 — " * 400
    odd = job(
        provider,
        run=a_run(shot={"description": words[:4000], "mood": "unheard-of", "lighting": "unheard-of"}),
        cast=(a_character(appearance={"hair": words[:400], "亜": "x"}, action=words[:400]),),
        seed_to_send=None,
    )
    with suppress(ProviderError):
        made = await provider.generate(odd, accepted)
        images.prepare(made.data, 320, 180, Limits())


async def test_previz_draws_exactly_the_size_asked_and_nothing_when_stopped() -> None:
    drawn = PrevizProvider(DrawingPool(1, 60))
    await drawn.start()
    made = await drawn.generate(job(drawn), accepted)
    assert images.prepare(made.data, 320, 180, Limits()).original is None
    await drawn.stop()
    await drawn.stop()
    with pytest.raises(Outage):
        await drawn.generate(job(drawn), accepted)
