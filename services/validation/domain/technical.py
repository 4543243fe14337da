"""The technical checks: is it the picture that was announced, of the size asked, with something on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from services.validation.domain.banding import Banding
from services.validation.domain.borders import border_shares
from services.validation.domain.colour_scorers import AttireColours, PlatePalette
from services.validation.domain.frame import Frame, Luma, Picture
from services.validation.domain.known_colours import KnownColours
from services.validation.domain.pastes import Pastes
from services.validation.domain.scoring import OnPicture, Scorer, measured_with
from services.validation.domain.thresholds import Thresholds

_YES_NO = "1 = yes, 0 = no"
_CLIPPED_BLACK = 5
_CLIPPED_WHITE = 250
_LEAST_SIDE = 3
#: Lines on which the Laplacian is taken: all of a small picture, a sample of a large one.
_SHARP_LINES = 64


@dataclass(frozen=True, slots=True)
class Readable:
    """`decodes`: the bytes are a whole picture. `intact`: they are the bytes that were announced."""

    name: ClassVar[str] = "readable"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("decodes", "intact")

    def score(self, frame: Frame) -> Sequence[Score]:
        """Both checks; a missing object fails `decodes` and leaves `intact` unmeasured."""
        by = measured_with(self)
        decodes = frame.picture is not None
        first = _score("decodes", by, float(decodes), _YES_NO, failed=not decodes, detail=frame.problem)
        if frame.sha256 is None:
            nothing = Score(check="intact", outcome=Outcome.NOT_MEASURED, measured_with=by, detail=frame.problem)
            return (first, nothing)
        intact = frame.sha256 == frame.wanted.sha256 and frame.size_bytes == frame.wanted.size_bytes
        said = "" if intact else f"sha256 {frame.sha256[:12]}…, announced was {frame.wanted.sha256[:12]}…"
        return (first, _score("intact", by, float(intact), _YES_NO, failed=not intact, detail=said))


@dataclass(frozen=True, slots=True)
class Size:
    """`exact-size` and `exact-aspect`: as the shot asked."""

    thresholds: Thresholds
    name: ClassVar[str] = "size"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("exact-size", "exact-aspect")

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Pixels off in width and height together, and the relative deviation of the ratio."""
        by, wanted = measured_with(self), frame.wanted
        off = abs(picture.width - wanted.width) + abs(picture.height - wanted.height)
        bend = abs(picture.width * wanted.height / (picture.height * wanted.width) - 1)
        said = f"{picture.width}×{picture.height}, asked was {wanted.width}×{wanted.height}"
        limit = self.thresholds.aspect
        return (
            _score("exact-size", by, off, "pixels off", failed=off > 0, threshold=0, detail=said),
            _score("exact-aspect", by, bend, "relative deviation", failed=bend > limit, threshold=limit, detail=said),
        )


@dataclass(frozen=True, slots=True)
class NotBlank:
    """`not-blank`: luma varies. Fog and snow vary little but in many levels, so a frame must lack both to fail."""

    thresholds: Thresholds
    name: ClassVar[str] = "not-blank"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("not-blank",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """The standard deviation of luma; its entropy goes into the detail."""
        del frame
        (_, deviation), entropy = mean_and_deviation(picture.levels), luma_entropy(picture.levels)
        limit = self.thresholds.blank_deviation
        blank = deviation < limit and entropy < self.thresholds.blank_entropy
        said = f"luma varies by {deviation:.2f} of 255, with an entropy of {entropy:.2f} bits"
        unit = "luma standard deviation, 0-255"
        by = measured_with(self)
        return (_score("not-blank", by, deviation, unit, failed=blank, threshold=limit, detail=said),)


@dataclass(frozen=True, slots=True)
class Exposure:
    """`clipped-blacks`, `clipped-whites`, `mean-luma`. Low key is a style: only a frame all but clipped fails."""

    thresholds: Thresholds
    name: ClassVar[str] = "exposure"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("clipped-blacks", "clipped-whites", "mean-luma")

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Shares of pixels at the ends of the scale, and the mean."""
        del frame
        levels, by = picture.levels, measured_with(self)
        mean, _ = mean_and_deviation(levels)
        blacks, whites = levels[: _CLIPPED_BLACK + 1].sum(), levels[_CLIPPED_WHITE:].sum()
        low, high = self.thresholds.luma_low, self.thresholds.luma_high
        unusual = mean < low or mean > high
        detail = f"mean luma {mean:.1f} of 255; usual is {low:g} to {high:g}"
        bound = high if mean > high else low
        return (
            self._clipped("clipped-blacks", float(blacks / levels.sum()), "black"),
            self._clipped("clipped-whites", float(whites / levels.sum()), "white"),
            _score("mean-luma", by, mean, "luma, 0-255", warned=unusual, threshold=bound, detail=detail),
        )

    def _clipped(self, check: str, share: float, colour: str) -> Score:
        warn, fail = self.thresholds.clip_warn, self.thresholds.clip_fail
        failed = share > fail
        detail = f"{share:.1%} of the pixels are {colour}"
        by, bound = measured_with(self), fail if failed else warn
        unit = "share of pixels"
        return _score(check, by, share, unit, failed=failed, warned=share > warn, threshold=bound, detail=detail)


@dataclass(frozen=True, slots=True)
class Sharpness:
    """`sharpness`: variance of the Laplacian (Pech-Pacheco et al. 2000, doi 10.1109/ICPR.2000.903548)."""

    thresholds: Thresholds
    name: ClassVar[str] = "laplacian-variance"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("sharpness",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Variance over lines of the analysis copy; a picture under 3 pixels a side has no Laplacian."""
        del frame
        by = measured_with(self)
        if min(picture.luma.shape) < _LEAST_SIDE:
            why = "smaller than 3 pixels a side"
            return (Score(check="sharpness", outcome=Outcome.NOT_MEASURED, measured_with=by, detail=why),)
        value = laplacian_variance(picture.luma)
        warn, fail = self.thresholds.sharp_warn, self.thresholds.sharp_fail
        failed = value < fail
        detail = f"Laplacian variance {value:.1f}; usual is {warn:g} and more"
        unit, bound = "laplacian variance", fail if failed else warn
        return (
            _score("sharpness", by, value, unit, failed=failed, warned=value < warn, threshold=bound, detail=detail),
        )


@dataclass(frozen=True, slots=True)
class StrayBorder:
    """`stray-border`: bars or a passe-partout of one colour, which models like to draw. A warning."""

    thresholds: Thresholds
    name: ClassVar[str] = "stray-border"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("stray-border",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """The larger share of height or width that two opposite bars take."""
        del frame
        bars = border_shares(picture)
        value = max(bars.across, bars.along)
        limit = self.thresholds.border
        detail = f"bars take {bars.across:.1%} of the height and {bars.along:.1%} of the width"
        by, unit = measured_with(self), "share of the side"
        return (_score("stray-border", by, value, unit, warned=value >= limit, threshold=limit, detail=detail),)


def technical_scorers(thresholds: Thresholds) -> tuple[Scorer, ...]:
    """All scorers that need no model, in the order of their scores in the event."""
    return (
        Readable(),
        OnPicture(Size(thresholds)),
        OnPicture(NotBlank(thresholds)),
        OnPicture(Exposure(thresholds)),
        OnPicture(Sharpness(thresholds)),
        OnPicture(StrayBorder(thresholds)),
        OnPicture(Banding(thresholds)),
        OnPicture(PlatePalette(thresholds)),
        OnPicture(AttireColours(thresholds)),
        OnPicture(KnownColours(thresholds)),
        OnPicture(Pastes(thresholds)),
    )


def mean_and_deviation(levels: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation of luma from the counts of its 256 levels."""
    shares = levels / levels.sum()
    steps = np.arange(len(levels))
    mean = float(shares @ steps)
    return mean, float(np.sqrt(shares @ (steps - mean) ** 2))


def luma_entropy(levels: NDArray[np.float64]) -> float:
    """Shannon entropy of the counts of luma levels, 0 to 8 bits."""
    shares = levels[levels > 0] / levels.sum()
    # `0.0 -` keeps a single level from giving -0.0.
    return float(0.0 - (shares * np.log2(shares)).sum())


def laplacian_variance(luma: Luma) -> float:
    """Variance of the 4-neighbour Laplacian over inner pixels of at least 64 lines; both sides at least 3."""
    step = max(1, len(luma) // _SHARP_LINES)
    lines = len(luma[1:-1:step])
    above, own, below = (luma[start::step][:lines].astype(np.int16) for start in range(3))
    edges = above[:, 1:-1] + below[:, 1:-1] + own[:, :-2] + own[:, 2:] - 4 * own[:, 1:-1]
    flat = edges.astype(np.float32).ravel()
    return max(0.0, float(flat @ flat) / flat.size - float(flat.mean()) ** 2)


def _score(  # noqa: PLR0913 - the fields of a score
    check: str,
    by: str,
    value: float,
    unit: str,
    *,
    failed: bool = False,
    warned: bool = False,
    threshold: float | None = None,
    detail: str = "",
) -> Score:
    outcome = Outcome.FAILED if failed else Outcome.WARNED if warned else Outcome.PASSED
    return Score(
        check=check, outcome=outcome, value=value, unit=unit, threshold=threshold, measured_with=by, detail=detail
    )
