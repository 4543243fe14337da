"""Near-duplicates: a difference hash of the luma, compared with the other shots of the film. A warning only.

The hash says for each cell of a small grid whether the next one to the right, and the next one below, is clearly
brighter (the dHash of N. Krawetz, hackerfactor.com 2013, in both directions; "clearly", so that noise says nothing).
It is cut into bands: of two hashes that differ in fewer bits than there are bands, at least one band is equal, so
candidates are found by an index and not pair by pair.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from services.validation.domain.frame import Picture
from services.validation.domain.thresholds import Thresholds

Means = NDArray[np.float32]

CHECK: Final = "near-duplicate"
MEASURED_WITH: Final = "dhash 2"
_CELLS: Final = 12
_BITS: Final = 2 * _CELLS * _CELLS
_BANDS: Final = 12
_CLEARLY: Final = 2.0
MOST_BITS: Final = _BANDS - 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`bits` as one whole number, `colour` as mean red, green and blue, 0 to 255."""

    bits: int
    colour: tuple[float, float, float]

    @property
    def bands(self) -> tuple[str, ...]:
        """Pieces of the hash, each named with its place, for an index."""
        width = _BITS // _BANDS
        mask = (1 << width) - 1
        return tuple(f"{place}:{(self.bits >> (place * width)) & mask:x}" for place in range(_BANDS))


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another frame of the film that may look the same."""

    shot_id: str
    code: str
    fingerprint: Fingerprint


def fingerprint(picture: Picture) -> Fingerprint | None:
    """The picture's fingerprint; None when it is smaller than the grid."""
    luma = picture.small_luma.astype(np.float32)
    if min(luma.shape) <= _CELLS:
        return None
    right = _cells(luma, _CELLS, _CELLS + 1)
    below = _cells(luma, _CELLS + 1, _CELLS)
    steps = np.concatenate([np.diff(right, axis=1).ravel(), np.diff(below, axis=0).ravel()])
    bits = steps > _CLEARLY
    return Fingerprint(int.from_bytes(np.packbits(bits).tobytes(), "big"), picture.mean_colour)


def near_duplicate(own: Fingerprint | None, neighbours: Iterable[Neighbour], thresholds: Thresholds) -> Score:
    """Warn when another shot's frame differs in few bits and hardly in colour; the value is the least difference."""
    if own is None:
        detail = "no picture to compare"
        return Score(check=CHECK, outcome=Outcome.NOT_MEASURED, measured_with=MEASURED_WITH, detail=detail)
    limit = thresholds.duplicate_bits
    alike = [
        (distance, other.code)
        for other in neighbours
        if _colour_distance(own, other.fingerprint) <= thresholds.duplicate_colour
        and (distance := (own.bits ^ other.fingerprint.bits).bit_count()) <= limit
    ]
    if not alike:
        detail = f"no frame of another shot is within {limit} of {_BITS} bits"
        return Score(check=CHECK, outcome=Outcome.PASSED, threshold=limit, measured_with=MEASURED_WITH, detail=detail)
    distance, code = min(alike)
    return Score(
        check=CHECK,
        outcome=Outcome.WARNED,
        value=distance,
        unit=f"bits of {_BITS} that differ",
        threshold=limit,
        measured_with=MEASURED_WITH,
        detail=f"looks like the frame of shot {code}",
    )


def _cells(luma: Means, rows: int, columns: int) -> Means:
    """Means over a grid of cells, (rows, columns)."""
    height, width = luma.shape
    top = np.arange(rows) * height // rows
    left = np.arange(columns) * width // columns
    # Along the rows first, while they lie in memory side by side. A cell's sum stays far below 2**24, float32's reach.
    sums = np.add.reduceat(np.add.reduceat(luma, left, axis=1), top, axis=0)
    counts = np.outer(np.diff(np.append(top, height)), np.diff(np.append(left, width)))
    means: Means = (sums / counts).astype(np.float32)
    return means


def _colour_distance(one: Fingerprint, other: Fingerprint) -> float:
    return max(abs(a - b) for a, b in zip(one.colour, other.colour, strict=True))
