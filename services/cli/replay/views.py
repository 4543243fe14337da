"""A replay for people: its progress bar, what came of it, and what a dry run found."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from services.cli.counting import counted
from services.cli.dead_letters import printable
from services.cli.output import Output

_STEPS: Final = 10


class Bars:
    """One bar per pass on a terminal; a plain line per tenth of a pass elsewhere."""

    def __init__(self, output: Output, progress: Progress | None) -> None:
        self._output = output
        self._progress = progress
        self._totals: dict[str, int] = {}
        self._read: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}

    def begin(self, what: str, total: int) -> None:
        """A pass begins."""
        self._totals[what], self._read[what] = total, 0
        if self._progress is not None:
            self._tasks[what] = self._progress.add_task(what, total=total)

    def advance(self, what: str, count: int) -> None:
        """So many more records were dealt with."""
        before, total = self._read[what], max(self._totals[what], 1)
        self._read[what] = before + count
        if self._progress is not None:
            self._progress.advance(self._tasks[what], count)
        elif before * _STEPS // total != self._read[what] * _STEPS // total:
            self._output.note(f"{what}: {self._read[what]:,} of {self._totals[what]:,} records")


@contextmanager
def bars(output: Output) -> Iterator[Bars]:
    """Progress for as long as the block runs."""
    if not output.live:
        yield Bars(output, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.console(stderr=True)) as progress:
        yield Bars(output, progress)


def result_view(value: Mapping[str, Any]) -> RenderableType:
    """What a replay did."""
    skipped = value["skipped"]
    verb = "would publish" if value["dry_run"] else "published"
    what = "new makings" if value["regenerate"] else "events as they were"
    lines: list[RenderableType] = [
        Text(f"replay {value['replay_id']}: {verb} {value['published']:,} {what} of {value['source']}", style="bold"),
        Text(
            f"skipped: {skipped['copies']:,} copies of earlier replays, {skipped['not_asked_for']:,} not asked for, "
            f"{skipped['unreadable']:,} unreadable, {skipped['newer_version']:,} of a newer version",
            style="grey50",
        ),
    ]
    lines += [
        Text(f"  {item['kind']} {item['partition']}:{item['offset']}  {printable(item['reason'])}", style="yellow")
        for item in value["not_replayable"]
    ]
    if value["missing"]:
        shown = ", ".join(value["missing"][:5]) + (" …" if len(value["missing"]) > 5 else "")  # noqa: PLR2004
        lines.append(Text(f"{len(value['missing']):,} asked for and not on {value['source']}: {shown}", style="yellow"))
    if value["dry_run"]:
        lines += [_scenes(value), *_notes(value)] if value["regenerate"] else [_repeats(value)]
    return Group(*lines)


def _repeats(value: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("film", "scene", "events"):
        table.add_column(name, justify="right" if name == "events" else "left")
    for row in value["scenes"]:
        table.add_row(printable(row["project_id"] or "–"), printable(row["scene_id"] or "–"), _number(row["events"]))
    return table


def _scenes(value: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50", show_footer=True)
    total = value["estimate"]
    table.add_column("film")
    table.add_column("scene")
    for name in ("shots", "frames", "not made"):
        table.add_column(name, justify="right", footer=_number(total.get(name.replace(" ", "_"))))
    table.add_column("models")
    table.add_column("about", justify="right", footer=_money(total.get("estimated_cost_usd")))
    for row in value["scenes"]:
        models = ", ".join(f"{name} ×{count}" for name, count in row["models"].items())
        table.add_row(
            printable(row["project_id"]),
            printable(row["scene_id"] or "–"),
            _number(row["shots"]),
            _number(row["frames"]),
            _number(sum(row["not_made"].values())),
            models or "–",
            _money(row["estimated_cost_usd"]),
        )
    return table


def _notes(value: Mapping[str, Any]) -> Iterator[Text]:
    for row in value["scenes"]:
        for reason, count in row["not_made"].items():
            yield Text(f"not made in {row['scene_id']}: {counted(count, 'frame')}: {printable(reason)}", style="yellow")
    for wish, count in value["unmet_wishes"].items():
        yield Text(f"wish not followed for {counted(count, 'frame')}: {printable(wish)}", style="yellow")


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _money(value: float | None) -> str:
    return "–" if value is None else f"${value:,.3f}"
