"""A picture to begin with (role `init`), at every vendor: what arrives there, and what is told where it can't."""

import io
from typing import Any

import pytest
from PIL import Image

from schemas.generation import ReferenceUse
from services.generation.providers.vendor import ModelTraits
from tests.fakes.requests import a_run
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.comfyui import FakeComfyUI


def begins(traits: ModelTraits) -> Any:
    return traits.start


TAKING = sorted(name for name, case in CASES.items() if case.models(begins))


async def plate(at: Bench, **changes: Any) -> ReferenceUse:
    """A square plate, of which a wide frame keeps the middle."""
    return await at.reference(1, (400, 400), **{"role": "init", "entity_id": "grove", "strength": 0.4, **changes})


def test_who_takes_a_picture_to_begin_with() -> None:
    assert TAKING == ["a1111", "comfyui", "leonardo", "stability"]


@pytest.mark.parametrize("name", TAKING)
async def test_the_picture_arrives_in_the_size_that_is_made_and_what_must_change_is_told(name: str) -> None:
    async with bench(CASES[name]) as at:
        models = at.case.models(begins)
        for model in dict.fromkeys((models[0], models[-1])):
            made = await at.generate(await at.job(model, references=(await plate(at),)))
            order = at.fake.orders[-1]
            assert order.start is not None
            with Image.open(io.BytesIO(order.start)) as sent:
                assert sent.size == order.size
            assert order.references == ()
            # Leonardo takes a level; how it is chosen is its own test.
            assert order.remade == (None if name == "leonardo" else pytest.approx(0.6))
            assert made.degradations == ()
            assert (made.parameters["begun_with"], made.parameters["begun_with_kept"]) == ("grove", 0.4)


@pytest.mark.parametrize("name", ["openai", "stability"])
async def test_a_model_that_cannot_begin_with_a_picture_gets_none_and_tells_it(name: str) -> None:
    async with bench(CASES[name]) as at:
        model = at.case.models(lambda traits: traits.start is None and not traits.guide)[0]
        made = await at.generate(await at.job(model, references=(await plate(at),)))
        assert (at.fake.orders[-1].start, at.fake.orders[-1].references) == (None, ())
        assert [loss.code for loss in made.degradations].count("reference-dropped") == 1


@pytest.mark.parametrize(("name", "both"), [("a1111", True), ("comfyui", True), ("leonardo", False)])
async def test_a_composition_is_held_to_beside_it_only_where_the_model_can(name: str, both: bool) -> None:
    async with bench(CASES[name]) as at:
        run = a_run(project={"composition": "previz"})
        model = "kino-xl" if name == "leonardo" else None
        made = await at.generate(await at.job(model, run=run, width=512, height=288, references=(await plate(at),)))
        order = at.fake.orders[-1]
        assert (order.start is not None) is both
        told = str(order.extras)
        assert any(word in told for word in ("ControlNet", "edge"))
        assert ("reference-dropped" in {loss.code for loss in made.degradations}) is not both


async def test_a_server_without_the_nodes_for_it_is_announced_and_its_frame_begins_with_noise() -> None:
    async with bench(CASES["comfyui"]) as at:
        assert isinstance(at.fake, FakeComfyUI)
        at.fake.missing = {"VAEEncode"}
        await at.provider.ping()
        assert at.provider.lacks == {at.case.models()[0]: ("start-image",)}  # type: ignore[union-attr] # a pool
        made = await at.generate(await at.job(references=(await plate(at),)))
        assert at.fake.orders[-1].start is None
        assert "reference-dropped" in {loss.code for loss in made.degradations}


@pytest.mark.parametrize("name", ["a1111", "comfyui"])
async def test_a_server_without_an_ip_adapter_can_still_begin_with_a_picture(name: str) -> None:
    async with bench(CASES[name]) as at:
        if isinstance(at.fake, FakeComfyUI):
            at.fake.pack = False
        else:
            at.fake.modules.remove("ip-adapter-auto")  # type: ignore[attr-defined] # a FakeA1111
        made = await at.generate(await at.job(references=(await plate(at),)))
        assert at.fake.orders[-1].start is not None
        assert made.degradations == ()
