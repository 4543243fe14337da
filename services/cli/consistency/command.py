"""`ice report`: fetch a film's keyframes, measure them, write the page and the numbers."""

import asyncio
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from PIL import Image
from rich.text import Text

from services.cli.consistency import cids, comparing, measuring
from services.cli.consistency.measuring import Material, key_of
from services.cli.consistency.page import Album, page
from services.cli.counting import counted
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
_DRAWN: Final = "no frame was made by a trained model: networks for faces don't read drawings"


@dataclass(frozen=True, slots=True)
class Pictures:
    """Encoded pictures: keyframes by sha256, references by `key_of`, takes that were not chosen by generation."""

    keyframes: Mapping[str, bytes]
    references: Mapping[str, bytes] = field(default_factory=dict)
    takes: Mapping[str, bytes] = field(default_factory=dict)


async def make(output: Output, folder: Path | None, target: Path, project_id: str | None, *, faces: bool) -> Exit:
    """Write `report.html` and `report.json` of a project into a folder; `faces`: measure CIDS where it can be."""
    async with GatewayClient(gateway_url(folder)) as client:
        made = await write(client, await chosen_project(client, project_id), target, cids.installed if faces else None)
    told_as = (
        f"{counted(len(made['frames']), 'keyframe')}, {counted(len(made['retakes']), 'retake')}; "
        f"{target / 'report.html'}"
    )
    output.result(made, lambda: Text(told_as))
    return Exit.OK


async def write(
    client: GatewayClient, project_id: str, target: Path, faces: Callable[[], cids.FaceReader] | None = None
) -> dict[str, Any]:
    """Measure a project's keyframes and write the report; the report's numbers.

    Raises:
        CliError: the project is unknown, or the folder can't be written.
    """
    project, keyframes = await client.project(project_id), await client.keyframes_with_takes(project_id)
    beside, bible = await client.report_material(project_id), await client.bible(project_id)
    pictures = await _pictures(client, keyframes, beside)
    identity, why_not = await asyncio.to_thread(_identity, keyframes, pictures, beside["references"], faces)
    material = Material(
        references=beside["references"],
        without_keyframe=beside["without_keyframe"],
        costs=beside["costs"],
        names={f"{item['kind']}:{item['id']}": str(item["entity"]["name"]) for item in bible},
        cids=identity,
        why_no_cids=why_not,
    )
    manifest = {"engine": version("image-creation-engine"), "made_at": datetime.now(tz=UTC).isoformat("T", "seconds")}
    made, html = told(project, keyframes, pictures, manifest, material)
    write_file(target / "report.json", (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode())
    write_file(target / "report.html", html.encode())
    return made


def told(
    project: Answer,
    keyframes: Sequence[Answer],
    pictures: Pictures,
    manifest: Answer,
    material: Material = measuring.NOTHING_ELSE,
) -> tuple[dict[str, Any], str]:
    """The report and its page.

    Args:
        project: as the gateway tells it.
        keyframes: as the gateway tells them, in story order.
        pictures: whatever could be had.
        manifest: what pins the report beside its measures.
        material: what is told beside the keyframes.
    """
    at_hand = pictures.keyframes
    shown = [measuring.Shown(item, _descriptor(at_hand.get(item["asset"]["sha256"]))) for item in keyframes]
    made = measuring.report(project, shown, manifest, material)
    by_code = {item.code: data for item in shown if (data := at_hand.get(item.keyframe["asset"]["sha256"])) is not None}
    # The take that was chosen is the keyframe itself.
    chosen = {
        item["generation_id"]: at_hand.get(item["asset"]["sha256"]) for item in keyframes if "generation_id" in item
    }
    takes = {**{name: data for name, data in chosen.items() if data is not None}, **pictures.takes}
    return made, page(made, Album(by_code, pictures.references, takes))


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
        found = comparing.compared(*reports)
    except KeyError as error:
        raise CliError(f"{one}, {other}: one has no {error}; allowed are two report.json", code=Exit.INVALID) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise CliError(f"{one}, {other}: {error}", code=Exit.INVALID) from error
    output.result(found, lambda: Text("\n".join(comparing.lines(found))))
    return Exit.OK


def _descriptor(data: bytes | None) -> measuring.Vector | None:
    picture = None if data is None else decoded(data, Wanted(1, 1, "", len(data)), Limits()).picture
    return None if picture is None else measuring.descriptor(picture.colours.histogram)


def _identity(
    keyframes: Sequence[Answer],
    pictures: Pictures,
    references: Sequence[Answer],
    faces: Callable[[], cids.FaceReader] | None,
) -> tuple[dict[str, Any] | None, str]:
    """CIDS, or None and why there is none."""
    if faces is None:
        return None, "not asked for"
    frames = [
        cids.CastFrame(item["shot"]["code"], tuple(who["character_id"] for who in item["cast"]), data)
        for item in keyframes
        if (item.get("provenance") or {}).get("synthetic") != "algorithmic"
        and (data := pictures.keyframes.get(item["asset"]["sha256"])) is not None
    ]
    if not frames:
        return None, _DRAWN
    known: dict[str, list[bytes]] = {}
    for item in references:
        data = pictures.references.get(key_of(item))
        if item["kind"] == "character" and data is not None:
            known.setdefault(str(item["entity_id"]), []).append(data)
    if not known:
        return None, "no character has a reference picture"
    try:
        return cids.measured(faces(), frames, known), ""
    except ModuleNotFoundError as error:
        return None, f"{error}; the extra `faces` measures it"


def part_of(data: bytes, region: Mapping[str, float] | None) -> bytes:
    """The part of a picture that a reference means, as PNG; all of it where it means all or can't be decoded."""
    if not region:
        return data
    try:
        with Image.open(io.BytesIO(data)) as opened:
            wide, high = opened.size
            left, right = (round(region[name] * wide) for name in ("left", "right"))
            top, bottom = (round(region[name] * high) for name in ("top", "bottom"))
            part = opened.convert("RGB").crop((left, top, right, bottom))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return data
    out = io.BytesIO()
    part.save(out, "PNG")
    return out.getvalue()


async def _pictures(client: GatewayClient, keyframes: Sequence[Answer], beside: Answer) -> Pictures:
    """All that can be had, also of frames without a keyframe; what isn't what was announced is left out."""
    references = beside["references"]
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(key: str, url: object, sha256: str | None) -> tuple[str, bytes] | None:
        async with room:
            try:
                data = await client.download(str(url)) if url else b""
            except CliError:
                return None
        is_it = bool(data) and (sha256 is None or hashlib.sha256(data).hexdigest() == sha256)
        return (key, data) if is_it else None

    async def all_of(wanted: Iterable[tuple[str, object, str | None]]) -> dict[str, bytes]:
        found = await asyncio.gather(*(one(*item) for item in wanted))
        return dict(item for item in found if item is not None)

    told = [attempt for item in (*keyframes, *beside["without_keyframe"]) for attempt in item.get("attempts", ())]
    told += [item["look"] for item in beside["without_keyframe"] if item.get("look")]
    takes = {str(item["generation_id"]): item for item in told if item.get("url")}
    wanted = {key_of(item): item for item in references}
    found = await all_of((key, item["url"], item.get("sha256")) for key, item in wanted.items())
    return Pictures(
        await all_of((str(item["asset"]["sha256"]), item["url"], str(item["asset"]["sha256"])) for item in keyframes),
        {key: part_of(data, wanted[key].get("region")) for key, data in found.items()},
        # A small copy stands in for each, whose content nobody has announced.
        await all_of((name, item["url"], None) for name, item in takes.items()),
    )
