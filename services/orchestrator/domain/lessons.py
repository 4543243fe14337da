"""What retakes of a project have taught: which change was tried against which failed check, and whether it helped.

A run's lines are worked out from its attempts and assigned to the run, never added up from changes, so that repeats
and crashes change nothing. A strategy that was tried often enough against a check and never helped is useless there and
is left out; each time that it is left out is counted, and so many of them buy it one more try: the cause may have gone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import Field

from schemas.base import Model
from services.orchestrator.domain.state import Attempt, Run

#: Tries of a strategy against a check, none of which helped, after which it is left out.
TRIES: Final = 8
#: Times that it is left out before it is tried once more.
REST: Final = 16


class Strategy(StrEnum):
    """What a retake can change."""

    NEW_SEED = "new-seed"
    STRESS = "stress"
    AVOID = "avoid"
    OTHER_VIEW = "other-view"
    NEXT_MODEL = "next-model"


class Trial(Model):
    """What one strategy did against one check; counts of images."""

    check: str
    strategy: str
    tried: int = 0
    helped: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is known of a project when a retake is decided on.

    Attributes:
        trials: by check and strategy.
        tries: after which a strategy that never helped is left out; 0 = never.
    """

    trials: Mapping[tuple[str, str], Trial] = field(default_factory=dict)
    tries: int = TRIES

    def useless(self, check: str, strategy: Strategy) -> bool:
        """Whether a strategy is to be left out against a check."""
        known = self.trials.get((check, strategy.value))
        if known is None or known.helped or not self.tries:
            return False
        return known.tried >= self.tries + known.skipped // REST


NO_LESSONS: Final = Lessons()


class RunLines(Model):
    """What one run tried, as of a version of its shot's document."""

    stamp: int
    trials: tuple[Trial, ...]


class LessonBook(Model):
    """The lessons of one project; `version` counts the document's writes."""

    project_id: str
    version: int = 0
    lines: dict[str, RunLines] = Field(default_factory=dict)
    """By run id."""

    def noted(self, run_id: str, lines: RunLines) -> "LessonBook":
        """The book with a run's lines, unless a newer word of it stands there (then the same book)."""
        known = self.lines.get(run_id)
        if known is not None and (known.stamp > lines.stamp or known.trials == lines.trials):
            return self
        return self.model_copy(update={"lines": {**self.lines, run_id: lines}})

    def lessons(self, tries: int = TRIES) -> Lessons:
        """The sums over all runs."""
        return Lessons(_summed(trial for lines in self.lines.values() for trial in lines.trials), tries)


def trials_of(run: Run) -> tuple[Trial, ...]:
    """What a run's retakes tried, by check and strategy; calls without an image tried nothing."""
    listed = [trial for attempt in run.attempts if attempt.failed_checks is not None for trial in _trials(attempt)]
    return tuple(_summed(listed).values())


def helped(attempt: Attempt) -> bool | None:
    """Whether the checks that a retake was made for hold now; None for what no check caused, or without an image."""
    if not attempt.against or attempt.failed_checks is None:
        return None
    return not set(attempt.against) & set(attempt.failed_checks)


def skip(check: str, strategy: Strategy) -> str:
    """How it is told that a strategy was left out."""
    return f"{check}: {strategy.value}"


def _trials(attempt: Attempt) -> Iterable[Trial]:
    failed = attempt.failed_checks or ()
    for tactic in attempt.tactics:
        check, _, strategy = tactic.partition(": ")
        yield Trial(check=check, strategy=strategy, tried=1, helped=int(check not in failed))
    for left_out in attempt.skipped:
        check, _, strategy = left_out.partition(": ")
        yield Trial(check=check, strategy=strategy, skipped=1)


def _summed(trials: Iterable[Trial]) -> dict[tuple[str, str], Trial]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for item in trials:
        count = counts.setdefault((item.check, item.strategy), Counter())
        count.update(tried=item.tried, helped=item.helped, skipped=item.skipped)
    return {
        key: Trial(check=key[0], strategy=key[1], **{name: count[name] for name in ("tried", "helped", "skipped")})
        for key, count in sorted(counts.items())
    }
