"""Banding: gradients that fall into flat strips with a visible step between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from services.validation.domain.frame import Frame, Luma, Picture
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds

#: Pixels without any change that must lie on both sides of a step.
_FLAT_RUN: Final = 5
#: Height of a step in luma. One level is what 8 bits allow; more than the upper bound is drawn, not banded.
_LEAST: Final = 2
_MOST: Final = 20
#: Rows and columns that are looked at, at least.
_LINES: Final = 32


@dataclass(frozen=True, slots=True)
class Banding:
    """`banding`: false contours, steps of 2 to 20 levels of luma between five unchanged pixels each. A warning.

    The idea is that of CAMBI (Tandon et al. 2021, arXiv:2102.00079) in its simplest form, along rows and columns.
    """

    thresholds: Thresholds
    name: ClassVar[str] = "false-contours"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("banding",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Share of the pixels that lie on such a step; styles that posterise on purpose are not measured."""
        by, style = measured_with(self), frame.wanted.intent.style
        if not self.thresholds.style(style).gradients:
            return (not_measured("banding", by, f"style {style} draws in flat steps"),)
        value = false_contours(picture.luma)
        if value is None:
            return (not_measured("banding", by, f"smaller than {2 * _FLAT_RUN + 2} pixels a side"),)
        limit = self.thresholds.banding
        score = Score(
            check="banding",
            outcome=Outcome.WARNED if value > limit else Outcome.PASSED,
            value=value,
            unit="share of pixels on a false contour",
            threshold=limit,
            measured_with=by,
            detail=f"{value:.2%} of the pixels lie on a step between two flat strips",
        )
        return (score,)


def false_contours(luma: Luma) -> float | None:
    """Share of pixels on a step between flat strips, rows and columns added; None when too small for one."""
    if min(luma.shape) < 2 * _FLAT_RUN + 2:
        return None
    down, across = max(1, luma.shape[0] // _LINES), max(1, luma.shape[1] // _LINES)
    # The direction looked along comes first, so that the arithmetic runs over whole lines of memory.
    return _steps(np.ascontiguousarray(luma[:, ::across])) + _steps(np.ascontiguousarray(luma[::down].T))


def _steps(lines: NDArray[np.uint8]) -> float:
    step = np.diff(lines.astype(np.int16), axis=0)
    flat = step == 0
    runs = flat[: len(flat) - _FLAT_RUN + 1].copy()
    for place in range(1, _FLAT_RUN):
        runs &= flat[place : len(flat) - _FLAT_RUN + 1 + place]
    inner = np.abs(step[_FLAT_RUN:-_FLAT_RUN])
    contour = (inner >= _LEAST) & (inner <= _MOST) & runs[: len(inner)] & runs[_FLAT_RUN + 1 :]
    return float(contour.mean())
