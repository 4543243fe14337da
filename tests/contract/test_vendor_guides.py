"""`composition: previz` at vendors: the storyboard's picture is drawn, sent where the model takes it, and said."""

import io
from typing import Any

from PIL import Image

from services.generation.providers.base import ImageJob
from tests.fakes.requests import a_run
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES

GUIDED = {"composition": "previz", "width": 640, "height": 360}


async def job(at: Bench, model: str, **changes: Any) -> ImageJob:
    run = a_run(project=GUIDED)
    return await at.job(model, run=run, width=640, height=360, **changes)


async def test_a_model_that_works_on_a_composition_gets_the_storyboards_and_lists_what_gave_way_to_it() -> None:
    async with bench(CASES["stability"]) as at:
        shown = (await at.reference(1),)
        made = await at.generate(await job(at, "stable-image-structure", references=shown))
        (order,) = (charge.order for charge in at.fake.bill)
    (sent,) = order.references
    with Image.open(io.BytesIO(sent)) as guide:
        assert guide.size == (640, 360)
        depths = set(guide.convert("L").tobytes())
    assert len(depths) > 2, "a depth pass has something near and something far"
    assert [loss.code for loss in made.degradations] == ["reference-dropped"]


async def test_a_guide_goes_beside_the_reference_where_the_model_has_a_place_for_each() -> None:
    async with bench(CASES["leonardo"]) as at:
        shown = (await at.reference(1),)
        made = await at.generate(await job(at, "kino-xl", references=shown))
        (order,) = (charge.order for charge in at.fake.bill)
    assert len(order.references) == 2
    assert made.degradations == ()


async def test_nothing_is_drawn_for_a_film_that_wants_none_or_a_picture_that_came_with_the_request() -> None:
    async with bench(CASES["leonardo"]) as at:
        plain = await at.job("kino-xl", references=())
        given = await job(at, "kino-xl", references=(await at.reference(1, role="composition"),))
        for asked, sent in ((plain, 0), (given, 1)):
            prepared = (await at.provider.prepare(asked)).prepared
            assert prepared is not None
            assert len(prepared.references) == sent
