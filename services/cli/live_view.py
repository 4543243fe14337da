"""The picture of films on their way, for a terminal: a bar, a count per stage and a block per keyframe."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.progress import STATUSES, FilmProgress, scenes

COLOURS: Final = {
    "planned": "grey42",
    "parked": "dark_orange3",
    "conditioned": "steel_blue",
    "prompted": "cornflower_blue",
    "generating": "yellow",
    "validating": "magenta",
    "review": "orange1",
    "held": "red3",
    "ready": "green",
    "failed": "red",
    "rejected": "red",
    "superseded": "grey42",
}
_BLOCKS: Final = {"planned": "·", "held": "?", "failed": "✗", "rejected": "✗", "ready": "■", "superseded": "–"}
_BAR: Final = 44
_STAGES: Final = ("planned", "conditioned", "prompted", "generating", "validating", "ready")


def films_view(films: Sequence[FilmProgress], elapsed_s: float) -> RenderableType:
    """All films, one below the other."""
    parts: list[RenderableType] = [Text("waiting for the first shots …", style="grey50")] if not films else []
    for film in films:
        parts += [_head(film), _bar(film), _stages(film), _strip(film), Text()]
    parts.append(Text(f"{elapsed_s:5.1f} s", style="grey50"))
    return Group(*parts)


def _head(film: FilmProgress) -> Text:
    text = Text(film.title, style="bold")
    text.append(f"  {film.project_id}", style="grey50")
    text.append(f"   {film.ready}/{film.expected} keyframes", style="green" if film.finished else "")
    if film.bad:
        text.append(f"   {len(film.bad)} failed", style="bold red")
    if film.people_asked:
        text.append(f"   {film.people_asked}", style=COLOURS["review"])
    return text


def _bar(film: FilmProgress) -> Text:
    counts = film.counts
    text = Text()
    order = (
        "ready",
        "failed",
        "rejected",
        "superseded",
        "review",
        "held",
        "validating",
        "generating",
        "prompted",
        "conditioned",
    )
    used = 0
    done = 0
    for status in order:
        done += counts[status]
        width = round(_BAR * done / max(film.expected, 1)) - used
        text.append("━" * width, style=COLOURS[status])
        used += width
    return text.append("─" * (_BAR - used), style="grey30")


def _stages(film: FilmProgress) -> Text:
    counts = film.counts
    shown = [status for status in STATUSES if status in _STAGES or counts[status]]
    text = Text()
    for status in shown:
        if len(text):
            text.append(" → " if status in _STAGES else "   ", style="grey30")
        count = counts[status]
        text.append(status, style=COLOURS[status] if count else "grey30")
        text.append(f" {count}", style=f"bold {COLOURS[status]}" if count else "grey30")
    return text


def _strip(film: FilmProgress) -> Text:
    text = Text()
    for scene_id, frames in scenes(film.frames).items():
        text.append(f"{scene_id} ", style="grey50")
        for frame in frames:
            text.append(_BLOCKS.get(frame.status, "■"), style=COLOURS.get(frame.status, ""))
        text.append("  ")
    return text


def films_table(films: Sequence[FilmProgress]) -> Table:
    """One line per film: how it stands."""
    table = Table(box=None, pad_edge=False, header_style="grey50")
    asked = any(film.waiting or film.references_waiting for film in films)
    table.add_column("film", no_wrap=True)
    # The one column that gives way on a narrow terminal; figures are never cut.
    table.add_column("title")
    for name in ("keyframes", "ready", "failed", *(("review",) if asked else ()), "in work", "seconds", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for film in films:
        counts = film.counts
        failed = counts["failed"] + counts["rejected"]
        people = len(film.waiting)
        moving = film.expected - film.ready - failed - counts["superseded"] - people
        to_review = str(people) + (f"+{film.references_waiting}" if film.references_waiting else "")
        table.add_row(
            film.project_id,
            Text(film.title, no_wrap=True, overflow="ellipsis"),
            str(film.expected),
            Text(str(film.ready), style="green" if film.ready == film.expected else ""),
            Text(str(failed), style="bold red" if failed else ""),
            *((Text(to_review, style="" if to_review == "0" else COLOURS["review"]),) if asked else ()),
            str(moving),
            f"{film.seconds:.1f}",
            f"${film.cost_usd:.2f}",
        )
    return table


def failures_table(films: Sequence[FilmProgress]) -> Table:
    """Why what failed did."""
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("film", "shot", "frame", "end", "reason"):
        # A planner's code may be as long as a line: it folds before the reason is cut.
        table.add_column(name, no_wrap=name not in {"shot", "reason"}, overflow="fold")
    for film in films:
        for frame in film.bad:
            table.add_row(film.project_id, frame.code, frame.role, Text(frame.status, style="red"), Text(frame.reason))
    return table
