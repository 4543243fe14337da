"""Where a vendor lists its models, a worker announces those that the account has, and asks for no other."""

from collections.abc import AsyncIterator

import pytest

from services.generation.providers.errors import Configuration
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.gemini import FakeGemini
from tests.fakes.vendors.openai import FakeOpenAI
from tests.fakes.vendors.stability import FakeStability

SDXL = "stable-diffusion-xl-1024-v1-0"


@pytest.fixture
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(CASES[request.param]) as made:
        yield made


def offer(at: Bench, *models: str) -> None:
    if isinstance(at.fake, FakeStability):
        at.fake.engines = [*models]
    else:
        assert isinstance(at.fake, FakeOpenAI | FakeGemini)
        at.fake.offered = [*models]


@pytest.mark.parametrize(
    ("at", "model", "other"),
    [
        ("openai", "gpt-image-2.6-flare", "gpt-image-2.6-sunburst"),
        ("google", "gemini-3-pro-image", "gemini-nano-banana-2.1"),
    ],
    indirect=["at"],
)
async def test_only_what_the_account_has_is_announced_and_asked_for(at: Bench, model: str, other: str) -> None:
    offer(at, "a-language-model", model)
    assert other in at.provider.models
    await at.provider.ping()
    assert at.provider.models == (model,)
    error = await at.failed(await at.job(other))
    assert isinstance(error, Configuration)
    assert other in str(error)
    assert at.fake.bill == []
    await at.generate(await at.job(model))


@pytest.mark.parametrize("at", ["openai", "google"], indirect=True)
async def test_a_list_without_any_model_of_ours_is_not_believed(at: Bench) -> None:
    before = at.provider.models
    for listed in ((), ("a-language-model",)):
        offer(at, *listed)
        await at.provider.ping()
        assert at.provider.models == before


@pytest.mark.parametrize("at", ["stability"], indirect=True)
async def test_hosted_sdxl_is_there_only_where_the_account_still_has_its_engine(at: Bench) -> None:
    await at.provider.ping()
    assert SDXL in at.provider.models
    offer(at)
    await at.provider.ping()
    assert SDXL not in at.provider.models
    assert "stable-image-core" in at.provider.models
    offer(at, SDXL)
    await at.provider.ping()
    assert SDXL in at.provider.models


@pytest.mark.parametrize("at", ["bfl", "fal", "replicate", "leonardo"], indirect=True)
async def test_a_vendor_that_lists_nothing_offers_all_of_its_models(at: Bench) -> None:
    before = at.provider.models
    await at.provider.ping()
    assert at.provider.models == before
