"""A service as a process of its own: signals, crashes, dependencies that come late."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def process(
    world: World, stage: str, seconds: float, **overrides: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The toy service as a child process; killed at the end if it still lives."""
    names = (
        "kafka_bootstrap",
        "kafka_topic_prefix",
        "kafka_group_prefix",
        "kafka_idempotence",
        "kafka_fetch_max_wait_ms",
        "kafka_session_timeout_ms",
        "retry_base_s",
        "grace_s",
    )
    chosen = world.environment(*names)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.chassis.toy_process",
        stage,
        str(seconds),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ICE_BATCH_MAX_RECORDS": "20", **chosen, **overrides},  # noqa: TID251 - a child needs its PATH
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


def questions(count: int) -> list[Asked]:
    return [Asked(name=f"n{number % 13}", number=number) for number in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_killed_at_any_moment_nothing_is_lost(world: World, stage: str) -> None:
    asked = questions(1_000)
    sent = killed = 0
    for wait_s in (0.3, 0.7, *[0.0] * 3):
        await world.send(*asked[sent : sent + 150])
        async with process(world, stage, 0.25) as child:
            before = await world.total_committed()
            await eventually(partial(_more, world, before))
            # In its middle, however long a machine stops between two of our lines.
            await world.send(*asked[sent + 150 : sent + 200])
            sent += 200
            await asyncio.sleep(wait_s)
            child.send_signal(signal.SIGKILL)
            await child.wait()
        killed += await world.total_committed() < sent
        if killed == 2:
            break
    assert killed == 2, "always done before it could be killed"

    async with process(world, stage, 0):
        await eventually(lambda: world.total_committed_is(sent))

    answers = await world.read(ANSWERED, sent)
    assert {Answered.model_validate_json(record.value).number for record in answers} == set(range(sent))
    assert await world.read(ASKED + ".dlq", 0) == []


async def _more(world: World, committed: int) -> bool:
    return await world.total_committed() > committed


@pytest.mark.parametrize(("stage", "number"), [("quick", signal.SIGTERM), ("concurrent", signal.SIGINT)])
async def test_a_signal_ends_it_in_order(world: World, stage: str, number: signal.Signals) -> None:
    await world.send(*questions(100))
    async with process(world, stage, 0.05, ICE_GRACE_S="60") as child:
        await eventually(partial(_more, world, 0))
        child.send_signal(number)
        _, errors = await child.communicate()
        assert child.returncode == 0, errors.decode()
    lines = [json.loads(line) for line in errors.decode().splitlines()]
    assert {line["service"] for line in lines if line["logger"].startswith("services.")} <= {"toy"}
    committed = await world.total_committed()
    # What was answered was committed: nothing is done again after an orderly stop.
    assert len(await world.read(ANSWERED, committed)) == committed


async def test_it_waits_for_a_broker_that_comes_late_and_says_so(world: World) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    overrides = {"ICE_KAFKA_BOOTSTRAP": "127.0.0.1:1", "ICE_HTTP_PORT": str(port)}
    async with process(world, "quick", 0, **overrides) as child, httpx.AsyncClient(timeout=60) as client:

        async def says() -> bool:
            try:
                ready = await client.get(f"http://127.0.0.1:{port}/readyz")
            except httpx.TransportError:
                return False
            return ready.status_code == 503 and "broker 127.0.0.1:1" in ready.text

        await eventually(says)
        assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200
        assert child.returncode is None
        child.terminate()
        assert await child.wait() == 0


async def test_wrong_settings_stop_it_at_once(world: World) -> None:
    async with process(world, "quick", 0, ICE_HTTP_PORT="ninety") as child:
        _, errors = await child.communicate()
        assert child.returncode != 0
    assert "ICE_HTTP_PORT: 'ninety'" in errors.decode()
