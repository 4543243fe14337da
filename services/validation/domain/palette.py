"""Small palettes, and how far one is from another."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.colours import STEPS, Colours, Lab, cells

#: Steps of a channel, and the most colours of a palette: measured, more of either tells places apart no better.
_STEPS: Final = 16
_MOST: Final = 96
_PER_STEP: Final = STEPS // _STEPS
_CELLS: Final = cells(_STEPS)


def _coarse_cells() -> NDArray[np.int16]:
    """For each cell of a histogram, the cell of a palette that it lies in."""
    step = np.arange(STEPS) // _PER_STEP
    red, green, blue = np.meshgrid(step, step, step, indexing="ij")
    return np.asarray((red * _STEPS + green) * _STEPS + blue, dtype=np.int16).ravel()


_COARSE: Final = _coarse_cells()


@dataclass(frozen=True, eq=False)
class Palette:
    """The main colours of a picture: Oklab, (n, 3), and their shares, (n,), which add up to 1."""

    colours: Lab
    shares: NDArray[np.float64]


def palette_of(colours: Colours) -> Palette:
    """Up to 96 main colours of a picture; what is left out are its rarest."""
    coarse = np.bincount(_COARSE[colours.cells], weights=colours.shares, minlength=_STEPS**3)
    found = np.flatnonzero(coarse)
    # Stable, so that equal shares are always cut the same way.
    most = found[np.argsort(-coarse[found], kind="stable")[:_MOST]]
    shares = coarse[most]
    return Palette(_CELLS[most], shares / shares.sum())


def distance(one: Palette, other: Palette) -> float:
    """How far the colours of one must move to become those of the other, Oklab; 0.0 when they are the same.

    The relaxed earth mover's distance of Kusner et al. (From Word Embeddings To Document Distances, ICML 2015): each
    colour moves to the nearest of the other picture, whatever its share there, and the harder direction counts. A
    place seen closer, where the shares change but not the colours, stays near its plate.
    """
    # Channel by channel, and roots of the least alone: a quarter of the time that a norm of all pairs takes.
    apart = np.zeros((len(one.colours), len(other.colours)))
    for some, others in zip(one.colours.T, other.colours.T, strict=True):
        apart += (some[:, None] - others[None]) ** 2
    there, back = np.sqrt(apart.min(axis=1)), np.sqrt(apart.min(axis=0))
    return max(float(one.shares @ there), float(other.shares @ back))
