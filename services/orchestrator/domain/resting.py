"""Runs that rest: for a model that can be asked again, for certainty about a call in doubt, for a reviewer."""

from schemas.prompt import PromptBuilt
from services.orchestrator.domain.fit import wanted_names
from services.orchestrator.domain.funds import usd
from services.orchestrator.domain.patience import Pause
from services.orchestrator.domain.router import Candidate, Choice
from services.orchestrator.domain.ruling import Terms
from services.orchestrator.domain.state import Attempt, Run, RunStatus, Wait, WaitKind

_REASON = 2000
#: Shortest rest: a look decides anew, so it must not come at once again.
_LEAST_S = 0.5


def for_throttled(run: Run, pause: Pause, terms: Terms) -> Run | None:
    """The run waiting for the model that it asked last; None when its patience is over."""
    provider = run.attempts[-1].provider
    return _for_model(run, pause.until, pause.text, (provider,), terms)


def for_any(run: Run, choice: Choice, terms: Terms) -> Run | None:
    """The run waiting for the first of the models that only the moment speaks against; None when its patience is over.

    Raises:
        ValueError: there is no such model.
    """
    waited = choice.worth_waiting_for
    opens = min(_opens(item, terms) for item in waited)
    providers = tuple(dict.fromkeys(item.card.provider for item in waited))
    return _for_model(run, opens, reasons_of(waited), providers, terms)


def is_stopgap(run: Run, prompt: PromptBuilt, choice: Choice, terms: Terms) -> bool:
    """Whether the choice is a draft that nobody wanted, while a finished model may come back."""
    card = choice.chosen
    if card is None or not card.draws_facts or any(item.model == card.model for item in run.attempts):
        return False
    preferred = terms.conditions.preferred
    names = wanted_names(prompt) or ((preferred,) if preferred is not None else ())
    if any(card in terms.catalogue.named(name) for name in names):
        return False
    return any(not item.card.draws_facts for item in choice.worth_waiting_for)


def in_doubt(run: Run, terms: Terms) -> Run:
    """The run held until its last call is certain, or a person says what to do."""
    until = terms.now + terms.patience.in_doubt_s
    wait = Wait(
        kind=WaitKind.IN_DOUBT, reason=doubt(run.attempts[-1])[:_REASON], due=until, until=until, turn=run.turns + 1
    )
    return run.resting(RunStatus.HELD, wait)


def for_review(run: Run, code: str, reason: str, terms: Terms) -> Run:
    """The run with its best failed attempt on show, until a person decides or the patience is over."""
    until = terms.now + terms.patience.review_s
    wait = Wait(kind=WaitKind.REVIEW, reason=reason[:_REASON], due=until, until=until, turn=run.turns + 1, code=code)
    return run.resting(RunStatus.IN_REVIEW, wait)


def doubt(attempt: Attempt) -> str:
    """What is in doubt, and what it may have cost."""
    cost = usd(attempt.spent_usd_micros)
    return f"generation {attempt.generation_id} of {attempt.model} is in doubt, may have cost {cost}: {attempt.reason}"


def reasons_of(candidates: tuple[Candidate, ...]) -> str:
    """The first reason against each, in one line."""
    return "; ".join(f"{item.card.model}: {item.skips[0].text}" for item in candidates if item.skips)


def _opens(candidate: Candidate, terms: Terms) -> float:
    """When nothing that has an end speaks against it any more; what has none is looked at again after a while."""
    look = terms.now + terms.patience.look_s
    return max(look if skip.until is None else skip.until for skip in candidate.skips)


def _for_model(run: Run, opens: float, reason: str, providers: tuple[str, ...], terms: Terms) -> Run | None:
    since = terms.now if run.waiting_since is None else run.waiting_since
    until = since + terms.patience.model_s
    if terms.now >= until:
        return None
    wait = Wait(
        kind=WaitKind.MODEL,
        reason=reason[:_REASON],
        due=min(max(opens, terms.now + _LEAST_S), until),
        until=until,
        turn=run.turns + 1,
        providers=providers,
    )
    return run.resting(RunStatus.WAITING, wait).model_copy(update={"waiting_since": since})
