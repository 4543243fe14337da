"""The course of one run: ask a model, judge the frame, take again, and the ways in which it ends.

Every function takes the state and a run of it, and returns a `Ruling`: the next state and the events to publish.
"""

from typing import Any

from schemas.base import Event
from schemas.generation import FailureKind
from schemas.keyframe import KeyframeReady
from schemas.project import ApprovalPolicy
from schemas.prompt import PromptBuilt, RetakeInstruction
from schemas.reference import ReferenceReady
from schemas.review import ReviewRequested
from schemas.run import RunSuperseded
from schemas.topics import Lane
from schemas.validation import Verdict
from services.orchestrator.domain import keyframes, references_made, resting, retakes, takes
from services.orchestrator.domain.catalogue import ModelCard
from services.orchestrator.domain.fit import PASSING, SkipCode
from services.orchestrator.domain.funds import Spent
from services.orchestrator.domain.history import history_of
from services.orchestrator.domain.patience import short_throttle
from services.orchestrator.domain.request import plan_request, seed_of_take
from services.orchestrator.domain.router import Choice, route
from services.orchestrator.domain.ruling import Ruling, Terms
from services.orchestrator.domain.standing import newest
from services.orchestrator.domain.state import (
    ACCEPTED,
    FAILED_VALIDATION,
    OPEN,
    PASSED_OVER,
    REJECTED,
    Attempt,
    Published,
    Run,
    RunStatus,
    ShotState,
    Wait,
)

ATTEMPTS_EXHAUSTED = "attempts-exhausted"
BUDGET_EXHAUSTED = "budget-exhausted"
FALLBACK_EXHAUSTED = "fallback-exhausted"
IN_DOUBT = "in-doubt"
REJECTED_BY_REVIEWER = "rejected-by-reviewer"
AUTO = "auto"

#: Calls of one run, those that use up no attempt included: an end for whatever pauses and deadlines don't end.
MAX_CALLS = 100

_PHRASE = 500
_MONEY = frozenset({SkipCode.BUDGET, SkipCode.FUNDS})


def request(state: ShotState, run: Run, prompt: PromptBuilt, terms: Terms) -> Ruling:
    """Ask the best capable model for the next attempt; wait for one, or end the run where there is nothing to wait for.

    Attempts, money and models may be used up.
    """
    if run.attempts_used >= run.allowance or len(run.attempts) >= MAX_CALLS:
        return give_up(state, run, prompt, ATTEMPTS_EXHAUSTED, _used_up(run), terms)
    no_call_left = terms.conditions.funds.refusal(Spent(run.attempts_used, run.cost_usd_micros))
    if no_call_left is not None:
        return give_up(state, run, prompt, BUDGET_EXHAUSTED, no_call_left, terms)
    pause = short_throttle(run, terms.now, terms.patience)
    waiting = resting.for_throttled(run, pause, terms) if pause is not None else None
    if waiting is not None:
        return _rested(state, waiting, prompt)
    choice = _choice(run, prompt, terms)
    if choice.worth_waiting_for and (choice.chosen is None or resting.is_stopgap(run, prompt, choice, terms)):
        waiting = resting.for_any(run, choice, terms)
        if waiting is not None:
            return _rested(state, waiting, prompt)
    if choice.chosen is None:
        return _end_without_model(state, run, prompt, choice, terms)
    return _asked(state, run, prompt, choice, choice.chosen, terms)


def _asked(  # noqa: PLR0913 - a decision with everything that it rests on
    state: ShotState, run: Run, prompt: PromptBuilt, choice: Choice, card: ModelCard, terms: Terms
) -> Ruling:
    # A retake that keeps its seed keeps that of the take before; a fallback within a take keeps the take's own.
    before = next((item.seed for item in reversed(run.attempts)), None)
    seed = seed_of_take(prompt, before)
    asked = plan_request(
        prompt,
        choice,
        attempt=len(run.attempts) + 1,
        seed=seed,
        lane=Lane.EXPRESS if run.express else None,
        defaults=terms.sampling,
    )
    attempt = Attempt(
        generation_id=asked.generation_id,
        attempt=asked.attempt,
        take=asked.take,
        model=card.model,
        provider=card.provider,
        seed=seed,
        estimated_cost_usd_micros=asked.estimated_cost_usd_micros,
        catalogue_version=terms.catalogue.version,
        synthetic=card.synthetic,
        degradations=asked.degradations,
        prompt_chars=len(asked.prompt),
        model_digest=card.digest,
        **_changed(run, prompt, card),
    )
    changed = run.model_copy(
        update={
            "status": RunStatus.GENERATING,
            "wait": None,
            "attempts": (*run.attempts, attempt),
        }
    )
    return _ruled(state, changed, asked)


def _changed(run: Run, prompt: PromptBuilt, card: ModelCard) -> dict[str, Any]:
    """The fields of an attempt that say what it changes."""
    change = retakes.change(prompt, run.attempts[-1].model if run.attempts else None, card.model)
    return {
        "changed": change.told,
        "against": change.against,
        "strategies": change.strategies,
        "tactics": change.tactics,
        "skipped": change.skipped,
    }


def hold(state: ShotState, run: Run, terms: Terms) -> Ruling:
    """Hold a run whose last call is in doubt; where one take has passed, that is taken instead."""
    if takes.passed(run):
        return conclude(state, run, run.wording())
    held = resting.in_doubt(run, terms)
    return Ruling(state.with_run(held), run_id=run.run_id, note=f"held: {resting.doubt(run.attempts[-1])}")


def end_doubt(state: ShotState, run: Run, prompt: PromptBuilt, terms: Terms) -> Ruling:
    """End a run that nobody decided on: what was paid is not known to the last."""
    waited = f"held for {terms.patience.in_doubt_s:g} s and nobody decided"
    return fail(state, run, prompt, IN_DOUBT, f"{waited}: {resting.doubt(run.attempts[-1])}")


def judge(state: ShotState, run: Run, terms: Terms) -> Ruling:
    """Decide on the newest attempt once both its image and its checks are known; until then nothing follows."""
    attempt = run.attempts[-1]
    if attempt.made is None or attempt.outcome != OPEN:
        return Ruling(state.with_run(run), run_id=run.run_id)
    waiting = run.model_copy(update={"status": RunStatus.VALIDATING})
    if attempt.checked is None:
        return Ruling(state.with_run(waiting), run_id=run.run_id)
    prompt = run.wording()
    has_failed = attempt.checked.verdict is Verdict.FAILED
    instruction = retakes.after_validation(attempt.checked, terms.lessons) if has_failed else None
    settled = attempt.model_copy(
        update={
            "outcome": PASSED_OVER if instruction is None else FAILED_VALIDATION,
            "reason": "" if instruction is None else instruction.reason,
            "failed_checks": retakes.failed_checks(attempt.checked),
        }
    )
    judged, wanted = waiting.with_attempt(settled), prompt.run.takes
    if takes.is_enough(judged, wanted):
        return conclude(state, judged, prompt)
    return take_again(state, judged, prompt, instruction or retakes.another(run.take + 1, wanted), terms)


def conclude(state: ShotState, run: Run, prompt: PromptBuilt) -> Ruling:
    """Choose the best of the takes that passed: announce it, or show it to who decides."""
    best, *others = takes.passed(run)
    chosen = best.model_copy(update={"outcome": OPEN})
    shown = takes.showing(run.with_attempt(chosen), chosen)
    if prompt.run.approval is ApprovalPolicy.AUTO:
        return approve(state, shown, prompt, AUTO)
    reason = "approval policy is manual"
    if others:
        reason = f"{reason}; the best of {len(others) + 1} takes that passed"
    asked = _review(prompt, chosen, reason, tuple(item.generation_id for item in others))
    return _ruled(state, _on_show(shown), asked)


def give_up(  # noqa: PLR0913 - an ending names its state, its run and its reason
    state: ShotState, run: Run, prompt: PromptBuilt, code: str, reason: str, terms: Terms
) -> Ruling:
    """The end of a run's attempts, money or models: what it has is kept.

    A take that passed is taken. Else a person is shown the best that failed: for as long as they like where approval is
    manual; where it is automatic until a deadline, since nobody need be looking. References that fail in an automatic
    film end at once: shots wait for them, and can go on without.
    """
    if takes.passed(run):
        return conclude(state, run, prompt)
    failed = takes.best_failed(run)
    asks = prompt.run.approval is ApprovalPolicy.MANUAL
    if not failed or not (asks or (prompt.run.reference is None and terms.patience.review_s)):
        return fail(state, run, prompt, code, reason)
    best = failed[0]
    shown = _on_show(takes.showing(run, best))
    told = f"the best of {len(failed)} that failed; {reason}" if len(failed) > 1 else reason
    waiting = shown if asks else resting.for_review(shown, code, reason, terms)
    return _ruled(state, waiting, _review(prompt, best, told))


def _on_show(run: Run) -> Run:
    return run.model_copy(update={"status": RunStatus.IN_REVIEW, "wait": None, "waiting_since": None})


def _review(prompt: PromptBuilt, shown: Attempt, reason: str, others: tuple[str, ...] = ()) -> ReviewRequested:
    if shown.made is None or shown.checked is None:
        raise ValueError(f"generation {shown.generation_id}: has no checked image; allowed is a judged one")
    return ReviewRequested(
        run=prompt.run,
        generation_id=shown.generation_id,
        take=shown.take,
        asset=shown.made.asset,
        scores=shown.checked.scores,
        reason=reason if len(reason) <= _PHRASE else reason[: _PHRASE - 1] + "…",
        others=others,
    )


def end_review(state: ShotState, run: Run, prompt: PromptBuilt, wait: Wait, terms: Terms) -> Ruling:
    """End a run whose best failed attempt nobody has decided on."""
    waited = f"the best of them was on show for {terms.patience.review_s:g} s and nobody decided"
    return fail(state, run, prompt, wait.code, f"{wait.reason}; {waited}")


def take_again(state: ShotState, run: Run, prompt: PromptBuilt, instruction: RetakeInstruction, terms: Terms) -> Ruling:
    """Have the frame worded anew, or end the run where its attempts are used up."""
    if run.attempts_used >= run.allowance:
        return give_up(state, run, prompt, ATTEMPTS_EXHAUSTED, _used_up(run), terms)
    again = run.model_copy(update={"status": RunStatus.RETAKING, "take": run.take + 1, "wait": None})
    return _ruled(state, again, retakes.retake(prompt, again.take, instruction))


def approve(state: ShotState, run: Run, prompt: PromptBuilt, approved_by: str) -> Ruling:
    """Announce the newest attempt's image; it supersedes the keyframe or reference announced before for this role."""
    accepted = run.attempts[-1].model_copy(update={"outcome": ACCEPTED})
    settled = takes.passed_over(run.with_attempt(accepted))
    event: KeyframeReady | ReferenceReady
    if prompt.run.reference is not None:
        event = references_made.ready(prompt, settled, accepted, approved_by=approved_by)
    else:
        before = state.published.get(run.frame_role)
        event = keyframes.ready(prompt, settled, accepted, approved_by=approved_by, before=before)
    shown = Published(
        event_id=event.event_id,
        run_id=run.run_id,
        generation_id=accepted.generation_id,
        revision=run.revision,
        regeneration_id=run.regeneration_id,
    )
    published = {**state.published, run.frame_role: shown}
    return _ruled(state.model_copy(update={"published": published}), settled.closed_as(RunStatus.APPROVED), event)


def refuse(state: ShotState, run: Run, prompt: PromptBuilt, reviewer: str, note: str) -> Ruling:
    """End the run by a reviewer's word."""
    last = run.attempts[-1]
    # What is in doubt stays so: it may have been paid for.
    outcome = last.outcome if last.kind is FailureKind.IN_DOUBT else REJECTED
    settled = last.model_copy(update={"outcome": outcome, "reason": note})
    reason = f"rejected by {reviewer}: {note}"
    return fail(state, run.with_attempt(settled), prompt, REJECTED_BY_REVIEWER, reason, RunStatus.REJECTED)


def fail(  # noqa: PLR0913 - an ending names its state, its run and its reason
    state: ShotState, run: Run, prompt: PromptBuilt, code: str, reason: str, status: RunStatus = RunStatus.FAILED
) -> Ruling:
    """End the run without an image."""
    told = references_made if prompt.run.reference is not None else keyframes
    return _ruled(state, run.closed_as(status), told.failed(prompt, run, code=code, reason=reason))


def supersede(state: ShotState, run: Run) -> Ruling:
    """End a run for which a newer making is known."""
    latest = newest(state)
    same = latest.revision == run.revision
    event = RunSuperseded(
        run=run.wording().run,
        superseded_by_revision=latest.revision,
        superseded_by_regeneration=latest.regeneration_id if same else None,
        reason=f"regeneration {latest.regeneration_id}" if same else f"revision {latest.revision}",
    )
    return _ruled(state, run.closed_as(RunStatus.SUPERSEDED), event)


def _choice(run: Run, prompt: PromptBuilt, terms: Terms) -> Choice:
    choice = _choose(run, prompt, terms, spare_poor=True)
    return choice if choice.chosen is not None else _choose(run, prompt, terms, spare_poor=False)


def _choose(run: Run, prompt: PromptBuilt, terms: Terms, *, spare_poor: bool) -> Choice:
    next_model = prompt.retake.next_model if prompt.retake is not None else None
    history = history_of(run, terms.catalogue, terms.now, terms.patience, spare_poor=spare_poor, next_model=next_model)
    return route(prompt, terms.catalogue, terms.conditions, history)


def _end_without_model(state: ShotState, run: Run, prompt: PromptBuilt, choice: Choice, terms: Terms) -> Ruling:
    """A shot that no model could ever make is rejected; one that only luck or money stands against has failed."""
    if choice.worth_waiting_for:
        waited = f"no capable model could be asked for {terms.patience.model_s:g} s"
        reason = f"{waited}: {resting.reasons_of(choice.worth_waiting_for)}"
        return give_up(state, run, prompt, keyframes.NO_CAPABLE_MODEL, reason, terms)
    dear = tuple(item for item in choice.candidates if item.skips and {skip.code for skip in item.skips} <= _MONEY)
    if any(run.attempts or skip.code is SkipCode.FUNDS for item in dear for skip in item.skips):
        reason = f"no money for another attempt: {resting.reasons_of(dear)}"
        return give_up(state, run, prompt, BUDGET_EXHAUSTED, reason, terms)
    if not run.attempts:
        if not choice.capable_but_for_now:
            told = references_made if prompt.run.reference is not None else keyframes
            return _ruled(state, run.closed_as(RunStatus.REJECTED), told.rejected(prompt, choice))
        reasons = resting.reasons_of(choice.capable_but_for_now)
        return fail(state, run, prompt, keyframes.NO_CAPABLE_MODEL, f"no capable model can be asked now: {reasons}")
    now = tuple(item for item in choice.candidates if item.skips and {skip.code for skip in item.skips} <= PASSING)
    reasons = resting.reasons_of(now) or _last_reason(run)
    return give_up(state, run, prompt, FALLBACK_EXHAUSTED, f"no other capable model is left: {reasons}", terms)


def _used_up(run: Run) -> str:
    return f"all {run.allowance} attempts are used; the last: {_last_reason(run)}"


def _last_reason(run: Run) -> str:
    last = run.attempts[-1]
    return f"{last.model}, {last.outcome or 'unfinished'}" + (f": {last.reason}" if last.reason else "")


def _rested(state: ShotState, run: Run, prompt: PromptBuilt) -> Ruling:
    if takes.passed(run):
        # One take is in hand: another one to compare it with isn't worth waiting for.
        return conclude(state, run, prompt)
    why = "" if run.wait is None else run.wait.reason
    return Ruling(state.with_run(run), run_id=run.run_id, note=f"waits: {why}")


def _ruled(state: ShotState, run: Run, *events: Event) -> Ruling:
    return Ruling(state.with_run(run), events, run_id=run.run_id)
