"""Memory and speed of `ice replay`: `python -m tests.bench.replay [--events 100000] [--broker kafka] [--out FILE]`.

So many plans, one per shot, on a broker of its own; then three replays of all of them, each to its end in a process of
its own: a repetition, a repetition again (which meets as many copies) and new takes. A replay's memory is the most that
its process ever held; "bare" is one that finds a single event at most.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from schemas import topics
from schemas.shot import ShotPlanned
from services.chassis.provision import provision
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from services.local_stack.servers import broker as embedded_broker
from services.local_stack.servers import ports
from tests import builders
from tests.fixtures.embedded import run_now, running
from tests.fixtures.kafka_jars import ApacheKafka
from tests.fixtures.settings import FixtureSettings

ROOT: Final = Path(__file__).resolve().parents[2]
PARTITIONS: Final = 4
AT_ONCE: Final = 1_000
REPLAYS: Final = (
    ("bare", ("--to", "0:1")),
    ("repetition", ()),
    ("repetition again", ()),
    ("new takes (--regenerate)", ("--regenerate",)),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One replay."""

    what: str
    published: int
    wall_s: float
    cpu_s: float
    peak_mb: float

    @property
    def per_s(self) -> float:
        """Published events a second, the reading of what is passed over included."""
        return self.published / self.wall_s


@contextmanager
def broker(kind: str, folder: Path) -> Iterator[str]:
    """A broker of this run's own; its address."""
    if kind == "kafka":
        kafka = ApacheKafka(folder, cache=FixtureSettings().test_cache)
        try:
            run_now(kafka.start())
            yield kafka.bootstrap
        finally:
            kafka.kill()
        return
    port = ports.choose(["kafka"], {}, {})["kafka"]
    with running(lambda: embedded_broker.plan(port, logs=folder, folder=folder)):
        yield embedded_broker.bootstrap(port)


async def fill(settings: ServiceSettings, count: int) -> None:
    """Publish `count` plans, each of a shot of its own."""
    await provision(settings, [replace(spec, partitions=PARTITIONS) for spec in topics.specs(("previz",))])
    publisher = EventPublisher(settings, "bench")
    await publisher.start()
    try:
        project = builders.project()
        for first in range(0, count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count))
            await publisher.publish(
                [ShotPlanned(project=project, shot=builders.shot(shot_id=f"sh{number:06}")) for number in numbers]
            )
    finally:
        await publisher.stop()


def replayed(what: str, environment: dict[str, str], *options: str) -> Measured:
    """Run one replay to its end.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "services.cli", "replay", "--topic", topics.SHOT_PLANNED, "--json", "--quiet"]
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen([*command, *options], cwd=ROOT, env=environment, stdout=told)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        told.seek(0)
        answer = told.read()
    if child.returncode:
        raise RuntimeError(f"{what}: exit status {child.returncode}: {answer[:500]!r}")
    published = json.loads(answer)["published"]
    return Measured(what, published, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Fill, replay, print."""
    parser = argparse.ArgumentParser(description="memory and speed of ice replay")
    parser.add_argument("--broker", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as name, broker(asked.broker, Path(name)) as bootstrap:
        idempotent = asked.broker == "kafka"
        settings = ServiceSettings(kafka_bootstrap=bootstrap, kafka_idempotence=idempotent)
        environment = {
            "PATH": os.defpath,
            "ICE_KAFKA_BOOTSTRAP": bootstrap,
            "ICE_KAFKA_IDEMPOTENCE": str(idempotent),
            "ICE_STATE_FOLDER": name,
            "ICE_LOCAL_FOLDER": name,
        }
        asyncio.run(fill(settings, asked.events))
        console.print(f"{asked.events:,} plans published")
        rows = []
        for what, options in REPLAYS:
            rows.append(replayed(what, environment, *options))
            console.print(
                f"{what}: {rows[-1].published:,} in {rows[-1].wall_s:.1f} s, {rows[-1].peak_mb:.0f} MB at most"
            )
    table = Table(title=f"ice replay of {asked.events:,} plans, {asked.broker} broker")
    for column in ("replay", "published", "events/s", "wall s", "CPU s", "peak MB"):
        table.add_column(column, justify="left" if column == "replay" else "right")
    for row in rows:
        table.add_row(
            row.what,
            f"{row.published:,}",
            f"{row.per_s:,.0f}",
            f"{row.wall_s:.1f}",
            f"{row.cpu_s:.1f}",
            f"{row.peak_mb:.0f}",
        )
    console.print(table)
    if asked.out is not None:
        asked.out.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
