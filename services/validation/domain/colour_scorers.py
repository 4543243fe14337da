"""Checks on colour: the place's, against its plate, and the clothes', against what the cast was said to wear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize
from services.validation.domain.colour_names import NamedColour
from services.validation.domain.colours import CELLS, Colours
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.intent import Attire
from services.validation.domain.palette import distance, palette_of
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class PlatePalette:
    """`palette`: distance of the frame's colours from those of the location's plate. A warning."""

    thresholds: Thresholds
    name: ClassVar[str] = "oklab-relaxed-emd"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("palette",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """The distance; not measured without a plate, without colour, or where too little of the place is seen."""
        by, intent = measured_with(self), frame.wanted.intent
        bounds = self.thresholds.style(intent.style)
        limit = self.thresholds.palette_limit(intent.shot_size)
        if limit is None:
            return (not_measured("palette", by, f"too little of the place is seen in {_article(intent.shot_size)}"),)
        if not bounds.colour:
            return (not_measured("palette", by, f"style {intent.style} has no colours"),)
        if intent.plate.palette is None:
            return (not_measured("palette", by, intent.plate.problem),)
        limit *= bounds.palette
        value = distance(palette_of(picture.colours), intent.plate.palette)
        score = Score(
            check="palette",
            outcome=Outcome.WARNED if value > limit else Outcome.PASSED,
            value=value,
            unit="Oklab distance",
            threshold=limit,
            measured_with=by,
            detail=f"the colours are {value:.3f} from the plate's; usual is up to {limit:.3f}",
        )
        return (score,)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One character's colours in the frame: of the first named, and of the one that is seen most."""

    name: str
    first: NamedColour
    share: float
    most: float


@dataclass(frozen=True, slots=True)
class _Colours:
    """The colours that are in a frame: hue in degrees, distance from grey, share of the pixels."""

    hue: NDArray[np.float32]
    chroma: NDArray[np.float32]
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttireColours:
    """`attire-colours`: whether the colours that the visible cast wears are anywhere in the frame.

    It looks for hues, not for clothes: a wall of the same red passes for a red dress. Colours near grey, and those of
    skin and wood, are in most pictures and prove nothing, so they are left out.
    """

    thresholds: Thresholds
    name: ClassVar[str] = "oklab-hue-share"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("attire-colours",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """The least share of the frame that a character's first colour has; fails when none of its colours is seen.

        In a close-up that is a warning: the frame may cut off every garment but a collar.
        """
        by, intent = measured_with(self), frame.wanted.intent
        why = self._unmeasurable(frame)
        least = self.thresholds.attire_share(intent.shot_size)
        if why or least is None:
            return (not_measured("attire-colours", by, why),)
        colours = _seen_in(picture.colours)
        seen = [found for attire in intent.attire if (found := self._seen(attire, colours)) is not None]
        if not seen:
            return (not_measured("attire-colours", by, "no visible character wears a colour that tells it apart"),)
        lost_below = least * self.thresholds.attire_lost
        lost = [item for item in seen if item.most < lost_below]
        weakest = min(lost or seen, key=lambda item: item.most if lost else item.share)
        value = weakest.most if lost else weakest.share
        faint = [item for item in seen if item.share < least]
        score = Score(
            check="attire-colours",
            outcome=_outcome(intent.shot_size, lost=bool(lost), faint=bool(faint)),
            value=value,
            unit="share of the frame in the least seen colour",
            threshold=lost_below if lost else least,
            measured_with=by,
            detail=_said(lost or faint, seen, none=bool(lost)),
        )
        return (score,)

    def _unmeasurable(self, frame: Frame) -> str:
        intent = frame.wanted.intent
        if not intent.attire:
            return "nobody is to be seen"
        if self.thresholds.attire_share(intent.shot_size) is None:
            return f"clothes are hardly seen in {_article(intent.shot_size)}"
        if not self.thresholds.style(intent.style).colour:
            return f"style {intent.style} has no colours"
        if intent.lighting in self.thresholds.unlit:
            return f"lighting {intent.lighting} leaves clothes without colour"
        return ""

    def _seen(self, attire: Attire, frame: _Colours) -> _Seen | None:
        telling = [colour for colour in attire.colours if self._tells(colour)]
        if not telling:
            return None
        shares = [self._share(colour, frame) for colour in telling]
        return _Seen(attire.name, telling[0], shares[0], max(shares))

    def _tells(self, colour: NamedColour) -> bool:
        bounds = self.thresholds
        low, high = bounds.skin_hues
        like_skin = low <= colour.hue <= high and colour.chroma < bounds.skin_chroma
        return colour.chroma >= bounds.attire_chroma and not like_skin

    def _share(self, colour: NamedColour, seen: _Colours) -> float:
        turned = np.abs((seen.hue - colour.hue + 180) % 360 - 180)
        close = (turned <= self.thresholds.attire_hue) & (seen.chroma >= self.thresholds.attire_fade * colour.chroma)
        return float(seen.shares[close].sum())


def _outcome(size: ShotSize | None, *, lost: bool, faint: bool) -> Outcome:
    if lost and size is not ShotSize.CLOSE_UP:
        return Outcome.FAILED
    return Outcome.WARNED if lost or faint else Outcome.PASSED


def _seen_in(colours: Colours) -> _Colours:
    return _Colours(CELLS.hue[colours.cells], CELLS.chroma[colours.cells], colours.shares)


def _said(missing: Sequence[_Seen], seen: Sequence[_Seen], *, none: bool) -> str:
    if not missing:
        return ", ".join(f"{item.first.name} of {item.name}: {item.share:.1%} of the frame" for item in seen)
    if none:
        return ", ".join(f"no colour that {item.name} wears is seen, {item.first.name} first" for item in missing)
    return ", ".join(f"{item.first.name} of {item.name} is hardly seen: {item.share:.2%}" for item in missing)


def _article(size: ShotSize | None) -> str:
    return "a frame of unknown shot size" if size is None else f"shot size {size.value}"
