"""The course of one run: ask a model, judge the frame, take again, and the ways in which it ends.

Every function takes the state and a run of it, and returns a `Ruling`: the next state and the events to publish.
"""

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
from services.orchestrator.domain import keyframes, references_made, resting, retakes
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
    REJECTED,
    Attempt,
    Published,
    Run,
    RunStatus,
    ShotState,
)

ATTEMPTS_EXHAUSTED = "attempts-exhausted"
BUDGET_EXHAUSTED = "budget-exhausted"
FALLBACK_EXHAUSTED = "fallback-exhausted"
IN_DOUBT = "in-doubt"
REJECTED_BY_REVIEWER = "rejected-by-reviewer"
AUTO = "auto"

#: Calls of one run, those that use up no attempt included: an end for whatever pauses and deadlines don't end.
MAX_CALLS = 100

_MONEY = frozenset({SkipCode.BUDGET, SkipCode.FUNDS})


def request(state: ShotState, run: Run, prompt: PromptBuilt, terms: Terms) -> Ruling:
    """Ask the best capable model for the next attempt; wait for one, or end the run where there is nothing to wait for.

    Attempts, money and models may be used up.
    """
    if run.attempts_used >= run.allowance or len(run.attempts) >= MAX_CALLS:
        return fail(state, run, prompt, ATTEMPTS_EXHAUSTED, _used_up(run))
    no_call_left = terms.conditions.funds.refusal(Spent(run.attempts_used, run.cost_usd_micros))
    if no_call_left is not None:
        return fail(state, run, prompt, BUDGET_EXHAUSTED, no_call_left)
    pause = short_throttle(run, terms.now, terms.patience)
    waiting = resting.for_throttled(run, pause, terms) if pause is not None else None
    if waiting is not None:
        return _rested(state, waiting)
    choice = _choice(run, prompt, terms)
    if choice.worth_waiting_for and (choice.chosen is None or resting.is_stopgap(run, prompt, choice, terms)):
        waiting = resting.for_any(run, choice, terms)
        if waiting is not None:
            return _rested(state, waiting)
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
        changed=retakes.changes(prompt, run.attempts[-1].model if run.attempts else None, card.model),
        model_digest=card.digest,
    )
    changed = run.model_copy(
        update={
            "status": RunStatus.GENERATING,
            "wait": None,
            "attempts": (*run.attempts, attempt),
        }
    )
    return _ruled(state, changed, asked)


def hold(state: ShotState, run: Run, terms: Terms) -> Ruling:
    """Hold a run whose last call is in doubt."""
    held = resting.in_doubt(run, terms)
    return Ruling(state.with_run(held), run_id=run.run_id, note=f"held: {resting.doubt(run.attempts[-1])}")


def end_doubt(state: ShotState, run: Run, prompt: PromptBuilt, terms: Terms) -> Ruling:
    """End a run that nobody decided on: what was paid is not known to the last."""
    waited = f"held for {terms.patience.in_doubt_s:g} s and nobody decided"
    return fail(state, run, prompt, IN_DOUBT, f"{waited}: {resting.doubt(run.attempts[-1])}")


def judge(state: ShotState, run: Run) -> Ruling:
    """Decide on the newest attempt once both its image and its checks are known; until then nothing follows."""
    attempt = run.attempts[-1]
    if attempt.made is None or attempt.outcome != OPEN:
        return Ruling(state.with_run(run), run_id=run.run_id)
    waiting = run.model_copy(update={"status": RunStatus.VALIDATING})
    if attempt.checked is None:
        return Ruling(state.with_run(waiting), run_id=run.run_id)
    prompt = run.wording()
    if attempt.checked.verdict is Verdict.FAILED:
        instruction = retakes.after_validation(attempt.checked)
        settled = attempt.model_copy(update={"outcome": FAILED_VALIDATION, "reason": instruction.reason})
        failed = waiting.with_attempt(settled)
        if failed.attempts_used >= failed.allowance and prompt.run.approval is ApprovalPolicy.MANUAL:
            return _best_shown(state, failed, prompt)
        return take_again(state, failed, prompt, instruction)
    if prompt.run.approval is ApprovalPolicy.AUTO:
        return approve(state, waiting, prompt, AUTO)
    asked = ReviewRequested(
        run=prompt.run,
        generation_id=attempt.generation_id,
        take=attempt.take,
        asset=attempt.made.asset,
        scores=attempt.checked.scores,
        reason="approval policy is manual",
    )
    return _ruled(state, run.model_copy(update={"status": RunStatus.IN_REVIEW}), asked)


def _best_shown(state: ShotState, run: Run, prompt: PromptBuilt) -> Ruling:
    """At the end of the attempts a person who decides anyway is shown the best of them: fewest failed, then warned."""
    # What a reviewer has seen and sent back isn't shown again.
    made = [item for item in run.attempts if item.outcome == FAILED_VALIDATION and item.made and item.checked]
    best = min(made, key=lambda item: (retakes.faults(item), -item.attempt))
    # The attempt on show is always the last of the list; its number stays.
    others = tuple(item for item in run.attempts if item.generation_id != best.generation_id)
    shown = run.model_copy(update={"attempts": (*others, best), "status": RunStatus.IN_REVIEW})
    if best.made is None or best.checked is None:
        raise ValueError(f"run {run.run_id}: attempt {best.attempt} has no checked image")
    asked = ReviewRequested(
        run=prompt.run,
        generation_id=best.generation_id,
        take=best.take,
        asset=best.made.asset,
        scores=best.checked.scores,
        reason=f"all {run.attempts_used} attempts are used up and the last failed; the best of {len(made)} that failed",
    )
    return _ruled(state, shown, asked)


def take_again(state: ShotState, run: Run, prompt: PromptBuilt, instruction: RetakeInstruction) -> Ruling:
    """Have the frame worded anew, or end the run where its attempts are used up."""
    if run.attempts_used >= run.allowance:
        return fail(state, run, prompt, ATTEMPTS_EXHAUSTED, _used_up(run))
    again = run.model_copy(update={"status": RunStatus.RETAKING, "take": run.take + 1})
    return _ruled(state, again, retakes.retake(prompt, again.take, instruction))


def approve(state: ShotState, run: Run, prompt: PromptBuilt, approved_by: str) -> Ruling:
    """Announce the newest attempt's image; it supersedes the keyframe or reference announced before for this role."""
    accepted = run.attempts[-1].model_copy(update={"outcome": ACCEPTED})
    settled = run.with_attempt(accepted)
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
    history = history_of(run, terms.catalogue, terms.now, terms.patience, spare_poor=spare_poor)
    return route(prompt, terms.catalogue, terms.conditions, history)


def _end_without_model(state: ShotState, run: Run, prompt: PromptBuilt, choice: Choice, terms: Terms) -> Ruling:
    """A shot that no model could ever make is rejected; one that only luck or money stands against has failed."""
    if choice.worth_waiting_for:
        waited = f"no capable model could be asked for {terms.patience.model_s:g} s"
        reason = f"{waited}: {resting.reasons_of(choice.worth_waiting_for)}"
        return fail(state, run, prompt, keyframes.NO_CAPABLE_MODEL, reason)
    dear = tuple(item for item in choice.candidates if item.skips and {skip.code for skip in item.skips} <= _MONEY)
    if any(run.attempts or skip.code is SkipCode.FUNDS for item in dear for skip in item.skips):
        reason = f"no money for another attempt: {resting.reasons_of(dear)}"
        return fail(state, run, prompt, BUDGET_EXHAUSTED, reason)
    if not run.attempts:
        if not choice.capable_but_for_now:
            told = references_made if prompt.run.reference is not None else keyframes
            return _ruled(state, run.closed_as(RunStatus.REJECTED), told.rejected(prompt, choice))
        reasons = resting.reasons_of(choice.capable_but_for_now)
        return fail(state, run, prompt, keyframes.NO_CAPABLE_MODEL, f"no capable model can be asked now: {reasons}")
    now = tuple(item for item in choice.candidates if item.skips and {skip.code for skip in item.skips} <= PASSING)
    reasons = resting.reasons_of(now) or _last_reason(run)
    return fail(state, run, prompt, FALLBACK_EXHAUSTED, f"no other capable model is left: {reasons}")


def _used_up(run: Run) -> str:
    return f"all {run.allowance} attempts are used; the last: {_last_reason(run)}"


def _last_reason(run: Run) -> str:
    last = run.attempts[-1]
    return f"{last.model}, {last.outcome or 'unfinished'}" + (f": {last.reason}" if last.reason else "")


def _rested(state: ShotState, run: Run) -> Ruling:
    why = "" if run.wait is None else run.wait.reason
    return Ruling(state.with_run(run), run_id=run.run_id, note=f"waits: {why}")


def _ruled(state: ShotState, run: Run, *events: Event) -> Ruling:
    return Ruling(state.with_run(run), events, run_id=run.run_id)
