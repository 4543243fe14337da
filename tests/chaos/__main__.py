"""`python -m tests.chaos`: see README.md."""

import asyncio
import json
import logging
import secrets
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.run import Outcome, Run
from tests.chaos.settings import ChaosSettings
from tests.chaos.verdict import VIOLATIONS
from tests.chaos.world import World

console = Console(highlight=False, width=160)


def row_of(outcome: Outcome) -> dict[str, Any]:
    """One line of the results file."""
    found = outcome.verdict
    return {
        "seed": outcome.seed,
        "frames": outcome.frames,
        "ready": found.ready,
        "calls": found.calls,
        **{name: len(getattr(found, name)) for name in VIOLATIONS},
        "in_doubt": len(found.in_doubt),
        "failed": len(found.failed),
        "redelivered": found.redelivered,
        "surprises": sum(outcome.surprises.values()),
        "settled_s": None if outcome.settled_s is None else round(outcome.settled_s, 1),
        "took_s": round(outcome.took_s, 1),
        "good": outcome.good,
        "details": {**found.violations, "in_doubt": found.in_doubt, "failed": found.failed},
        "ended_by_themselves": outcome.surprises,
        "did_not_stop": outcome.unwilling,
        "folder": str(outcome.folder),
    }


def table_of(rows: Iterable[dict[str, Any]]) -> Table:
    """All runs side by side."""
    columns = (
        "seed",
        "frames",
        "ready",
        "calls",
        *VIOLATIONS,
        "in_doubt",
        "failed",
        "redelivered",
        "settled_s",
        "took_s",
    )
    table = Table()
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns), style="" if row["good"] else "bold red")
    return table


def run_one(seed: int, options: ChaosSettings) -> dict[str, Any]:
    """One seed; its row."""
    folder = options.runs / f"seed-{seed}-{time.strftime('%H%M%S')}"
    folder.mkdir(parents=True)
    world = World(folder, options.data, brokers=options.brokers, pace=options.pace)
    logging.basicConfig(filename=world.logs / "conductor.log", level=logging.WARNING, force=True)
    with (folder / "faults.txt").open("w") as faults:

        def tell(text: str) -> None:
            faults.write(text + "\n")
            faults.flush()
            console.print(text, markup=False)

        console.print(f"seed {seed} (repeat with SEED={seed}), logs in {folder}", markup=False)
        try:
            row = row_of(asyncio.run(Run(seed, options, world, tell).play()))
        finally:
            world.destroy(keep_data=options.keep_data)
    (folder / "report.json").write_text(json.dumps(row, indent=2))
    for kind, lines in row["details"].items():
        for line in lines:
            console.print(f"{kind.replace('_', ' ')}: {line}", markup=False)
    for kind in ("ended_by_themselves", "did_not_stop"):
        if row[kind]:
            console.print(f"{kind.replace('_', ' ')}: {row[kind]}", markup=False)
    return row


def known_rows(out: Path | None) -> list[dict[str, Any]]:
    """Rows of earlier runs."""
    if out is None or not out.exists():
        return []
    return [json.loads(line) for line in out.read_text().splitlines()]


def main() -> int:
    """Run the seeds; 1 when one of them found a violation."""
    # Told to stop, it still takes everything down that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = ChaosSettings()
    first = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    if options.seeds > 1 and options.seed is None:
        first = 1
    rows = known_rows(options.out)
    done = {row["seed"] for row in rows}
    for seed in range(first, first + options.seeds):
        if seed in done:
            continue
        row = run_one(seed, options)
        rows.append(row)
        if options.out is not None:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            with options.out.open("a") as out:
                out.write(json.dumps(row) + "\n")
        console.print(table_of(rows))
    return 0 if all(row["good"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
