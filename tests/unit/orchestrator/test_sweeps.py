"""What rests is decided on exactly once, over restarts, crashes and replicas; providers are tried one run at a time."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.base import Event
from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed
from schemas.project import Budget, Limit, ProjectSettings
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.run import RunContext
from schemas.vocabulary import SubjectKind
from services.chassis.documents import Document
from services.chassis.failures import Transient
from services.orchestrator.adapters.budget_documents import COLLECTION as BUDGETS
from services.orchestrator.adapters.budget_documents import BudgetDocuments
from services.orchestrator.adapters.lesson_documents import COLLECTION as LESSONS
from services.orchestrator.adapters.lesson_documents import LessonDocuments
from services.orchestrator.adapters.provider_documents import ProviderDocuments
from services.orchestrator.adapters.shot_documents import COLLECTION, ShotDocuments
from services.orchestrator.domain.circuit import CircuitRules
from services.orchestrator.domain.funds import Book, Scope
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.state import RunStatus, ShotState, WaitKind, document_id
from services.orchestrator.handlers import Handlers, Ports, Rules
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeCollection, FakeDocuments
from tests.fakes.orchestration import FakeGauges, broken, catalogue, completed, context, only, worded


class Film:
    """A database and a clock that outlive the processes which work on them."""

    def __init__(self, *models: str, **rules: Any) -> None:
        self.documents = FakeDocuments()
        self.clock = FakeClock()
        self.gauges = FakeGauges()
        self.rules = Rules(
            **{
                "catalogue": catalogue(*(models or ("alpha",))),
                "providers": ("previz", "paint", "brush"),
                "patience": Patience(model_s=600, look_s=15, outage_s=30),
                **rules,
            }
        )
        self.handlers = self.process()
        self.sequence = 0

    def process(self) -> Handlers:
        """A process of the service, newly started."""
        shots = ShotDocuments(self.documents.collection(COLLECTION))
        circuits = CircuitRules(outages=3, cool_down_s=30, probe_s=60)
        providers = ProviderDocuments(
            self.documents.collection("health"), self.clock, fresh_s=0, circuit_rules=circuits
        )
        budgets = BudgetDocuments(self.documents.collection(BUDGETS), shots)
        lessons = LessonDocuments(self.documents.collection(LESSONS))
        return Handlers(Ports(shots, providers, budgets, lessons, self.gauges, self.clock), self.rules)

    def state(self, shot_id: str = "sh0010") -> ShotState:
        """A shot as it is stored."""
        key = document_id("vrindavan", SubjectKind.KEYFRAME, shot_id)
        return ShotState.model_validate(self.documents.collection(COLLECTION).docs[key])

    def status(self, shot_id: str = "sh0010") -> RunStatus:
        """The status of a shot's only run."""
        (run,) = self.state(shot_id).runs.values()
        return run.status

    async def health(self, state: ProviderState, provider: str = "paint") -> None:
        """A worker's word."""
        self.sequence += 1
        event = ProviderHealthChanged(provider=provider, state=state, reason="503", sequence=self.sequence)
        await self.handlers.provider_health_changed(event)

    async def asked(self, of: RunContext) -> GenerationRequested:
        """The request for a run whose prompt comes."""
        return only(await self.handlers.prompt_built(worded(of)), GenerationRequested)

    async def swept(self, handlers: Handlers | None = None) -> list[Event]:
        """What a sweep publishes and confirms."""
        events: list[Event] = []
        for item in await (handlers or self.handlers).look():
            events.extend(item.events)
            await item.confirm()
        return events


def shots(count: int, settings: ProjectSettings | None = None) -> list[RunContext]:
    return [context(shot_id=f"sh{number:04}", settings=settings) for number in range(count)]


async def test_news_that_the_provider_is_back_ends_the_wait_before_its_time() -> None:
    film = Film()
    await film.health(ProviderState.DOWN)
    assert await film.handlers.prompt_built(worded()) == ()
    assert await film.swept() == []
    await film.health(ProviderState.UP)
    assert only(await film.swept(), GenerationRequested).model == "alpha"
    assert film.status() is RunStatus.GENERATING
    assert await film.swept() == []


async def test_a_wait_survives_a_restart_and_repeats_of_its_message() -> None:
    film = Film()
    await film.health(ProviderState.DOWN)
    await film.handlers.prompt_built(worded())
    film.handlers = film.process()
    assert await film.handlers.prompt_built(worded()) == ()
    await film.health(ProviderState.UP)
    only(await film.swept(film.process()), GenerationRequested)


async def test_a_look_whose_process_dies_before_publishing_is_published_by_the_next_whatever_time_it_is() -> None:
    film = Film()
    await film.health(ProviderState.DOWN)
    await film.handlers.prompt_built(worded())
    await film.health(ProviderState.UP)
    film.clock.jump(600)
    (lost,) = await film.handlers.look()
    film.clock.jump(-600)
    film.handlers = film.process()
    assert await film.swept() == list(lost.events)
    assert await film.swept() == []
    film.clock.advance(31)
    assert await film.swept() == []


async def test_of_two_replicas_that_look_at_once_one_decides() -> None:
    film = Film()
    await film.health(ProviderState.DOWN)
    await film.handlers.prompt_built(worded())
    await film.health(ProviderState.UP)
    found = await asyncio.gather(film.process().look(), film.process().look())
    only([event for swept in found for item in swept for event in item.events], GenerationRequested)


async def test_nothing_is_looked_at_while_the_backlog_is_read() -> None:
    film = Film(warm_up_s=10)
    await film.health(ProviderState.DOWN)
    await film.handlers.prompt_built(worded())
    await film.health(ProviderState.UP)
    assert await film.swept() == []
    film.clock.advance(10)
    only(await film.swept(), GenerationRequested)


async def test_how_many_runs_rest_is_measured_by_why() -> None:
    film = Film()
    first, second, third = shots(3)
    asked = await film.asked(first)
    await film.handlers.generation_failed(broken(asked, FailureKind.IN_DOUBT))
    await film.health(ProviderState.DOWN)
    await film.handlers.prompt_built(worded(second))
    await film.handlers.prompt_built(worded(third))
    await film.handlers.measure()
    assert film.gauges.shown == {WaitKind.MODEL: 2, WaitKind.IN_DOUBT: 1, WaitKind.REVIEW: 0}


async def test_a_held_run_ends_at_its_deadline_by_the_sweep() -> None:
    film = Film()
    await film.handlers.generation_failed(broken(await film.asked(context()), FailureKind.IN_DOUBT))
    film.clock.advance(86_400)
    assert only(await film.swept(), KeyframeFailed).code == "in-doubt"


async def test_outages_of_several_runs_open_the_circuit_for_the_others() -> None:
    film = Film()
    runs = shots(5)
    asked = [await film.asked(of) for of in runs[:3]]
    for item in asked:
        await film.handlers.generation_failed(broken(item, FailureKind.OUTAGE))
    assert await film.handlers.prompt_built(worded(runs[3])) == ()
    (run,) = film.state("sh0003").runs.values()
    assert run.wait is not None
    assert "provider paint failed 3 time(s) in a row (it was outage); tried again from" in run.wait.reason


async def _opened(film: Film) -> list[RunContext]:
    """A film whose circuit has just opened, with four runs that wait: three that met the outage, and one more."""
    runs = shots(4)
    asked = [await film.asked(of) for of in runs[:3]]
    for item in asked:
        await film.handlers.generation_failed(broken(item, FailureKind.OUTAGE))
    assert await film.handlers.prompt_built(worded(runs[3])) == ()
    return runs


async def test_one_run_tries_the_provider_after_the_cool_down_and_its_answer_lets_the_others_go() -> None:
    film = Film()
    await _opened(film)
    film.clock.advance(31)
    probe = only(await film.swept(), GenerationRequested)
    film.clock.advance(5)
    assert await film.swept() == []
    await film.handlers.generation_completed(completed(probe))
    followed = await film.swept()
    assert [type(event) for event in followed] == [GenerationRequested] * 3


async def test_a_probe_that_fails_keeps_the_others_waiting_for_twice_the_time() -> None:
    film = Film()
    await _opened(film)
    film.clock.advance(31)
    probe = only(await film.swept(), GenerationRequested)
    await film.handlers.generation_failed(broken(probe, FailureKind.OUTAGE))
    film.clock.advance(59)
    assert await film.swept() == []
    film.clock.advance(2)
    only(await film.swept(), GenerationRequested)


def limited(**limits: Any) -> ProjectSettings:
    return builders.project(budget=Budget(**{name: Limit(**limit) for name, limit in limits.items()}))


async def _booked(film: Film) -> int:
    (doc,) = film.documents.collection(BUDGETS).docs.values()
    return Book.model_validate(doc).used(Scope.PROJECT, "vrindavan").usd_micros


async def test_a_projects_money_is_shared_by_all_of_its_shots_and_then_hard_stops_them() -> None:
    film = Film()
    runs = shots(5, limited(project={"max_cost_usd_micros": 160_000}))
    caused: Sequence[Sequence[Event]] = await asyncio.gather(*(film.handlers.prompt_built(worded(of)) for of in runs))
    assert sum(isinstance(event, GenerationRequested) for events in caused for event in events) == 3
    stopped = [event for events in caused for event in events if isinstance(event, KeyframeFailed)]
    assert len(stopped) == 2
    assert {event.code for event in stopped} == {"budget-exhausted"}
    reason = "no money for another attempt: alpha: budget of project vrindavan: costs 0.05 USD, 0.01 USD of 0.16 USD"
    assert all(event.reason.startswith(reason) for event in stopped)
    assert await _booked(film) == 150_000


async def test_money_that_a_call_did_not_cost_is_free_for_others() -> None:
    film = Film()
    first, second = shots(2, limited(project={"max_cost_usd_micros": 50_000}))
    asked = await film.asked(first)
    over = await film.handlers.generation_failed(broken(asked, FailureKind.REFUSED, charged=False))
    only(over, KeyframeFailed)
    assert await _booked(film) == 0
    await film.asked(second)


async def test_a_cheaper_model_is_asked_where_the_scenes_money_is_short() -> None:
    film = Film("alpha", "beta")
    first, second = shots(2, limited(scene={"max_cost_usd_micros": 75_000}))
    assert (await film.asked(first)).model == "alpha"
    asked = await film.asked(second)
    assert asked.model == "beta"
    skipped = next(item for item in asked.considered if item.model == "alpha")
    assert skipped.reasons == ("budget of scene sc010: costs 0.05 USD, 0.025 USD of 0.075 USD is left",)


async def test_the_attempts_of_a_shot_are_counted_over_its_regenerations() -> None:
    film = Film("alpha", "beta")
    settings = limited(shot={"max_attempts": 2})
    first = await film.asked(context(settings=settings))
    only(await film.handlers.generation_failed(broken(first, FailureKind.UNUSABLE_IMAGE)), GenerationRequested)
    again = await film.handlers.prompt_built(worded(context(1, "again", settings=settings)))
    over = [event for event in again if isinstance(event, KeyframeFailed)]
    assert [(event.code, event.reason) for event in over] == [
        ("budget-exhausted", "budget of shot sh0010: all 2 attempts are used")
    ]


class Dying(FakeCollection):
    """A collection whose database goes away before the first document is in it."""

    dead = False

    async def insert(self, doc: Document) -> bool:
        if not self.dead:
            self.dead = True
            raise Transient("gone")
        return await super().insert(doc)


async def test_a_decision_that_was_lost_after_its_money_was_reserved_counts_once() -> None:
    film = Film()
    film.documents._collections[COLLECTION] = Dying(film.documents)
    film.handlers = film.process()
    of = context(settings=limited(project={"max_cost_usd_micros": 50_000}))
    with pytest.raises(Transient, match="gone"):
        await film.handlers.prompt_built(worded(of))
    assert await _booked(film) == 50_000
    await film.asked(of)
    assert await _booked(film) == 50_000


async def test_what_was_spent_before_a_limit_was_set_counts() -> None:
    film = Film()
    first, second = shots(2)
    made = completed(await film.asked(first))
    await film.handlers.generation_completed(made)
    settings = limited(project={"max_cost_usd_micros": 90_000})
    second = context(shot_id="sh0001", settings=settings)
    over = only(await film.handlers.prompt_built(worded(second)), KeyframeFailed)
    assert "0.04 USD of 0.09 USD is left" in over.reason


async def test_a_project_without_limits_keeps_no_book() -> None:
    film = Film()
    await film.handlers.generation_completed(completed(await film.asked(context())))
    assert film.documents.collection(BUDGETS).docs == {}
