"""Commands about adapters: `ice lora add|list|assign`."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.adapter import AdapterKind
from schemas.adapter.families import checked, family_named
from schemas.adapter.file_format import LENGTH_BYTES, BadAdapterFileError, header_length, read_header
from services.cli import settings
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project

Answer = dict[str, Any]
_MEBIBYTE: Final = 1024 * 1024


async def add(  # noqa: PLR0913 - what is added, and where
    output: Output, folder: Path | None, file: Path, name: str, said: Mapping[str, Any], project_id: str | None
) -> Exit:
    """Check the file here, so that a wrong one isn't sent at all, then send it."""
    check_file(file, AdapterKind(said["kind"]), str(said["base"]))
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = project_id or await chosen_project(client, None)
        answer = await client.add_adapter(project, name, said, file)
    adapter = answer["adapter"]
    done = "added" if answer["is_new"] else "is there already:"
    text = f"{adapter['adapter_id']} version {adapter['version']} {done} {adapter['uri']}"
    mend = f"next: ice lora assign {adapter['adapter_id']} {adapter['character_id'] or 'CHARACTER'} -p {project}"
    output.result(answer, lambda: Group(Text(text), Text(mend, style="grey50")), whole_lines=True)
    return Exit.OK


def check_file(file: Path, kind: AdapterKind, base: str) -> str:
    """Refuse a file that the gateway would refuse; its sha256.

    Raises:
        CliError: it can't be read, or isn't what it is said to be.
    """
    try:
        with file.open("rb") as opened:
            first = opened.read(LENGTH_BYTES)
            header = read_header(first + opened.read(header_length(first)), os.fstat(opened.fileno()).st_size)
            checked(header, kind=kind, base=family_named(base))
            opened.seek(0)
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise CliError(f"{file} can't be read: {error.strerror or error}", code=Exit.INVALID) from error
    except BadAdapterFileError as error:
        raise CliError(f"{file}: {error}", code=Exit.INVALID) from error


async def show(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Every adapter of a project."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        adapters = await client.adapters(project_id or await chosen_project(client, None))
    output.result(adapters, lambda: _table(adapters) if adapters else Text("none yet: `ice lora add FILE`"))
    return Exit.OK


async def assign(
    output: Output, folder: Path | None, name: str, how: Mapping[str, Any], project_id: str | None
) -> Exit:
    """Give a character an adapter."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        answer = await client.assign_adapter(project_id or await chosen_project(client, None), name, how)
    output.result(answer, lambda: _assigned(answer, name))
    return Exit.OK


def _assigned(answer: Answer, name: str) -> RenderableType:
    character = answer["character"]
    entry = next(lora for lora in character["loras"] if lora["lora_id"] == name)
    done = "has" if answer["is_new"] else "had already"
    head = (
        f"{character['id']} version {character['version']} {done} {name} at {entry['scale']:g} ({entry['base_model']})"
    )
    where = "shots planned from now on use it; in the film's plan, so that it is the same when published again:"
    lines = [
        f"version: {character['version']}",
        f"loras: [{{lora_id: {name}, scale: {entry['scale']:g}, sha256: {entry['sha256']}}}]",
    ]
    return Group(Text(head), Text(where, style="grey50"), *(Text(f"  {line}", style="grey50") for line in lines))


def _table(adapters: list[Answer]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in ("name", "version", "kind", "base", "trigger", "scale", "character", "size", "licence", "sha256"):
        table.add_column(column, no_wrap=True, justify="right" if column in {"version", "scale", "size"} else "left")
    for item in adapters:
        table.add_row(
            item["adapter_id"],
            str(item["version"]),
            item["kind"],
            item["base_model"],
            ", ".join(item["trigger_words"]) or "–",
            f"{item['scale']:g}",
            item["character_id"] or "–",
            f"{item['size_bytes'] / _MEBIBYTE:.1f} MiB",
            item["licence"] or "–",
            item["sha256"][:12],
        )
    return table
