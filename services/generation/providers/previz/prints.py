"""A picture under way from negative to print: what is done to it is collected, then done in one go.

A frame has 600 000 pixels and memory is slower than arithmetic, so steps that look at one pixel run one after the
other over a band of rows that stays in the processor's cache.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.tone import Planes

Pass = Callable[[Planes, slice], Planes]
"""Changes the planes of a band of rows, whose place in the frame the slice tells; may work in place."""

_BAND: Final = 64


class Print:
    """Pixels and the passes that are still to go over them.

    Args:
        pixels: rows x columns x 3.
        seed: moves grain and paper.
    """

    __slots__ = ("_passes", "_pixels", "seed")

    def __init__(self, pixels: Pixels, seed: int) -> None:
        self.seed = seed
        self._pixels = pixels
        self._passes: list[Pass] = []

    @property
    def height(self) -> int:
        """Rows."""
        return int(self._pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self._pixels.shape[1])

    def then(self, change: Pass) -> None:
        """Let a change go over every pixel, after those before it."""
        self._passes.append(change)

    def replace(self, pixels: Pixels) -> None:
        """Go on with other pixels of the same size; nothing may be left to do on the old ones."""
        self._pixels = pixels

    def pixels(self) -> Pixels:
        """Return the picture as it is now, 8 bits per channel."""
        if self._passes:
            self._pixels = _gone_over(self._pixels, self._passes)
            self._passes = []
        return self._pixels


def _gone_over(pixels: Pixels, passes: list[Pass]) -> Pixels:
    made = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, pixels.shape[0], _BAND):
        rows = slice(top, min(top + _BAND, pixels.shape[0]))
        planes: Planes = [pixels[rows, :, channel].astype(np.float32) for channel in range(3)]
        for change in passes:
            planes = change(planes, rows)
        for channel, plane in enumerate(planes):
            made[rows, :, channel] = np.clip(plane + np.float32(0.5), 0.0, 255.0)
    return made
