"""`ice stale` and `ice regenerate`: keyframes made from what has changed since, and their next making."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from schemas import topics
from schemas.project import ProjectSettings
from services.cli import settings
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.replay import command
from services.cli.replay.asking import Ask
from services.cli.replay.running import known_models
from services.orchestrator.domain.catalogue import Catalogue
from services.prompt_builder.adapters.shipped_templates import shipped_templates

Answer = dict[str, Any]


async def list_stale(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every stale keyframe, of one project or of all."""
    rows = await _stale(folder, project_id)
    output.result(rows, lambda: _view(rows))
    return Exit.OK


async def regenerate(  # noqa: PLR0913 - how it goes, by name
    output: Output, folder: Path | None, project_id: str | None, *, stale: bool, dry_run: bool, rate: str | None
) -> Exit:
    """Make the shots of stale keyframes again."""
    if not stale:
        raise CliError(
            "say --stale", code=Exit.INVALID, mend="other shots: `ice replay --topic shot.planned.v1 --regenerate`"
        )
    shots: defaultdict[str, list[str]] = defaultdict(list)
    for row in await _stale(folder, project_id):
        if row["shot_id"] not in shots[row["project_id"]]:
            shots[row["project_id"]].append(row["shot_id"])
    if not shots:
        output.result([], lambda: Text("nothing is stale"))
        return Exit.OK
    for project, ids in shots.items():
        ask = Ask(topic=topics.SHOT_PLANNED, projects=(project,), shots=tuple(ids), regenerate=True)
        await command.replay(output, folder, ask, command.How(dry_run=dry_run, rate=rate))
    return Exit.OK


async def _stale(folder: Path | None, project_id: str | None) -> list[Answer]:
    catalogue = known_models()
    rows = []
    async with GatewayClient(settings.gateway_url(folder)) as client:
        known = [project_id] if project_id is not None else [item["project_id"] for item in await client.projects()]
        for project in known:
            film = ProjectSettings.model_validate((await client.project(project))["settings"])
            templates = shipped_templates().with_overrides(film.templates).version
            for keyframe in await client.keyframes(project):
                changes = (*keyframe.get("stale", ()), *changed_here(keyframe, templates, catalogue))
                if changes:
                    rows.append(_row(project, keyframe, changes))
    return rows


def changed_here(keyframe: Answer, template_version: str, catalogue: Catalogue) -> tuple[Answer, ...]:
    """What has changed in templates and catalogue since a keyframe was made, as `{code, what, reason}`.

    Args:
        keyframe: as the gateway tells it.
        template_version: of today's templates with the project's own over them.
        catalogue: today's.
    """
    made = keyframe["provenance"]
    found = []
    if made["template_version"] != template_version:
        reason = f"worded by {made['template_version']}, today's are {template_version}"
        found.append({"code": "template", "what": "prompt templates", "reason": reason})
    card, digest = catalogue.card(keyframe["model"]), made.get("model_digest")
    if card is None:
        found.append({"code": "catalogue", "what": keyframe["model"], "reason": "the catalogue has this model no more"})
    elif digest is not None and digest != card.digest:
        found.append({"code": "catalogue", "what": card.model, "reason": "its card says something else now"})
    elif digest is None and made["catalogue_version"] != catalogue.version:
        reason = f"made by catalogue {made['catalogue_version']}, today's is {catalogue.version}"
        found.append({"code": "catalogue", "what": card.model, "reason": reason})
    return tuple(found)


def _row(project_id: str, keyframe: Answer, changes: Sequence[Answer]) -> Answer:
    return {
        "project_id": project_id,
        "shot_id": keyframe["shot"]["shot_id"],
        "frame_role": keyframe["frame_role"],
        "revision": keyframe["revision"],
        "model": keyframe["model"],
        "changes": list(changes),
    }


def _view(rows: Sequence[Answer]) -> Table | Text:
    if not rows:
        return Text("nothing is stale")
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in ("project", "shot", "frame", "model", "changed since"):
        table.add_column(column)
    for row in rows:
        told = "; ".join(change["reason"] for change in row["changes"])
        table.add_row(row["project_id"], row["shot_id"], row["frame_role"], row["model"], told)
    return table
