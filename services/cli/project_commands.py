"""Commands that ask the gateway: `ice status`, `ice watch`, `ice keyframes list|export`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.base import Identifier
from services.cli import settings
from services.cli.counting import counted
from services.cli.exits import CliError, Exit
from services.cli.exporting import export_keyframes
from services.cli.gateway_client import GatewayClient
from services.cli.live_view import films_table
from services.cli.output import Output
from services.cli.progress import FilmProgress
from services.cli.storyboard import save_sheets
from services.cli.watching import film_states, report, watch

Answer = dict[str, Any]
_MICROS = 1_000_000
_PROJECT_ID: Final = TypeAdapter[str](Identifier)


async def status(output: Output, folder: Path | None) -> Exit:
    """Where the engine is, how its parts are, and how each film stands."""
    stack = settings.running_stack(folder)
    async with GatewayClient(settings.gateway_url(folder)) as client:
        health = await client.ready()
        films = await film_states(client)
        providers = await client.providers()
    value = {
        "gateway_url": client.url,
        "ready": health["ready"],
        "troubles": _troubles(health),
        "stack": stack.model_dump(mode="json") if stack else None,
        "providers": providers,
        "projects": [film.summary() for film in films],
    }
    output.result(value, lambda: _status_view(value, films))
    return Exit.OK if health["ready"] else Exit.FAILED


def _troubles(health: Answer) -> list[str]:
    """What keeps the gateway from being ready: `halted: film.shot.planned version 2 is newer …`."""
    checks = health.get("checks") or {}
    return [f"{name}: {check.get('detail') or 'no'}" for name, check in checks.items() if not check.get("ok")]


def _status_view(value: Answer, films: Sequence[FilmProgress]) -> RenderableType:
    ready = Text("ready", style="green") if value["ready"] else Text("not ready", style="bold red")
    head = Text("engine  ", style="grey50").append(value["gateway_url"], style="default").append("  ").append(ready)
    lines: list[RenderableType] = [head]
    lines += [Text("        ").append(trouble, style="red") for trouble in value["troubles"]]
    if value["stack"]:
        stack = value["stack"]
        where = f"local stack, process {stack['pid']}, Kafka {stack['kafka_bootstrap']}, logs {stack['logs']}"
        lines.append(Text("runs as ", style="grey50").append(where, style="default"))
    for provider in value["providers"]:
        text = Text("makes   ", style="grey50").append(str(provider.get("provider", "")), style="default")
        lines.append(text.append(f"  {provider.get('state', '')}", style="grey50"))
    lines += [Text(), films_table(films) if films else Text("no films yet: `ice plan publish FILE`", style="grey50")]
    return Group(*lines)


async def watch_projects(
    output: Output, folder: Path | None, project_ids: Sequence[str], *, follow: bool, timeout_s: float | None
) -> Exit:
    """Follow films until they are finished.

    Raises:
        CliError: a project that there can never be would be waited for without an end.
    """
    for item in project_ids:
        try:
            _PROJECT_ID.validate_python(item)
        except ValidationError:
            raise CliError(
                f"PROJECT {item!r}: allowed is 1 to 128 letters, digits, `_`, `.` or `-`, led by a letter or digit",
                code=Exit.INVALID,
            ) from None
    async with GatewayClient(settings.gateway_url(folder)) as client:
        films = await watch(client, output, project_ids=project_ids, follow=follow, timeout_s=timeout_s)
    return report(output, films)


async def list_keyframes(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every keyframe of a project."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        keyframes = await client.keyframes(await chosen_project(client, project_id))
    output.result(keyframes, lambda: _keyframes_table(keyframes))
    return Exit.OK


async def export(output: Output, folder: Path | None, target: Path, project_id: str | None, *, sheet: bool) -> Exit:
    """Every keyframe of a project into a folder."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        done = await export_keyframes(client, project, target)
        drawn = [str(path) for path in await save_sheets(client, project, target)] if sheet else []
    value = {
        "project_id": project,
        "folder": str(done.folder),
        "files": list(done.files),
        "kept": done.kept,
        "failed": list(done.failed),
        "sheets": drawn,
    }
    text = f"{counted(len(done.files), 'keyframe')} of {project} in {done.folder} ({done.kept} there before)"
    lines = [Text(text), *(Text(f"storyboard {path}") for path in drawn)]
    lines += [Text(f"✗ {line}", style="red") for line in done.failed]
    output.result(value, lambda: Group(*lines))
    return Exit.FAILED if done.failed else Exit.OK


async def chosen_project(client: GatewayClient, project_id: str | None) -> str:
    """The project asked for; the only one there is when none is named.

    Raises:
        CliError: there are several, or none.
    """
    known = [str(item["project_id"]) for item in await client.projects()]
    if project_id is None and len(known) == 1:
        return known[0]
    if project_id is not None and project_id in known:
        return project_id
    listed = ", ".join(known) or "none yet; publish one with `ice plan publish FILE`"
    problem = f"--project {project_id}: unknown" if project_id else "--project: not given, and it is not clear which"
    raise CliError(f"{problem}; allowed is one of {listed}", code=Exit.INVALID)


def _keyframes_table(keyframes: Sequence[Answer]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("scene", "shot", "frame", "size", "model", "seed", "cost", "take", "file"):
        # Names and addresses have any length: they give way on a narrow terminal, figures don't.
        gives_way = name in {"scene", "shot", "model", "file"}
        justify: Literal["left", "right"] = "right" if name in {"cost", "seed", "take"} else "left"
        table.add_column(name, no_wrap=not gives_way, overflow="fold", justify=justify)
    for item in keyframes:
        asset = item["asset"]
        table.add_row(
            str(item["shot"]["scene_id"]),
            str(item["shot"]["code"]),
            str(item["frame_role"]),
            f"{asset['width']}×{asset['height']}",
            str(item["model"]),
            "–" if item["seed_used"] is None else str(item["seed_used"]),
            f"${item['cost_usd_micros'] / _MICROS:.2f}",
            str(item["take"]),
            Text(str(asset["uri"]), no_wrap=True, overflow="ellipsis"),
        )
    return table
