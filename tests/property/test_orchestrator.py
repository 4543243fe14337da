"""The orchestrator under duplicates, reordering between topics, crashes before publishing, outages, and races.

A small world around the real handlers: each topic is a log with an offset, and the other services answer whenever
Hypothesis says so; providers go down and come back, time passes, the sweep looks. Whatever happens, a decision is taken
once, a run ends once, no limit is passed, and at the end nothing waits.
"""

import asyncio
from collections.abc import Sequence

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import DataObject, booleans, data, integers, sampled_from

from schemas import topics
from schemas.base import Event
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import ApprovalPolicy, Budget, Limit
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.review import Decision, ReviewDecided, ReviewRequested
from schemas.run import RunSuperseded
from schemas.shot import ShotPlanned, ShotRejected
from schemas.validation import FrameValidated
from services.chassis.failures import Poison
from services.orchestrator.adapters.budget_documents import COLLECTION as BUDGETS
from services.orchestrator.adapters.budget_documents import BudgetDocuments
from services.orchestrator.adapters.lesson_documents import LessonDocuments
from services.orchestrator.adapters.provider_documents import ProviderDocuments
from services.orchestrator.adapters.shot_documents import COLLECTION, ShotDocuments
from services.orchestrator.domain.funds import Book, Scope
from services.orchestrator.domain.ruling import InDoubtPolicy
from services.orchestrator.domain.state import ShotState
from services.orchestrator.handlers import Handlers, Ports, Rules
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.orchestration import (
    FakeGauges,
    broken,
    catalogue,
    completed,
    context,
    decided,
    flawed,
    passed,
    plan,
    reworded,
    worded,
)

CONSUMED = (
    topics.SHOT_PLANNED,
    topics.PROMPT_BUILT,
    topics.GENERATION_COMPLETED,
    topics.GENERATION_FAILED,
    topics.FRAME_VALIDATED,
    topics.REVIEW_DECIDED,
)
ENDINGS = (KeyframeReady, KeyframeFailed, RunSuperseded)
MAX_ATTEMPTS = 3
#: Seven calls of the dearest model.
MAX_COST = 350_000
#: Failures that use up no attempt.
NO_ATTEMPT = {FailureKind.THROTTLED, FailureKind.OUTAGE, FailureKind.CONFIGURATION, FailureKind.SUPERSEDED}


class OneShot(RuleBasedStateMachine):
    """One shot, planned again and again, on its way through the orchestrator."""

    @initialize(
        manual=booleans(), in_doubt=sampled_from(InDoubtPolicy), limited=booleans(), takes=sampled_from([None, 2])
    )
    def open(self, manual: bool, in_doubt: InDoubtPolicy, limited: bool, takes: int | None) -> None:
        self.loop = asyncio.new_event_loop()
        self.documents = FakeDocuments()
        self.clock = FakeClock()
        shots = ShotDocuments(self.documents.collection(COLLECTION))
        self.handlers = Handlers(
            Ports(
                shots,
                ProviderDocuments(self.documents.collection("health"), self.clock, fresh_s=0),
                BudgetDocuments(self.documents.collection(BUDGETS), shots),
                LessonDocuments(self.documents.collection("lessons"), tries=1),
                FakeGauges(),
                self.clock,
            ),
            Rules(catalogue=catalogue(), providers=("previz", "paint", "brush"), in_doubt=in_doubt),
        )
        self.limited = limited
        approval = ApprovalPolicy.MANUAL if manual else ApprovalPolicy.AUTO
        limit = Limit(max_cost_usd_micros=MAX_COST) if limited else None
        self.settings = builders.project(
            approval=approval, takes=takes, budget=Budget(max_attempts=MAX_ATTEMPTS, project=limit, scene=limit)
        )
        self.logs: dict[str, list[Event]] = {topic: [] for topic in CONSUMED}
        self.offsets = dict.fromkeys(CONSUMED, 0)
        self.published: dict[str, Event] = {}
        self.makings: list[tuple[int, str | None]] = []
        self.prompts: list[PromptBuilt] = []
        self.work: list[GenerationRequested] = []
        self.reviews: list[ReviewRequested] = []
        self.rerolls = 0
        self.decisions = 0
        self.sequence = 0

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            try:
                self._settle_all()
            finally:
                self.loop.close()

    # --- the other services ---------------------------------------------------------------------------------------

    @rule(again=booleans())
    def plan_again(self, again: bool) -> None:
        """The planner sends a higher revision, or an operator regenerates the newest."""
        revision = self.makings[-1][0] if self.makings else 1
        if not self.makings:
            making: tuple[int, str | None] = (1, None)
        elif again:
            making = (revision, f"again-{len(self.makings)}")
        else:
            making = (revision + 1, None)
        self.makings.append(making)
        self.logs[topics.SHOT_PLANNED].append(plan(*making, settings=self.settings))
        self.prompts.append(worded(context(*making, settings=self.settings)))

    @precondition(lambda self: self.prompts)
    @rule(draw=data())
    def word(self, draw: DataObject) -> None:
        """The prompt builder comes round to any prompt that is due; parked shots come in any order."""
        index = draw.draw(integers(0, len(self.prompts) - 1))
        self.logs[topics.PROMPT_BUILT].append(self.prompts.pop(index))

    @precondition(lambda self: self.work)
    @rule(draw=data(), failure=sampled_from([None, None, *FailureKind]), good=booleans())
    def generate(self, draw: DataObject, failure: FailureKind | None, good: bool) -> None:
        """A worker comes round to any request; validation follows what it made."""
        asked = self.work.pop(draw.draw(integers(0, len(self.work) - 1)))
        if failure is not None:
            self.logs[topics.GENERATION_FAILED].append(broken(asked, failure))
            return
        self._make(asked, good=good)

    @precondition(lambda self: self.reviews)
    @rule(draw=data(), decision=sampled_from(Decision), keep=booleans())
    def review(self, draw: DataObject, decision: Decision, keep: bool) -> None:
        """A reviewer decides; another one may decide on the same frame."""
        index = draw.draw(integers(0, len(self.reviews) - 1))
        asked = self.reviews[index] if keep else self.reviews.pop(index)
        self._decide(asked, decision)

    # --- deliveries -----------------------------------------------------------------------------------------------

    @rule(topic=sampled_from(CONSUMED))
    def deliver(self, topic: str) -> None:
        """The next message is handled, published and committed."""
        message = self._next(topic)
        if message is not None:
            self._publish(self._handle(message))
            self.offsets[topic] += 1

    @rule(topic=sampled_from(CONSUMED), published=integers(0, 3))
    def crash(self, topic: str, published: int) -> None:
        """The decision is saved, then the process dies: some events published, nothing committed."""
        message = self._next(topic)
        if message is not None:
            self._publish(self._handle(message)[:published])

    @rule(topic=sampled_from(CONSUMED), draw=data())
    def repeat(self, topic: str, draw: DataObject) -> None:
        """Any message handled before comes once more."""
        if self.offsets[topic]:
            message = self.logs[topic][draw.draw(integers(0, self.offsets[topic] - 1))]
            self._publish(self._handle(message))

    @rule()
    def deliver_all_at_once(self) -> None:
        """The next message of every topic is handled at the same moment: all but one lose the race and decide anew."""
        waiting = [(topic, message) for topic in CONSUMED if (message := self._next(topic)) is not None]
        if not waiting:
            return

        async def together() -> list[Sequence[Event]]:
            return list(await asyncio.gather(*(self._handler(message) for _, message in waiting)))

        for (topic, _), caused in zip(waiting, self.loop.run_until_complete(together()), strict=True):
            self._publish(caused)
            self.offsets[topic] += 1

    @rule(provider=sampled_from(["paint", "brush", "previz"]), state=sampled_from(ProviderState))
    def change_health(self, provider: str, state: ProviderState) -> None:
        """A worker tells how its provider is."""
        self.sequence += 1
        event = ProviderHealthChanged(provider=provider, state=state, sequence=self.sequence)
        self._publish(self.loop.run_until_complete(self.handlers.provider_health_changed(event)))

    @rule(seconds=sampled_from([1, 10, 60, 4000]))
    def pass_time(self, seconds: int) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule(published=integers(0, 2), confirmed=booleans())
    def look(self, published: int, confirmed: bool) -> None:
        """The sweep looks; it may die before all is published, or before that is confirmed."""

        async def sweep() -> None:
            for count, swept in enumerate(await self.handlers.look()):
                if count >= published and not confirmed:
                    return
                self._publish(swept.events)
                if confirmed:
                    await swept.confirm()

        self.loop.run_until_complete(sweep())

    @rule()
    def come_to_rest(self) -> None:
        """A quiet hour: everything under way comes to its end, so that what follows meets finished runs."""
        self._rest()

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def a_run_ends_at_most_once(self) -> None:
        ended = [self._run_of(event) for event in self._all() if isinstance(event, ENDINGS)]
        assert len(ended) == len(set(ended))

    @invariant()
    def no_attempt_is_asked_for_twice(self) -> None:
        asked = [(event.run.run_id, event.attempt) for event in self._all() if isinstance(event, GenerationRequested)]
        assert len(asked) == len(set(asked))

    @invariant()
    def the_budget_of_attempts_holds(self) -> None:
        free = {event.generation_id for event in self._failures() if event.kind in NO_ATTEMPT}
        asked = [
            event.run.run_id
            for event in self._all()
            if isinstance(event, GenerationRequested) and event.generation_id not in free
        ]
        for run_id in set(asked):
            assert asked.count(run_id) <= MAX_ATTEMPTS + self.rerolls

    @invariant()
    def no_shot_is_rejected_that_can_be_made(self) -> None:
        assert not [event for event in self._all() if isinstance(event, ShotRejected)]

    @invariant()
    def no_limit_is_passed(self) -> None:
        if hasattr(self, "documents"):
            for doc in self.documents.collection(BUDGETS).docs.values():
                book = Book.model_validate(doc)
                assert book.used(Scope.PROJECT, "vrindavan").usd_micros <= MAX_COST

    # --- machinery ------------------------------------------------------------------------------------------------

    def _failures(self) -> tuple[GenerationFailed, ...]:
        log = self.logs[topics.GENERATION_FAILED] if hasattr(self, "logs") else []
        return tuple(event for event in log if isinstance(event, GenerationFailed))

    def _all(self) -> tuple[Event, ...]:
        return tuple(self.published.values()) if hasattr(self, "published") else ()

    @staticmethod
    def _run_of(event: Event) -> str:
        if isinstance(event, KeyframeReady | KeyframeFailed):
            return event.run_id
        assert isinstance(event, RunSuperseded)
        return event.run.run_id

    def _next(self, topic: str) -> Event | None:
        return next(iter(self.logs[topic][self.offsets[topic] :]), None)

    def _handle(self, message: Event) -> Sequence[Event]:
        async def handle() -> Sequence[Event]:
            return await self._handler(message)

        return self.loop.run_until_complete(handle())

    async def _handler(self, message: Event) -> Sequence[Event]:
        match message:
            case ShotPlanned():
                return await self.handlers.shot_planned(message)
            case PromptBuilt():
                return await self.handlers.prompt_built(message)
            case GenerationCompleted():
                return await self.handlers.generation_completed(message)
            case GenerationFailed():
                return await self._told_of_failure(message)
            case FrameValidated():
                return await self.handlers.frame_validated(message)
            case ReviewDecided():
                return await self.handlers.review_decided(message)
        raise AssertionError(f"{type(message).__name__} is on no consumed topic")

    async def _told_of_failure(self, message: GenerationFailed) -> Sequence[Event]:
        try:
            return await self.handlers.generation_failed(message)
        except Poison:
            assert message.kind is FailureKind.INVALID_REQUEST
            return ()

    def _publish(self, events: Sequence[Event]) -> None:
        for event in events:
            known = self.published.setdefault(event.event_id, event)
            assert known == event, "one id, two contents"
            if known is event:
                self._react(event)

    def _react(self, event: Event) -> None:
        if isinstance(event, GenerationRequested):
            self.work.append(event)
        elif isinstance(event, RetakeRequested):
            first = worded(event.run)
            self.prompts.append(reworded(first, event))
        elif isinstance(event, ReviewRequested):
            self.reviews.append(event)

    def _make(self, asked: GenerationRequested, *, good: bool) -> None:
        made = completed(asked)
        self.logs[topics.GENERATION_COMPLETED].append(made)
        self.logs[topics.FRAME_VALIDATED].append(passed(made) if good else flawed(made))

    def _decide(self, asked: ReviewRequested, decision: Decision) -> None:
        self.decisions += 1
        self.rerolls += decision is Decision.REROLL
        note = "" if decision is Decision.APPROVE else "the reviewer's words"
        event = decided(asked, decision, note=note, review_id=f"review-{self.decisions}")
        self.logs[topics.REVIEW_DECIDED].append(event)

    def _paid(self) -> int:
        """What the ledger says: images made, and calls that are in doubt for good."""
        made = [event for event in self.logs[topics.GENERATION_COMPLETED] if isinstance(event, GenerationCompleted)]
        doubtful = {event.generation_id for event in self._failures() if event.kind is FailureKind.IN_DOUBT}
        asked = [event for event in self._all() if isinstance(event, GenerationRequested)]
        possible = sum(event.estimated_cost_usd_micros for event in asked if event.generation_id in doubtful)
        return possible + sum(event.cost_usd_micros for event in made)

    def _settle_all(self) -> None:
        """Let everything come to its end, then check that nothing waits and that the newest making was made."""
        self._rest()
        self._check_the_end()

    def _rest(self) -> None:
        for _ in range(500):
            if not self._turn():
                return
        raise AssertionError("the world did not come to rest")

    def _turn(self) -> bool:
        moved = False
        while self.prompts:
            self.logs[topics.PROMPT_BUILT].append(self.prompts.pop(0))
            moved = True
        while self.work:
            self._make(self.work.pop(0), good=True)
            moved = True
        while self.reviews:
            self._decide(self.reviews.pop(0), Decision.APPROVE)
            moved = True
        for topic in CONSUMED:
            while self._next(topic) is not None:
                self.deliver(topic)
                moved = True
        return moved or self._something_rests()

    def _something_rests(self) -> bool:
        """Let time pass until what rests is looked at; whether anything does."""
        docs = self.documents.collection(COLLECTION).docs.values()
        due = [doc["due"] for doc in docs if "due" in doc]
        if not due:
            return False
        self.clock.advance(max(1.0, min(due) - self.clock.now().timestamp()))
        self.look(99, confirmed=True)
        return True

    def _check_the_end(self) -> None:
        ended = {self._run_of(event) for event in self._all() if isinstance(event, ENDINGS)}
        assert ended == {context(*making, settings=self.settings).run_id for making in self.makings}
        if self.makings:
            newest = context(*self.makings[-1], settings=self.settings).run_id
            last = [event for event in self._all() if isinstance(event, ENDINGS) and self._run_of(event) == newest]
            assert not isinstance(last[0], RunSuperseded)
        ready = [event for event in self._all() if isinstance(event, KeyframeReady)]
        for event in ready:
            assert event.supersedes is None or event.supersedes in self.published
        assert len({event.supersedes for event in ready}) == len(ready), "two keyframes replace the same one"
        for doc in self.documents.collection(BUDGETS).docs.values():
            assert Book.model_validate(doc).used(Scope.PROJECT, "").usd_micros == self._paid()
        for doc in self.documents.collection(COLLECTION).docs.values():
            assert all(run.status.closed for run in ShotState.model_validate(doc).runs.values())


OneShot.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOneShot = OneShot.TestCase
