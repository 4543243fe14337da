"""Each visible character has its own part of the frame, and what belongs to it alone."""

import io
from typing import Any

from PIL import Image

from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.generation.providers.base import ImageJob
from services.generation.providers.regions import guides_of, regions_of
from tests.fakes.requests import a_character, a_request, a_run, a_seed

RADHA = a_character("radha", seed=a_seed(1), loras=(Lora(lora_id="radha-xl"),))
KRISHNA = a_character("krishna", seed=a_seed(2), loras=(Lora(lora_id="krishna-xl"),))
GHOST = a_character("ghost", seed=a_seed(3), visible=False)


def job(**changes: Any) -> ImageJob:
    run = a_run(shot={"shot_size": "medium", "framing": "two-shot"})
    return ImageJob.from_request(a_request(**{"run": run, "cast": (RADHA, GHOST, KRISHNA), **changes}))


def test_every_visible_character_has_a_region_within_the_frame_and_nobody_else_has() -> None:
    found = regions_of(job())
    assert {region.character_id for region in found} == {"radha", "krishna"}
    for region in found:
        assert 0 <= region.left < region.right <= 1
        assert 0 <= region.top < region.bottom <= 1


def test_two_characters_stand_in_different_parts_of_the_frame() -> None:
    one, other = sorted(regions_of(job()), key=lambda region: region.left)
    assert one.left < other.left
    assert one.right < other.right


def test_references_and_adapters_go_with_their_own_character_only() -> None:
    uses = tuple(
        ReferenceUse(uri=f"s3://ice/{name}.png", role=role, entity_id=name)
        for role, name in (("character", "krishna"), ("location", "ghat"), ("character", "radha"))
    )
    asked = job(references=uses, loras=(*RADHA.loras, *KRISHNA.loras))
    by_id = {region.character_id: region for region in regions_of(asked)}
    assert (by_id["krishna"].references, by_id["krishna"].lora_ids) == ((0,), ("krishna-xl",))
    assert (by_id["radha"].references, by_id["radha"].lora_ids) == ((2,), ("radha-xl",))


def test_the_masks_lie_within_the_regions() -> None:
    asked = job()
    masks = guides_of(asked).masks
    for region in regions_of(asked):
        with Image.open(io.BytesIO(masks[region.character_id])) as picture:
            mask = picture.convert("L").point(lambda value: 255 if value > 127 else 0)
        box = mask.getbbox()
        assert mask.size == (asked.width, asked.height)
        if box is None:
            continue
        left, top, right, bottom = box
        slack = 0.06
        assert left / mask.width >= region.left - slack
        assert right / mask.width <= region.right + slack
        assert top / mask.height >= region.top - slack
        assert bottom / mask.height <= region.bottom + slack


def test_a_frame_without_people_has_no_regions() -> None:
    assert regions_of(job(cast=(GHOST,))) == ()
