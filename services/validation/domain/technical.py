"""The technical checks: is it the picture that was announced, of the size asked, with something on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from schemas.validation import Outcome, Score
from services.validation.domain.borders import border_shares
from services.validation.domain.frame import Frame, Luma, Picture
from services.validation.domain.scoring import OnPicture, Scorer, measured_with
from services.validation.domain.thresholds import Thresholds

_YES_NO = "1 = yes, 0 = no"
_CLIPPED_BLACK = 5.0
_CLIPPED_WHITE = 250.0
_LEVELS = 256
_LEAST_SIDE = 3


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
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("not-blank",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """The standard deviation of luma; its entropy goes into the detail."""
        del frame
        deviation, entropy = float(picture.luma.std()), luma_entropy(picture.luma)
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
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("clipped-blacks", "clipped-whites", "mean-luma")

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Shares of pixels at the ends of the scale, and the mean."""
        del frame
        luma, by = picture.luma, measured_with(self)
        mean = float(luma.mean())
        low, high = self.thresholds.luma_low, self.thresholds.luma_high
        unusual = mean < low or mean > high
        detail = f"mean luma {mean:.1f} of 255; usual is {low:g} to {high:g}"
        bound = high if mean > high else low
        return (
            self._clipped("clipped-blacks", float((luma <= _CLIPPED_BLACK).mean()), "black"),
            self._clipped("clipped-whites", float((luma >= _CLIPPED_WHITE).mean()), "white"),
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
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("sharpness",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Variance over the analysis copy; a picture under 3 pixels a side has no Laplacian."""
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
        bars = border_shares(picture.pixels)
        value = max(bars.across, bars.along)
        limit = self.thresholds.border
        detail = f"bars take {bars.across:.1%} of the height and {bars.along:.1%} of the width"
        by, unit = measured_with(self), "share of the side"
        return (_score("stray-border", by, value, unit, warned=value >= limit, threshold=limit, detail=detail),)


def technical_scorers(thresholds: Thresholds) -> tuple[Scorer, ...]:
    """All technical scorers, in the order of their scores in the event."""
    return (
        Readable(),
        OnPicture(Size(thresholds)),
        OnPicture(NotBlank(thresholds)),
        OnPicture(Exposure(thresholds)),
        OnPicture(Sharpness(thresholds)),
        OnPicture(StrayBorder(thresholds)),
    )


def luma_entropy(luma: Luma) -> float:
    """Shannon entropy of the histogram of whole luma levels, 0 to 8 bits."""
    counts = np.bincount(np.clip(luma, 0, 255).astype(np.uint8).ravel(), minlength=_LEVELS)
    shares = counts[counts > 0] / luma.size
    # `0.0 -` keeps a single level from giving -0.0.
    return float(0.0 - (shares * np.log2(shares)).sum())


def laplacian_variance(luma: Luma) -> float:
    """Variance of the 4-neighbour Laplacian over the inner pixels; luma is 0 to 255, both sides at least 3."""
    inner = luma[1:-1, 1:-1]
    edges = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner
    return float(edges.var())


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
