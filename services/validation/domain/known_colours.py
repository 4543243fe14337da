"""Where a frame's colours come from: its place and its people. What neither brings is somebody else, or elsewhere.

Two checks follow. `unexplained-colours`: a solid patch of colours that no reference has is a stranger, another costume,
other hair. `place-colours`: a frame with hardly any of its place's colours was taken elsewhere. Both need references
of everybody to be seen and a plate in the frame's own light, and both are blind to a drift within known colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize
from services.validation.domain.colours import CELLS, STEPS
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.intent import Intent
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds

#: Light changes lightness more than hue: it counts a third in what is explained, wholly in what is the place's own.
_LIGHT: Final = 0.3
#: Pixels a side that a patch must be unexplained throughout: an edge or a highlight is no thing.
_SOLID: Final = 3
_STEP: Final = 256 // STEPS
#: Least share of the frame in the place's own colours. Measured on clean previz frames: 0.76, 0.66, 0.66, 0.53, 0.38
#: and 0.38; other places have from 0.02 to 0.91.
_PLACE: Final[Mapping[ShotSize, float]] = MappingProxyType(
    {
        ShotSize.EXTREME_WIDE: 0.68,
        ShotSize.WIDE: 0.68,
        ShotSize.FULL: 0.6,
        ShotSize.MEDIUM_WIDE: 0.6,
        ShotSize.MEDIUM: 0.48,
        ShotSize.MEDIUM_CLOSE_UP: 0.34,
        ShotSize.CLOSE_UP: 0.34,
    }
)


@dataclass(frozen=True, slots=True)
class KnownColours:
    """`unexplained-colours` and `place-colours`. They fail drawn frames, and warn about others."""

    thresholds: Thresholds
    name: ClassVar[str] = "known-colours"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("unexplained-colours", "place-colours")

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Share of the frame in solid patches of colours from nowhere, and share in the place's own."""
        by, intent = measured_with(self), frame.wanted.intent
        why = self._unmeasurable(intent)
        if why:
            return tuple(not_measured(check, by, why) for check in self.checks)
        place = np.unique(np.concatenate([sight.cells for sight in intent.plates]))
        people = [sight.cells for _, sights in intent.cast for sight in sights]
        return (
            self._unexplained(picture, np.unique(np.concatenate([place, *people])), intent),
            self._placed(picture, place, intent),
        )

    def _unexplained(self, picture: Picture, known: NDArray[np.int64], intent: Intent) -> Score:
        share = solid_share(picture, known, self.thresholds.colour_apart)
        limit = self.thresholds.unexplained
        detail = f"{share:.2%} of the frame are patches of colours that neither its place nor its people have"
        return self._score("unexplained-colours", share, limit, share <= limit, detail, drawn=intent.drawn)

    def _placed(self, picture: Picture, place: NDArray[np.int64], intent: Intent) -> Score:
        size = intent.shot_size
        least = None if size is None else _PLACE.get(size)
        if least is None:
            return not_measured("place-colours", measured_with(self), "too little of the place is seen")
        there = np.flatnonzero(picture.colours)
        near = _nearest(there, place, 1.0) < self.thresholds.colour_same
        share = float(picture.colours[there[near]].sum())
        detail = f"{share:.1%} of the frame have colours of the place; at this shot size at least {least:.0%} do"
        return self._score("place-colours", share, least, share >= least, detail, drawn=intent.drawn)

    def _score(self, check: str, value: float, bound: float, good: bool, detail: str, *, drawn: bool) -> Score:  # noqa: PLR0913
        bad = Outcome.FAILED if drawn else Outcome.WARNED
        return Score(
            check=check,
            outcome=Outcome.PASSED if good else bad,
            value=value,
            unit="share of the frame",
            threshold=bound,
            measured_with=measured_with(self),
            detail=detail,
        )

    def _unmeasurable(self, intent: Intent) -> str:
        if not self.thresholds.style(intent.style).colour:
            return f"style {intent.style} has no colours"
        if intent.shot_size in {None, ShotSize.INSERT, ShotSize.EXTREME_CLOSE_UP}:
            return "a detail has colours of its own"
        if not intent.plates:
            return "the location has no plate in this light"
        unknown = [name for name, sights in intent.cast if not sights]
        return f"no reference shows {', '.join(unknown)}" if unknown else ""


def solid_share(picture: Picture, known: NDArray[np.int64], apart: float) -> float:
    """Share of the pixels whose 3 × 3 surroundings are all farther than `apart`, Oklab, from every known colour."""
    there = np.flatnonzero(picture.colours)
    strange = np.zeros(STEPS**3, dtype=bool)
    strange[there[_nearest(there, known, _LIGHT) > apart]] = True
    red, green, blue = (picture.small[..., channel].astype(np.int64) // _STEP for channel in range(3))
    mask = strange[(red * STEPS + green) * STEPS + blue]
    if not mask.any() or min(mask.shape) < _SOLID:
        return 0.0
    rows = mask[:-2] & mask[1:-1] & mask[2:]
    solid = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return float(solid.mean())


def _nearest(cells: NDArray[np.int64], known: NDArray[np.int64], light: float) -> NDArray[np.float64]:
    """How far each cell is from the nearest known one, Oklab with lightness weighed."""
    if not len(known) or not len(cells):
        return np.full(len(cells), np.inf)
    scale = np.array([light, 1.0, 1.0])
    some = (CELLS.lab[cells] * scale).astype(np.float32)
    others = (CELLS.lab[known] * scale).astype(np.float32)
    # |a - b|² by the product, in which the processor is fastest.
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2.0 * some @ others.T
    nearest: NDArray[np.float64] = np.sqrt(np.maximum(squares.min(axis=1), 0.0)).astype(np.float64)
    return nearest
