"""`copy-paste` without weights: a reference that was pasted into the frame, straight or mirrored, at any size.

Normalised cross-correlation of the reference's middle with the frame (J. P. Lewis, Fast Normalized Cross-Correlation,
1995) over a ladder of sizes. A person drawn anew differs in pose, light or line; a paste hardly differs at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.validation import Outcome, Score
from services.validation.domain.frame import Frame, Picture
from services.validation.domain.references import Sight, small_luma
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
#: Correlation in the copy of half the size from which the frame itself is looked at, and how far below the best one
#: other sizes are looked at too.
_LOOK_CLOSER: Final = 0.75
_ALIKE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Pastes:
    """`copy-paste`: the best correlation of any reference's middle with any place of the frame."""

    thresholds: Thresholds
    name: ClassVar[str] = "reference-correlation"
    version: ClassVar[str] = "2"
    checks: ClassVar[tuple[str, ...]] = ("copy-paste",)

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """Fails drawn frames from the bound on: another drawing of the same thing stays below. Warns of others."""
        by, intent = measured_with(self), frame.wanted.intent
        shown = [(name, sight) for name, sights in intent.cast for sight in sights]
        if not shown:
            return (not_measured("copy-paste", by, "no visible character has a reference"),)
        searched = Searched(small_luma(picture))
        value, name = max((searched.best_match(sight), name) for name, sight in shown)
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


class Searched:
    """A frame in which references are looked for: what all searches need of it is worked out once.

    Args:
        frame: luma, (height, width).
    """

    def __init__(self, frame: Grey) -> None:
        self._frame = frame
        self._coarse = _Sums.of(_halved(frame))

    @cached_property
    def _fine(self) -> "_Sums":
        return _Sums.of(self._frame)

    def best_match(self, sight: Sight) -> float:
        """Largest normalised cross-correlation of a reference's middle, straight or mirrored, at any size.

        It is looked for in a copy of half the size first, and then looked at closely where that copy has something
        like it.

        Args:
            sight: the reference; its middle half a side is looked for.

        Returns:
            -1 to 1; 0.0 where nothing of it fits, or it is flat.
        """
        coarse = self._coarse
        found = [(coarse.correlation(item), item) for item in _templates(sight, coarse.shape, _LEAST_SIDE // 2)]
        best = max((value for value, _ in found), default=0.0)
        if best < _LOOK_CLOSER:
            return best
        likely = {(item.step, item.mirrored) for value, item in found if value > best - _ALIKE}
        fine = self._fine
        closer = [
            fine.correlation(item)
            for item in _templates(sight, fine.shape, _LEAST_SIDE)
            if any((item.step + beside, item.mirrored) in likely for beside in (-1, 0, 1))
        ]
        return min(1.0, max(closer, default=0.0))


@dataclass(frozen=True, eq=False)
class _Template:
    """A reference's middle at one size, ready to be looked for in frames of one size."""

    step: int
    mirrored: bool
    tall: int
    wide: int
    energy: float
    spectrum: NDArray[np.complex64]


@lru_cache(maxsize=64)
def _templates(sight: Sight, shape: tuple[int, int], least: int) -> tuple[_Template, ...]:
    """All sizes of a reference that fit, straight and mirrored; flat ones, which match anything, are left out."""
    height, width = sight.luma.shape
    top, left = round(height * (1 - _MIDDLE) / 2), round(width * (1 - _MIDDLE) / 2)
    middle = sight.luma[top : height - top, left : width - left]
    found = []
    for step, share in enumerate(_LADDER):
        tall = round(shape[0] * share * _MIDDLE)
        wide = round(tall * middle.shape[1] / max(1, middle.shape[0]))
        if min(tall, wide) < least or tall > shape[0] or wide > shape[1]:
            continue
        sized = np.asarray(Image.fromarray(middle).resize((wide, tall), Image.Resampling.BOX), dtype=np.float32)
        centred = sized - sized.mean()
        energy = float((centred**2).sum())
        if energy < _LEAST_DEVIATION**2 * centred.size:
            continue
        for mirrored in (False, True):
            turned = np.ascontiguousarray(centred[:, ::-1]) if mirrored else centred
            spectrum = np.conj(np.fft.rfft2(turned, s=shape)).astype(np.complex64)
            found.append(_Template(step, mirrored, tall, wide, energy, spectrum))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Sums:
    """A frame with what every correlation needs of it."""

    shape: tuple[int, int]
    spectrum: NDArray[np.complex64]
    plain: NDArray[np.float64]
    squared: NDArray[np.float64]
    _scales: dict[tuple[int, int], Grey] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: Grey) -> "_Sums":
        exact = frame.astype(np.float64)
        spectrum = np.fft.rfft2(frame - frame.mean()).astype(np.complex64)
        return cls((frame.shape[0], frame.shape[1]), spectrum, _integral(exact), _integral(exact**2))

    def correlation(self, template: _Template) -> float:
        """The largest over all places where the template lies wholly within the frame; 0.0 where all are flat."""
        scale = self._scale(template.tall, template.wide)
        whole = np.fft.irfft2(self.spectrum * template.spectrum, s=self.shape)
        return float((whole[: scale.shape[0], : scale.shape[1]] * scale).max()) / math.sqrt(template.energy)

    def _scale(self, tall: int, wide: int) -> Grey:
        """What a window's product with a template is multiplied by: one by its deviation, or 0 where it is flat."""
        found = self._scales.get((tall, wide))
        if found is None:
            count = float(tall * wide)
            spread = _window(self.squared, tall, wide) - _window(self.plain, tall, wide) ** 2 / count
            usable = spread > _LEAST_DEVIATION**2 * count
            found = np.where(usable, 1.0 / np.sqrt(np.where(usable, spread, 1.0)), 0.0).astype(np.float32)
            self._scales[tall, wide] = found
        return found


def _halved(frame: Grey) -> Grey:
    return np.asarray(Image.fromarray(frame).reduce(2), dtype=np.float32)


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
