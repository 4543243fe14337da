"""Everything is killed in mid-film, twice, and started again: each frame is ready exactly once."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiokafka
import pymongo
import pytest

from schemas import topics
from schemas.base import Event
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from services.cli.plan_reading import plan_events, read_plan
from services.cli.publishing import frame_count
from services.local_stack.state import StackState
from tests.fixtures.stack_process import StackProcess

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

PLAN: Final = Path("contracts/examples/film.plan/v1/vrindavan.yaml")
KILL_AFTER: Final = (2, 8)
"""Frames that are ready when everything is killed."""
FILM_WITHIN_S: Final = 240.0


@dataclass
class Told:
    """What the topics hold of a film."""

    ready: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Event ids of `KeyframeReady` by shot and frame role."""
    assets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Digests of the stored result by generation id."""
    ended_otherwise: list[bytes] = field(default_factory=list)

    def take(self, record: aiokafka.ConsumerRecord) -> None:
        body = json.loads(record.value)
        headers = dict(record.headers)
        if record.topic == topics.KEYFRAME_READY:
            self.ready[body["shot"]["shot_id"], body["frame_role"]].add(headers["ce_id"].decode())
        elif record.topic == topics.GENERATION_COMPLETED:
            self.assets[body["generation_id"]].add(body["asset"]["sha256"])
        else:
            self.ended_otherwise.append(record.value)


async def read_until(state: StackState, frames: int) -> Told:
    """Read the topics from their beginning until so many frames have ended."""
    told = Told()
    consumer = aiokafka.AIOKafkaConsumer(
        topics.KEYFRAME_READY,
        topics.GENERATION_COMPLETED,
        topics.KEYFRAME_FAILED,
        topics.SHOT_REJECTED,
        bootstrap_servers=state.kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    deadline = time.monotonic() + FILM_WITHIN_S
    try:
        while len(told.ready) + len(told.ended_otherwise) < frames:
            assert time.monotonic() < deadline, f"{len(told.ready)} of {frames} frames after {FILM_WITHIN_S:g} s"
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    told.take(record)
    finally:
        await consumer.stop()
    return told


async def publish(client: ServiceSettings, events: Sequence[Event]) -> None:
    """As the planner does."""
    publisher = EventPublisher(client, "shot-planner")
    await publisher.start()
    try:
        await publisher.publish(events)
    finally:
        await publisher.stop()


@pytest.fixture
def started() -> Iterator[list[StackProcess]]:
    processes: list[StackProcess] = []
    yield processes
    for process in processes:
        process.close()


async def test_a_film_killed_twice_has_every_frame_once_and_no_generation_with_two_results(
    tmp_path: Path, started: list[StackProcess]
) -> None:
    plan = read_plan(PLAN.read_bytes()).plan
    assert plan is not None
    started.append(StackProcess(tmp_path / "stack"))
    state = await started[-1].running()
    client = ServiceSettings(kafka_bootstrap=state.kafka_bootstrap, kafka_idempotence=state.kafka_idempotence)
    frames, (bible, shots) = frame_count(plan), plan_events(plan)
    third = len(shots) // 3
    await publish(client, [*bible, *shots[:third]])
    for ready, more in zip(KILL_AFTER, (shots[third : 2 * third], shots[2 * third :]), strict=True):
        await read_until(state, ready)
        # Just before the end, so that it is in mid-film however late this process has heard of the frames.
        await publish(client, more)
        await started[-1].kill_everything()
        started.append(StackProcess(tmp_path / "stack"))
        state = await started[-1].running()

    told = await read_until(state, frames)
    assert told.ended_otherwise == []
    assert len(told.ready) == frames
    assert all(len(ids) == 1 for ids in told.ready.values())
    assert all(len(digests) == 1 for digests in told.assets.values())
    # What the database keeps tells the same story: one result each, nothing left open.
    ledger, assets = await asyncio.to_thread(stored, state)
    assert ledger == dict.fromkeys(told.assets, "done")
    assert assets == {generation_id: digest for generation_id, (digest,) in told.assets.items()}


def stored(state: StackState) -> tuple[dict[str, str], dict[str, str]]:
    """State of each ledger entry, and digest of each asset, by generation id (an asset's id is its generation's)."""
    with pymongo.MongoClient[dict[str, Any]](state.mongo_url) as client:
        database = client[state.mongo_database]
        ledger = {str(entry["_id"]): str(entry["state"]) for entry in database["ledger"].find()}
        assets = {str(asset["asset_id"]): str(asset["sha256"]) for asset in database["assets"].find()}
    return ledger, assets
