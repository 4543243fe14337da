"""Keyframes out of the object store into a folder, each checked against the hash that its event promised."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.cli.exits import CliError
from services.cli.files import safe_name, write_file
from services.cli.gateway_client import GatewayClient

Answer = Mapping[str, Any]

MANIFEST: Final = "manifest.json"
_AT_ONCE: Final = 8
_EXTENSIONS: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_LINKS: Final = frozenset({"url", "thumbnail_url", "at_ms"})
"""Good for minutes only, or of no use outside: kept out of the manifest."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did.

    Attributes:
        files: in story order, by name in the folder.
        kept: how many were there already, byte for byte.
        failed: what could not be had, with the reason.
    """

    folder: Path
    files: tuple[str, ...]
    kept: int
    failed: tuple[str, ...]


async def export_keyframes(client: GatewayClient, project_id: str, folder: Path) -> Exported:
    """Download a project's keyframes and write `manifest.json` beside them.

    Running it again downloads only what changed. A file of the folder that isn't one of ours is never touched.

    Raises:
        CliError: the project is unknown, or the folder can't be written.
    """
    await client.project(project_id)
    keyframes = await client.keyframes(project_id)
    names = file_names(keyframes)
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(keyframe: Answer, name: str) -> str | bool:
        async with room:
            return await _save(client, keyframe, folder / name)

    ends = await asyncio.gather(*(one(item, name) for item, name in zip(keyframes, names, strict=True)))
    done = [(item, name) for item, name, end in zip(keyframes, names, ends, strict=True) if not isinstance(end, str)]
    manifest = {
        "project_id": project_id,
        "keyframes": [{"file": name, **_told(item)} for item, name in done],
    }
    write_file(folder / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode())
    return Exported(
        folder=folder,
        files=tuple(name for _, name in done),
        kept=sum(end is True for end in ends),
        failed=tuple(f"{name}: {end}" for name, end in zip(names, ends, strict=True) if isinstance(end, str)),
    )


def file_names(keyframes: Sequence[Answer]) -> list[str]:
    """One name per keyframe, unique also where upper and lower case are one: `SC010_SH0010_start_r1.png`."""
    names: list[str] = []
    taken: set[str] = set()
    for item in keyframes:
        role = "" if item["frame_role"] == "single" else f"_{item['frame_role']}"
        stem = f"{safe_name(str(item['shot']['code']))}{role}_r{item['revision']}"
        extension = _EXTENSIONS.get(str(item["asset"]["mime_type"]), ".img")
        name, number = stem + extension, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}{extension}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


async def _save(client: GatewayClient, keyframe: Answer, path: Path) -> str | bool:
    """True: it was there already; False: downloaded; a text: why not."""
    asset: Answer = keyframe["asset"]
    if _holds(path, str(asset["sha256"])):
        return True
    if keyframe["url"] is None:
        return f"{asset['uri']} is not in the engine's object store"
    try:
        data = await client.download(str(keyframe["url"]))
    except CliError as error:
        return error.problem
    found = hashlib.sha256(data).hexdigest()
    if found != asset["sha256"] or len(data) != asset["size_bytes"]:
        return (
            f"the object store gave {len(data)} bytes with sha256 {found[:12]}…, "
            f"announced were {asset['size_bytes']} with {str(asset['sha256'])[:12]}…"
        )
    write_file(path, data)
    return False


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _told(keyframe: Answer) -> dict[str, Any]:
    return {name: value for name, value in keyframe.items() if name not in _LINKS}
