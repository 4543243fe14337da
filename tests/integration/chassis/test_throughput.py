"""What one message costs in the quick stage, in processor time, which other load on the machine doesn't change much."""

import time

import pytest

from services.chassis.app import On
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration

COUNT = 4_000


async def test_a_pure_stage_spends_less_than_a_millisecond_on_a_message(world: World) -> None:
    done = 0

    async def handle(asked: Asked) -> list[Answered]:
        nonlocal done
        done += 1
        return [answer(asked)]

    await world.send(*(Asked(name=f"n{number % 500}", number=number, note="x" * 600) for number in range(COUNT)))
    app = world.app([On(ASKED, handle, emits=(Answered,))])
    wall, cpu = time.perf_counter(), time.process_time()
    await app.start()
    await eventually(lambda: done == COUNT)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    print(f"{COUNT / wall:.0f} messages/s, {COUNT / cpu:.0f} messages per second of a core")  # noqa: T201 - a figure
    assert cpu / COUNT < 0.001
    await eventually(lambda: world.total_committed_is(COUNT))
    assert len(await world.read(ANSWERED, COUNT)) == COUNT
