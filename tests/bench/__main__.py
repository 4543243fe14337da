"""`python -m tests.bench [--broker embedded|kafka|both] [--shots N] [--out FILE]`."""

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.local_stack import app as stack
from services.local_stack.events import ignore
from services.local_stack.folder import StackFolder
from services.local_stack.servers import ports
from services.local_stack.servers.embedded import PORTS, EmbeddedServers
from tests.bench import cli_start
from tests.bench.load import Outcome, Task
from tests.fixtures.embedded import run_now
from tests.fixtures.kafka_jars import ApacheKafka
from tests.fixtures.settings import FixtureSettings

console = Console()
FIGURES = (
    ("shots/s", "shots_per_s", "{:.1f}"),
    ("p50, ms", "p50_ms", "{:.0f}"),
    ("p99, ms", "p99_ms", "{:.0f}"),
    ("CPU s/shot", "cpu_s_per_shot", "{:.4f}"),
)


@contextmanager
def servers(folder: Path, broker: str) -> Iterator[dict[str, Any]]:
    """Database, object store and the broker asked for; yields the settings that all services share."""
    home = StackFolder(folder)
    home.acquire(min_free_mb=500)
    credentials = home.credentials()
    embedded = EmbeddedServers(home, ports=ports.choose(PORTS, {}, {}), credentials=credentials, on_event=ignore)
    with ExitStack() as cleanup:
        cleanup.callback(home.release)
        run_now(embedded.start())
        cleanup.callback(lambda: run_now(embedded.stop()))
        shared = stack.shared_settings(embedded.addresses, credentials)
        if broker == "kafka":
            kafka = ApacheKafka(folder / "kafka", cache=FixtureSettings().test_cache, quick_start=False)
            run_now(kafka.start())
            cleanup.callback(lambda: run_now(kafka.stop()))
            shared |= {
                "kafka_bootstrap": kafka.bootstrap,
                "kafka_idempotence": True,
                "kafka_fetch_max_wait_ms": 500,
                "kafka_session_timeout_ms": 10_000,
            }
        plain = {key: shared[key].get_secret_value() for key in ("mongo_url", "s3_secret_key")}
        yield {**shared, **plain}


def side(name: str, shared: dict[str, Any], options: argparse.Namespace, payload: dict[str, int]) -> Outcome:
    """Run one side in its own process, with topics, groups and database of its own."""
    own = f"b{secrets.token_hex(3)}"
    task = Task(
        side=name,
        shared={**shared, "kafka_topic_prefix": f"{own}.", "kafka_group_prefix": f"{own}.", "mongo_database": own},
        burst=options.shots,
        paced=options.paced,
        rate=options.rate,
        payload_bytes=payload,
    )
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.bench.side"],
        input=task.model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"{name} failed:\n{ran.stderr[-4000:]}")
    return Outcome.model_validate_json(ran.stdout)


def compare(broker: str, options: argparse.Namespace) -> dict[str, Any]:
    """Both sides on one broker, printed side by side."""
    with tempfile.TemporaryDirectory(prefix="ice-bench-") as folder, servers(Path(folder), broker) as shared:
        with console.status(f"{broker}: pipeline …"):
            ours = side("pipeline", shared, options, {})
        with console.status(f"{broker}: bare chain …"):
            bare = side("bare", shared, options, ours.payload_bytes)
    table = Table(title=f"{broker}: {options.shots} shots at once, then {options.paced} at {options.rate:g}/s")
    for column in ("", "pipeline", "bare chain", "ratio"):
        table.add_column(column, justify="left" if not column else "right")
    ratios = {}
    for label, name, form in FIGURES:
        a, b = getattr(ours, name), getattr(bare, name)
        ratios[name] = a / b
        table.add_row(label, form.format(a), form.format(b), f"{a / b:.2f}")
    console.print(table)
    return {"broker": broker, "pipeline": ours.model_dump(), "bare": bare.model_dump(), "ratios": ratios}


def main() -> int:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "kafka", "both"), default="both")
    parser.add_argument("--shots", type=int, default=200, help="published at once (default 200)")
    parser.add_argument("--paced", type=int, default=40, help="published one by one (default 40)")
    parser.add_argument("--rate", type=float, default=2.0, help="paced shots per second (default 2)")
    parser.add_argument("--out", type=Path, default=Path("bench-results.json"), help="JSON of all figures")
    options = parser.parse_args()
    brokers = ("embedded", "kafka") if options.broker == "both" else (options.broker,)
    results: dict[str, Any] = {"cli_start": cli_start.compare(console)}
    results["pipeline"] = [compare(broker, options) for broker in brokers]
    options.out.write_text(json.dumps(results, indent=2))
    console.print(f"figures in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
