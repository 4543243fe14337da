"""Workers in processes of their own share a vendor's slots over a real database."""

import asyncio
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
SLOTS = 4
CALLS = 8
#: Renewed ten times a second: a process that stands still for longer is dead to the others, and the test void.
LEASE_S = 6.0


@dataclass
class Process:
    """One worker; `times` are the beginning and the end of each of its calls."""

    owner: str
    running: asyncio.subprocess.Process
    times: dict[int, list[float]] = field(default_factory=dict)

    async def read(self) -> None:
        assert self.running.stdout is not None
        async for line in self.running.stdout:
            _, number, moment = line.decode().split()
            self.times.setdefault(int(number), []).append(float(moment))

    async def begun(self, calls: int) -> None:
        async with asyncio.timeout(120):
            while len(self.times) < calls:  # noqa: ASYNC110 - another process has no bell
                await asyncio.sleep(0.01)


async def started(  # the lease outlasts every stall of the machine, unless a test waits for its end
    url: str, database: str, owner: str, calls: int, seconds: float = 0.1, lease_s: float = 60.0
) -> Process:
    arguments = ["--url", url, "--database", database, "--owner", owner, "--slots", SLOTS, "--calls", calls]
    arguments += ["--lease-s", lease_s]
    command = [sys.executable, "-m", "tests.integration.limits_process", *map(str, arguments)]
    running = await asyncio.create_subprocess_exec(
        *command, "--seconds", str(seconds), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    return Process(owner, running)


def most_at_once(processes: Iterable[Process]) -> int:
    """Calls at the vendor at the busiest moment."""
    moments = []
    for process in processes:
        for begin, *end in process.times.values():
            moments.append((begin, 1))
            moments += [(moment, -1) for moment in end]
    busiest = now = 0
    for _, change in sorted(moments):
        now += change
        busiest = max(busiest, now)
    return busiest


async def test_processes_never_exceed_the_vendors_slots_and_all_calls_get_their_turn(
    mongo_url: str, mongo_database: str
) -> None:
    fleet = [await started(mongo_url, mongo_database, f"w{number}", CALLS) for number in range(3)]
    reading = asyncio.gather(*(process.read() for process in fleet))
    await asyncio.wait([reading], timeout=200)
    assert [len(process.times) for process in fleet] == [CALLS] * 3
    await reading
    assert [await process.running.wait() for process in fleet] == [0, 0, 0]
    assert 1 < most_at_once(fleet) <= SLOTS


async def test_the_slots_of_a_killed_process_come_free_with_its_lease(mongo_url: str, mongo_database: str) -> None:
    killed = await started(mongo_url, mongo_database, "killed", SLOTS, seconds=600, lease_s=LEASE_S)
    reading = asyncio.create_task(killed.read())
    await killed.begun(SLOTS)
    other = await started(mongo_url, mongo_database, "other", 6, lease_s=LEASE_S)
    also_reading = asyncio.create_task(other.read())
    await asyncio.sleep(LEASE_S + 1)
    assert other.times == {}, "the killed one still lives, and has all slots"
    killed.running.kill()
    died_at = time.time()
    async with asyncio.timeout(120):
        await asyncio.gather(reading, also_reading)
    assert await other.running.wait() == 0
    assert len(other.times) == 6
    assert min(begin for begin, _ in other.times.values()) > died_at
