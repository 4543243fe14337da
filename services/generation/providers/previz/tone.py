"""Steps that change a colour by itself: grades, contrast, black and white. Pure.

Each chain of them is brought into one form, out = gain * in + table[grey], with one table of 256 entries per channel,
so that a frame is gone through once however long the chain is.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.generation.providers.previz.display_list import Finish

Floats = npt.NDArray[Any]
"""float32. (NumPy's stubs lose the width in mixed arithmetic.)"""

Planes = list[Floats]
"""Red, green and blue, each rows x columns, 0 to 255."""

LUMA: Final = (0.299, 0.587, 0.114)
_ORTHO: Final = (0.42, 0.46, 0.12)
"""Red counts more than in luma, as on orthochromatic stock behind a yellow filter: faces stay bright."""


class Tone(NamedTuple):
    """A chain of colour steps.

    Attributes:
        weights: of red, green and blue in the grey that the table is read at; they sum to 1.
        gain: factor on the colour itself.
        table: channels x 256, to add, 0 to 255.
    """

    weights: tuple[float, float, float]
    gain: float
    table: Floats

    def over(self, planes: Planes, _rows: slice) -> Planes:
        """Return the planes after the chain, kept within 0 to 255."""
        at = (grey_of(planes, self.weights) + np.float32(0.5)).astype(np.intp)
        shown = []
        for plane, table in zip(planes, self.table, strict=True):
            out = table.take(at)
            if self.gain:
                out += plane * np.float32(self.gain)
                np.clip(out, 0.0, 255.0, out=out)
            shown.append(out)
        return shown


def grey_of(planes: Planes, weights: tuple[float, float, float] = LUMA) -> Floats:
    """Return brightness, rows x columns, 0 to 255."""
    grey: Floats = planes[0] * np.float32(weights[0])
    grey += planes[1] * np.float32(weights[1])
    grey += planes[2] * np.float32(weights[2])
    return grey


@lru_cache(maxsize=64)
def tone_of(steps: tuple[Finish, ...]) -> Tone:
    """Return a chain of steps in one form.

    Raises:
        KeyError: a step is none of `COLOUR_STEPS`.
        ValueError: the chain has no such form: black and white must come first, and lift after it.
    """
    gain = 1.0
    for number, step in enumerate(steps):
        if step.name == "mono" and number:
            raise ValueError(f"mono: step {number + 1} of its chain, must be the first")
        if step.name == "lift" and gain:
            raise ValueError("lift: the picture still has colours, must come after mono")
        gain *= _GAINS[step.name](step.amount)
    greys = np.repeat(np.linspace(0.0, 1.0, 256, dtype=np.float32)[:, None], 3, axis=1)
    shown = graded(greys, steps)
    table = np.ascontiguousarray((shown - greys * np.float32(gain)).T * np.float32(255.0), np.float32)
    if not gain:
        np.clip(table, 0.0, 255.0, out=table)
    return Tone(_ORTHO if steps[0].name == "mono" else LUMA, gain, table)


def graded(colours: Floats, steps: tuple[Finish, ...]) -> Floats:
    """Return colours (any x 3, 0 to 1) after steps, one by one as they are defined; values may leave 0 to 1."""
    for step in steps:
        colours = COLOUR_STEPS[step.name](colours, step)
    return colours


def _luma(p: Floats) -> Floats:
    grey: Floats = p @ np.array(LUMA, np.float32)
    return grey[..., None]


def _saturate(p: Floats, step: Finish) -> Floats:
    grey = _luma(p)
    return grey + (p - grey) * np.float32(step.amount)


def _contrast(p: Floats, step: Finish) -> Floats:
    return (p - 0.46) * np.float32(step.amount) + 0.46


def _lift(p: Floats, step: Finish) -> Floats:
    """Raise the middle tones, as a longer exposure does."""
    lifted: Floats = np.clip(p, 0.0, 1.0) ** np.float32(1.0 / (1.0 + 0.45 * step.amount))
    return lifted


def _grade(p: Floats, step: Finish) -> Floats:
    """Split-tone: shadows lean to the first colour, lights to the second."""
    grey = np.clip(_luma(p), 0, 1)
    dark, bright = (np.array(c, np.float32) / 255.0 for c in step.colours)
    lean = (1.0 - grey) ** 2 * (dark - 0.12) * 0.22 + grey**2 * (bright - 0.90) * 0.30
    made: Floats = p + lean * np.float32(step.amount)
    return made


def _mono(p: Floats, step: Finish) -> Floats:
    grey = np.clip(p @ np.array(_ORTHO, np.float32), 0, 1)[..., None]
    dark, bright = (np.array(c, np.float32) / 255.0 for c in step.colours)
    made: Floats = dark + (bright - dark) * grey
    return made


def _fade(p: Floats, step: Finish) -> Floats:
    return p * (1 - 0.12 * step.amount) + np.array([0.085, 0.065, 0.05], np.float32) * step.amount


COLOUR_STEPS: Final[dict[str, Callable[[Floats, Finish], Floats]]] = {
    "saturate": _saturate, "contrast": _contrast, "lift": _lift, "grade": _grade, "mono": _mono, "fade": _fade,
}  # fmt: skip
_GAINS: Final[dict[str, Callable[[float], float]]] = {
    "saturate": lambda amount: amount,
    "contrast": lambda amount: amount,
    "lift": lambda _: 0.0,
    "grade": lambda _: 1.0,
    "mono": lambda _: 0.0,
    "fade": lambda amount: 1.0 - 0.12 * amount,
}
