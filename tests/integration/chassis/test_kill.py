"""A real process that dies between two durable steps, on a real broker, again and again until all is done."""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from schemas.envelope import from_headers
from tests.fakes.dying_process import DIED
from tests.fakes.toy_events import ANSWERED, ASKED, Asked
from tests.integration.chassis.conftest import World, eventually

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
COUNT = 60
_SETTINGS = (
    "kafka_bootstrap",
    "kafka_topic_prefix",
    "kafka_group_prefix",
    "kafka_idempotence",
    "kafka_fetch_max_wait_ms",
    "kafka_session_timeout_ms",
)


async def start(world: World, stage: str, moment: str, folder: Path) -> asyncio.subprocess.Process:
    chosen = world.environment(*_SETTINGS)
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.dying_process",
        stage,
        moment,
        str(folder),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ICE_BATCH_MAX_RECORDS": "10", **chosen},  # noqa: TID251 - a child needs its PATH
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )


async def dead_or_done(world: World, ended: "asyncio.Task[int]") -> bool:
    return ended.done() or await world.total_committed_is(COUNT)


@pytest.mark.parametrize("moment", ["effects", "acknowledged"])
@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_a_process_that_dies_between_two_steps_loses_nothing(
    world: World, stage: str, moment: str, tmp_path: Path
) -> None:
    await world.send(*(Asked(name=f"n{number % 13}", number=number) for number in range(COUNT)))
    deaths = 0
    while await world.total_committed() < COUNT:
        child = await start(world, stage, moment, tmp_path)
        ended = asyncio.create_task(child.wait())
        try:
            await eventually(partial(dead_or_done, world, ended), timeout_s=120)
        finally:
            if child.returncode is None:
                child.kill()
            await ended
        if child.returncode == DIED:
            deaths += 1
        assert deaths < COUNT, "no life gets further than the one before"

    assert deaths >= 1
    answers = await world.copies(ANSWERED, COUNT, extra_s=1)
    # Repeated, yes, but each time as the same event.
    assert len({from_headers(record.headers).id for record in answers}) == COUNT
    assert len({record.value for record in answers}) == COUNT
    assert sum(1 for _ in tmp_path.iterdir()) == COUNT  # noqa: ASYNC240 - a local folder
    assert await world.read(ASKED + ".dlq", 0) == []
