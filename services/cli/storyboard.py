"""The contact sheet of a film, from what the gateway knows of it."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from services.cli.contact_sheet import FEW, SheetFilm, SheetFrame, pages, sheet_bytes
from services.cli.counting import counted
from services.cli.exits import CliError
from services.cli.files import safe_name, write_file
from services.cli.gateway_client import GatewayClient

Answer = Mapping[str, Any]

_AT_ONCE: Final = 8
_SECONDS_A_MINUTE: Final = 60


async def save_sheets(client: GatewayClient, project_id: str, folder: Path) -> list[Path]:
    """Draw a film into `<folder>/<project_id>.jpg`, a long one also into `-2.jpg` and so on; returns the paths.

    Raises:
        CliError: the project is unknown, or the file can't be written.
    """
    project, keyframes, shots = await asyncio.gather(
        client.project(project_id), client.keyframes(project_id), client.shots(project_id)
    )
    images = await _images(client, keyframes, small=frame_total(shots) > FEW)
    film = sheet_film(project, shots, keyframes, images)
    # Drawing holds the processor for a second or two; the stack in this process goes on meanwhile.
    paths = []
    for number, page in enumerate(pages(film), start=1):
        data = await asyncio.to_thread(sheet_bytes, page)
        path = folder / f"{safe_name(project_id)}{f'-{number}' if number > 1 else ''}.jpg"
        write_file(path, data)
        paths.append(path)
    return paths


def frame_total(shots: Sequence[Answer]) -> int:
    """Keyframes that shots ask for."""
    return sum(len(_roles(shot)) for shot in shots)


async def _images(client: GatewayClient, keyframes: Sequence[Answer], *, small: bool) -> dict[str, bytes]:
    """The pictures by run; one that can't be had is left out and shows as missing.

    `small`: thumbnails do, since five stand in a row.
    """
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(keyframe: Answer) -> tuple[str, bytes | None]:
        url = (keyframe.get("thumbnail_url") if small else None) or keyframe["url"]
        if url is None:
            return str(keyframe["run_id"]), None
        async with room:
            try:
                return str(keyframe["run_id"]), await client.download(str(url))
            except CliError:
                return str(keyframe["run_id"]), None

    found = await asyncio.gather(*(one(keyframe) for keyframe in keyframes))
    return {run_id: data for run_id, data in found if data is not None}


def sheet_film(
    project: Answer, shots: Sequence[Answer], keyframes: Sequence[Answer], images: Mapping[str, bytes]
) -> SheetFilm:
    """What goes on the sheet: each frame of the newest revision of each shot, made or not."""
    ready = {(item["shot"]["shot_id"], item["frame_role"]): item for item in keyframes}
    names = {
        str(member["character_id"]): str(member["name"]) for item in keyframes for member in item.get("cast") or ()
    }
    frames = [
        _sheet_frame(shot, role, ready.get((shot["shot_id"], role)), images, names)
        for shot in shots
        for role in _roles(shot)
    ]
    settings = project.get("settings") or {}
    seconds = sum(float(shot["shot"].get("duration_s") or 0) for shot in shots)
    facts = (
        counted(len(shots), "shot"),
        counted(len(frames), "keyframe"),
        f"{int(seconds // _SECONDS_A_MINUTE)} min {round(seconds % _SECONDS_A_MINUTE):02d} s",
        f"{settings.get('width')} x {settings.get('height')}",
        f"{float(settings.get('fps') or 0):g} fps",
        str(settings.get("style") or ""),
    )
    return SheetFilm(str(project.get("title", "")), tuple(fact for fact in facts if fact), tuple(frames))


def _roles(shot: Answer) -> tuple[str, ...]:
    return ("start", "end") if shot["shot"].get("frames") == "start-end" else ("single",)


def _sheet_frame(
    shot: Answer, role: str, keyframe: Answer | None, images: Mapping[str, bytes], names: Mapping[str, str]
) -> SheetFrame:
    planned: Answer = shot["shot"]
    cast = [str(member["character_id"]) for member in planned.get("cast") or () if member.get("visible", True)]
    return SheetFrame(
        scene_id=str(planned.get("scene_id", "")),
        scene_title=str(planned.get("scene_title", "")),
        code=str(shot.get("code", "")),
        role=role,
        image=images.get(str(keyframe["run_id"])) if keyframe else None,
        missing=_status(shot, role),
        size=str(planned.get("shot_size", "")),
        angle=str(planned.get("camera_angle", "")),
        movement=str(planned.get("camera_movement", "")),
        duration_s=float(planned.get("duration_s") or 0),
        cast=tuple(names.get(member, member) for member in cast),
    )


def _status(shot: Answer, role: str) -> str:
    """The newest word on a frame that has no picture."""
    words = [str(run.get("status", "")) for run in shot.get("runs") or () if run.get("frame_role") == role]
    return words[-1] if words else "planned"
