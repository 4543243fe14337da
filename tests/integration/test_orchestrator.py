"""The orchestrator over real protocols: a broker, a database, and the other services played by the test."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr

from schemas import topics
from schemas.base import Event
from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.run import RunSuperseded
from schemas.topics import Lane
from schemas.vocabulary import SubjectKind
from services.chassis.app import ServiceApp
from services.chassis.documents import Documents
from services.chassis.provision import provision
from services.chassis.publishing import EventPublisher
from services.orchestrator.adapters.shot_documents import COLLECTION, ShotDocuments
from services.orchestrator.app import build
from services.orchestrator.domain.retention import remembering
from services.orchestrator.domain.state import RunStatus
from services.orchestrator.settings import OrchestratorSettings
from tests import builders
from tests.fakes.orchestration import Stage, broken, completed, context, passed, plan, worded
from tests.fixtures.broker import Broker, session
from tests.fixtures.topic_reading import distinct, read_copies

pytestmark = pytest.mark.integration

REQUESTED = topics.generation_requested("previz", Lane.STANDARD)


@dataclass
class World:
    """The orchestrator beside its broker and database, seen from outside."""

    settings: OrchestratorSettings
    publisher: EventPublisher
    documents: Documents
    apps: list[ServiceApp]

    async def start(self) -> ServiceApp:
        app = build(self.settings)
        self.apps.append(app)
        await app.start()
        return app

    async def copies(self, topic: str, ids: int, timeout_s: float = 90.0) -> list[Event]:
        """Every record of a topic from its start, once `ids` different events are there, and those just after."""
        return await read_copies(self.settings, topic, ids, timeout_s)

    async def read(self, topic: str, ids: int, timeout_s: float = 90.0) -> list[Event]:
        """The different events of a topic from its start, as soon as there are `ids`."""
        return distinct(await self.copies(topic, ids, timeout_s))

    async def status(self, run_id: str) -> RunStatus | None:
        shots = ShotDocuments(self.documents.collection(COLLECTION))
        run = (await shots.load("vrindavan", SubjectKind.KEYFRAME, "sh0010")).runs.get(run_id)
        return run.status if run is not None else None

    async def until(self, run_id: str, status: RunStatus, timeout_s: float = 100.0) -> None:
        deadline = time.monotonic() + timeout_s
        while await self.status(run_id) is not status:
            assert time.monotonic() < deadline, f"run {run_id} is {await self.status(run_id)}, not {status}"
            await asyncio.sleep(0.05)


@pytest.fixture
async def world(broker: Broker, topic_prefix: str, mongo_url: str, mongo_database: str) -> AsyncIterator[World]:
    embedded = broker.kind == "embedded"
    settings = OrchestratorSettings(
        kafka_bootstrap=broker.bootstrap,
        kafka_topic_prefix=topic_prefix,
        kafka_group_prefix=topic_prefix,
        kafka_idempotence=broker.idempotent,
        kafka_fetch_max_wait_ms=10 if embedded else 100,
        **session(broker, embedded_ms=1_500),
        mongo_url=SecretStr(mongo_url),
        mongo_database=mongo_database,
        grace_s=5.0,
    )
    specs = [
        replace(spec, partitions=2)
        for spec in topics.specs(("previz",))
        if "orchestrator" in (*spec.consumers, *spec.producers)
    ]
    await provision(settings, specs)
    documents = Documents(settings)
    publisher = EventPublisher(settings, "test")
    async with AsyncExitStack() as stack:
        for resource in (documents, publisher):
            await resource.start()
            stack.push_async_callback(resource.stop)
        found = World(settings, publisher, documents, [])
        yield found
        for app in found.apps:
            await app.stop()


async def test_a_shot_goes_from_its_prompt_to_its_keyframe(world: World) -> None:
    await world.start()
    await world.publisher.publish([plan(), worded()])
    asked = (await world.read(REQUESTED, 1))[0]
    assert isinstance(asked, GenerationRequested)
    assert (asked.provider, asked.model, asked.width, asked.height) == ("previz", "previz", 1024, 576)
    made = completed(asked)
    await world.publisher.publish([passed(made), made])
    keyframe = (await world.read(topics.KEYFRAME_READY, 1))[0]
    assert isinstance(keyframe, KeyframeReady)
    assert keyframe.generation_id == asked.generation_id
    assert keyframe.provenance.synthetic == "algorithmic"
    assert await world.status(context().run_id) is RunStatus.APPROVED


async def test_repeats_and_a_restart_decide_nothing_anew(world: World) -> None:
    first = await world.start()
    await world.publisher.publish([worded(), worded()])
    asked = (await world.read(REQUESTED, 1))[0]
    assert isinstance(asked, GenerationRequested)
    await first.stop()
    made = completed(asked)
    await world.publisher.publish([worded(), made, made, passed(made), passed(made)])
    await world.start()
    await world.until(context().run_id, RunStatus.APPROVED)
    await world.publisher.publish([passed(made), worded()])
    keyframes = await world.read(topics.KEYFRAME_READY, 1)
    requests = await world.copies(REQUESTED, 1)
    deadline = time.monotonic() + 100
    # A repeated prompt is answered by the same request: which of the repeats has its turn first, nobody promised.
    while len(requests) == 1:
        assert time.monotonic() < deadline, "no repeat was answered"
        requests = await world.copies(REQUESTED, 1)
    assert (distinct(requests), len(keyframes)) == ([asked], 1)


async def test_a_newer_revision_ends_the_run_in_flight_and_its_keyframe_supersedes(world: World) -> None:
    await world.start()
    await world.publisher.publish([plan(1), worded(context(1))])
    first = (await world.read(REQUESTED, 1))[0]
    assert isinstance(first, GenerationRequested)
    made = completed(first)
    await world.publisher.publish([made, passed(made)])
    await world.until(context(1).run_id, RunStatus.APPROVED)
    await world.publisher.publish([worded(context(2))])
    await world.until(context(2).run_id, RunStatus.GENERATING)
    await world.publisher.publish([plan(3), worded(context(3))])
    await world.until(context(3).run_id, RunStatus.GENERATING)
    ended = await world.read(topics.RUN_SUPERSEDED, 1)
    assert {event.run.run_id for event in ended if isinstance(event, RunSuperseded)} == {context(2).run_id}
    requests = {
        event.run.revision: event for event in await world.read(REQUESTED, 3) if isinstance(event, GenerationRequested)
    }
    made = completed(requests[3])
    await world.publisher.publish([made, passed(made)])
    keyframes = {
        event.revision: event
        for event in await world.read(topics.KEYFRAME_READY, 2)
        if isinstance(event, KeyframeReady)
    }
    assert keyframes[3].supersedes == keyframes[1].event_id


async def test_a_failure_without_another_model_ends_with_its_reason(world: World) -> None:
    await world.start()
    up = ProviderHealthChanged(provider="previz", state=ProviderState.UP, models=("previz",), sequence=1)
    await world.publisher.publish([up, worded()])
    asked = (await world.read(REQUESTED, 1))[0]
    assert isinstance(asked, GenerationRequested)
    await world.publisher.publish([broken(asked, FailureKind.UNUSABLE_IMAGE)])
    over = (await world.read(topics.KEYFRAME_FAILED, 1))[0]
    assert isinstance(over, KeyframeFailed)
    assert (over.code, over.attempts[0].reason) == ("fallback-exhausted", "it was unusable-image")


async def test_a_state_survives_the_database_byte_for_byte(world: World) -> None:
    shots = ShotDocuments(world.documents.collection(COLLECTION))
    stage = Stage()
    odd = builders.radha(appearance={"hair.colour": "black", "$eyes": "brown"}, changing={"Ж.$ö": "👁"})
    made = completed(stage.ask(worded(cast=(odd,))))
    stage.send(made, passed(made), plan(2), worded(context(2), cast=(odd,)))
    state = stage.state
    for number in range(5):
        state = remembering(state, f"event-{number}", context(2).run_id, '[{"$a.b":"👁"}]')
    assert await shots.save(state)
    saved = await shots.load("vrindavan", SubjectKind.KEYFRAME, "sh0010")
    assert saved == state.model_copy(update={"version": 1})
    assert list(saved.caused) == list(state.caused)
    assert saved.runs[context(2).run_id].wording().cast == (odd,)
    assert await shots.save(saved)
    assert not await shots.save(saved)
