"""Single views out of a picture with several side by side, cut where the picture is really laid out so. Pure.

A figure changes along a column of pixels; a background, or a line drawn between two panels, hardly does. So a picture
is laid out in panels where at every edge between two of them lies a column along which little changes.
"""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.bible import Region

#: Heights at which the picture is looked at, in pixels: grain and hatching vanish at one, thin outlines at the other.
_LOOKED_AT: Final = (36, 96)
#: How far from its place an edge may lie, in shares of the picture's width.
_TOLERANCE: Final = 0.02
#: Share of the picture's liveliness that the plainest column at an edge may have. In five styles of the storyboard
#: artist, the worst edge of a sheet has at most 0.4, that of a shot of the same person at least 0.8.
_PLAIN: Final = 0.6
#: Mean change from pixel to pixel (of 255) below which a panel shows nothing.
_EMPTY: Final = 0.3


def cut(picture: Image.Image, region: Region) -> Image.Image | None:
    """One panel of a picture; None = the picture isn't laid out in panels of that width, or one of them is empty.

    Args:
        picture: any mode, upright.
        region: the panel. The others are as wide as it is.
    """
    panels = max(1, round(1 / (region.right - region.left)))
    if not any(_is_laid_out(_liveliness(picture, height), panels) for height in _LOOKED_AT):
        return None
    width, height = picture.size
    box = (region.left * width, region.top * height, region.right * width, region.bottom * height)
    return picture.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))


def _liveliness(picture: Image.Image, height: int) -> NDArray[np.float64]:
    """Of each column, the mean change from one pixel to the next one down."""
    size = (max(8, round(picture.width * height / picture.height)), height)
    grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), dtype=np.float64)
    live: NDArray[np.float64] = np.abs(np.diff(grey, axis=0)).mean(axis=0)
    return live


def _is_laid_out(live: NDArray[np.float64], panels: int) -> bool:
    edges = [round(place * len(live) / panels) for place in range(panels + 1)]
    if any(live[left:right].mean() < _EMPTY for left, right in pairwise(edges)):
        return False
    return all(_plainest(live, edge) <= _PLAIN * live.mean() for edge in edges[1:-1])


def _plainest(live: NDArray[np.float64], edge: int) -> float:
    """The column near an edge along which least changes."""
    reach = max(1, round(_TOLERANCE * len(live)))
    return float(live[max(0, edge - reach) : edge + reach].min())
