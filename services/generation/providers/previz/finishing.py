"""Work on the painted pixels: grades, grain, paper, brush marks. Pure: pixels in, pixels out."""

from collections.abc import Callable
from itertools import takewhile
from typing import Final

import numpy as np
from PIL import Image

from services.generation.providers.previz import fields, media
from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.display_list import DisplayList, Finish
from services.generation.providers.previz.fields import seeded
from services.generation.providers.previz.prints import Pass, Print
from services.generation.providers.previz.tone import COLOUR_STEPS, Floats, Planes, tone_of


def finish(pixels: Pixels, drawing: DisplayList) -> Pixels:
    """Return the pixels after the drawing's finishing steps.

    Args:
        pixels: rows x columns x 3.
        drawing: gives the steps and the seed of the grain.

    Raises:
        KeyError: a step has no implementation.
        ValueError: colour steps in an order that makes no sense, see `tone_of`.
    """
    shown, rest = Print(pixels, drawing.seed), drawing.finishes
    while rest:
        run = tuple(takewhile(lambda step: step.name in COLOUR_STEPS, rest))
        if run:
            shown.then(tone_of(run).over)
            rest = rest[len(run) :]
        else:
            STEPS[rest[0].name](shown, rest[0])
            rest = rest[1:]
    return shown.pixels()


def _times(field: Floats, amount: float) -> Pass:
    """Return a pass that brightens by a field about 0."""

    def change(planes: Planes, rows: slice) -> Planes:
        by = field[rows] * np.float32(amount)
        by += np.float32(1.0)
        for plane in planes:
            np.multiply(plane, by, out=plane)
        return planes

    return change


def _plus(field: Floats, amount: float) -> Pass:
    def change(planes: Planes, rows: slice) -> Planes:
        by = field[rows] * np.float32(amount)
        for plane in planes:
            np.add(plane, by, out=plane)
        return planes

    return change


def _vignette(shown: Print, step: Finish) -> None:
    shown.then(_times(fields.lens_shade(shown.height, shown.width), -step.amount))


def _canvas(shown: Print, step: Finish) -> None:
    shown.then(_times(fields.weave(shown.height, shown.width), step.amount))


def _paper(shown: Print, step: Finish) -> None:
    h, w = shown.height, shown.width
    shown.then(_times(seeded(fields.paper(h, w), h, w, shown.seed), step.amount))


def _clay(shown: Print, step: Finish) -> None:
    h, w = shown.height, shown.width
    shown.then(_times(seeded(fields.clay(h, w), h, w, shown.seed), step.amount))


def _grain(shown: Print, step: Finish) -> None:
    h, w = shown.height, shown.width
    shown.then(_plus(seeded(fields.grain(h, w), h, w, shown.seed), step.amount))


def _paint(shown: Print, step: Finish) -> None:
    h, w = shown.height, shown.width
    shown.replace(media.strokes(shown.pixels(), max(2, round(3 * step.amount))))
    shown.then(_times(seeded(fields.bristles(h, w), h, w, shown.seed), 1.0))


def _scratches(shown: Print, step: Finish) -> None:
    rng = np.random.default_rng(shown.seed % 2**32)
    h, w = shown.height, shown.width
    field = np.zeros((h, w), np.float32)
    for _ in range(round(4 * step.amount)):
        x, top, tall = int(rng.integers(0, w)), int(rng.integers(0, h)), int(rng.integers(h // 6, h // 2))
        field[top : top + tall, x] += 0.16 * 255
    shown.then(_plus(field, 1.0))


def _bloom(shown: Print, step: Finish) -> None:
    """Let bright parts glow: what is over 55 % is spread wide and screened on."""
    pixels = shown.pixels()
    h, w = shown.height, shown.width
    by = max(2, round(h / 40))
    quarter = np.asarray(Image.fromarray(pixels).reduce(min(4, by)), np.float32)
    hot = np.clip((quarter - 0.55 * 255) * 1.6 * step.amount, 0, 255).astype(np.uint8)
    tiny = Image.fromarray(hot).resize((max(2, w // by), max(2, h // by)), Image.Resampling.BOX)
    glow = np.asarray(tiny.resize((w, h), Image.Resampling.BICUBIC))

    def change(planes: Planes, rows: slice) -> Planes:
        for channel, plane in enumerate(planes):
            left = glow[rows, :, channel].astype(np.float32)
            left *= np.float32(-1.0 / 255.0)
            left += np.float32(1.0)
            np.subtract(plane, np.float32(255.0), out=plane)
            np.multiply(plane, left, out=plane)
            np.add(plane, np.float32(255.0), out=plane)
        return planes

    shown.then(change)


STEPS: Final[dict[str, Callable[[Print, Finish], None]]] = {
    "vignette": _vignette, "grain": _grain, "bloom": _bloom, "scratches": _scratches, "canvas": _canvas,
    "paper": _paper, "clay": _clay, "paint": _paint, "poster": media.poster, "halftone": media.halftone,
    "wash": media.wash, "hatch": media.hatch,
}  # fmt: skip
"""Steps other than those of `tone.py`, by name."""
