"""Throughput of vendor workers against the ideal: `python -m tests.bench.vendor_load [--broker kafka] [--shots 500]`.

A fake vendor in a process of its own takes 2 to 8 seconds for each image and has no limits. 1, 2 and 4 ready workers of
64 calls at once get all requests at once, and one worker of 256. The ideal is calls at once ÷ mean latency; beside it
stands what the same latencies allow for so many shots, whose last wave never fills the slots ("in practice").
Run it on a quiet machine.
"""

import argparse
import asyncio
import heapq
import json
import random
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaConsumer
from rich.console import Console
from rich.table import Table

from schemas import topics
from schemas.generation import GenerationRequested
from services.chassis.provision import provision
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from services.local_stack.servers import ports
from tests.bench.__main__ import servers
from tests.bench.load import Task
from tests.fakes.provider import picture
from tests.fakes.requests import a_request, a_run
from tests.fakes.vendors.fake import Order
from tests.fakes.vendors.openai import FakeOpenAI
from tests.fakes.vendors.server import FakeServer

ROOT: Final = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 256, 144
MODEL: Final = "gpt-image-2.6-flare"
PARTITIONS: Final = 16
#: Worker processes, and calls at once of each.
PLAN: Final = ((1, 64), (2, 64), (4, 64), (1, 256))
console = Console(width=120)


class SmallPictures(FakeOpenAI):
    """Answers with one small picture, after the time that the prompt's number gives."""

    small = picture(WIDTH, HEIGHT)

    def picture(self, order: Order, kind: str = "PNG") -> bytes:
        del order, kind
        return self.small


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; rates in shots per second."""

    workers: int
    each: int
    shots: int
    seconds: float
    rate: float
    ideal: float
    in_practice: float
    most_at_once: int
    paid: int
    processor_s: float

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            str(self.workers),
            str(self.workers * self.each),
            f"{self.seconds:.1f}",
            f"{self.rate:.1f}",
            f"{self.ideal:.1f}",
            f"{self.rate / self.ideal:.0%}",
            f"{self.in_practice:.1f}",
            f"{self.rate / self.in_practice:.0%}",
            str(self.most_at_once),
            str(self.paid),
            f"{1000 * self.processor_s / self.shots:.0f}",
        )


def latencies(shots: int, least: float, most: float) -> list[float]:
    """Seconds of each call, in the order in which the vendor gets them; the same every time."""
    chance = random.Random(7)
    return [chance.uniform(least, most) for _ in range(shots)]


def makespan(times: list[float], slots: int) -> float:
    """Seconds until the last call has ended when a free slot takes the next at once."""
    ends = [0.0] * slots
    for seconds in times:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


async def serve(options: argparse.Namespace) -> None:
    """The fake vendor; prints its address, and at SIGTERM what it saw."""
    fake, times = SmallPictures(), iter(latencies(10 * options.shots, *options.latency))
    fake.latency = lambda: next(times)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with FakeServer(fake) as server:
        say({"url": server.url, "key": fake.key})
        await over.wait()
    say({"most_at_once": fake.most_running, "paid": len(fake.bill)})


def say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


@contextmanager
def vendor(options: argparse.Namespace) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The fake's process: its address and key, and, once it has ended, what it saw."""
    numbers = ["--shots", str(options.shots), "--latency", *map(str, options.latency)]
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.vendor_load", "--serve", *numbers]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen: dict[str, Any] = {}
        try:
            yield json.loads(process.stdout.readline()), seen
        finally:
            process.terminate()
            seen.update(json.loads(process.stdout.readline()))


@contextmanager
def workers(task: Task, count: int, each: int, told: dict[str, Any]) -> Iterator[list[int]]:
    """Processes of the vendor's worker; the ports of their health."""
    shared = {f"ICE_{name.upper()}": str(value) for name, value in task.shared.items() if value is not None}
    environment = {
        **shared,
        "OPENAI_API_KEY": told["key"],
        "ICE_OPENAI_BASE_URL": told["url"],
        # The vendor's own limits aren't what is measured.
        "ICE_GENERATION_LIMIT_CONCURRENT": "10000",
        "ICE_GENERATION_LIMIT_CALLS": "1000000",
        "ICE_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "services.generation", "--provider", "openai", "--concurrency", str(each)]
    chosen = list(ports.choose([str(number) for number in range(count)], {}, {}).values())
    running = [subprocess.Popen([*command, "--http-port", str(port)], cwd=ROOT, env=environment) for port in chosen]
    try:
        yield chosen
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)


def request(number: int) -> GenerationRequested:
    run = a_run(project={"project_id": "load"}, shot={"shot_id": f"sh{number:05d}", "code": f"SH{number:05d}"})
    size = {"width": WIDTH, "height": HEIGHT}
    return a_request(run, provider="openai", model=MODEL, prompt=f"shot {number}", seed_to_send=None, **size)


async def completed(settings: ServiceSettings, wanted: int, timeout_s: float) -> float:
    """When the last of so many different shots was completed, by the clock of `time.monotonic`."""
    topic = settings.kafka_topic_prefix + topics.GENERATION_COMPLETED
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=settings.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    seen: set[bytes] = set()
    try:
        async with asyncio.timeout(timeout_s):
            while len(seen) < wanted:
                for records in (await consumer.getmany(timeout_ms=50)).values():
                    seen |= {record.key or b"" for record in records}
    finally:
        await consumer.stop()
    return time.monotonic()


async def make_topics(settings: ServiceSettings) -> None:
    specs = topics.specs(("openai",))
    await provision(settings, [replace(spec, partitions=min(spec.partitions, PARTITIONS)) for spec in specs])


async def drive(settings: ServiceSettings, shots: int, ports_of_workers: Sequence[int], timeout_s: float) -> float:
    """Seconds from the publishing of every request to the last image, with workers that are ready."""
    async with httpx.AsyncClient() as client, asyncio.timeout(120):
        while not all([await ready(client, port) for port in ports_of_workers]):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.2)
    publisher = EventPublisher(settings, "bench")
    await publisher.start()
    try:
        requests = [request(number) for number in range(shots)]
        begun = time.monotonic()
        ends = asyncio.create_task(completed(settings, shots, timeout_s))
        await publisher.publish(requests)
        return (await ends) - begun
    finally:
        await publisher.stop()


async def ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://{ports.LOOPBACK}:{port}/readyz", timeout=5)).status_code == HTTPStatus.OK
    except httpx.HTTPError:
        return False


def children_s() -> float:
    """Processor seconds of the ended children."""
    import resource  # noqa: PLC0415 - not on every system

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(shared: dict[str, Any], options: argparse.Namespace, count: int, each: int) -> Row:
    """One line: everything new but the servers."""
    own = f"l{secrets.token_hex(3)}"
    places = {
        "kafka_topic_prefix": f"{own}.",
        "kafka_group_prefix": f"{own}.",
        # The stack's own second is for one member a group; here the members share a machine with everything else.
        "kafka_session_timeout_ms": 10_000,
        "mongo_database": own,
    }
    task = Task(side="load", shared={**shared, **places}, burst=options.shots, paced=0, rate=1)
    settings, times = task.settings(), latencies(options.shots, *options.latency)
    asyncio.run(make_topics(settings))
    with vendor(options) as (told, seen):
        used = children_s()
        with workers(task, count, each, told) as ports_of_workers:
            limit_s = 60 + 4 * makespan(times, count * each)
            seconds = asyncio.run(drive(settings, options.shots, ports_of_workers, limit_s))
        processor_s = children_s() - used
    slots = count * each
    return Row(
        workers=count,
        each=each,
        shots=options.shots,
        seconds=seconds,
        rate=options.shots / seconds,
        ideal=slots / statistics.fmean(times),
        in_practice=options.shots / makespan(times, slots),
        most_at_once=seen["most_at_once"],
        paid=seen["paid"],
        processor_s=processor_s,
    )


def main() -> int:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vendor_load", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "kafka"), default="kafka")
    parser.add_argument("--shots", type=int, default=500)
    parser.add_argument("--latency", type=float, nargs=2, default=(2.0, 8.0), metavar=("LEAST", "MOST"))
    parser.add_argument(
        "--plan", nargs="+", default=[f"{count}x{each}" for count, each in PLAN], metavar="PROCESSESxCALLS"
    )
    parser.add_argument("--out", type=Path, default=None, help="JSON of all figures")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options))
        return 0
    rows = []
    with tempfile.TemporaryDirectory(prefix="ice-load-") as folder, servers(Path(folder), options.broker) as shared:
        for line in options.plan:
            count, each = map(int, line.split("x"))
            with console.status(f"{count} × {each} …"):
                rows.append(measure(shared, options, count, each))
    least, most = options.latency
    table = Table(title=f"{options.shots} shots, {least:g} to {most:g} s each, {options.broker}", header_style="bold")
    for name in (
        "workers",
        "in flight",
        "seconds",
        "shots/s",
        "ideal",
        "of it",
        "in practice",
        "of it",
        "most at once",
        "paid",
        "CPU ms/shot",
    ):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*row.cells)
    console.print(table)
    if options.out is not None:
        options.out.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
