"""`ice character embedding`: what the prototype's `create_character_embedding` makes, of the running engine's bible."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.adapter import Adapter
from schemas.bible import Character
from services.cli import settings
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project
from services.engine.embedding import IdentityEmbedder, character_embedding

Answer = dict[str, Any]

#: As large as the engine itself takes a reference.
_MAX_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 4
_NO_NETWORK: Final = "pip install '.[faces]' has a network that tells faces apart"


async def embedding(output: Output, folder: Path | None, character_id: str, project_id: str | None) -> Exit:
    """Show what holds a character's identity."""
    embedder = await asyncio.to_thread(installed)
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        made = await embedded(client, project, character_id, embedder)
    output.result(made, lambda: _told(made))
    return Exit.OK


def installed() -> IdentityEmbedder | None:
    """The network of the extra `faces`; None where it isn't installed."""
    from services.validation.adapters.scorers.faces import DlibFaces  # noqa: PLC0415 - loads 100 MB of weights

    try:
        return DlibFaces()
    except ModuleNotFoundError:
        return None


async def embedded(client: GatewayClient, project: str, character_id: str, embedder: IdentityEmbedder | None) -> Answer:
    """What holds a character's identity, by the gateway's bible and registry, as JSON values.

    Beyond what `character_embedding` tells: `version` of the entry, and `unassigned`, adapters of the registry that
    were trained on the character and that its entry doesn't name.

    Raises:
        CliError: the character is unknown.
    """
    answer = await client.pictures(project, character_id)
    character = Character.model_validate(answer["character"])
    registered = [Adapter.model_validate(item) for item in await client.adapters(project)]
    seen, unseen = await _fetched(client, answer["references"])
    made = await asyncio.to_thread(
        character_embedding, character, adapters=_assigned(character, registered), embedder=embedder, seen=seen
    )
    for reference in made["references"]:
        reference["reason"] = unseen.get(reference["uri"], reference["reason"])
    named = {lora.lora_id for lora in character.loras}
    trained = [item for item in registered if item.character_id == character_id and item.adapter_id not in named]
    return {**made, "version": character.version, "unassigned": [item.adapter_id for item in trained]}


async def _fetched(client: GatewayClient, references: Sequence[Answer]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Bytes of references by address, and why others couldn't be had."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Answer) -> bytes | str:
        if not item.get("url"):
            return "not in the engine's object store"
        async with room:
            try:
                data = await client.download(item["url"], _MAX_BYTES)
            except CliError as error:
                return error.problem
        sha256 = item.get("sha256")
        same = sha256 is None or hashlib.sha256(data).hexdigest() == sha256
        return data if same else "the object store gave other bytes than its hash says"

    got = await asyncio.gather(*(one(item) for item in references))
    pairs = [(item["uri"], found) for item, found in zip(references, got, strict=True)]
    seen = {uri: found for uri, found in pairs if isinstance(found, bytes)}
    return seen, {uri: found for uri, found in pairs if isinstance(found, str)}


def _assigned(character: Character, registered: Sequence[Adapter]) -> list[Adapter]:
    """The registry's files of the adapters that the entry names, at the entry's own strengths."""
    known = {(item.adapter_id, item.sha256): item for item in registered}
    newest = {item.adapter_id: item for item in registered}
    found = []
    for lora in character.loras:
        item = newest.get(lora.lora_id) if lora.sha256 is None else known.get((lora.lora_id, lora.sha256))
        if item is not None:
            found.append(item.model_copy(update={"scale": lora.scale}))
    return found


def _told(made: Answer) -> RenderableType:
    identity, entry = made["identity"], made["character"]
    head = f"{entry['id']} version {made['version']}: {made['status']} ({made['embedding_id']})"
    return Group(Text(head), _references(made["references"]), _identity(identity), _adapters(made, entry["loras"]))


def _identity(identity: Mapping[str, Any]) -> RenderableType:
    if identity["vector"] is None:
        mend = f"; {_NO_NETWORK}" if identity["reason"] == "no identity scorer is installed" else ""
        return Text(f"identity: none: {identity['reason']}{mend}")
    alike = "" if identity["cohesion"] is None else f", alike by {identity['cohesion']:.3f} at least"
    text = f"identity: {len(identity['vector'])} numbers from {identity['pictures']} picture(s) by {identity['model']}"
    return Text(f"{text}{alike}")


def _references(references: Sequence[Answer]) -> RenderableType:
    if not references:
        return Text("references: none")
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for column in ("reference", "view", "in the identity"):
        table.add_column(column)
    for item in references:
        table.add_row(item["uri"], item.get("view") or "–", "yes" if item["used"] else f"no: {item['reason']}")
    return table


def _adapters(made: Answer, loras: Sequence[Answer]) -> RenderableType:
    lines = [Text("adapters: none")] if not loras else []
    for lora in loras:
        kind, base = lora.get("kind") or "lora", lora["base_model"] or "base unknown"
        file = f"file {lora['sha256'][:12]}" if lora.get("sha256") else "by name, no file of the registry"
        lines.append(Text(f"adapter: {lora['lora_id']}, {kind}, {base}, at {lora['scale']:g}, {file}"))
    mends = [f"{name}; next: ice lora assign {name} {made['character_id']}" for name in made["unassigned"]]
    return Group(*lines, *(Text(f"not assigned: {mend}", style="grey50") for mend in mends))
