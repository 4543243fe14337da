"""10,000 messages at once: memory stays bounded, and what is urgent doesn't wait for them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.toy_events import ANSWERED, OTHER, Answered, Asked
from tests.integration.chassis.conftest import World, eventually
from tests.integration.chassis.flood_process import SLOTS

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).parents[3]
FLOOD, NOTE = 10_000, "x" * 10_000
BATCH = 50


class Flooded:
    """The process, and what it has begun so far."""

    def __init__(self, order: Path, child: asyncio.subprocess.Process) -> None:
        self.order = order
        self.child = child

    def begun(self) -> list[str]:
        return self.order.read_text(encoding="ascii").splitlines() if self.order.exists() else []

    def peak_mb(self) -> float:
        """The most memory that it has ever held."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


async def start(world: World, stage: str, order: Path, seconds: float) -> Flooded:
    names = ("kafka_bootstrap", "kafka_topic_prefix", "kafka_group_prefix", "kafka_idempotence",
             "kafka_fetch_max_wait_ms", "kafka_session_timeout_ms")  # fmt: skip
    chosen = world.environment(*names)
    limits = {"ICE_BATCH_MAX_RECORDS": str(BATCH), "ICE_BATCH_CONCURRENCY": str(SLOTS)}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.chassis.flood_process", stage, str(order), str(seconds), cwd=ROOT,
        env={"PATH": os.defpath, **chosen, **limits}, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return Flooded(order, child)


@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_a_flood_neither_fills_the_memory_nor_holds_up_what_is_urgent(
    world: World, tmp_path: Path, stage: str
) -> None:
    flooded = await start(world, stage, tmp_path / "order.txt", 0.1)
    try:
        await world.send(Asked(name="first", number=0))
        await eventually(flooded.begun)
        at_rest = flooded.peak_mb()
        await world.send(*(Asked(name=f"n{number % 997}", number=number, note=NOTE) for number in range(FLOOD)))
        await eventually(lambda: len(flooded.begun()) > 100)

        await world.send(Asked(name="now", number=1), topic=OTHER)
        before = len(flooded.begun())
        await eventually(lambda: any(line.startswith("express") for line in flooded.begun()))
        waited = next(place for place, line in enumerate(flooded.begun()) if line.startswith("express")) - before
        grown = flooded.peak_mb() - at_rest
        print(f"{stage}: {waited} went before it; {grown:.0f} MB more at {FLOOD * len(NOTE) / 1e6:.0f} MB in the topic")  # noqa: T201
        # A quick stage ends the batch in hand, and both go on with what they have until the broker has brought what is
        # urgent: some seconds on a busy machine. Behind the flood it would have waited for thousands.
        assert waited <= FLOOD // 20
        assert grown < 40
    finally:
        flooded.child.kill()
        await flooded.child.wait()


async def test_of_a_flood_every_message_is_answered(world: World, tmp_path: Path) -> None:
    await world.send(*(Asked(name=f"n{number % 997}", number=number) for number in range(FLOOD)))
    flooded = await start(world, "concurrent", tmp_path / "order.txt", 0)
    try:
        await eventually(lambda: len(set(flooded.begun())) == FLOOD, 200)
        answers = [Answered.model_validate_json(record.value).number for record in await world.read(ANSWERED, FLOOD)]
        assert sorted(answers) == list(range(FLOOD))
        await eventually(lambda: world.total_committed_is(FLOOD))
    finally:
        flooded.child.kill()
        await flooded.child.wait()
