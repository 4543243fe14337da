"""What happens to painted pixels: every shortcut gives what its definition says."""

import io

import numpy as np
import pytest
from PIL import Image

from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.colours import rgb
from services.generation.providers.previz.display_list import DisplayList, Finish
from services.generation.providers.previz.encoding import png
from services.generation.providers.previz.finishing import STEPS, finish
from services.generation.providers.previz.style import LOOKS
from services.generation.providers.previz.tone import COLOUR_STEPS, graded, tone_of


def pixels(height: int = 97, width: int = 130, seed: int = 1) -> Pixels:
    """Large soft patches with some noise: like a frame, and of an odd size."""
    rng = np.random.default_rng(seed)
    patches = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    smooth = np.asarray(patches.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noisy = smooth + rng.integers(-9, 10, (height, width, 3), dtype=np.int16)
    shown: Pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    return shown


def _colour_steps(steps: tuple[Finish, ...]) -> tuple[Finish, ...]:
    return tuple(step for step in steps if step.name in COLOUR_STEPS)


def finished(shown: Pixels, *steps: Finish, seed: int = 3) -> Pixels:
    return finish(shown, DisplayList(shown.shape[1], shown.shape[0], seed, (), steps))


GRADED = {style: steps for style, look in LOOKS.items() if (steps := _colour_steps(look.finishes))}


@pytest.mark.parametrize("style", sorted(GRADED))
def test_colour_steps_in_one_table_give_what_they_give_one_by_one(style: str) -> None:
    steps, shown = GRADED[style], pixels()
    exact = np.clip(graded(shown.astype(np.float32) / np.float32(255), steps), 0, 1) * 255
    # Half a level from rounding, half a grey level in the table under a contrast of 1.42 and a lift.
    assert np.abs(finished(shown, *steps).astype(float) - exact).max() < 4.5
    assert np.abs(finished(shown, *steps).astype(float) - exact).mean() < 0.7


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((Finish("saturate", 1.2), Finish("mono", 1.0, (rgb("000000"), rgb("ffffff")))), "mono: step 2 .* the first"),
        ((Finish("lift", 0.5),), "lift: .* after mono"),
    ],
)
def test_a_chain_of_colour_steps_that_one_table_cannot_hold_is_refused(steps: tuple[Finish, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        tone_of(steps)


@pytest.mark.parametrize("style", sorted(LOOKS))
def test_finishing_keeps_the_size_and_gives_the_same_again(style: str) -> None:
    shown = pixels()
    first = finished(shown, *LOOKS[style].finishes)
    assert first.shape == shown.shape
    assert first.dtype == np.uint8
    assert (first == finished(shown.copy(), *LOOKS[style].finishes)).all()


@pytest.mark.parametrize("name", sorted({*STEPS, *COLOUR_STEPS}))
def test_every_step_changes_the_picture_and_not_its_input(name: str) -> None:
    colours = {"mono": 2, "grade": 2, "hatch": 2, "wash": 1}.get(name, 0)
    step = Finish(name, 7.0 if name == "poster" else 0.7, (rgb("203040"), rgb("f0e8d8"))[:colours])
    before = Finish("mono", 1.0, (rgb("000000"), rgb("ffffff")))
    shown = pixels()
    kept = shown.copy()
    plain = finished(shown, before) if name == "lift" else shown
    assert (finished(shown, *((before, step) if name == "lift" else (step,))) != plain).any()
    assert (shown == kept).all()


def test_another_seed_moves_the_grain() -> None:
    shown = np.full((64, 64, 3), 128, np.uint8)
    a, b = (finished(shown, Finish("grain", 1.0), seed=seed) for seed in (1, 2))
    assert (a != b).any()
    assert abs(float(a.mean()) - 128.0) < 1.0


def test_a_vignette_leaves_the_middle_and_darkens_the_corners() -> None:
    shown = finished(np.full((90, 160, 3), 200, np.uint8), Finish("vignette", 0.5))
    assert (shown[45, 80] == 200).all()
    assert (shown[0, 0] < 150).all()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (64, 64), (97, 130)])
def test_a_png_holds_exactly_the_pixels(height: int, width: int) -> None:
    shown = pixels(height, width)
    with Image.open(io.BytesIO(png(shown))) as image:
        assert (image.format, image.mode, image.size, image.info) == ("PNG", "RGB", (width, height), {})
        assert (np.asarray(image) == shown).all()


def test_a_png_of_a_view_with_channels_in_reverse_is_right_too() -> None:
    shown = pixels()
    with Image.open(io.BytesIO(png(np.ascontiguousarray(shown[:, :, ::-1])[:, :, ::-1]))) as image:
        assert (np.asarray(image) == shown).all()
