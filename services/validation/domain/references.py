"""Reference pictures as the checks without weights see them: their colours, and a small copy to find pastes by."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.validation.domain.colours import Histogram
from services.validation.domain.frame import Picture

#: Share of a picture that a colour must have to count as one of its own: two pixels of a small copy.
_LEAST: Final = 1.0e-4
#: Long side of the copy that is looked for in frames.
COPY_SIDE: Final = 160


@dataclass(frozen=True, eq=False)
class Sight:
    """One reference.

    Attributes:
        cells: cells of a colour histogram that it has.
        luma: small copy, (height, width), 0 to 255.
    """

    cells: NDArray[np.int64]
    luma: NDArray[np.float32]


def sight_of(picture: Picture) -> Sight:
    """What is kept of a reference."""
    return Sight(cells_of(picture.colours), small_luma(picture))


def cells_of(histogram: Histogram) -> NDArray[np.int64]:
    """The colours that a picture has, its rarest left out."""
    return np.flatnonzero(histogram >= _LEAST)


def small_luma(picture: Picture) -> NDArray[np.float32]:
    """Luma at 160 pixels a side."""
    image = picture.image.convert("L")
    scale = COPY_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float32)
