"""Work on the finished pixels: grades, grain, paper, brush marks. Pure: pixels in, pixels out."""

from collections.abc import Callable
from functools import lru_cache
from itertools import takewhile
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from services.generation.providers.previz import media
from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.display_list import DisplayList, Finish
from services.generation.providers.previz.media import Floats, luma, noise


def finish(pixels: Pixels, drawing: DisplayList) -> Pixels:
    """Return the pixels after the drawing's finishing steps.

    Args:
        pixels: rows x columns x 3.
        drawing: gives the steps and the seed of the grain.

    Raises:
        KeyError: a step has no implementation.
    """
    shown, rest = pixels, drawing.finishes
    while rest:
        run = tuple(takewhile(lambda step: step.name in _BY_COLOUR, rest))
        if run:
            shown, rest = _through_table(shown, run), rest[len(run) :]
            continue
        picture: Floats = shown.astype(np.float32)
        picture *= np.float32(1.0 / 255.0)
        while rest and rest[0].name not in _BY_COLOUR:
            picture = STEPS[rest[0].name](picture, rest[0], drawing.seed)
            rest = rest[1:]
        picture *= np.float32(255.0)
        shown = np.clip(picture + np.float32(0.5), 0.0, 255.0).astype(np.uint8)
    return shown


_GRID: Final = 33


@lru_cache(maxsize=32)
def _table(steps: tuple[Finish, ...]) -> ImageFilter.Color3DLUT:
    """Return the steps as a table of colours: they look at one pixel at a time, so a table says it all."""
    axis = np.linspace(0.0, 1.0, _GRID, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    colours: Floats = np.stack([red, green, blue], axis=-1).reshape(1, -1, 3)
    for step in steps:
        colours = STEPS[step.name](colours, step, 0)
    flat = np.clip(colours, 0.0, 1.0).astype(np.float32).ravel().tolist()
    return ImageFilter.Color3DLUT(_GRID, flat)


def _through_table(pixels: Pixels, steps: tuple[Finish, ...]) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(_table(steps)), np.uint8)


@lru_cache(maxsize=8)
def _vignette_mask(height: int, width: int) -> Floats:
    y, x = np.ogrid[0:height, 0:width]
    r = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2))
    return (np.clip(r - 0.45, 0.0, 1.0) ** 1.5).astype(np.float32)[..., None]


def _blurred(p: Floats, radius: float) -> Floats:
    """Return a wide blur by shrinking and enlarging."""
    h, w = p.shape[:2]
    small = Image.fromarray((np.clip(p, 0, 1) * 255).astype(np.uint8))
    by = max(2, round(radius))
    tiny = small.resize((max(2, w // by), max(2, h // by)), Image.Resampling.BOX)
    return np.asarray(tiny.resize((w, h), Image.Resampling.BICUBIC), np.float32) / np.float32(255.0)


def _vignette(p: Floats, step: Finish, _seed: int) -> Floats:
    made: Floats = p * (np.float32(1.0) - np.float32(step.amount) * _vignette_mask(p.shape[0], p.shape[1]))
    return made


def _grain(p: Floats, step: Finish, seed: int) -> Floats:
    h, w = p.shape[:2]
    specks = noise(h, w, seed, 2) * np.float32(0.036) + noise(h, w, seed + 1, 1) * np.float32(0.012)
    p += (specks * np.float32(step.amount))[..., None]
    return p


def _saturate(p: Floats, step: Finish, _seed: int) -> Floats:
    grey = luma(p)[..., None]
    return grey + (p - grey) * np.float32(step.amount)


def _contrast(p: Floats, step: Finish, _seed: int) -> Floats:
    return (p - 0.46) * np.float32(step.amount) + 0.46


def _lift(p: Floats, step: Finish, _seed: int) -> Floats:
    """Raise the middle tones, as a longer exposure does."""
    lifted: Floats = np.clip(p, 0.0, 1.0) ** np.float32(1.0 / (1.0 + 0.45 * step.amount))
    return lifted


def _grade(p: Floats, step: Finish, _seed: int) -> Floats:
    """Split-tone: shadows lean to the first colour, lights to the second."""
    grey = np.clip(luma(p), 0, 1)[..., None]
    dark, bright = (np.array(c, np.float32) / 255.0 for c in step.colours)
    lean = (1.0 - grey) ** 2 * (dark - 0.12) * 0.22 + grey**2 * (bright - 0.90) * 0.30
    made: Floats = p + lean * np.float32(step.amount)
    return made


def _bloom(p: Floats, step: Finish, _seed: int) -> Floats:
    wide = _blurred(np.clip(p - 0.55, 0, 1) * 1.6, p.shape[0] / 40)
    return 1.0 - (1.0 - np.clip(p, 0, 1)) * (1.0 - wide * step.amount)


def _mono(p: Floats, step: Finish, _seed: int) -> Floats:
    # Red counts more than in luma, as on orthochromatic stock behind a yellow filter: faces stay bright.
    grey = np.clip(p @ np.array([0.42, 0.46, 0.12], np.float32), 0, 1)[..., None]
    dark, bright = (np.array(c, np.float32) / 255.0 for c in step.colours)
    made: Floats = dark + (bright - dark) * grey
    return made


def _poster(p: Floats, step: Finish, _seed: int) -> Floats:
    n = np.float32(step.amount)
    grey = np.clip(luma(p), 0.01, 1)[..., None]
    made: Floats = p * (np.round(grey * n) / n * 0.7 + grey * 0.3) / grey
    return made


def _halftone(p: Floats, step: Finish, _seed: int) -> Floats:
    h, w = p.shape[:2]
    y, x = np.ogrid[0:h, 0:w]
    pitch = max(3.2, h / 120)
    a = (x * 0.7071 + y * 0.7071) * (2 * np.pi / pitch)
    b = (x * 0.7071 - y * 0.7071) * (2 * np.pi / pitch)
    dots = ((np.cos(a) + np.cos(b)) * 0.25 + 0.5).astype(np.float32)
    grey = np.clip(luma(p), 0, 1)
    mask = (dots > grey * 1.9 + 0.12).astype(np.float32) * np.clip((0.52 - grey) * 4, 0, 1)
    made: Floats = p * (1.0 - (mask * 0.55 * step.amount)[..., None])
    return made


def _fade(p: Floats, step: Finish, _seed: int) -> Floats:
    return p * (1 - 0.12 * step.amount) + np.array([0.085, 0.065, 0.05], np.float32) * step.amount


def _scratches(p: Floats, step: Finish, seed: int) -> Floats:
    rng = np.random.default_rng(seed % 2**32)
    out = p.copy()
    h, w = p.shape[:2]
    for _ in range(round(4 * step.amount)):
        x, top, tall = int(rng.integers(0, w)), int(rng.integers(0, h)), int(rng.integers(h // 6, h // 2))
        out[top : top + tall, x : x + 1] += 0.16
    return out


STEPS: Final[dict[str, Callable[[Floats, Finish, int], Floats]]] = {
    "vignette": _vignette, "grain": _grain, "saturate": _saturate, "contrast": _contrast, "grade": _grade,
    "bloom": _bloom, "mono": _mono, "poster": _poster, "halftone": _halftone, "fade": _fade,
    "scratches": _scratches, "lift": _lift, "paint": media.paint, "canvas": media.canvas, "wash": media.wash,
    "paper": media.paper, "clay": media.clay, "hatch": media.hatch,
}  # fmt: skip
_BY_COLOUR: Final = frozenset({"saturate", "contrast", "grade", "mono", "fade", "lift"})
"""Steps that look at one pixel at a time."""
