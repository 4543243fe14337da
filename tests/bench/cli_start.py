"""What `ice --help` costs beside a bare Typer application with as many commands, in turn, in one run."""

import resource
import statistics
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

RUNS = 11
BARE = """
import typer
app = typer.Typer(help="bare")
for name in ("demo", "up", "watch", "status", "explain", "topics", "doctor", "plan", "keyframes"):
    @app.command(name)
    def command() -> None:
        "A command."
app(["--help"])
"""
ICE = "from services.cli.__main__ import main; import sys; sys.argv = ['ice', '--help']; main()"


def cpu_s(code: str) -> float:
    """Processor seconds of one interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def compare(console: Console) -> dict[str, Any]:
    """Both in turn; medians and their ratio, printed."""
    pairs = [(cpu_s(ICE), cpu_s(BARE)) for _ in range(RUNS)][1:]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    table = Table(title=f"ice --help, median CPU of {len(pairs)} runs")
    for column in ("ice", "bare Typer", "ratio"):
        table.add_column(column, justify="right")
    table.add_row(f"{ours * 1000:.0f} ms", f"{bare * 1000:.0f} ms", f"{ours / bare:.2f}")
    console.print(table)
    return {"ice_cpu_s": ours, "bare_cpu_s": bare, "ratio": ours / bare}
