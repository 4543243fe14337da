"""Finds bars of one flat colour along opposite edges: letterbox, pillarbox, passe-partout."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.frame import Luma, Picture, Pixels

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


def border_shares(picture: Picture) -> Bars:
    """Look for bars; a plain sky or floor is none, since it has no hard end or no twin on the other side."""
    across, along = _possible(picture.luma), _possible(picture.luma.T)
    if not across and not along:
        return Bars(0.0, 0.0)
    pixels = picture.pixels
    return Bars(
        across=_pair(pixels) if across else 0.0,
        along=_pair(pixels.transpose(1, 0, 2)) if along else 0.0,
    )


def _possible(luma: Luma) -> bool:
    """Whether the first and the last line are flat enough in luma to be flat in colour: most pictures end here."""
    return all(int(line.max()) - int(line.min()) <= 2 * _FLAT + 1 for line in (luma[0], luma[-1]))


def _pair(lines: Pixels) -> float:
    """Share of lines in two bars of one colour, one at each end; 0.0 when there are no two."""
    first, last = _bar(lines), _bar(lines[::-1])
    if not first or not last:
        return 0.0
    alike = _off(lines[0, :1], lines[-1, 0]).max() <= _FLAT
    return (first + last) / len(lines) if alike else 0.0


def _bar(lines: Pixels) -> int:
    """How many lines from the first on are of its colour throughout, when they end in a hard edge; else 0."""
    colour = lines[0, 0]
    most = int(_MOST * len(lines))
    # Line by line from the edge: most pictures have no bar, and are done with after the first.
    flat = (_off(line, colour).max() <= _FLAT for line in lines[: most + 1])
    length = next((index for index, is_flat in enumerate(flat) if not is_flat), most + 1)
    if not 0 < length <= most:
        return 0
    # The first line of the picture may be a blend of bar and picture: the one after it shows the edge.
    step, beyond = (_off(lines[min(length + more, len(lines) - 1)], colour).max(axis=1) for more in (0, 1))
    hard = float((np.maximum(step, beyond) >= _EDGE).mean())
    return length if hard >= _EDGE_SHARE else 0


def _off(line: Pixels, colour: Pixels) -> NDArray[np.int16]:
    """How far each channel of each pixel of a line is from a colour."""
    distance: NDArray[np.int16] = np.abs(line.astype(np.int16) - colour)
    return distance
