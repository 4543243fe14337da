"""Workers of a paid provider come and go under load: no shot is lost, none is paid twice."""

import asyncio
import time
from pathlib import Path

import pytest

from schemas import topics
from schemas.generation import GenerationCompleted
from tests.fixtures.one_service import OneService, surroundings
from tests.integration.scaling.workers import SLOTS, Studio, requests, studio

__all__ = ["surroundings"]

pytestmark = [pytest.mark.integration, pytest.mark.slow]
SHOTS = 220
SECONDS = 1.0


async def test_one_two_three_and_one_worker_make_every_shot_once(surroundings: OneService, tmp_path: Path) -> None:
    async with studio(surroundings, tmp_path, SECONDS) as found:
        asked = requests(SHOTS)
        await surroundings.publisher.publish(asked)
        first = await found.start()
        alone = await _rate(found, 3.0)
        await found.start()
        await found.until_all_work()
        await found.start()
        await found.until_all_work()
        three = await _rate(found, 3.0)
        # Two go at once, one of them the first: the third must take over all partitions.
        statuses = await asyncio.gather(found.end(first), found.end(found.workers[1]))
        assert list(statuses) == [0, 0], found.said()
        last = found.workers[2]
        await found.until(lambda: len(found.calls()) == SHOTS)
        answers = await surroundings.read(topics.GENERATION_COMPLETED, SHOTS)
        assert await found.end(last) == 0

        completed = [event for event in answers if isinstance(event, GenerationCompleted)]
        assert {event.generation_id for event in completed} == {request.generation_id for request in asked}
        assert found.paid_twice() == []
        assert len(found.calls()) == SHOTS
        states = surroundings.documents.collection("ledger")
        assert await states.count({"state": "done"}) == SHOTS
        print(f"calls begun per second: 1 worker {alone:.1f}, 3 workers {three:.1f}: {three / alone:.2f} times")  # noqa: T201
        # Slots are what limits: three workers have thrice as many. Half of that, as the machine may be busy.
        assert alone <= SLOTS / SECONDS * 1.3
        assert three > 1.5 * alone


async def test_a_static_member_that_restarts_takes_its_partitions_again_and_disturbs_nobody(
    surroundings: OneService, tmp_path: Path
) -> None:
    async with studio(surroundings, tmp_path, SECONDS) as found:
        session = {"ICE_KAFKA_SESSION_TIMEOUT_MS": "20000"}
        for name in ("a", "b"):
            await found.start(ICE_KAFKA_INSTANCE_ID=name, **session)
        await surroundings.publisher.publish(requests(100))
        await found.until_all_work()
        regrouped = _regrouped(found, 1)
        assert await found.end(found.workers[0]) == 0
        await found.start(ICE_KAFKA_INSTANCE_ID="a", **session)
        await found.until(lambda: len(found.calls()) == 100)
        await surroundings.read(topics.GENERATION_COMPLETED, 100)

        assert _regrouped(found, 1) == regrouped, "the neighbour let go of its partitions"
        assert found.paid_twice() == []
        assert {call.process for call in found.calls()} == {worker.pid for worker in found.workers}


async def _rate(found: Studio, seconds: float) -> float:
    """Calls begun per second from now on; begins when every worker has work."""
    await found.until_all_work()
    began = time.time()
    await asyncio.sleep(seconds)
    return found.rate(began, time.time())


def _regrouped(found: Studio, worker: int) -> int:
    log = (found.folder / f"worker-{worker}.log").read_text(encoding="utf-8")
    return log.count("Revoking previously assigned partitions")
