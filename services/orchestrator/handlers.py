"""What happens on each consumed event, and when a run has rested: load, decide, reserve, save, emit."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.base import Event
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.prompt import PromptBuilt
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.review import ReviewDecided
from schemas.run import RunContext
from schemas.shot import ShotPlanned
from schemas.validation import FrameValidated, Verdict
from schemas.vocabulary import SubjectKind
from services.chassis.bindings import Swept
from services.chassis.clock import Clock
from services.chassis.failures import Poison, Transient
from services.chassis.stored_events import pack, unpack
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.circuit import Stand
from services.orchestrator.domain.decisions import decide
from services.orchestrator.domain.fit import Conditions
from services.orchestrator.domain.funds import NO_LIMITS, Funds, has_limits
from services.orchestrator.domain.lessons import NO_LESSONS
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.request import MODELS_OWN, Sampling
from services.orchestrator.domain.retention import remembering, trimmed
from services.orchestrator.domain.ruling import InDoubtPolicy, Look, Ruling, Terms
from services.orchestrator.domain.state import Run, ShotState
from services.orchestrator.ports import Budgets, Gauges, LessonsKnown, Providers, ShotStates

log = logging.getLogger(__name__)

#: Lost compare-and-sets in a row before the message is tried again later. Its topics' handlers are few.
_RACES = 20
#: Shots that one sweep looks at, and at once.
_SWEPT, _AT_ONCE = 200, 16
#: When what a sweep decided has to be published: a time of our clock could lie far in the future by the next one.
_SINCE_EVER = 0.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions rest on beside the state and the moment; `Terms` and `Conditions` say what each is.

    `warm_up_s`: nothing that rests is looked at in the first seconds: news of providers may lie in the backlog.
    """

    catalogue: Catalogue
    providers: tuple[str, ...]
    absent: dict[str, str] = field(default_factory=dict)
    preferred: str | None = None
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    patience: Patience = field(default_factory=Patience)
    sampling: Sampling = MODELS_OWN
    softening: str = ""
    warm_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the handlers use."""

    shots: ShotStates
    providers: Providers
    budgets: Budgets
    lessons: LessonsKnown
    gauges: Gauges
    clock: Clock


class Handlers:
    """One method per consumed event, and the sweeps."""

    def __init__(self, ports: Ports, rules: Rules) -> None:
        self._shots = ports.shots
        self._providers = ports.providers
        self._budgets = ports.budgets
        self._lessons = ports.lessons
        self._gauges = ports.gauges
        self._clock = ports.clock
        self._rules = rules
        self._warm_at: float | None = None

    async def shot_planned(self, event: ShotPlanned) -> Sequence[Event]:
        """Note the newest revision; end unfinished runs of older ones."""
        return await self._settle(event.project.project_id, SubjectKind.KEYFRAME, event.shot.shot_id, event)

    async def prompt_built(self, event: PromptBuilt) -> Sequence[Event]:
        """Choose a model and ask it, unless the run is superseded or no model can make the shot."""
        return await self._on_run(event.run, event)

    async def generation_completed(self, event: GenerationCompleted) -> Sequence[Event]:
        """Note what was made; judge it where its checks are known already."""
        if await self._providers.answered(event):
            await self._shots.wake(event.provider, self._now())
        return await self._on_run(event.run, event)

    async def generation_failed(self, event: GenerationFailed) -> Sequence[Event]:
        """Ask again, ask the next model or wait, by the kind of failure, within the budgets.

        Raises:
            Poison: the request was invalid, which is a fault of ours. The run has gone on; a sweep publishes how.
        """
        await self._providers.failed(event)
        return await self._on_run(event.run, event)

    async def frame_validated(self, event: FrameValidated) -> Sequence[Event]:
        """Announce the keyframe, ask a reviewer, or take again."""
        return await self._on_run(event.run, event)

    async def review_decided(self, event: ReviewDecided) -> Sequence[Event]:
        """Follow the first decision on a frame in review."""
        subject = SubjectKind.KEYFRAME
        # A decision doesn't say what kind of subject it is about; nearly all are keyframes.
        for kind in SubjectKind:
            if event.run_id in (await self._shots.load(event.project_id, kind, event.shot_id)).runs:
                subject = kind
                break
        return await self._settle(event.project_id, subject, event.shot_id, event)

    async def provider_health_changed(self, event: ProviderHealthChanged) -> Sequence[Event]:
        """Keep the newest word on the provider for the router; who waits for it is looked at again."""
        await self._providers.note(event)
        if event.state is not ProviderState.DOWN:
            await self._shots.wake(event.provider, self._now())
        return ()

    async def look(self) -> Sequence[Swept]:
        """Decide on the runs that have rested long enough; publish what no message publishes again."""
        now = self._clock.monotonic()
        self._warm_at = now + self._rules.warm_up_s if self._warm_at is None else self._warm_at
        if now < self._warm_at:
            return ()
        found = await self._shots.due(self._now(), _SWEPT)
        swept: list[Swept] = []
        for start in range(0, len(found), _AT_ONCE):
            chunk = [self._looked(state) for state in found[start : start + _AT_ONCE]]
            for item in await asyncio.gather(*chunk):
                swept.extend(item)
        return swept

    async def measure(self) -> Sequence[Swept]:
        """Show how many runs rest."""
        self._gauges.resting(await self._shots.resting())
        return ()

    async def _looked(self, state: ShotState) -> Sequence[Swept]:
        now = self._now()
        again = [self._announcement(state, key) for key, due in state.unannounced.items() if due <= now]
        resting = [
            (run, run.wait)
            for run in state.runs.values()
            if run.wait is not None and (run.wait.due <= now or state.woken)
        ]
        for run, wait in resting:
            decided = await self._decided(state, Look(run.run_id, wait.turn))
            if decided is None:
                # Somebody else has just decided on this shot: the next turn sees what is left to do.
                return again
            state = decided
            key = Look(run.run_id, wait.turn).key
            if key in state.unannounced:
                again.append(self._announcement(state, key))
        if state.woken and not resting:
            await self._shots.save(state.model_copy(update={"woken": False}))
        return again

    def _announcement(self, state: ShotState, key: str) -> Swept:
        known = state.caused.get(key)
        events = unpack(json.loads(known.events)) if known is not None else ()

        async def confirm() -> None:
            for _ in range(_RACES):
                newest = await self._shots.load(state.project_id, state.subject, state.shot_id)
                if key not in newest.unannounced:
                    return
                left = {name: due for name, due in newest.unannounced.items() if name != key}
                if await self._shots.save(newest.model_copy(update={"unannounced": left})):
                    return

        return Swept(events, confirm)

    async def _on_run(self, run: RunContext, event: Event) -> Sequence[Event]:
        return await self._settle(run.project.project_id, run.subject, run.shot.shot_id, event)

    async def _settle(self, project_id: str, subject: SubjectKind, shot_id: str, event: Event) -> Sequence[Event]:
        """Decide once: the decision and what it causes are saved together; a repeat publishes the same again.

        Raises:
            Transient: the database is away, or other writers came first again and again.
            Poison: the event tells of a fault of ours.
        """
        for _ in range(_RACES):
            state = await self._shots.load(project_id, subject, shot_id)
            known = state.caused.get(event.event_id)
            decided: ShotState | None = state
            if known is None:
                decided = await self._decided(state, event)
            elif known.run_id is not None:
                # A crash may have come between the decision and the book.
                await self._book(state, known.run_id)
            if decided is None:
                continue
            if event.event_id in decided.unannounced:
                raise Poison(_bug(event))
            caused = decided.caused.get(event.event_id)
            return unpack(json.loads(caused.events)) if caused is not None else ()
        raise Transient(f"shot {project_id}/{shot_id}: {_RACES} writes in a row were overtaken")

    async def _decided(self, state: ShotState, event: Event | Look) -> ShotState | None:
        """The state with the decision in it, saved; None when another writer came first, or the money is gone."""
        terms = await self._terms(state, event)
        ruling = decide(state, event, terms)
        _tell(event, ruling)
        if ruling.state is state and ruling.run_id is None:
            # News that isn't any, or of a run that nobody knows: a repeat finds the same nothing.
            return state
        if not await self._may_ask(ruling, terms):
            return None
        after = _remembered(ruling, event)
        if not await self._shots.save(after):
            return None
        after = after.model_copy(update={"version": after.version + 1})
        if ruling.run_id is not None:
            await self._book(after, ruling.run_id)
        return after

    async def _may_ask(self, ruling: Ruling, terms: Terms) -> bool:
        """Whether the calls that a ruling makes have their money, and their providers' leave."""
        for event in ruling.events:
            if not isinstance(event, GenerationRequested):
                continue
            run, budget = ruling.state.runs[event.run.run_id], event.run.project.budget
            circuit = terms.conditions.circuits.get(event.provider)
            probes = circuit is not None and circuit.stand(run.run_id, terms.now) is Stand.FREE
            if probes and not await self._providers.probe(event.provider, run.run_id):
                return False
            if has_limits(budget) and not await self._budgets.reserve(ruling.state, run, budget):
                return False
        return True

    async def _book(self, state: ShotState, run_id: str) -> None:
        run = state.runs.get(run_id)
        if run is not None and run.budgeted:
            await self._budgets.book(state, run)
        if run is not None:
            await self._lessons.note(state, run)

    async def _terms(self, state: ShotState, event: Event | Look) -> Terms:
        now, rules = self._clock.now(), self._rules
        routes = isinstance(event, PromptBuilt | GenerationFailed | ReviewDecided | Look)
        conditions = Conditions(
            providers=rules.providers,
            today=now.date(),
            health=await self._providers.newest() if routes else {},
            absent=rules.absent,
            circuits=await self._providers.circuits() if routes else {},
            now=now.timestamp(),
            funds=await self._funds(state, event) if routes else NO_LIMITS,
            preferred=rules.preferred,
        )
        return Terms(
            catalogue=rules.catalogue,
            conditions=conditions,
            patience=rules.patience,
            in_doubt=rules.in_doubt,
            sampling=rules.sampling,
            softening=rules.softening,
            lessons=await self._lessons.known(state.project_id) if _may_retake(state, event) else NO_LESSONS,
        )

    async def _funds(self, state: ShotState, event: Event | Look) -> Funds:
        """What is left for the run that an input is about; no limits where its project has none."""
        context = _context(state, event)
        if context is None or not has_limits(context.project.budget):
            return NO_LIMITS
        return await self._budgets.left(
            context.project.project_id,
            context.project.budget,
            context.run_id,
            scene_id=context.shot.scene_id,
            shot_id=context.shot.shot_id,
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _may_retake(state: ShotState, event: Event | Look) -> bool:
    """Whether an input may end in a retake for failed checks: the two words that a judgement needs, either one last."""
    if isinstance(event, FrameValidated):
        return event.verdict is Verdict.FAILED
    if not isinstance(event, GenerationCompleted):
        return False
    run = state.runs.get(event.run.run_id)
    attempt = run.attempt(event.generation_id) if run is not None else None
    return attempt is not None and attempt.checked is not None and attempt.checked.verdict is Verdict.FAILED


def _context(state: ShotState, event: Event | Look) -> RunContext | None:
    """The run that a call would be for, as its newest wording has it; None = none is going on."""
    if isinstance(event, PromptBuilt):
        return event.run
    run_id = event.run.run_id if isinstance(event, GenerationFailed) else getattr(event, "run_id", "")
    run: Run | None = state.runs.get(run_id)
    return run.wording().run if run is not None and run.prompt is not None else None


def _remembered(ruling: Ruling, event: Event | Look) -> ShotState:
    """The state to save: what the input caused in it, and whether a sweep has to publish that."""
    # A look that led to another rest caused nothing that anybody could ask for again.
    if isinstance(event, Look):
        state = ruling.state.model_copy(update={"woken": False})
        if not ruling.events:
            return trimmed(state)
        key = event.key
        announce_at: float | None = _SINCE_EVER
    else:
        state, key = ruling.state, event.event_id
        announce_at = _SINCE_EVER if _is_bug(event, ruling) else None
    caused = json.dumps(pack(ruling.events), ensure_ascii=False, separators=(",", ":"))
    if announce_at is not None:
        state = state.model_copy(update={"unannounced": {**state.unannounced, key: announce_at}})
    return remembering(state, key, ruling.run_id, caused)


def _is_bug(event: Event, ruling: Ruling) -> bool:
    return ruling.alarm and isinstance(event, GenerationFailed) and event.kind is FailureKind.INVALID_REQUEST


def _bug(event: Event) -> str:
    if not isinstance(event, GenerationFailed):
        raise TypeError(f"event: {event.TYPE}, allowed is a failed generation")
    return (
        f"generation {event.generation_id}: {event.provider} called our request to {event.model} invalid: "
        f"{event.reason}; the run goes on without it"
    )


def _tell(event: Event | Look, ruling: Ruling) -> None:
    if not ruling.note:
        return
    what = "look" if isinstance(event, Look) else event.TYPE
    level = logging.ERROR if ruling.alarm else logging.INFO
    log.log(level, "%s: %s", what, ruling.note, extra={"run_id": ruling.run_id})
