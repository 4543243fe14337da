"""`ice bible` and `ice references`, over the gateway."""

import io
import json
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from schemas.bible import Character, Entity, Location, Prop
from services.chassis.versions import differences
from services.cli import settings
from services.cli.exits import CliError, Exit
from services.cli.files import read_file
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.plan_mistakes import closest
from services.cli.plan_text import MAX_BYTES, read_text
from services.cli.plan_tree import UnreadableTextError
from services.cli.progress import WAITS_FOR_PEOPLE
from services.cli.project_commands import chosen_project

Answer = dict[str, Any]

KINDS: Final[Mapping[str, type[Entity]]] = {"character": Character, "location": Location, "prop": Prop}
#: Set by the engine with every version.
_OURS: Final = ("id", "version", "created_at", "updated_at")
_HEADER: Final = "# {name} version {version}. Save to publish the next version; leave it as it is to change nothing.\n"


async def list_entries(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every entry, with its version and its references."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        entries, made = await client.bible(project), await client.references(project)
    rows = [_row(entry, made) for entry in entries]
    output.result(rows, lambda: _table(rows, ("kind", "id", "version", "name", "pictures", "made")))
    return Exit.OK


def _row(entry: Answer, made: Sequence[Answer]) -> Answer:
    entity = entry["entity"]
    own = [item for item in made if (item["kind"], item["entity_id"]) == (entry["kind"], entry["id"])]
    # Of an earlier look only what no newer one has taken the place of.
    newest = {item["variant"]: item for item in sorted(own, key=lambda item: int(item["bible_version"] or 0))}
    return {
        "kind": entry["kind"],
        "id": entry["id"],
        "version": entity["version"],
        "name": entity["name"],
        "pictures": len(entity["reference_images"]),
        "made": ", ".join(f"{variant or 'view'}: {item['status']}" for variant, item in sorted(newest.items())),
        "digest": entry["digest"],
    }


async def show(output: Output, folder: Path | None, project_id: str | None, entry: str, version: int | None) -> Exit:
    """One version of an entry."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        kind, entity_id, versions = await _found(client, project, entry)
    wanted = versions[-1] if version is None else next((it for it in versions if it["version"] == version), None)
    if wanted is None:
        known = ", ".join(str(item["version"]) for item in versions)
        raise CliError(f"--version {version}: {kind} {entity_id} has {known}", code=Exit.INVALID)
    output.result(wanted["entity"], lambda: Text(_yaml(_plain(wanted["entity"]))), whole_lines=True)
    return Exit.OK


async def history(output: Output, folder: Path | None, project_id: str | None, entry: str) -> Exit:
    """Every version with what it changed."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        _, _, versions = await _found(client, project, entry)
    told = []
    before: Answer | None = None
    for item in versions:
        changed = differences(_plain(before), _plain(item["entity"])) if before is not None else ()
        told.append(
            {
                "version": item["version"],
                "updated_at": item["entity"].get("updated_at"),
                "digest": item["digest"],
                "changes": [{"field": one.path, "before": one.first, "now": one.now} for one in changed],
            }
        )
        before = item["entity"]
    output.result(told, lambda: _history_view(told))
    return Exit.OK


def _history_view(told: Sequence[Answer]) -> RenderableType:
    parts: list[RenderableType] = []
    for item in told:
        head = Text(f"version {item['version']}", style="bold").append(f"  {item['updated_at'] or ''}", style="grey50")
        parts.append(head)
        parts += [Text(f"  {one['field']}: {one['before']} -> {one['now']}") for one in item["changes"]]
    return Group(*parts)


async def set_fields(  # noqa: PLR0913 - what is changed, by name
    output: Output,
    folder: Path | None,
    project_id: str | None,
    entry: str,
    changes: Sequence[str],
    file: Path | None,
) -> Exit:
    """Publish an entry's next version."""
    if bool(changes) == (file is not None):
        raise CliError("say what to change: either FIELD=VALUE or --file", code=Exit.INVALID)
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        if file is not None:
            kind, entity_id, versions = await _named(client, project, entry)
            entity, base = _read(file), versions[-1]["version"] if versions else 0
        else:
            kind, entity_id, versions = await _found(client, project, entry)
            entity, base = _changed(versions[-1]["entity"], changes), versions[-1]["version"]
        _known_fields(kind, entity)
        answer = await client.write_entry(project, kind, entity_id, {"entity": entity, "base_version": base})
    return _told(output, kind, entity_id, answer)


async def edit(
    output: Output,
    folder: Path | None,
    project_id: str | None,
    entry: str,
    editor: Callable[..., str | None],
) -> Exit:
    """Let a person change an entry; `editor` gives the text back, or None when it was left as it is."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        kind, entity_id, versions = await _found(client, project, entry)
        newest = versions[-1]
        text = _HEADER.format(name=f"{kind} {entity_id}", version=newest["version"]) + _yaml(_plain(newest["entity"]))
        edited = editor(text, extension=".yaml")
        if edited is None:
            return _told(output, kind, entity_id, {"version": newest["version"], "changed": False})
        try:
            body = {"entity": _parsed(edited, "the edited text"), "base_version": newest["version"]}
            _known_fields(kind, body["entity"])
            answer = await client.write_entry(project, kind, entity_id, body)
        except CliError as error:
            raise _kept(error, edited, f"{kind}/{entity_id}") from error
    return _told(output, kind, entity_id, answer)


def _kept(error: CliError, edited: str, entry: str) -> CliError:
    """The same error; what was written in the editor isn't lost with it."""
    with tempfile.NamedTemporaryFile(
        "w", prefix=f"{entry.replace('/', '-')}-", suffix=".yaml", delete=False, encoding="utf-8"
    ) as file:
        file.write(edited)
    mend = f"what you wrote is kept; after a look at it: ice bible set {entry} --file {file.name}"
    return CliError(error.problem, code=error.code, mend="; ".join(filter(None, (error.mend, mend))))


async def list_references(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every sheet, plate and prop view."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        made = await client.references(project)
        runs = (await client.progress(project)).get("references", {}).get("runs", ())
    asked = {run["run_id"] for run in runs if run["status"] in WAITS_FOR_PEOPLE}
    rows = [
        {
            "reference": item["subject"].replace("_", " "),
            "of": item["entity_id"],
            "version": item["bible_version"],
            "variant": item["variant"],
            "status": "to review" if item["status"] == "making" and item["run_id"] in asked else item["status"],
            "makings": item["makings"],
            "model": (item["image"] or {}).get("model") or "",
            "for": "" if item["status"] == "failed" else item["reason"] or "",
            "why not": item["reason"] or "" if item["status"] == "failed" else "",
        }
        for item in made
    ]
    failed = any(row["status"] == "failed" for row in rows)
    columns = tuple(name for name in (rows[0] if rows else ()) if failed or name != "why not")
    output.result(made, lambda: _table(rows, columns) if rows else Text("no references were asked for yet"))
    return Exit.OK


async def again(  # noqa: PLR0913 - what is wanted, by name
    output: Output, folder: Path | None, project_id: str | None, entry: str, variant: str | None, reason: str
) -> Exit:
    """Ask for another making of references."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        kind, entity_id, _ = await _found(client, project, entry)
        body = {
            "request_id": f"again-{secrets.token_hex(6)}",
            "kind": kind,
            "entity_id": entity_id,
            "variant": variant,
            "asked_by": "ice",
            "reason": reason,
        }
        answer = await client.references_again(project, body)
    output.result(answer, lambda: Text(f"asked for {answer['asked']} reference(s) of {kind} {entity_id}"))
    return Exit.OK


def _told(output: Output, kind: str, entity_id: str, answer: Answer) -> Exit:
    what = "published" if answer["changed"] else "unchanged, still"
    output.result(answer, lambda: Text(f"{kind} {entity_id}: {what} version {answer['version']}"))
    return Exit.OK


async def _named(client: GatewayClient, project_id: str, entry: str) -> tuple[str, str, list[Answer]]:
    """Kind, id and versions of an entry that may be new."""
    kind, _, entity_id = entry.rpartition("/")
    if kind and kind not in KINDS:
        raise CliError(f"ENTRY {entry!r}: allowed is {', '.join(f'{it}/ID' for it in KINDS)}", code=Exit.INVALID)
    known = [item for item in await client.bible(project_id) if item["id"] == entity_id and kind in {"", item["kind"]}]
    if len(known) > 1:
        kinds = " or ".join(f"{item['kind']}/{entity_id}" for item in known)
        raise CliError(f"ENTRY {entry!r}: several entries have this id; say {kinds}", code=Exit.INVALID)
    if not known and not kind:
        raise CliError(
            f"ENTRY {entry!r}: the bible of {project_id} has no such entry",
            code=Exit.INVALID,
            mend="`ice bible list` lists them; a new one is character/ID, location/ID or prop/ID",
        )
    kind = known[0]["kind"] if known else kind
    versions = await client.history(project_id, kind, entity_id) if known else []
    return kind, entity_id, versions


async def _found(client: GatewayClient, project_id: str, entry: str) -> tuple[str, str, list[Answer]]:
    """Kind, id and versions of an entry that exists."""
    kind, entity_id, versions = await _named(client, project_id, entry)
    if not versions:
        raise CliError(f"ENTRY {entry!r}: the bible of {project_id} has no {kind} {entity_id}", code=Exit.INVALID)
    return kind, entity_id, versions


def _changed(entity: Answer, changes: Sequence[str]) -> Answer:
    """The entry with `path.to.field=YAML` applied; a number in a path is a place in a list, no value takes it away."""
    changed = _plain(entity)
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals or not path:
            raise CliError(f"{change!r}: allowed is FIELD=VALUE, e.g. appearance.hair=grey", code=Exit.INVALID)
        *steps, last = path.split(".")
        place: Any = changed
        for step in steps:
            place = _step(place, step, change)
        if text.strip():
            _assign(place, last, _parsed_value(text, change), change)
        else:
            _remove(place, last, change)
    return changed


def _step(place: Any, step: str, change: str) -> Any:  # noqa: ANN401 - a tree of JSON values
    if isinstance(place, dict):
        return place.setdefault(step, {})
    if isinstance(place, list) and step.isdecimal() and int(step) < len(place):
        return place[int(step)]
    raise CliError(f"{change!r}: {step!r} leads nowhere in the entry", code=Exit.INVALID)


def _assign(place: Any, last: str, value: Any, change: str) -> None:  # noqa: ANN401 - a tree of JSON values
    if isinstance(place, dict):
        place[last] = value
    elif isinstance(place, list) and last.isdecimal() and int(last) <= len(place):
        place[int(last) : int(last) + 1] = [value]
    else:
        raise CliError(f"{change!r}: {last!r} leads nowhere in the entry", code=Exit.INVALID)


def _remove(place: Any, last: str, change: str) -> None:  # noqa: ANN401 - a tree of JSON values
    if isinstance(place, dict) and last in place:
        del place[last]
    elif isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        del place[int(last)]
    else:
        raise CliError(f"{change!r}: there is no {last!r} to take away", code=Exit.INVALID)


def _read(file: Path) -> Answer:
    return _parsed(read_file(file, MAX_BYTES), str(file))


def _parsed(text: str | bytes, source: str) -> Answer:
    value = _parsed_value(text, source)
    if not isinstance(value, dict):
        raise CliError(f"{source}: {type(value).__name__}; allowed is an entry of the bible", code=Exit.INVALID)
    return value


def _parsed_value(text: str | bytes, source: str) -> Any:  # noqa: ANN401 - a tree of JSON values
    """A value as film plans are read: bounded, dates as text, nothing that JSON hasn't."""
    try:
        tree = read_text(text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text)
        mistakes = tree.mistakes
        json.dumps(tree.value, allow_nan=False)
    except UnreadableTextError as error:
        mistakes = error.mistakes
    except ValueError:
        raise CliError(f"{source}: a number that is infinite or none", code=Exit.INVALID) from None
    if mistakes:
        raise CliError("\n".join(mistake.located(source) for mistake in mistakes), code=Exit.INVALID)
    return tree.value


def _known_fields(kind: str, entity: Answer) -> None:
    """Refuse names that no entry of the kind has: readers pass them over, and a typo would change nothing.

    Raises:
        CliError: names them, with the one that is probably meant.
    """
    known = KINDS[kind].model_fields
    for name in entity:
        if name not in known:
            meant = closest(name, known)
            allowed = ", ".join(item for item in known if item not in _OURS)
            hint = f"did you mean {meant!r}?" if meant else f"allowed are {allowed}"
            raise CliError(f"{name}: a {kind} has no such field; {hint}", code=Exit.INVALID)


def _plain(entity: Mapping[str, Any]) -> Answer:
    """What people write of an entry."""
    return {name: value for name, value in entity.items() if name not in _OURS}


def _yaml(value: Answer) -> str:
    yaml, text = YAML(), io.StringIO()
    yaml.default_flow_style = False
    yaml.dump(value, text)
    return text.getvalue()


def _table(rows: Sequence[Answer], columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    return table
