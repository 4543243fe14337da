"""Reference pictures as the checks without weights see them: their colours, and a small copy to find pastes by."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.validation.domain.colours import CELLS, Colours
from services.validation.domain.frame import Picture

#: Share of a picture that a colour must have to count as one of its own: two pixels of a small copy.
_LEAST: Final = 1.0e-4
#: Long side of the copy that is looked for in frames.
COPY_SIDE: Final = 160
#: Cells of the histogram that are compared at once: a few megabytes.
_AT_ONCE: Final = 2048

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sight:
    """One reference.

    Attributes:
        colours: of the whole picture.
        luma: small copy, (height, width), 0 to 255.
    """

    colours: Colours
    luma: NDArray[np.float32]
    _near: dict[tuple[float, float], Mask] = field(default_factory=dict, init=False, repr=False)

    def near(self, apart: float, light: float) -> Mask:
        """Which cells of a histogram are within `apart` of one of its own, Oklab with lightness weighed by `light`.

        Worked out once for all frames that are held to this reference: some 50 ms.
        """
        found = self._near.get((apart, light))
        if found is None:
            found = self._near[apart, light] = _within(own_cells(self.colours), apart, light)
        return found

    @cached_property
    def shares(self) -> NDArray[np.float32]:
        """Share of the picture that each cell of a histogram has; worked out once."""
        return self.colours.histogram.astype(np.float32)


def sight_of(picture: Picture) -> Sight:
    """What is kept of a reference."""
    return Sight(picture.colours, small_luma(picture))


def own_cells(colours: Colours) -> NDArray[np.int64]:
    """The colours that a picture has, its rarest left out."""
    return colours.cells[colours.shares >= _LEAST]


def small_luma(picture: Picture) -> NDArray[np.float32]:
    """Luma at 160 pixels a side."""
    scale = COPY_SIDE / max(picture.image.size)
    size = (max(1, round(picture.image.width * scale)), max(1, round(picture.image.height * scale)))
    return np.asarray(Image.fromarray(picture.luma).resize(size, Image.Resampling.BOX), dtype=np.float32)


def _within(own: NDArray[np.int64], apart: float, light: float) -> Mask:
    scale = np.array([light, 1.0, 1.0])
    every, near = (CELLS.lab * scale).astype(np.float32), np.zeros(len(CELLS.lab), dtype=bool)
    others = every[own]
    lengths = (others**2).sum(axis=1)
    for first in range(0, len(every) if len(own) else 0, _AT_ONCE):
        some = every[first : first + _AT_ONCE]
        # |a - b|² by the product, in which the processor is fastest.
        squares = (some**2).sum(axis=1)[:, None] + lengths[None] - 2.0 * some @ others.T
        near[first : first + _AT_ONCE] = squares.min(axis=1) <= apart**2
    return near
