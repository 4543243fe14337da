"""`ice plan validate` and `ice plan publish`."""

import json
import logging
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from schemas.film_plan import FilmPlan
from services.cli.counting import counted
from services.cli.exits import Exit
from services.cli.films import load_films, read_plan_file
from services.cli.output import Output
from services.cli.plan_reading import Reading, as_json
from services.cli.publishing import frame_count, publish_plan
from services.cli.settings import broker_settings


def validate(output: Output, file: Path) -> Exit:
    """Tell every mistake of a film plan, or what it holds."""
    reading = read_plan_file(file)
    output.result(_verdict(reading, file), lambda: _verdict_view(reading, file), whole_lines=True)
    return Exit.OK if reading.plan is not None else Exit.INVALID


async def publish(output: Output, film: str, folder: Path | None) -> Exit:
    """Publish the bible and shots of a film plan, by file or by the name of a film that comes with the engine."""
    (plan,) = load_films([film])
    # The client tells each failed attempt by itself; what matters is told once, by the error.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    settings = broker_settings(folder)
    done = await publish_plan(plan, settings)
    value = {
        "project_id": done.project_id,
        "title": done.title,
        "entities": done.entities,
        "shots": done.shots,
        "frames": done.frames,
        "kafka_bootstrap": settings.kafka_bootstrap,
    }
    text = f"published {done.title}: {done.told}"
    output.result(value, lambda: Text(f"{text}\nfollow it with: ice watch {done.project_id}"))
    return Exit.OK


def _verdict(reading: Reading, file: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(as_json(reading, str(file)))
    if reading.plan is not None:
        value["film"] = _holds(reading.plan)
    return value


def _holds(plan: FilmPlan) -> dict[str, Any]:
    return {
        "project_id": plan.project.project_id,
        "title": plan.project.title,
        "sequences": len(plan.sequences),
        "scenes": sum(len(sequence.scenes) for sequence in plan.sequences),
        "shots": len(plan.shots),
        "keyframes": frame_count(plan),
        "seconds": round(sum(shot.duration_s for shot in plan.shots), 3),
        "characters": len(plan.bible.characters),
        "locations": len(plan.bible.locations),
        "props": len(plan.bible.props),
    }


def _verdict_view(reading: Reading, file: Path) -> RenderableType:
    if reading.plan is not None:
        film = _holds(reading.plan)
        text = Text("✓ ", style="green").append(f"{file} is valid: ", style="default")
        things = [counted(film[name], name.removesuffix("s")) for name in ("sequences", "scenes", "shots", "keyframes")]
        bible = [counted(film[name], name.removesuffix("s")) for name in ("characters", "locations", "props")]
        told = f"{film['title']}, {', '.join(things)}, {film['seconds']:g} s; {', '.join(bible)}"
        return text.append(told, style="default")
    lines = []
    for mistake in reading.mistakes:
        line = Text(f"{file}:{mistake.line}:{mistake.column}: ", style="bold")
        lines.append(line.append(mistake.sentence(), style="not bold"))
    lines.append(Text(counted(len(reading.mistakes), "mistake"), style="bold red"))
    return Group(*lines)
