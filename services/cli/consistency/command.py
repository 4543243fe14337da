"""`ice report`: fetch a film's keyframes, measure them, write the page and the numbers."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from services.cli.consistency import measuring
from services.cli.consistency.page import page
from services.cli.exits import CliError, Exit
from services.cli.files import read_file, write_file
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project
from services.cli.settings import gateway_url
from services.validation.domain.frame import Limits, Wanted, decoded

Answer = Mapping[str, Any]

_MOST_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 8


async def make(output: Output, folder: Path | None, target: Path, project_id: str | None) -> Exit:
    """Write `report.html` and `report.json` of a project into a folder."""
    async with GatewayClient(gateway_url(folder)) as client:
        made = await write(client, await chosen_project(client, project_id), target)
    counted = f"{len(made['frames'])} keyframes, {len(made['retakes'])} retakes; {target / 'report.html'}"
    output.result(made, lambda: Text(counted))
    return Exit.OK


async def write(client: GatewayClient, project_id: str, target: Path) -> dict[str, Any]:
    """Measure a project's keyframes and write the report; the report's numbers.

    Raises:
        CliError: the project is unknown, or the folder can't be written.
    """
    project, keyframes = await client.project(project_id), await client.keyframes(project_id)
    pictures = await _pictures(client, keyframes)
    manifest = {"engine": version("image-creation-engine"), "made_at": datetime.now(tz=UTC).isoformat("T", "seconds")}
    made, html = told(project, keyframes, pictures, manifest)
    write_file(target / "report.json", (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode())
    write_file(target / "report.html", html.encode())
    return made


def told(
    project: Answer, keyframes: Sequence[Answer], pictures: Mapping[str, bytes], manifest: Answer
) -> tuple[dict[str, Any], str]:
    """The report and its page.

    Args:
        project: as the gateway tells it.
        keyframes: as the gateway tells them, in story order.
        pictures: encoded keyframes by sha256.
        manifest: what pins the report beside its measures.
    """
    shown = [measuring.Shown(item, _descriptor(pictures.get(item["asset"]["sha256"]))) for item in keyframes]
    made = measuring.report(project, shown, manifest)
    by_code = {
        item.code: data for item in shown if (data := pictures.get(item.keyframe["asset"]["sha256"])) is not None
    }
    return made, page(made, by_code, {})


def compare(output: Output, one: Path, other: Path) -> Exit:
    """Tell what differs between two reports.

    Raises:
        CliError: a file is no report.
    """
    reports = []
    for path in (one, other):
        try:
            reports.append(json.loads(read_file(path, _MOST_BYTES)))
        except ValueError as error:
            raise CliError(f"{path}: no JSON: {error}", code=Exit.INVALID) from error
    try:
        found = measuring.compared(*reports)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CliError(f"{one}, {other}: {error}", code=Exit.INVALID) from error
    output.result(found, lambda: Text("\n".join(_lines(found))))
    return Exit.OK


def _lines(found: Answer) -> list[str]:
    lines = [] if found["same_measures"] else ["The two were not measured alike: bounds or models differ."]
    lines += [
        f"{item['kind']} {item['id']}: {item['mean'][0]:.3f} → {item['mean'][1]:.3f}"
        for item in found["entities"]
        if item["change"]
    ]
    lines.append(f"{len(found['frames_changed'])} frames changed: {', '.join(found['frames_changed']) or 'none'}")
    lines.append(f"retakes {found['retakes'][0]} → {found['retakes'][1]}")
    return lines


def _descriptor(data: bytes | None) -> measuring.Vector | None:
    picture = None if data is None else decoded(data, Wanted(1, 1, "", len(data)), Limits()).picture
    return None if picture is None else measuring.descriptor(picture.colours)


async def _pictures(client: GatewayClient, keyframes: Sequence[Answer]) -> dict[str, bytes]:
    """Keyframes by sha256; those that can't be had, or aren't what was announced, are left out."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Answer) -> tuple[str, bytes] | None:
        wanted = str(item["asset"]["sha256"])
        async with room:
            try:
                data = await client.download(str(item["url"])) if item["url"] else b""
            except CliError:
                return None
        return (wanted, data) if hashlib.sha256(data).hexdigest() == wanted else None

    found = await asyncio.gather(*(one(item) for item in keyframes))
    return dict(item for item in found if item is not None)
