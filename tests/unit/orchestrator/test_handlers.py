"""Load, decide, save, emit: once in effect, whatever is repeated, lost or raced."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.base import Event
from schemas.events import topic_of
from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import ApprovalPolicy
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.review import Decision, ReviewRequested
from schemas.run import RunSuperseded
from schemas.vocabulary import SubjectKind
from services.chassis.documents import Document
from services.chassis.failures import Poison, Transient
from services.chassis.settings import SettingsError
from services.orchestrator.adapters.provider_documents import ProviderDocuments
from services.orchestrator.adapters.shot_documents import COLLECTION, ShotDocuments
from services.orchestrator.app import build, make_handlers
from services.orchestrator.domain.state import RunStatus, ShotState, document_id
from services.orchestrator.handlers import Handlers
from services.orchestrator.settings import OrchestratorSettings
from tests import builders
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeCollection, FakeDocuments
from tests.fakes.orchestration import FakeGauges, broken, completed, context, decided, only, passed, plan, worded

KEY = document_id("vrindavan", SubjectKind.KEYFRAME, "sh0010")


class World:
    """The handlers over a database in dicts, with the shipped catalogue and previz alone."""

    def __init__(self, documents: FakeDocuments | None = None) -> None:
        self.documents = documents or FakeDocuments()
        self.clock = FakeClock()
        self.handlers: Handlers = make_handlers(
            OrchestratorSettings(providers=("previz",), orchestrator_warm_up_s=0),
            self.documents,
            self.clock,
            FakeGauges(),
        )

    @property
    def document(self) -> Document:
        return self.documents.collection(COLLECTION).docs[KEY]

    @property
    def state(self) -> ShotState:
        return ShotState.model_validate(self.document)

    async def finish(self, of: Any = None) -> tuple[GenerationRequested, Sequence[Event]]:
        """One run from its prompt to what follows its validation."""
        asked = only(await self.handlers.prompt_built(worded(of)), GenerationRequested)
        made = completed(asked)
        await self.handlers.generation_completed(made)
        return asked, await self.handlers.frame_validated(passed(made))


async def test_a_shot_goes_from_its_plan_to_its_keyframe() -> None:
    world = World()
    assert await world.handlers.shot_planned(plan()) == ()
    asked, announced = await world.finish()
    keyframe = only(announced, KeyframeReady)
    assert topic_of(asked) == "generation.requested.previz.standard.v1"
    assert keyframe.generation_id == asked.generation_id
    assert world.state.runs[context().run_id].status is RunStatus.APPROVED


async def test_a_repeated_message_publishes_the_stored_events_and_changes_nothing() -> None:
    world = World()
    first = await world.handlers.prompt_built(worded())
    before = world.document
    assert await world.handlers.prompt_built(worded()) == first
    made = completed(only(first, GenerationRequested))
    await world.handlers.generation_completed(made)
    announced = await world.handlers.frame_validated(passed(made))
    after = world.document
    assert await world.handlers.frame_validated(passed(made)) == announced
    assert await world.handlers.prompt_built(worded()) == first
    assert world.document == after != before


async def test_a_repeat_after_the_world_changed_still_gives_the_first_answer() -> None:
    world = World()
    first = await world.handlers.prompt_built(worded())
    down = ProviderHealthChanged(provider="previz", state=ProviderState.DOWN, sequence=1)
    await world.handlers.provider_health_changed(down)
    world.clock.advance(400 * 86_400)
    assert await world.handlers.prompt_built(worded()) == first


async def test_two_topics_at_once_lose_no_news() -> None:
    world = World()
    asked = only(await world.handlers.prompt_built(worded()), GenerationRequested)
    made = completed(asked)
    results = await asyncio.gather(
        world.handlers.generation_completed(made),
        world.handlers.frame_validated(passed(made)),
        world.handlers.shot_planned(plan(1)),
    )
    caused = [event for events in results for event in events]
    only(caused, KeyframeReady)


async def test_a_plan_and_a_prompt_at_once_end_the_older_run() -> None:
    world = World()
    await world.handlers.prompt_built(worded())
    caused = await asyncio.gather(world.handlers.shot_planned(plan(2)), world.handlers.prompt_built(worded(context(2))))
    kinds = sorted(type(event).__name__ for events in caused for event in events)
    assert kinds == ["GenerationRequested", "RunSuperseded"]
    assert world.state.runs[context(1).run_id].status is RunStatus.SUPERSEDED


class Overtaken(FakeCollection):
    """A collection in which somebody else always comes first."""

    async def insert(self, doc: Document) -> bool:
        del doc
        return False


async def test_a_race_that_is_lost_again_and_again_is_tried_later() -> None:
    documents = FakeDocuments()
    documents._collections[COLLECTION] = Overtaken(documents)
    with pytest.raises(Transient, match="shot vrindavan/sh0010: 20 writes in a row were overtaken"):
        await World(documents).handlers.shot_planned(plan())


async def test_a_database_that_is_away_decides_nothing() -> None:
    world = World()
    world.documents.away = "gone for tea"
    with pytest.raises(Transient, match="gone for tea"):
        await world.handlers.prompt_built(worded())
    world.documents.away = None
    only(await world.handlers.prompt_built(worded()), GenerationRequested)


async def test_a_review_finds_its_run() -> None:
    world = World()
    manual = context(settings=builders.project(approval=ApprovalPolicy.MANUAL))
    asked, waiting = await world.finish(manual)
    review = only(waiting, ReviewRequested)
    announced = await world.handlers.review_decided(decided(review, Decision.APPROVE))
    assert only(announced, KeyframeReady).generation_id == asked.generation_id
    assert await world.handlers.review_decided(decided(review, Decision.APPROVE)) == announced
    assert await world.handlers.review_decided(decided(review, Decision.REJECT, note="no", review_id="r2")) == ()


async def test_news_of_an_unknown_run_leaves_no_trace_but_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    caplog.set_level(logging.INFO)
    assert await world.handlers.generation_failed(broken(builders.generation_requested(), FailureKind.OUTAGE)) == ()
    assert world.documents.collection(COLLECTION).docs == {}
    assert "never asked for" in caplog.text


async def test_a_provider_that_went_down_is_skipped_by_the_next_decision() -> None:
    world = World()
    await world.handlers.provider_health_changed(
        ProviderHealthChanged(provider="previz", state=ProviderState.DOWN, reason="no fonts", sequence=5)
    )
    stale = ProviderHealthChanged(provider="previz", state=ProviderState.UP, sequence=4)
    assert await world.handlers.provider_health_changed(stale) == ()
    assert await world.handlers.prompt_built(worded()) == ()
    assert world.state.runs[context().run_id].status is RunStatus.WAITING
    await world.handlers.provider_health_changed(
        ProviderHealthChanged(provider="previz", state=ProviderState.UP, sequence=6)
    )
    caused = await world.handlers.prompt_built(worded(context(2)))
    assert [type(event) for event in caused] == [RunSuperseded, GenerationRequested]


async def test_health_is_read_again_when_it_is_no_longer_fresh() -> None:
    documents, clock = FakeDocuments(), FakeClock()
    collection = documents.collection("health")
    mine, theirs = (ProviderDocuments(collection, clock, fresh_s=1.0) for _ in range(2))
    assert await mine.newest() == {}
    up = ProviderHealthChanged(provider="previz", state=ProviderState.UP, sequence=1)
    await theirs.note(up)
    assert await mine.newest() == {}
    clock.advance(1.0)
    assert await mine.newest() == {"previz": up}


async def test_names_that_a_database_would_misread_survive_in_a_prompt() -> None:
    world = World()
    odd = builders.radha(appearance={"hair.colour": "black", "$eyes": "brown"}, changing={"Ж.$ö": "👁"})
    asked = only(await world.handlers.prompt_built(worded(cast=(odd,))), GenerationRequested)
    assert asked.cast == (odd,)
    again = only(await world.handlers.prompt_built(worded(cast=(odd,))), GenerationRequested)
    assert again.cast == (odd,)
    assert not [name for name in _field_names(world.document) if "." in name or name.startswith("$")]


def _field_names(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for item in value.values() for name in _field_names(item))]
    if isinstance(value, list):
        return [name for item in value for name in _field_names(item)]
    return []


async def test_the_state_is_saved_once_per_version() -> None:
    documents = FakeDocuments()
    shots = ShotDocuments(documents.collection(COLLECTION))
    state = await shots.load("vrindavan", SubjectKind.KEYFRAME, "sh0010")
    assert await shots.save(state)
    assert not await shots.save(state)
    saved = await shots.load("vrindavan", SubjectKind.KEYFRAME, "sh0010")
    assert saved.version == 1
    assert await shots.save(saved)
    assert not await shots.save(saved)


async def test_a_superseded_run_is_told_again_on_a_repeat() -> None:
    world = World()
    await world.handlers.prompt_built(worded())
    ended = await world.handlers.shot_planned(plan(2))
    only(ended, RunSuperseded)
    assert await world.handlers.shot_planned(plan(2)) == ended


def test_the_table_binds_each_consumed_topic_once() -> None:
    app = build(OrchestratorSettings())
    bound = [topic for binding in app.bindings for topic in binding.topics]
    assert sorted(bound) == sorted(spec.name for spec in topics.specs(("previz",)) if "orchestrator" in spec.consumers)


def test_a_wrong_setting_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="ICE_PROVIDERS"):
        OrchestratorSettings(providers=())
    with pytest.raises(SettingsError, match="ICE_ORCHESTRATOR_IN_DOUBT"):
        OrchestratorSettings(orchestrator_in_doubt="retry")


def test_a_provider_without_a_model_in_the_catalogue_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="ICE_PROVIDERS: opnai: no model of theirs is in the catalogue"):
        build(OrchestratorSettings(providers=("previz", "opnai")))


def test_a_catalogue_that_cannot_be_read_stops_the_start_and_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ICE_ORCHESTRATOR_CATALOGUE: .*absent\.yaml: can't be read"):
        build(OrchestratorSettings(orchestrator_catalogue=tmp_path / "absent.yaml"))


async def test_an_invalid_request_is_dead_lettered_and_the_run_goes_on_by_the_sweep(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    asked = only(await world.handlers.prompt_built(worded()), GenerationRequested)
    bug = broken(asked, FailureKind.INVALID_REQUEST)
    with pytest.raises(Poison, match="previz called our request to previz invalid: it was invalid-request"):
        await world.handlers.generation_failed(bug)
    assert [record.levelname for record in caplog.records if "bug: previz" in record.message] == ["ERROR"]
    # A crash before the dead letter was written: the message comes again and is still one.
    with pytest.raises(Poison):
        await world.handlers.generation_failed(bug)
    (swept,) = await world.handlers.look()
    over = only(swept.events, KeyframeFailed)
    assert over.code == "fallback-exhausted"
    await swept.confirm()
    assert await world.handlers.look() == []
    # Whoever retries the letter later repeats what followed, and does no harm.
    assert await world.handlers.generation_failed(bug) == (over,)
