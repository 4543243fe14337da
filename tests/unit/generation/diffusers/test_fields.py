"""Where in the frame each adapter and reference is heard."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.generation.providers.diffusers.fields import Fields, placed
from services.generation.providers.diffusers.orders import Order, Where
from services.generation.providers.laying import kept_box


def png(size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> bytes:
    image, out = Image.new("L", size, 0), io.BytesIO()
    for box in boxes:
        image.paste(255, box)
    image.save(out, "PNG")
    return out.getvalue()


def order(masks: dict[str, bytes], made: tuple[int, int] = (512, 256)) -> Order:
    given: dict[str, Any] = {"seed": 1, "steps": 1, "cfg_scale": 1.0, "masks": masks}
    return Order("a", "sdxl", "", "", made, made, **given)


MIRA, OTTO = png((512, 256), (32, 32, 224, 256)), png((512, 256), (224, 32, 480, 256))


def test_a_field_is_full_within_its_outline_soft_around_it_and_nothing_far_away() -> None:
    field = Fields(order({"mira": MIRA})).of("mira")
    assert field.shape == (32, 64)
    assert field[16, 15] == 1.0
    assert 0 < field[16, 28] < 1
    assert field[16, 40:].max() == 0


def test_no_field_reaches_into_another_characters_outline_even_where_they_touch() -> None:
    fields = Fields(order({"mira": MIRA, "otto": OTTO}))
    mira, otto = fields.of("mira"), fields.of("otto")
    assert mira[4:, 28:60].max() == 0
    assert otto[4:, 4:28].max() == 0
    assert (mira + otto).max() <= 1.0 + 1e-6


def test_the_place_is_heard_where_nobody_is() -> None:
    around = Fields(order({"mira": MIRA, "otto": OTTO})).where(Where.AROUND, None)
    assert around[16, 16] == 0
    assert around[0, 63] == 1


def test_who_fills_the_frame_leaves_the_place_everywhere() -> None:
    whole = Fields(order({"mira": png((512, 256), (0, 0, 512, 256))}))
    assert whole.around.min() == 1.0


@pytest.mark.parametrize("owner", [None, "nora"])
def test_whom_no_mask_shows_is_heard_everywhere(owner: str | None) -> None:
    fields = Fields(order({"mira": MIRA, "nora": png((512, 256))}))
    assert fields.of(owner).min() == 1.0
    assert fields.where(Where.OWNER, owner).min() == 1.0
    assert Fields(order({})).around.min() == 1.0


@pytest.mark.parametrize(
    ("made", "wanted", "box"),
    [
        ((1344, 768), (1344, 768), (0, 0, 1344, 768)),
        ((1344, 768), (960, 540), (0, 6, 1344, 762)),
        ((512, 512), (1000, 500), (0, 128, 512, 384)),
        ((512, 512), (300, 600), (128, 0, 384, 512)),
    ],
)
def test_what_is_wanted_lies_in_the_middle_of_what_is_made(
    made: tuple[int, int], wanted: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    assert kept_box(made, wanted) == box


def test_a_picture_of_another_shape_is_cropped_and_not_stretched() -> None:
    square = png((100, 100), (40, 40, 60, 60))
    laid = np.argwhere(np.asarray(placed(square, (128, 64), (128, 64), "L", edge=True)) > 128)
    (top, left), (bottom, right) = laid.min(axis=0), laid.max(axis=0)
    assert abs((bottom - top) - (right - left)) <= 1


def test_a_guide_is_laid_where_the_crop_will_be() -> None:
    guide = png((200, 100), (0, 0, 100, 100))
    dark = np.asarray(placed(guide, (64, 64), (200, 100), "L", edge=False))
    bright = np.asarray(placed(guide, (64, 64), (200, 100), "L", edge=True))
    assert dark[:16].max() == 0
    assert dark[32, 8] == 255
    assert bright[0, 8] == 255
    assert bright[0, 56] == 0
    assert placed(guide, (64, 64), (200, 100), "RGB", edge=True).size == (64, 64)
