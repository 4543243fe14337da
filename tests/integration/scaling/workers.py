"""Workers as processes, and the bill that they run up."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from schemas import topics
from schemas.generation import GenerationRequested
from schemas.topics import Lane
from services.chassis.provision import provision
from tests.fakes.requests import a_request, a_run
from tests.fixtures.one_service import OneService
from tests.integration.scaling.billing_worker import PROVIDER

ROOT = Path(__file__).parents[3]
SLOTS = 4
PARTITIONS = 16


def requests(count: int, prefix: str = "sh", lane: Lane = Lane.STANDARD) -> list[GenerationRequested]:
    """So many shots of one film, each its own key."""
    return [
        a_request(
            a_run({"project_id": "film"}, {"shot_id": f"{prefix}{number:05}", "code": ""}),
            lane=lane,
            provider=PROVIDER,
            model=PROVIDER,
            width=64,
            height=64,
        )
        for number in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """A line of the bill."""

    at: float
    process: int
    generation_id: str


@dataclass
class Studio:
    """One provider's topics, and whatever workers a test starts."""

    world: OneService
    folder: Path
    seconds: float
    workers: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def open(self) -> None:
        specs = [replace(spec, partitions=PARTITIONS) for spec in topics.generation_specs(PROVIDER)]
        await provision(self.world.settings, specs)

    async def start(self, **overrides: str) -> asyncio.subprocess.Process:
        """One more worker."""
        environment = {
            **self.world.environment(),
            "ICE_GENERATION_CONCURRENCY": str(SLOTS),
            # Nobody is killed here, and a worker that stood still for a while is no dead one.
            "ICE_GENERATION_DRAIN_S": "60",
            "ICE_GENERATION_LEASE_S": "120",
            "ICE_LOG_LEVEL": "INFO",
            "PATH": os.defpath,
            **overrides,
        }
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        module = "tests.integration.scaling.billing_worker"
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, str(self.bill), str(self.seconds), cwd=ROOT, env=environment, stderr=log,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        log.close()
        self.workers.append(worker)
        return worker

    @property
    def bill(self) -> Path:
        return self.folder / "bill.txt"

    def calls(self) -> list[Call]:
        """Every paid call so far, in the order of paying."""
        if not self.bill.exists():
            return []
        lines = (line.split() for line in self.bill.read_text(encoding="ascii").splitlines())
        return sorted((Call(float(at), int(process), call) for at, process, call in lines), key=lambda call: call.at)

    def paid_twice(self) -> list[str]:
        return [call for call, times in Counter(call.generation_id for call in self.calls()).items() if times > 1]

    def rate(self, since: float, until: float) -> float:
        """Calls begun per second between two Unix times."""
        return sum(since <= call.at < until for call in self.calls()) / (until - since)

    def most_at_once(self, worker: asyncio.subprocess.Process) -> int:
        """Calls that a worker had begun within the time that each of them takes at least."""
        begun = [call.at for call in self.calls() if call.process == worker.pid]
        return max((sum(at <= later < at + 0.95 * self.seconds for later in begun) for at in begun), default=0)

    def busy(self, since: float) -> set[int]:
        """The processes that have begun a call since."""
        return {call.process for call in self.calls() if call.at >= since}

    async def until(self, true: Callable[[], bool], timeout_s: float = 150.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not true():
            assert time.monotonic() < deadline, f"not within {timeout_s} s; {len(self.calls())} calls; {self.said()}"
            await asyncio.sleep(0.05)

    async def until_begun(self, count: int) -> None:
        await self.until(lambda: len(self.calls()) >= count)

    async def until_all_work(self) -> None:
        """Every worker that runs has begun a call since now."""
        now, running = time.time(), {worker.pid for worker in self.workers if worker.returncode is None}
        await self.until(lambda: self.busy(now) >= running)

    async def end(self, worker: asyncio.subprocess.Process, within_s: float = 120.0) -> int:
        """SIGTERM; the exit status."""
        worker.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(worker.wait(), within_s)

    def said(self) -> str:
        return "\n".join(log.read_text(errors="replace")[-2_000:] for log in self.folder.glob("worker-*.log"))

    async def close(self) -> None:
        for worker in self.workers:
            if worker.returncode is None:
                worker.kill()
            await worker.wait()


@asynccontextmanager
async def studio(world: OneService, folder: Path, seconds: float) -> AsyncIterator[Studio]:
    """A studio whose workers end with the test."""
    found = Studio(world, folder, seconds)
    await found.open()
    try:
        yield found
    finally:
        await found.close()
