"""What a run went through, as the router needs to know it."""

from collections import Counter
from collections.abc import Mapping

from schemas.generation import FailureKind
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.fit import History
from services.orchestrator.domain.patience import Patience, model_pauses, provider_pauses
from services.orchestrator.domain.state import FAILED_VALIDATION, Attempt, Run

#: Frames of one model that may fail validation before another model is asked.
INVALID_FRAMES = 2

#: Failures that a second call of the same model would only repeat.
_FINAL = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.INVALID_REQUEST,
        FailureKind.UNUSABLE_IMAGE,
        FailureKind.IN_DOUBT,
    }
)


def history_of(  # noqa: PLR0913 - all that a run's past is read by
    run: Run,
    catalogue: Catalogue,
    now: float,
    patience: Patience,
    *,
    spare_poor: bool,
    next_model: bool | None = None,
) -> History:
    """The router's view of a run.

    Args:
        run: the run, all attempts settled or open.
        catalogue: tells which models share a content policy.
        now: seconds since 1970.
        patience: how long pauses are.
        spare_poor: also exclude models whose frames failed validation too often. Asked first; when that leaves nobody,
            such a model is better than none.
        next_model: whether one frame that failed is too often (true), or no number of them (false); None = two.
    """
    return History(
        run_id=run.run_id,
        spent_usd_micros=run.cost_usd_micros,
        calls=run.attempts_used,
        excluded={**(_poor(run, next_model) if spare_poor else {}), **_failed(run)},
        paused=model_pauses(run, now, patience),
        paused_providers=provider_pauses(run, now, patience),
        refused_by=_refused_by(run, catalogue),
        longest=_longest(run),
        keep=_model_to_keep(run.attempts),
        asked=frozenset(attempt.model for attempt in run.attempts),
    )


def _failed(run: Run) -> dict[str, str]:
    return {
        attempt.model: f"{attempt.outcome}: {attempt.reason}"[:300]
        for attempt in run.attempts
        if attempt.kind in _FINAL and not attempt.forgiven
    }


def _poor(run: Run, next_model: bool | None) -> dict[str, str]:
    if next_model is False:
        return {}
    most = 1 if next_model else INVALID_FRAMES
    counts = Counter(attempt.model for attempt in run.attempts if attempt.outcome == FAILED_VALIDATION)
    return {model: f"failed validation {count} time(s)" for model, count in counts.items() if count >= most}


def _refused_by(run: Run, catalogue: Catalogue) -> Mapping[str, str]:
    """By family of content policies, the model of it that refused."""
    found = {}
    for attempt in run.attempts:
        card = catalogue.card(attempt.model)
        if attempt.kind is FailureKind.REFUSED and not attempt.forgiven:
            found[card.policy_family if card is not None else attempt.provider] = attempt.model
    return found


def _longest(run: Run) -> Mapping[str, int]:
    """By model, the characters that a prompt may have after it called one too long."""
    found: dict[str, int] = {}
    for attempt in run.attempts:
        if attempt.kind is FailureKind.PROMPT_TOO_LONG:
            found[attempt.model] = min(found.get(attempt.model, attempt.prompt_chars), attempt.prompt_chars) - 1
    return found


def _model_to_keep(attempts: tuple[Attempt, ...]) -> str | None:
    """The model of the last attempt that made an image, or that only has to be asked anew.

    Another face would be another look.
    """
    for attempt in reversed(attempts):
        again = attempt.kind in {FailureKind.THROTTLED, FailureKind.PROMPT_TOO_LONG} or attempt.forgiven
        if attempt.made is not None or again:
            return attempt.model
    return None
