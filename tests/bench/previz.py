"""`python -m tests.bench.previz [--rounds N] [--out FILE]`: what a storyboard frame costs, in processor time.

Every keyframe of both shipped films, drawn N times after one round that fills the caches; a frame's figure is the
least of its rounds, since on a shared machine the others only add what neighbours took.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.table import Table

from schemas.film_plan import FilmPlan
from services.cli.films import load_films
from services.engine import ImageEngine
from services.engine.image_engine import asked_in
from services.engine.settling import Entries
from services.generation.providers.base import ImageJob
from services.generation.providers.previz.backend import Backend, available_backend
from services.generation.providers.previz.drawing import compose
from services.generation.providers.previz.encoding import png
from services.generation.providers.previz.finishing import finish
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz_scene import scene_of

PHASES: Final = ("compose", "paint", "finish", "encode")
T = TypeVar("T")


def scenes_of(plan: FilmPlan) -> Iterator[tuple[str, PrevizScene]]:
    """Each keyframe of a film as the artist is told of it, with its shot and role."""
    engine, bible = ImageEngine(project=plan.project), plan.bible
    entries = Entries.by_key(
        {entry.id: entry for entry in bible.characters},
        {entry.id: entry for entry in bible.locations},
        {entry.id: entry for entry in bible.props},
    )
    for request in engine.process_shot_batch(plan.shots, entries.characters, entries.locations, entries.props):
        name = f"{request['shot_id']} {request['frame_role']}"
        yield name, scene_of(ImageJob.from_request(asked_in(request)))


def phases_of(scene: PrevizScene, backend: Backend) -> dict[str, float]:
    """Processor milliseconds of each phase of one frame."""
    spent: dict[str, float] = {}

    def timed(phase: str, work: Callable[[], T]) -> T:
        before = time.process_time()
        made = work()
        spent[phase] = (time.process_time() - before) * 1000.0
        return made

    drawing = timed("compose", lambda: compose(scene))
    painted = timed("paint", lambda: backend.rasterise(drawing))
    finished = timed("finish", lambda: finish(painted, drawing))
    timed("encode", lambda: png(finished))
    return spent


def measured(scenes: list[PrevizScene], rounds: int) -> list[dict[str, float]]:
    """The least of some rounds for each scene: its phases and their sum, `total`."""
    backend = available_backend()
    for scene in scenes:
        phases_of(scene, backend)
    all_rounds = [[phases_of(scene, backend) for scene in scenes] for _ in range(rounds)]
    least = [min(same, key=lambda spent: sum(spent.values())) for same in zip(*all_rounds, strict=True)]
    return [{**spent, "total": sum(spent.values())} for spent in least]


def summary(frames: list[dict[str, float]]) -> dict[str, float]:
    """Median of each phase; of the total also the 90th percentile and the worst."""
    totals = sorted(spent["total"] for spent in frames)
    found = {phase: statistics.median(spent[phase] for spent in frames) for phase in (*PHASES, "total")}
    found["p90"] = statistics.quantiles(totals, n=10, method="inclusive")[-1]
    found["worst"] = totals[-1]
    return found


def main() -> None:
    """Measure both films and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.previz", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds after the first (default: 3)")
    parser.add_argument("--out", type=Path, help="a JSON file for all figures, by film and frame")
    options = parser.parse_args()
    table = Table(title="storyboard frames, median processor ms")
    for column in ("film", "frames", *PHASES, "total", "p90", "worst"):
        table.add_column(column, justify="left" if column == "film" else "right")
    report: dict[str, Any] = {"backend": available_backend().name}
    for plan in load_films(()):
        named = dict(scenes_of(plan))
        frames = measured(list(named.values()), options.rounds)
        figures = summary(frames)
        report[plan.project.project_id] = {**figures, "frames": dict(zip(named, frames, strict=True))}
        shown = (f"{figures[column]:.0f}" for column in (*PHASES, "total", "p90", "worst"))
        table.add_row(plan.project.project_id, str(len(frames)), *shown)
    Console().print(table)
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
