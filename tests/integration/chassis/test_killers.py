"""A message that kills its process every time, with a real process that somebody starts again each time."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from services.chassis.dead_letters import ATTEMPT, ERROR_CLASS, ERROR_MESSAGE, ORIGINAL_OFFSET
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked
from tests.fixtures.broker import Broker
from tests.integration.chassis.conftest import World

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
COUNT, GUILTY, KILLED_LIMIT = 24, 11, 1
MOST_DEATHS = 9


async def start(world: World, stage: str) -> asyncio.subprocess.Process:
    names = ("kafka_bootstrap", "kafka_topic_prefix", "kafka_group_prefix", "kafka_fetch_max_wait_ms")
    chosen = world.environment(*names)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.chassis.sick_process", stage, cwd=ROOT,
        # One instance: who is started again gets its partitions at once.
        env={"PATH": os.defpath, "ICE_KILLED_LIMIT": str(KILLED_LIMIT), "ICE_KAFKA_INSTANCE_ID": "one", **chosen},
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


async def lives_until_done(world: World, stage: str) -> int:
    """Start the process again each time it dies; how often it died until everything was committed."""
    for deaths in range(MOST_DEATHS + 1):
        child = await start(world, stage)
        try:
            while child.returncode is None:
                if await world.total_committed_is(COUNT):
                    return deaths
                await asyncio.sleep(0.1)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
    raise AssertionError(
        f"it died {MOST_DEATHS + 1} times, and {await world.total_committed()} of {COUNT} are committed"
    )


@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_a_message_that_kills_its_process_ends_as_a_dead_letter_and_nothing_else_does(
    world: World, broker: Broker, stage: str
) -> None:
    if broker.kind == "embedded":
        pytest.skip("the embedded broker drops the metadata of commits, in which lives are counted")
    await world.send(
        *(
            Asked(name=f"n{number % 7}", number=number, note="die 0.3" if number == GUILTY else "")
            for number in range(COUNT)
        )
    )
    deaths = await lives_until_done(world, stage)

    (letter,) = await world.read(ASKED + ".dlq", 1)
    headers = {name: value.decode() for name, value in letter.headers}
    assert Asked.model_validate_json(letter.value).number == GUILTY
    assert headers[ERROR_CLASS] == "KilledItsProcess"
    assert headers[ERROR_MESSAGE].startswith(f"killed its process {headers[ATTEMPT]} times")
    assert ORIGINAL_OFFSET in headers
    # So often it was in hand with others, then twice alone; lives that got on a bit before they died aren't counted,
    # and how many do depends on the machine.
    assert KILLED_LIMIT + 2 <= deaths <= MOST_DEATHS

    answers = [Answered.model_validate_json(record.value) for record in await world.read(ANSWERED, COUNT - 1)]
    assert {answer.number for answer in answers} == set(range(COUNT)) - {GUILTY}
    if stage == "quick":
        by_name: defaultdict[str, list[int]] = defaultdict(list)
        for answer in answers:
            if answer.number not in by_name[answer.name]:
                by_name[answer.name].append(answer.number)
        assert all(numbers == sorted(numbers) for numbers in by_name.values())
