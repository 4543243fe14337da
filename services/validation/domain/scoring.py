"""What a scorer is, and what its scores add up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.validation import Outcome, Score, Verdict
from services.validation.domain.frame import Frame, Picture

_REASON_LIMIT = 500


class Scorer(Protocol):
    """Measures one thing, or a few that belong together. A new version is a new meaning of the numbers."""

    @property
    def name(self) -> str:
        """What measures, e.g. `exposure`."""
        ...

    @property
    def version(self) -> str:
        """Version of the measure."""
        ...

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that it answers, one score each, always all."""
        ...

    def score(self, frame: Frame) -> Sequence[Score]:
        """One score per check; `not-measured` with a null value where there is nothing to measure."""
        ...


class PictureScorer(Protocol):
    """The usual scorer: needs a picture, and one is there."""

    @property
    def name(self) -> str:
        """What measures."""
        ...

    @property
    def version(self) -> str:
        """Version of the measure."""
        ...

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that it answers."""
        ...

    def measure(self, picture: Picture, frame: Frame) -> Sequence[Score]:
        """One score per check."""
        ...


@dataclass(frozen=True, slots=True)
class OnPicture:
    """Makes a `Scorer` of a `PictureScorer`: without a picture, nothing is measured and nothing invented."""

    scorer: PictureScorer

    @property
    def name(self) -> str:
        """What measures."""
        return self.scorer.name

    @property
    def version(self) -> str:
        """Version of the measure."""
        return self.scorer.version

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that it answers."""
        return self.scorer.checks

    def score(self, frame: Frame) -> Sequence[Score]:
        """The scorer's own scores, or `not-measured` for each of its checks."""
        if frame.picture is not None:
            return self.scorer.measure(frame.picture, frame)
        return tuple(not_measured(check, measured_with(self), "no picture to measure") for check in self.checks)


def measured_with(scorer: Scorer | PictureScorer) -> str:
    """Scorer and version, as a score names them."""
    return f"{scorer.name} {scorer.version}"


def not_measured(check: str, by: str, why: str) -> Score:
    """A check without a value."""
    return Score(check=check, outcome=Outcome.NOT_MEASURED, value=None, measured_with=by, detail=why)


def score_all(frame: Frame, scorers: Iterable[Scorer]) -> tuple[Score, ...]:
    """Every score of every scorer, in order."""
    return tuple(score for scorer in scorers for score in scorer.score(frame))


def verdict(scores: Iterable[Score]) -> Verdict:
    """Only a failed check fails the frame."""
    failed = any(score.outcome is Outcome.FAILED for score in scores)
    return Verdict.FAILED if failed else Verdict.PASSED


def reasons(scores: Sequence[Score]) -> tuple[str, ...]:
    """Why it failed, then what was warned about, for people."""
    ordered = [score for outcome in (Outcome.FAILED, Outcome.WARNED) for score in scores if score.outcome is outcome]
    return tuple(f"{score.check} {score.outcome.value}: {score.detail}"[:_REASON_LIMIT] for score in ordered)
