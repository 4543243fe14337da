"""Colours as numbers: histograms, and Oklab, in which equal distances look equally far apart.

Oklab is B. Ottosson's (bottosson.github.io/posts/oklab, 2020): lightness 0 (black) to 1 (white); a (green to red) and b
(blue to yellow) at most about 0.3 from grey.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Histogram = NDArray[np.float64]
Lab = NDArray[np.float64]
Places = NDArray[np.intp]
"""Of pixels in a histogram: the number of the cell that each lies in."""

#: Steps of a channel in a histogram: 32, of 8 levels each.
STEPS: Final = 32
_LEVELS: Final = 256
_STEP: Final = _LEVELS // STEPS
_LINEAR_BELOW: Final = 0.04045
_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: NDArray[np.generic]) -> Lab:
    """Oklab of sRGB colours, (…, 3) of 0 to 255."""
    coded = np.asarray(rgb, dtype=np.float64) / (_LEVELS - 1)
    linear = np.where(coded <= _LINEAR_BELOW, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    lab: Lab = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def chroma(lab: Lab) -> NDArray[np.float64]:
    """Distance from grey."""
    distance: NDArray[np.float64] = np.hypot(lab[..., 1], lab[..., 2])
    return distance


def hue(lab: Lab) -> NDArray[np.float64]:
    """Angle in degrees, -180 to 180: red about 25, yellow 100, green 145, blue -100."""
    angle: NDArray[np.float64] = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    return angle


def cells_of(pixels: NDArray[np.uint8]) -> Places:
    """The cell of 32 × 32 × 32 that each pixel, (…, 3), lies in; red counts slowest."""
    red, green, blue = (pixels[..., channel].astype(np.intp) // _STEP for channel in range(3))
    found: Places = (red * STEPS + green) * STEPS + blue
    return found


@dataclass(frozen=True, eq=False)
class Colours:
    """The colours that a picture has: cells of the histogram, (n,), ascending, and their shares, which add up to 1."""

    cells: Places
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, places: Places) -> "Colours":
        """From the cells that pixels lie in."""
        counts = np.bincount(places.ravel(), minlength=STEPS**3)
        there = np.flatnonzero(counts)
        return cls(there, counts[there] / max(1, places.size))

    @property
    def histogram(self) -> Histogram:
        """Share of the pixels in every cell."""
        found: Histogram = np.zeros(STEPS**3)
        found[self.cells] = self.shares
        return found


def colours_of(pixels: NDArray[np.uint8]) -> Colours:
    """The colours of pixels, (…, 3)."""
    return Colours.of(cells_of(pixels))


def histogram(pixels: NDArray[np.uint8]) -> Histogram:
    """Share of the pixels, (…, 3), in each cell."""
    return colours_of(pixels).histogram


def cells(steps: int) -> Lab:
    """Oklab of the middles of all cells of a histogram with so many steps a channel."""
    middles = (np.arange(steps) + 0.5) * _LEVELS / steps
    return oklab(np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), axis=-1).reshape(-1, 3))


@dataclass(frozen=True, slots=True)
class Cells:
    """Every cell of a histogram: where it lies, its distance from grey, its hue in degrees."""

    lab: Lab
    chroma: NDArray[np.float32]
    hue: NDArray[np.float32]


def _all_cells() -> Cells:
    lab = cells(STEPS)
    # Single precision is plenty for middles of cells, and half as much memory to fetch for every frame.
    return Cells(lab, chroma(lab).astype(np.float32), hue(lab).astype(np.float32))


CELLS: Final = _all_cells()
