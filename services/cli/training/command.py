"""`ice lora train`: fetch, sort out, crop, caption, and write the job with its manifest."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli import settings
from services.cli.counting import counted
from services.cli.exits import CliError, Exit
from services.cli.files import write_file
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project
from services.cli.training.choosing import Dropped, Picture, chosen, trigger_of
from services.cli.training.imaging import MAX_BYTES, Prepared, UnusablePictureError, nearest, prepared
from services.cli.training.jobs import AREA_SIDES, Job, files_of

MANIFEST: Final = "manifest.json"
#: Pictures whose hashes differ in fewer bits of 64 show the same.
_SAME_BITS: Final = 6
#: Fewer teach nothing that lasts; the trainers' guides say 10 to 30.
_FEW: Final = 10
_AT_ONCE: Final = 4
_TRIGGER_LETTERS: Final = frozenset("'\"\\\n\r$`")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says."""

    character_id: str
    out: Path
    trainer: str
    base: str
    trigger: str | None = None
    drafts: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture of the data set."""

    name: str
    picture: Picture
    made: Prepared


async def train(output: Output, folder: Path | None, wanted: Wanted, project_id: str | None) -> Exit:
    """Write a data set and a job."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        manifest = await prepare(client, project, wanted)
    output.result(manifest, lambda: _told(manifest, wanted.out))
    return Exit.OK


async def prepare(client: GatewayClient, project: str, wanted: Wanted) -> dict[str, Any]:
    """Write a data set and a job; what the manifest says.

    Raises:
        CliError: the folder isn't empty, the character is unknown, or no picture of it can be used.
    """
    trigger = wanted.trigger or trigger_of(wanted.character_id)
    if _TRIGGER_LETTERS & set(trigger):
        raise CliError(f"--trigger {trigger!r}: allowed are words without quotes and dollars", code=Exit.INVALID)
    _check_empty(wanted.out)
    answer = await client.pictures(project, wanted.character_id)
    pictures, dropped = chosen(answer, trigger, drafts=wanted.drafts)
    ready, unusable = await _fetched(client, pictures, AREA_SIDES[wanted.base])
    kept, alike = _distinct(ready)
    if not kept:
        reasons = "; ".join(sorted({item.reason for item in (*dropped, *unusable)}))
        raise CliError(f"no picture of {wanted.character_id} can be used: {reasons or 'there is none'}")
    job = Job(
        name=f"{wanted.character_id}-{wanted.base}",
        base=wanted.base,
        trigger=trigger,
        pictures=[(item.name, item.picture.caption) for item in kept],
    )
    manifest = _manifest(project, wanted, job, answer["character"], kept, (*dropped, *unusable, *alike))
    await asyncio.to_thread(_write, wanted, job, kept, manifest)
    return manifest


def _check_empty(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CliError(f"--out {out}: isn't empty; allowed is a new or empty folder", code=Exit.INVALID)


async def _fetched(
    client: GatewayClient, pictures: Sequence[Picture], area_side: int
) -> tuple[list[tuple[Picture, Prepared]], list[Dropped]]:
    """The pictures in their buckets, in order, and those that can't be used."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(picture: Picture) -> Prepared | str:
        async with room:
            try:
                data = await client.download(picture.url, MAX_BYTES)
                if picture.sha256 is not None and hashlib.sha256(data).hexdigest() != picture.sha256:
                    return "the object store gave other bytes than its hash says"
                return await asyncio.to_thread(prepared, data, area_side)
            except CliError as error:
                return error.problem
            except UnusablePictureError as error:
                return str(error)

    ends = await asyncio.gather(*(one(picture) for picture in pictures))
    pairs = list(zip(pictures, ends, strict=True))
    ready = [(picture, end) for picture, end in pairs if isinstance(end, Prepared)]
    return ready, [Dropped(picture.about, end) for picture, end in pairs if isinstance(end, str)]


def _distinct(ready: Sequence[tuple[Picture, Prepared]]) -> tuple[list[_Kept], list[Dropped]]:
    """One of each group of pictures that show the same: the first."""
    kept: list[_Kept] = []
    alike: list[Dropped] = []
    for picture, made in ready:
        found = nearest(made.phash, [item.made.phash for item in kept])
        if found is not None and found[1] < _SAME_BITS:
            name = kept[found[0]].name
            alike.append(Dropped(picture.about, f"shows the same as {name} (pHash differs in {found[1]} of 64 bits)"))
        else:
            kept.append(_Kept(f"{len(kept) + 1:03}.png", picture, made))
    return kept, alike


def _manifest(  # noqa: PLR0913 - all that it tells
    project: str,
    wanted: Wanted,
    job: Job,
    character: Mapping[str, Any],
    kept: Sequence[_Kept],
    dropped: Sequence[Dropped],
) -> dict[str, Any]:
    """What the data set was made of; no date, so that the same pictures give the same manifest."""
    return {
        "format": "ice.lora-training.v1",
        "project_id": project,
        "character_id": wanted.character_id,
        "bible_version": character["version"],
        "trainer": wanted.trainer,
        "base_model": job.base,
        "name": job.name,
        "trigger": job.trigger,
        "pictures": [
            {
                "file": f"images/{item.name}",
                "sha256": hashlib.sha256(item.made.png).hexdigest(),
                "size": list(item.made.size),
                "crop": list(item.made.crop),
                "phash": f"{item.made.phash:016x}",
                "caption": item.picture.caption,
                "source": dict(item.picture.about),
            }
            for item in kept
        ],
        "dropped": [{"source": dict(item.about), "reason": item.reason} for item in dropped],
    }


def _write(wanted: Wanted, job: Job, kept: Sequence[_Kept], manifest: Mapping[str, Any]) -> None:
    for item in kept:
        write_file(wanted.out / "images" / item.name, item.made.png)
    for name, data in files_of(job, wanted.trainer).items():
        write_file(wanted.out / name, data)
    # The last one: a folder without it was left in the middle.
    write_file(wanted.out / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode())


def _told(manifest: Mapping[str, Any], out: Path) -> RenderableType:
    pictures, dropped = manifest["pictures"], manifest["dropped"]
    head = f"{counted(len(pictures), 'picture')} of {manifest['character_id']} for {manifest['base_model']} in {out}"
    lines = [Text(f"{head}; {len(dropped)} left out")]
    reasons: dict[str, int] = {}
    for item in dropped:
        reason = item["reason"].split(" as ")[0]
        reasons[reason] = reasons.get(reason, 0) + 1
    lines += [Text(f"  {count} × {reason}", style="grey50") for reason, count in sorted(reasons.items())]
    if len(pictures) < _FEW:
        lines.append(Text(f"{len(pictures)} are few: trainers ask for {_FEW} to 30", style="yellow"))
    lines.append(Text(f"next: bash {out / 'train.sh'} on a machine with a GPU, then `ice lora add`", style="grey50"))
    return Group(*lines)
