"""Where a frame's colours come from: its place and its people. What neither brings is somebody else, or elsewhere.

Two checks follow. `unexplained-colours`: a solid patch of colours that no reference has is a stranger, another costume,
other hair. `place-colours`: a frame that has too little in common with its place's colours was taken elsewhere. Both
need references of everybody to be seen and a plate in the frame's own light; the first is blind to a drift within known
colours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize
from services.validation.domain.colours import Colours
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.intent import Intent
from services.validation.domain.references import Mask, Sight
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds

#: Light changes lightness more than hue: it counts a third in what is explained.
_LIGHT: Final = 0.3
#: Pixels a side that a patch must be unexplained throughout: an edge or a highlight is no thing.
_SOLID: Final = 3
#: Least that a frame has in common with its place's colours: what 1 in 100 of the clean previz frames of seeds 1 to 14
#: lie below (tests/bench/drift.py); 13 of their 14 frames of another place do.
_PLACE: Final[Mapping[ShotSize, float]] = MappingProxyType(
    {
        ShotSize.EXTREME_WIDE: 0.38,
        ShotSize.WIDE: 0.38,
        ShotSize.FULL: 0.29,
        ShotSize.MEDIUM_WIDE: 0.29,
        ShotSize.MEDIUM: 0.19,
        ShotSize.MEDIUM_CLOSE_UP: 0.11,
        ShotSize.CLOSE_UP: 0.11,
    }
)


@dataclass(frozen=True, slots=True)
class KnownColours:
    """`unexplained-colours` and `place-colours`. They fail drawn frames, and warn about others."""

    thresholds: Thresholds
    name: ClassVar[str] = "known-colours"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("unexplained-colours", "place-colours")

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Share of the frame in solid patches of colours from nowhere, and share in the place's own."""
        by, intent = measured_with(self), frame.wanted.intent
        why = self._unmeasurable(intent)
        if why:
            return tuple(not_measured(check, by, why) for check in self.checks)
        return self._unexplained(picture, intent), self._placed(picture, intent)

    def _unexplained(self, picture: Picture, intent: Intent) -> Score:
        people = [sight for _, sights in intent.cast for sight in sights]
        known = _any(sight.near(self.thresholds.colour_apart, _LIGHT) for sight in (*intent.plates, *people))
        share = solid_share(~known[picture.cells])
        limit = self.thresholds.unexplained
        detail = f"{share:.2%} of the frame are patches of colours that neither its place nor its people have"
        return self._score("unexplained-colours", share, limit, share <= limit, detail, drawn=intent.drawn)

    def _placed(self, picture: Picture, intent: Intent) -> Score:
        size = intent.shot_size
        least = None if size is None else _PLACE.get(size)
        if least is None:
            return not_measured("place-colours", measured_with(self), "too little of the place is seen")
        share = in_common(picture.colours, intent.plates)
        detail = f"{share:.1%} of the frame are the place's colours, as much of each as it has; usual is {least:.0%} up"
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


def solid_share(mask: Mask) -> float:
    """Share of the pixels whose 3 × 3 surroundings all are in the mask, (height, width)."""
    if not mask.any() or min(mask.shape) < _SOLID:
        return 0.0
    rows = mask[:-2] & mask[1:-1] & mask[2:]
    solid = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return float(solid.mean())


def in_common(colours: Colours, plates: Sequence[Sight]) -> float:
    """What a frame's colours have in common with those of its plates, 0 to 1; all plates count alike.

    Histogram intersection (M. Swain and D. Ballard, Color Indexing, 1991): of each colour the smaller share counts, so
    that a colour which the place hardly has explains no wall of it.
    """
    usual = sum(sight.shares[colours.cells] for sight in plates) / len(plates)
    return float(np.minimum(colours.shares, usual).sum())


def _any(masks: Iterable[Mask]) -> Mask:
    return reduce(np.logical_or, masks)
