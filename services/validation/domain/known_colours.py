"""Where a frame's colours come from: its place and its people. What neither brings is somebody else, or elsewhere.

Two checks follow. `unexplained-colours`: a solid patch of colours that no reference has is a stranger, another costume,
other hair. `place-colours`: a frame with hardly any of its place's colours was taken elsewhere. Both need references
of everybody to be seen and a plate in the frame's own light, and both are blind to a drift within known colours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.intent import Intent
from services.validation.domain.references import Mask
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds

#: Light changes lightness more than hue: it counts a third in what is explained, wholly in what is the place's own.
_LIGHT: Final = 0.3
#: Pixels a side that a patch must be unexplained throughout: an edge or a highlight is no thing.
_SOLID: Final = 3
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
        own = _any(sight.near(self.thresholds.colour_same, 1.0) for sight in intent.plates)
        share = float(own[picture.cells].mean())
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


def solid_share(mask: Mask) -> float:
    """Share of the pixels whose 3 × 3 surroundings all are in the mask, (height, width)."""
    if not mask.any() or min(mask.shape) < _SOLID:
        return 0.0
    rows = mask[:-2] & mask[1:-1] & mask[2:]
    solid = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return float(solid.mean())


def _any(masks: Iterable[Mask]) -> Mask:
    return reduce(np.logical_or, masks)
