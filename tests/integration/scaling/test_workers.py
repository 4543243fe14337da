"""Workers of a paid provider come and go under load: no shot is lost, none is paid twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas import topics
from schemas.generation import GenerationCompleted, GenerationRequested
from services.chassis.ending import end
from tests.fixtures.one_service import OneService, surroundings
from tests.integration.scaling.workers import SLOTS, Studio, requests, studio

__all__ = ["surroundings"]

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]
SECONDS = 1.0
#: Requests that wait for a worker at least, however long the next one takes to start.
BACKLOG = 60


async def test_one_two_three_and_one_worker_make_every_shot_once(surroundings: OneService, tmp_path: Path) -> None:
    async with studio(surroundings, tmp_path, SECONDS) as found:
        async with fed(found) as asked:
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
        await found.until(lambda: len(found.calls()) >= len(asked))
        answers = await surroundings.read(topics.GENERATION_COMPLETED, len(asked))
        assert await found.end(last) == 0

        completed = [event for event in answers if isinstance(event, GenerationCompleted)]
        assert {event.generation_id for event in completed} == {request.generation_id for request in asked}
        assert found.paid_twice() == []
        assert len(found.calls()) == len(asked)
        states = surroundings.documents.collection("ledger")
        assert await states.count({"state": "done"}) == len(asked)
        print(f"calls begun per second: 1 worker {alone:.1f}, 3 workers {three:.1f}: {three / alone:.2f} times")  # noqa: T201
        # Slots are what limits, of each worker: how fast they all are together is the machine's matter.
        assert {worker.pid: found.most_at_once(worker) <= SLOTS for worker in found.workers} == dict.fromkeys(
            (worker.pid for worker in found.workers), True
        )


async def test_a_static_member_that_restarts_takes_its_partitions_again_and_disturbs_nobody(
    surroundings: OneService, tmp_path: Path
) -> None:
    async with studio(surroundings, tmp_path, SECONDS) as found:
        # Longer than any machine takes to start a worker again.
        session = {"ICE_KAFKA_SESSION_TIMEOUT_MS": "200000", "ICE_KAFKA_HEARTBEAT_MS": "1000"}
        for name in ("a", "b"):
            await found.start(ICE_KAFKA_INSTANCE_ID=name, **session)
        async with fed(found) as asked:
            await found.until_all_work()
            regrouped = _regrouped(found, 1)
            assert await found.end(found.workers[0]) == 0
            await found.start(ICE_KAFKA_INSTANCE_ID="a", **session)
            await found.until_all_work()
        await found.until(lambda: len(found.calls()) >= len(asked))
        await surroundings.read(topics.GENERATION_COMPLETED, len(asked))

        assert _regrouped(found, 1) == regrouped, "the neighbour let go of its partitions"
        assert found.paid_twice() == []
        assert {call.process for call in found.calls()} == {worker.pid for worker in found.workers}


@asynccontextmanager
async def fed(found: Studio) -> AsyncIterator[list[GenerationRequested]]:
    """Requests for as long as the block runs, so that there is work however slow a start is; all that were published.

    The workers may be done with them when they get more; they are never out of work for long.
    """
    asked: list[GenerationRequested] = []

    async def feed() -> None:
        while True:
            if len(asked) - len(found.calls()) < BACKLOG:
                more = requests(len(asked) + BACKLOG)[len(asked) :]
                await found.world.publisher.publish(more)
                asked.extend(more)
            await asyncio.sleep(0.2)

    feeding = asyncio.create_task(feed())
    try:
        yield asked
    finally:
        await end(feeding)


async def _rate(found: Studio, seconds: float) -> float:
    """Calls begun per second from now on; begins when every worker has work."""
    await found.until_all_work()
    began = time.time()
    await asyncio.sleep(seconds)
    return found.rate(began, time.time())


def _regrouped(found: Studio, worker: int) -> int:
    log = (found.folder / f"worker-{worker}.log").read_text(encoding="utf-8")
    return log.count("Revoking previously assigned partitions")
