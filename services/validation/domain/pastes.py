"""`copy-paste` without weights: a reference that was pasted into the frame, straight or mirrored, at any size.

Normalised cross-correlation of the reference's middle with the frame (J. P. Lewis, Fast Normalized Cross-Correlation,
1995) over a ladder of sizes. A person drawn anew differs in pose, light or line; a paste hardly differs at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.validation import Outcome, Score
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.references import small_luma
from services.validation.domain.scoring import measured_with, not_measured
from services.validation.domain.thresholds import Thresholds

Grey = NDArray[np.float32]

#: Heights of the pasted picture as shares of the frame's, each 12 % smaller than the one before.
_LADDER: Final = tuple(1.3 * 0.89**step for step in range(17))
#: Part of the reference that is looked for: its middle, without the background that a cut-out loses.
_MIDDLE: Final = 0.5
#: Pixels a side below which a few smooth shapes already look like one another.
_LEAST_SIDE: Final = 16
_LEAST_DEVIATION: Final = 4.0


@dataclass(frozen=True, slots=True)
class Pastes:
    """`copy-paste`: the best correlation of any reference's middle with any place of the frame."""

    thresholds: Thresholds
    name: ClassVar[str] = "reference-correlation"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("copy-paste",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Fails drawn frames from the bound on: another drawing of the same thing stays below. Warns of others."""
        by, intent = measured_with(self), frame.wanted.intent
        shown = [(name, sight) for name, sights in intent.cast for sight in sights]
        if not shown:
            return (not_measured("copy-paste", by, "no visible character has a reference"),)
        grey = small_luma(picture)
        value, name = max((best_match(grey, sight.luma), name) for name, sight in shown)
        limit = self.thresholds.pasted
        bad = Outcome.FAILED if intent.drawn else Outcome.WARNED
        score = Score(
            check="copy-paste",
            outcome=bad if value > limit else Outcome.PASSED,
            value=value,
            unit="correlation, -1 to 1",
            threshold=limit,
            measured_with=by,
            detail=f"a part of the frame is {value:.3f} like the middle of a reference of {name}",
        )
        return (score,)


def best_match(frame: Grey, reference: Grey) -> float:
    """Largest normalised cross-correlation of the reference's middle, straight or mirrored, at any size of the ladder.

    Args:
        frame: luma, (height, width).
        reference: luma; its middle half a side is looked for.

    Returns:
        -1 to 1; 0.0 where nothing of it fits, or it is flat.
    """
    height, width = reference.shape
    top, left = round(height * (1 - _MIDDLE) / 2), round(width * (1 - _MIDDLE) / 2)
    middle = reference[top : height - top, left : width - left]
    best = 0.0
    sums = _Sums.of(frame)
    for share in _LADDER:
        tall = round(frame.shape[0] * share * _MIDDLE)
        wide = round(tall * middle.shape[1] / max(1, middle.shape[0]))
        if min(tall, wide) < _LEAST_SIDE or tall > frame.shape[0] or wide > frame.shape[1]:
            continue
        sized = np.asarray(Image.fromarray(middle).resize((wide, tall), Image.Resampling.BOX), dtype=np.float32)
        best = max(best, sums.correlation(sized), sums.correlation(np.ascontiguousarray(sized[:, ::-1])))
    return min(1.0, best)


@dataclass(frozen=True, eq=False)
class _Sums:
    """A frame with what every correlation needs of it."""

    frame: Grey
    spectrum: NDArray[np.complex128]
    plain: NDArray[np.float64]
    squared: NDArray[np.float64]

    @classmethod
    def of(cls, frame: Grey) -> "_Sums":
        exact = frame.astype(np.float64)
        return cls(frame, np.fft.rfft2(exact), _integral(exact), _integral(exact**2))

    def correlation(self, template: Grey) -> float:
        """The largest over all places where the template lies wholly within the frame."""
        tall, wide = template.shape
        centred = template.astype(np.float64) - float(template.mean())
        energy = float((centred**2).sum())
        if energy < _LEAST_DEVIATION**2 * template.size:
            return 0.0
        spectrum = np.fft.rfft2(centred, s=self.frame.shape)
        whole = np.fft.irfft2(self.spectrum * np.conj(spectrum), s=self.frame.shape)
        rows, columns = self.frame.shape[0] - tall + 1, self.frame.shape[1] - wide + 1
        count = float(template.size)
        spread = _window(self.squared, tall, wide) - _window(self.plain, tall, wide) ** 2 / count
        usable = spread > _LEAST_DEVIATION**2 * count
        if not usable.any():
            return 0.0
        return float((whole[:rows, :columns][usable] / np.sqrt(spread[usable] * energy)).max())


def _integral(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    padded[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    return padded


def _window(integral: NDArray[np.float64], tall: int, wide: int) -> NDArray[np.float64]:
    """Sums over every window of this size."""
    found: NDArray[np.float64] = (
        integral[tall:, wide:] - integral[:-tall, wide:] - integral[tall:, :-wide] + integral[:-tall, :-wide]
    )
    return found
