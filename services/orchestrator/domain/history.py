"""What a run went through, as the router needs to know it."""

from collections import Counter

from schemas.generation import FailureKind
from services.orchestrator.domain.fit import History
from services.orchestrator.domain.state import FAILED_VALIDATION, Attempt, Run

#: Calls of a throttled model within one take before the next model is asked.
THROTTLED_TRIES = 2
#: Frames of one model that may fail validation before another model is asked.
INVALID_FRAMES = 2

#: Failures that a second call of the same model would only repeat.
_FINAL = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.PROMPT_TOO_LONG,
        FailureKind.OUTAGE,
        FailureKind.INVALID_REQUEST,
        FailureKind.UNUSABLE_IMAGE,
        FailureKind.CONFIGURATION,
        FailureKind.IN_DOUBT,
    }
)


def history_of(run: Run, *, spare_poor: bool) -> History:
    """The router's view of a run.

    Args:
        run: the run, all attempts settled or open.
        spare_poor: also exclude models whose frames failed validation too often. Asked first; when that leaves nobody,
            such a model is better than none.
    """
    excluded = {**(_poor(run) if spare_poor else {}), **_throttled(run), **_failed(run)}
    return History(
        spent_usd_micros=run.cost_usd_micros,
        excluded=excluded,
        keep=_model_to_keep(run.attempts),
        asked=frozenset(attempt.model for attempt in run.attempts),
    )


def _failed(run: Run) -> dict[str, str]:
    return {
        attempt.model: f"{attempt.outcome}: {attempt.reason}"[:300]
        for attempt in run.attempts
        if attempt.kind in _FINAL
    }


def _throttled(run: Run) -> dict[str, str]:
    counts = Counter(
        attempt.model for attempt in run.attempts if attempt.kind is FailureKind.THROTTLED and attempt.take == run.take
    )
    return {model: f"throttled {count} times" for model, count in counts.items() if count >= THROTTLED_TRIES}


def _poor(run: Run) -> dict[str, str]:
    counts = Counter(attempt.model for attempt in run.attempts if attempt.outcome == FAILED_VALIDATION)
    return {model: f"failed validation {count} times" for model, count in counts.items() if count >= INVALID_FRAMES}


def _model_to_keep(attempts: tuple[Attempt, ...]) -> str | None:
    """The model of the last attempt that made an image, or was only throttled: another face would be another look."""
    for attempt in reversed(attempts):
        if attempt.made is not None or attempt.kind is FailureKind.THROTTLED:
            return attempt.model
    return None
