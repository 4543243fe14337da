"""Finds bars of one flat colour along opposite edges: letterbox, pillarbox, passe-partout."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.frame import Pixels

#: Largest difference of a channel within a bar: JPEG noise passes, a picture doesn't.
_FLAT: Final = 6
#: Least difference of a channel where a bar ends and the picture begins.
_EDGE: Final = 16
#: Share of the line along the bar's end at which that difference must be seen.
_EDGE_SHARE: Final = 0.6
#: More than this of a side is no border but a composition.
_MOST: Final = 0.4


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares taken by bars at top and bottom together (`across`) and left and right together (`along`), 0 to 1."""

    across: float
    along: float


def border_shares(pixels: Pixels) -> Bars:
    """Look for bars; a plain sky or floor is none, since it has no hard end or no twin on the other side."""
    signed = pixels.astype(np.int16)
    return Bars(across=_pair(signed), along=_pair(signed.transpose(1, 0, 2)))


def _pair(lines: NDArray[np.int16]) -> float:
    """Share of lines in two bars of one colour, one at each end; 0.0 when there are no two."""
    first, last = _bar(lines), _bar(lines[::-1])
    if not first or not last:
        return 0.0
    alike = np.abs(lines[0, 0] - lines[-1, 0]).max() <= _FLAT
    return (first + last) / len(lines) if alike else 0.0


def _bar(lines: NDArray[np.int16]) -> int:
    """How many lines from the first on are of its colour throughout, when they end in a hard edge; else 0."""
    colour = lines[0, 0]
    flat = np.abs(lines - colour).max(axis=(1, 2)) <= _FLAT
    length = len(lines) if flat.all() else int(np.argmin(flat))
    if not 0 < length <= _MOST * len(lines):
        return 0
    step = np.abs(lines[length] - colour).max(axis=1)
    # The first line of the picture may be a blend of bar and picture: the one after it shows the edge.
    beyond = np.abs(lines[min(length + 1, len(lines) - 1)] - colour).max(axis=1)
    hard = float((np.maximum(step, beyond) >= _EDGE).mean())
    return length if hard >= _EDGE_SHARE else 0
