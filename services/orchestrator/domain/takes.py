"""Which of a run's images is the best: by gates first, then by what was measured on all of them."""

from collections.abc import Sequence
from typing import Final

from schemas.validation import Outcome, Score
from services.orchestrator.domain.state import FAILED_VALIDATION, OPEN, PASSED_OVER, REJECTED, Attempt, Run

_GATE: Final = "consistency-gate"
#: Likenesses, each brought to 0 to 1 with 1 the best: factor and offset. Marks of alignment are 0 to 4.
_LIKENESS: Final = {
    "identity": (1.0, 0.0),
    "location": (1.0, 0.0),
    "style": (1.0, 0.0),
    "alignment": (0.25, 0.0),
    "copy-paste": (-1.0, 1.0),
}
#: Colours, less is better; what decides where no likeness was measured.
_COLOURS: Final = ("unexplained-colours", "palette")


#: A keyframe promises these to whoever animates it: no reviewer is shown an image that broke one.
_PROMISED: Final = frozenset({"decodes", "intact", "exact-size", "exact-aspect"})


def is_enough(run: Run, wanted: int) -> bool:
    """Whether the best take can be chosen: one passed, and so many were judged. After a re-roll the next one counts."""
    judged = [item for item in _since_review(run) if item.outcome in {FAILED_VALIDATION, PASSED_OVER}]
    after_review = any(item.outcome == REJECTED for item in run.attempts)
    return bool(passed(run)) and len(judged) >= (1 if after_review else wanted)


def passed(run: Run) -> tuple[Attempt, ...]:
    """The takes to choose from, best first: those that passed since a reviewer last sent one back."""
    return _ranked([item for item in _since_review(run) if item.outcome == PASSED_OVER])


def best_failed(run: Run) -> tuple[Attempt, ...]:
    """The images that failed their checks and could be used all the same, best first.

    What a reviewer has seen and sent back is none of them.
    """
    failed = [item for item in run.attempts if item.outcome == FAILED_VALIDATION and item.made and item.checked]
    return _ranked([item for item in failed if not _PROMISED & set(item.failed_checks or ())])


def showing(run: Run, shown: Attempt) -> Run:
    """The run with one attempt on show: that is always the last of the list; its number stays."""
    others = tuple(item for item in run.attempts if item.generation_id != shown.generation_id)
    return run.model_copy(update={"attempts": (*others, shown)})


def passed_over(run: Run) -> Run:
    """The run without open attempts that have an image: they pass for takes that were not chosen."""
    attempts = tuple(
        item.model_copy(update={"outcome": PASSED_OVER}) if item.outcome == OPEN and item.made else item
        for item in run.attempts
    )
    return run.model_copy(update={"attempts": attempts})


def _since_review(run: Run) -> Sequence[Attempt]:
    # In the order of the list: what was on show is the last before those that came after it.
    seen = [place for place, item in enumerate(run.attempts) if item.outcome == REJECTED]
    return run.attempts[seen[-1] + 1 :] if seen else run.attempts


def _ranked(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Fewest failed checks, the gate, fewest warned; then the likeness measured on all; then colours; then the first.

    What was not measured on all of them decides nothing: null is no zero.
    """
    told = [_scores(item) for item in attempts]
    likenesses = _common(told, tuple(_LIKENESS))
    colours = _common(told, _COLOURS)

    def merit(attempt: Attempt) -> tuple[float, ...]:
        scores = _scores(attempt)
        counts = [sum(item.outcome is outcome for item in scores) for outcome in (Outcome.FAILED, Outcome.WARNED)]
        gated = any(item.check == _GATE and item.outcome is Outcome.PASSED for item in scores)
        likeness = _mean([_value(scores, key) * _LIKENESS[key[0]][0] + _LIKENESS[key[0]][1] for key in likenesses])
        return (
            counts[0],
            -int(gated),
            counts[1],
            -likeness,
            *(_value(scores, key) for key in colours),
            attempt.attempt,
        )

    return tuple(sorted(attempts, key=merit))


def _scores(attempt: Attempt) -> tuple[Score, ...]:
    return attempt.checked.scores if attempt.checked is not None else ()


def _common(told: Sequence[Sequence[Score]], checks: Sequence[str]) -> list[tuple[str, str]]:
    """Check and entity of what was measured on every one, in the order of the checks."""
    measured = [
        {(item.check, item.entity_id or "") for item in scores if item.value is not None and item.check in checks}
        for scores in told
    ]
    found = set.intersection(*measured) if measured else set()
    return sorted(found, key=lambda key: (checks.index(key[0]), key[1]))


def _value(scores: Sequence[Score], key: tuple[str, str]) -> float:
    values = [item.value for item in scores if (item.check, item.entity_id or "") == key and item.value is not None]
    return values[0]


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 6) if values else 0.0
