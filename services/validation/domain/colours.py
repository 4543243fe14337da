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


def histogram(pixels: NDArray[np.uint8]) -> Histogram:
    """Share of the pixels, (…, 3), in each of 32 × 32 × 32 cells; red counts slowest."""
    red, green, blue = (pixels[..., channel].astype(np.uint16) // _STEP for channel in range(3))
    cells = (red * STEPS + green) * STEPS + blue
    counts: Histogram = np.bincount(cells.ravel(), minlength=STEPS**3) / max(1, cells.size)
    return counts


def cells(steps: int) -> Lab:
    """Oklab of the middles of all cells of a histogram with so many steps a channel."""
    middles = (np.arange(steps) + 0.5) * _LEVELS / steps
    return oklab(np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), axis=-1).reshape(-1, 3))


@dataclass(frozen=True, slots=True)
class Cells:
    """Every cell of a histogram: where it lies, its distance from grey, its hue in degrees."""

    lab: Lab
    chroma: NDArray[np.float64]
    hue: NDArray[np.float64]


def _all_cells() -> Cells:
    lab = cells(STEPS)
    return Cells(lab, chroma(lab), hue(lab))


CELLS: Final = _all_cells()
