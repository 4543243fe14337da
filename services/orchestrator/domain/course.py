"""The course of one run: ask a model, judge the frame, take again, and the four ways in which it ends.

Every function takes the state and a run of it, and returns a `Ruling`: the next state and the events to publish.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.base import Event
from schemas.project import ApprovalPolicy
from schemas.prompt import PromptBuilt, RetakeInstruction
from schemas.provider import ProviderHealthChanged
from schemas.review import ReviewRequested
from schemas.run import RunSuperseded
from schemas.topics import Lane
from schemas.validation import Verdict
from services.orchestrator.domain import keyframes, retakes
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.fit import PASSING, SkipCode
from services.orchestrator.domain.history import history_of
from services.orchestrator.domain.request import plan_request, seed_of_take
from services.orchestrator.domain.router import Choice, choose
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
REJECTED_BY_REVIEWER = "rejected-by-reviewer"
AUTO = "auto"


class InDoubtPolicy(StrEnum):
    """What becomes of a run whose call may or may not have been made: wait for a person, or pay another model."""

    HOLD = "hold"
    NEXT_MODEL = "next-model"


@dataclass(frozen=True, slots=True)
class Terms:
    """What decisions rest on beside the state: the catalogue, who works here and how they are, the date, the policy."""

    catalogue: Catalogue
    providers: tuple[str, ...]
    today: date
    health: Mapping[str, ProviderHealthChanged] = field(default_factory=dict)
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision: the state that follows, the events to publish, and a line for the log.

    `note` is empty where the events say it all; `alarm` marks a fault of ours that somebody must look at.
    """

    state: ShotState
    events: tuple[Event, ...] = ()
    run_id: str | None = None
    note: str = ""
    alarm: bool = False


def request(state: ShotState, run: Run, prompt: PromptBuilt, terms: Terms) -> Ruling:
    """Ask the best capable model for the next attempt, or end the run where attempts, money or models are used up."""
    if len(run.attempts) >= run.allowance:
        reason = f"all {run.allowance} attempts are used; the last: {_last_reason(run)}"
        return fail(state, run, prompt, ATTEMPTS_EXHAUSTED, reason)
    choice = _choice(run, prompt, terms)
    card = choice.chosen
    if card is None:
        return _end_without_model(state, run, prompt, choice)
    # A retake that keeps its seed keeps that of the take before; a fallback within a take keeps the take's own.
    before = next((item.seed for item in reversed(run.attempts)), None)
    seed = seed_of_take(prompt, before)
    asked = plan_request(
        prompt,
        choice,
        attempt=len(run.attempts) + 1,
        seed=seed,
        lane=Lane.EXPRESS if run.express else None,
    )
    attempt = Attempt(
        generation_id=asked.generation_id,
        attempt=asked.attempt,
        take=asked.take,
        model=card.model,
        provider=card.provider,
        seed=seed,
        estimated_cost_usd_micros=card.cost_usd_micros,
        catalogue_version=terms.catalogue.version,
        synthetic=card.synthetic,
        degradations=asked.degradations,
    )
    changed = run.model_copy(
        update={
            "status": RunStatus.GENERATING,
            "attempts": (*run.attempts, attempt),
        }
    )
    return _ruled(state, changed, asked)


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
        return take_again(state, waiting.with_attempt(settled), prompt, instruction)
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


def take_again(state: ShotState, run: Run, prompt: PromptBuilt, instruction: RetakeInstruction) -> Ruling:
    """Have the frame worded anew, or end the run where its attempts are used up."""
    if len(run.attempts) >= run.allowance:
        reason = f"all {run.allowance} attempts are used; the last: {_last_reason(run)}"
        return fail(state, run, prompt, ATTEMPTS_EXHAUSTED, reason)
    again = run.model_copy(update={"status": RunStatus.RETAKING, "take": run.take + 1})
    return _ruled(state, again, retakes.retake(prompt, again.take, instruction))


def approve(state: ShotState, run: Run, prompt: PromptBuilt, approved_by: str) -> Ruling:
    """Announce the newest attempt's image; it supersedes the keyframe announced before for this role."""
    accepted = run.attempts[-1].model_copy(update={"outcome": ACCEPTED})
    settled = run.with_attempt(accepted)
    event = keyframes.ready(
        prompt, settled, accepted, approved_by=approved_by, before=state.published.get(run.frame_role)
    )
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
    settled = run.attempts[-1].model_copy(update={"outcome": REJECTED, "reason": note})
    reason = f"rejected by {reviewer}: {note}"
    return fail(state, run.with_attempt(settled), prompt, REJECTED_BY_REVIEWER, reason, RunStatus.REJECTED)


def fail(  # noqa: PLR0913 - an ending names its state, its run and its reason
    state: ShotState, run: Run, prompt: PromptBuilt, code: str, reason: str, status: RunStatus = RunStatus.FAILED
) -> Ruling:
    """End the run without a keyframe."""
    return _ruled(state, run.closed_as(status), keyframes.failed(prompt, run, code=code, reason=reason))


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
    return choose(
        prompt,
        catalogue=terms.catalogue,
        today=terms.today,
        providers=terms.providers,
        health=terms.health,
        history=history_of(run, spare_poor=spare_poor),
    )


def _end_without_model(state: ShotState, run: Run, prompt: PromptBuilt, choice: Choice) -> Ruling:
    """A shot that no model could ever make is rejected; one that only luck or money stands against has failed."""
    if not run.attempts:
        if not choice.capable_but_for_now:
            refusal = keyframes.rejected(prompt, choice)
            return _ruled(state, run.closed_as(RunStatus.REJECTED), refusal)
        reasons = "; ".join(
            f"{item.card.model}: {item.skips[0].text}" for item in choice.capable_but_for_now if item.skips
        )
        return fail(state, run, prompt, keyframes.NO_CAPABLE_MODEL, f"no capable model can be asked now: {reasons}")
    short_of_money = [item for item in choice.candidates if {skip.code for skip in item.skips} == {SkipCode.BUDGET}]
    if short_of_money:
        reasons = "; ".join(f"{item.card.model}: {item.skips[0].text}" for item in short_of_money)
        return fail(state, run, prompt, BUDGET_EXHAUSTED, f"no money for another attempt: {reasons}")
    now = [item for item in choice.candidates if item.skips and {skip.code for skip in item.skips} <= PASSING]
    reasons = "; ".join(f"{item.card.model}: {item.skips[0].text}" for item in now) or _last_reason(run)
    return fail(state, run, prompt, FALLBACK_EXHAUSTED, f"no other capable model is left: {reasons}")


def _last_reason(run: Run) -> str:
    last = run.attempts[-1]
    return f"{last.model}, {last.outcome or 'unfinished'}" + (f": {last.reason}" if last.reason else "")


def _ruled(state: ShotState, run: Run, *events: Event) -> Ruling:
    return Ruling(state.with_run(run), events, run_id=run.run_id)
