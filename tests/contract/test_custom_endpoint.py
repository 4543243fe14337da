"""An endpoint of one's own over HTTP: without a key, free of charge, with images on other hosts."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from services.generation.providers.custom import Custom
from services.generation.providers.errors import Outage, UnusableImage
from services.generation.providers.vendor import Vendor
from services.generation.providers.vendor_provider import Timing
from services.generation.providers.vendor_settings import VendorSettings
from services.orchestrator.domain.catalogue import parse_catalogue
from tests.fakes.vendors.bench import bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.custom import API, MODELS, FakeCustom
from tests.fakes.vendors.faults import Fault, Kind

GUIDE = (Path(__file__).parents[2] / "docs" / "vendors.md").read_text(encoding="utf-8")


def free() -> Vendor:
    models = {name: model.model_copy(update={"price_usd_micros": 0}) for name, model in MODELS.items()}
    return Custom(API.model_copy(update={"free": True}), models)


def without_key() -> FakeCustom:
    return FakeCustom(key="")


async def test_an_endpoint_needs_no_key() -> None:
    async with bench(replace(CASES["custom"], fake=without_key)) as at:
        await at.provider.ping()
        assert (await at.generate(await at.job())).data
        assert all("authorization" not in seen.headers for seen in at.fake.seen)


async def test_an_image_may_be_a_link_on_the_same_origin_and_nowhere_else() -> None:
    async with bench(CASES["custom"]) as at:
        assert isinstance(at.fake, FakeCustom)
        at.fake.links = True
        assert (await at.generate(await at.job())).data
        at.provider = at.provided(base_url=at.server.url.replace("127.0.0.1", "localhost") + "/v1")
        await at.provider.start()
        # The fake says where it is by the address that it was asked at.
        assert (await at.generate(await at.job())).data


@pytest.mark.parametrize("fault", [Fault(Kind.DROP, carried_out=True), Fault(Kind.MALFORMED), Fault(Kind.TRUNCATE)])
async def test_what_is_free_is_never_in_doubt_and_never_charged(fault: Fault) -> None:
    async with bench(replace(CASES["custom"], vendor=free)) as at:
        assert at.provider.free
        at.fake.next(fault)
        error = await at.failed()
        assert isinstance(error, Outage)
        assert error.charged is False
        assert (await at.generate(await at.job())).cost_usd_micros == 0


async def test_an_unusable_answer_of_what_is_free_is_not_charged() -> None:
    async with bench(replace(CASES["custom"], vendor=free)) as at:
        assert isinstance(at.fake, FakeCustom)
        at.fake.links = True
        at.provider = at.provided(timing=Timing(reply_s=20, job_s=20, pace=0.01, max_image_bytes=64))
        await at.provider.start()
        error = await at.failed()
        assert isinstance(error, UnusableImage)
        assert (error.charged, error.cost_usd_micros) == (False, 0)


def blocks(language: str) -> list[str]:
    """The guide's examples."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guides_examples_are_settings_that_start_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [example for example in blocks("sh") if "ICE_CUSTOM_API" in example]
    assert len(examples) == 2
    for example in examples:
        for name, quoted, plain in re.findall(r"^(ICE_\w+)=(?:'(.*?)'|(\S+))$", example, re.DOTALL | re.MULTILINE):
            monkeypatch.setenv(name, quoted or plain)
        settings = VendorSettings()
        assert Custom(settings.ice_custom_api, settings.ice_custom_models).models
        assert settings.base_url("custom") is not None


def test_the_guides_card_promises_no_more_than_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks("yaml")
    (card,) = parse_catalogue({"version": "1", "models": YAML(typ="safe", pure=True).load(example)}, "the guide")
    models = re.search(r"ICE_CUSTOM_MODELS='(.*)'", GUIDE)
    assert models is not None
    monkeypatch.setenv("ICE_CUSTOM_MODELS", models[1])
    traits = VendorSettings().ice_custom_models[card.model].traits(card.model)
    assert card.prompt_max_chars <= traits.prompt_max_chars
    assert (card.seed is None, card.negative_prompt, card.references.max) == (traits.seeds is None, False, 0)
    assert traits.sizes.nearest(1536, 864) == (1536, 864)
