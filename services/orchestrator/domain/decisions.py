"""`decide`: one input, one ruling. Pure: the same state, event and terms give the same ruling, ids included."""

from dataclasses import replace

from schemas.base import Event
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed
from schemas.prompt import PromptBuilt
from schemas.review import Decision, ReviewDecided
from schemas.shot import ShotPlanned
from schemas.validation import FrameValidated
from services.orchestrator.domain import course, retakes, takes
from services.orchestrator.domain.funds import has_limits
from services.orchestrator.domain.ruling import InDoubtPolicy, Look, Ruling, Terms
from services.orchestrator.domain.standing import Making, is_older, making_of, outdated, with_planned, with_worded
from services.orchestrator.domain.state import (
    OPEN,
    PASSED_OVER,
    REJECTED,
    Attempt,
    Checked,
    KeptPrompt,
    Made,
    Run,
    RunStatus,
    ShotState,
    WaitKind,
)

_TEXT = 4000


def decide(  # noqa: PLR0911 - one answer per input
    state: ShotState, event: Event | Look, terms: Terms
) -> Ruling:
    """What follows from an input that was not handled before.

    Args:
        state: all that is known of the shot; a fresh `ShotState` for a shot not met yet.
        event: ShotPlanned, PromptBuilt, GenerationCompleted, GenerationFailed, FrameValidated or ReviewDecided of
            this shot; or the time to look at a run that rests.
        terms: what the decision rests on beside the state.

    Raises:
        TypeError: the event is none of those.
    """
    if isinstance(event, Look):
        return _looked(state, event, terms)
    match event:
        case ShotPlanned():
            return _planned(state, event)
        case PromptBuilt():
            return _worded(state, event, terms)
        case GenerationCompleted():
            return _made(state, event, terms)
        case GenerationFailed():
            return _failed(state, event, terms)
        case FrameValidated():
            return _checked(state, event, terms)
        case ReviewDecided():
            return _reviewed(state, event, terms)
    raise TypeError(f"event: {type(event).__name__}, allowed are the events that the orchestrator consumes")


def _planned(state: ShotState, event: ShotPlanned) -> Ruling:
    return _superseding(with_planned(state, Making(event.revision, event.regeneration_id)))


def _superseding(state: ShotState) -> Ruling:
    """End every unfinished run of an older making."""
    events: list[Event] = []
    for run in outdated(state):
        ruling = course.supersede(state, run)
        state = ruling.state
        events.extend(ruling.events)
    return Ruling(state, tuple(events))


def _worded(state: ShotState, event: PromptBuilt, terms: Terms) -> Ruling:
    context = event.run
    run_id = context.run_id
    known = state.runs.get(run_id)
    if known is not None and (known.status is not RunStatus.RETAKING or known.take != event.take):
        return _ignored(state, run_id, f"prompt of take {event.take}: run is {known.status.value} in take {known.take}")
    run = known or Run(
        run_id=run_id,
        revision=context.revision,
        regeneration_id=context.regeneration_id,
        frame_role=context.frame_role,
        status=RunStatus.RETAKING,
        take=event.take,
        allowance=context.project.budget.max_attempts,
        scene_id=context.shot.scene_id,
    )
    budgeted = run.budgeted or has_limits(context.project.budget)
    run = run.model_copy(update={"prompt": KeptPrompt.of(event), "budgeted": budgeted})
    state = with_worded(state.with_run(run), making_of(run))
    if context.without_plan:
        # No plan will come for it, so its prompt stands for the plan.
        state = with_planned(state, making_of(run))
    superseded = _superseding(state)
    if is_older(superseded.state, making_of(run)):
        return Ruling(superseded.state, superseded.events, run_id=run_id)
    asked = course.request(superseded.state, run, event, terms)
    return replace(asked, events=(*superseded.events, *asked.events), run_id=run_id)


def _made(state: ShotState, event: GenerationCompleted, terms: Terms) -> Ruling:
    run_id = event.run.run_id
    found = _attempt(state, run_id, event.generation_id)
    if found is None:
        return _ignored(state, run_id, f"completed generation {event.generation_id} was never asked for")
    run, attempt = found
    doubtful = attempt.kind is FailureKind.IN_DOUBT
    if attempt.made is not None or (attempt.outcome != OPEN and not doubtful):
        return _ignored(state, run_id, f"generation {event.generation_id} was already settled: {attempt.outcome}")
    made = Made(
        asset=event.asset,
        prompt=event.prompt,
        negative_prompt=event.negative_prompt,
        seed_used=event.seed_used,
        references=event.references,
        degradations=event.degradations,
        template_version=event.template_version,
    )
    changes: dict[str, object] = {"made": made, "cost_usd_micros": event.cost_usd_micros}
    resumed = doubtful and run.status is RunStatus.HELD
    if resumed:
        changes |= {"outcome": OPEN, "kind": None, "reason": ""}
        run = run.model_copy(update={"status": RunStatus.VALIDATING, "wait": None})
    run = run.model_copy(update={"waiting_since": None})
    run = run.with_attempt(attempt.model_copy(update=changes))
    return _judged(state, run, event.generation_id, terms)


def _checked(state: ShotState, event: FrameValidated, terms: Terms) -> Ruling:
    run_id = event.run.run_id
    found = _attempt(state, run_id, event.generation_id)
    if found is None:
        return _ignored(state, run_id, f"validated generation {event.generation_id} was never asked for")
    run, attempt = found
    if attempt.checked is not None:
        return _ignored(state, run_id, f"generation {event.generation_id} was already validated")
    checked = Checked(verdict=event.verdict, scores=event.scores, reasons=event.reasons)
    return _judged(state, run.with_attempt(attempt.model_copy(update={"checked": checked})), event.generation_id, terms)


def _judged(state: ShotState, run: Run, generation_id: str, terms: Terms) -> Ruling:
    """Judge the attempt where it is the one that the run waits for; else it is only noted."""
    waits = run.status in {RunStatus.GENERATING, RunStatus.VALIDATING}
    if waits and run.attempts[-1].generation_id == generation_id:
        return course.judge(state, run, terms)
    return Ruling(state.with_run(run), run_id=run.run_id, note=f"noted only: run is {run.status.value}")


def _failed(state: ShotState, event: GenerationFailed, terms: Terms) -> Ruling:
    run_id = event.run.run_id
    found = _attempt(state, run_id, event.generation_id)
    if found is None:
        return _ignored(state, run_id, f"failed generation {event.generation_id} was never asked for")
    run, attempt = found
    in_doubt = event.kind is FailureKind.IN_DOUBT
    certain_at_last = attempt.kind is FailureKind.IN_DOUBT and not in_doubt
    if attempt.made is not None or (attempt.outcome != OPEN and not certain_at_last):
        return _ignored(state, run_id, f"generation {event.generation_id} was already settled: {attempt.outcome}")
    settled = attempt.model_copy(
        update={
            "outcome": event.kind.value,
            "kind": event.kind,
            "reason": _reason(event),
            "cost_usd_micros": event.cost_usd_micros,
            "ended_at": terms.now,
            "retry_after_s": event.retry_after_s,
        }
    )
    run = run.with_attempt(settled)
    waits = run.status in {RunStatus.GENERATING, RunStatus.VALIDATING, RunStatus.HELD}
    if not waits or run.attempts[-1].generation_id != event.generation_id:
        return Ruling(state.with_run(run), run_id=run_id, note=f"noted only: run is {run.status.value}")
    if in_doubt and terms.in_doubt is InDoubtPolicy.HOLD:
        return course.hold(state, run, terms)
    if certain_at_last:
        run = run.model_copy(update={"wait": None, "waiting_since": None})
    return _after_failure(state, run, settled, terms)


def _after_failure(state: ShotState, run: Run, settled: Attempt, terms: Terms) -> Ruling:
    """Another wording of a refused prompt where the terms have one, else another attempt."""
    prompt = run.wording()
    if settled.kind is FailureKind.REFUSED and terms.softening and not _softened(run):
        forgiven = run.with_attempt(settled.model_copy(update={"forgiven": True}))
        instruction = retakes.after_refusal(settled.model, settled.reason, terms.softening)
        return course.take_again(state, forgiven, prompt, instruction, terms)
    ruling = course.request(state, run, prompt, terms)
    if settled.kind is FailureKind.INVALID_REQUEST:
        return replace(ruling, note=settled.reason, alarm=True)
    return ruling


def _softened(run: Run) -> bool:
    """Whether a refused prompt of this run was worded anew before."""
    return any(attempt.kind is FailureKind.REFUSED and attempt.forgiven for attempt in run.attempts)


def _reason(event: GenerationFailed) -> str:
    if event.kind is FailureKind.INVALID_REQUEST:
        return f"bug: {event.model} called our request invalid: {event.reason}"[:_TEXT]
    return event.reason


def _reviewed(  # noqa: PLR0911 - one answer per decision
    state: ShotState, event: ReviewDecided, terms: Terms
) -> Ruling:
    run = state.runs.get(event.run_id)
    if run is None:
        return _ignored(state, None, f"review {event.review_id}: run {event.run_id} is unknown")
    on_show = run.status in {RunStatus.IN_REVIEW, RunStatus.HELD}
    instead = _approved_instead(run, event)
    if instead is not None:
        return course.approve(state, takes.showing(run, instead), run.wording(), event.reviewer)
    if not on_show or run.attempts[-1].generation_id != event.generation_id:
        why = f"review {event.review_id} ({event.decision.value}): generation {event.generation_id} is not in review"
        return _ignored(state, run.run_id, f"{why}; the run is {run.status.value}")
    if event.decision is Decision.REJECT and not event.note.strip():
        return _ignored(state, run.run_id, f"review {event.review_id}: note is empty, a reject needs one")
    if event.decision is Decision.REJECT:
        return course.refuse(state, run, run.wording(), event.reviewer, event.note)
    if run.status is RunStatus.HELD:
        return _doubt_settled(state, run, event, terms)
    if event.decision is Decision.APPROVE:
        return course.approve(state, run, run.wording(), event.reviewer)
    return _rerolled(state, run, event, terms)


def _approved_instead(run: Run, event: ReviewDecided) -> Attempt | None:
    """Another take that passed its checks, which the reviewer prefers to the one on show."""
    if run.status is not RunStatus.IN_REVIEW or event.decision is not Decision.APPROVE:
        return None
    attempt = run.attempt(event.generation_id)
    return attempt if attempt is not None and attempt.outcome == PASSED_OVER else None


def _doubt_settled(state: ShotState, run: Run, event: ReviewDecided, terms: Terms) -> Ruling:
    """A person's word on a call in doubt: ask again knowingly. Its possible cost stays booked."""
    if event.decision is not Decision.REROLL:
        return _ignored(state, run.run_id, f"review {event.review_id}: a call in doubt has no image to approve")
    last = run.attempts[-1]
    asked = f"{event.reviewer} asked for another call: {event.note}".rstrip(": ")
    forgiven = last.model_copy(update={"forgiven": True, "reason": f"{last.reason}; {asked}"[:_TEXT]})
    again = _allowed_once_more(run.with_attempt(forgiven)).model_copy(update={"wait": None, "waiting_since": None})
    return course.request(state, again, again.wording(), terms)


def _allowed_once_more(run: Run) -> Run:
    """A person's wish outranks the budget of attempts, by one."""
    allowed = max(run.allowance, run.attempts_used + 1)
    return run.model_copy(update={"allowance": allowed, "express": True})


def _rerolled(state: ShotState, run: Run, event: ReviewDecided, terms: Terms) -> Ruling:
    instruction = retakes.after_review(event.reviewer, event.note)
    settled = run.attempts[-1].model_copy(
        update={"outcome": REJECTED, "reason": f"{instruction.reason}: {event.note}".rstrip(": ")[:_TEXT]}
    )
    run = _allowed_once_more(run.with_attempt(settled))
    return course.take_again(state, run, run.wording(), instruction, terms)


def _looked(state: ShotState, look: Look, terms: Terms) -> Ruling:
    run = state.runs.get(look.run_id)
    if run is None or run.wait is None or run.wait.turn != look.turn:
        return Ruling(state)
    if run.wait.kind is WaitKind.IN_DOUBT:
        return course.end_doubt(state, run, run.wording(), terms) if run.wait.until <= terms.now else Ruling(state)
    if run.wait.kind is WaitKind.REVIEW:
        over = run.wait.until <= terms.now
        return course.end_review(state, run, run.wording(), run.wait, terms) if over else Ruling(state)
    if run.wait.due > terms.now and not state.woken:
        return Ruling(state)
    return course.request(state, run.model_copy(update={"wait": None}), run.wording(), terms)


def _attempt(state: ShotState, run_id: str, generation_id: str) -> tuple[Run, Attempt] | None:
    run = state.runs.get(run_id)
    attempt = run.attempt(generation_id) if run is not None else None
    return None if run is None or attempt is None else (run, attempt)


def _ignored(state: ShotState, run_id: str | None, note: str) -> Ruling:
    return Ruling(state, run_id=run_id if run_id in state.runs else None, note=note)
