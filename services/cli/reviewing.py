"""`ice review`: what waits for a person, and a person's word on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli import settings
from services.cli.deciding import review
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.progress import frame_name
from services.cli.project_commands import chosen_project

Answer = dict[str, Any]

_LISTED: Final = 10
#: Of a run's id that is enough to name it.
_LEAST_ID: Final = 6
_DONE: Final = {"approve": "approved", "reject": "rejected", "re-roll": "another take is on its way"}


@dataclass(frozen=True, slots=True)
class Said:
    """What the reviewer says.

    Attributes:
        decision: `approve`, `reject` or `re-roll`.
        note: why.
        reviewer: who.
        take: of several that passed, the one that is approved; None = the one on show.
    """

    decision: Literal["approve", "reject", "re-roll"]
    note: str = ""
    reviewer: str = "anonymous"
    take: int | None = None


async def list_waiting(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Everything that waits for a reviewer, of one project or of all."""
    async with GatewayClient(settings.gateway_url(folder)) as client:
        if project_id is not None:
            await chosen_project(client, project_id)
        known = [project_id] if project_id is not None else [item["project_id"] for item in await client.projects()]
        found = [{"project_id": name, **item} for name in known for item in await client.reviews(name)]
    output.result(found, lambda: _view(found, client.url))
    return Exit.OK


async def decide(  # noqa: PLR0913 - what, on what, by name
    output: Output, folder: Path | None, project_id: str | None, frames: Sequence[str], said: Said, *, every: bool
) -> Exit:
    """Hand in a decision on some frames; one that is refused doesn't keep the others from theirs."""
    if said.decision == "reject" and not said.note.strip():
        raise CliError("--note: empty; allowed is the reason why, since no keyframe is made", code=Exit.INVALID)
    if bool(frames) == every:
        named = "names and --all" if frames else "none named"
        raise CliError(
            f"FRAME: {named}; allowed is one name or more, or --all",
            code=Exit.INVALID,
            mend="`ice review` lists what waits",
        )
    done: list[Answer] = []
    async with GatewayClient(settings.gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        waiting = await client.reviews(project)
        chosen = waiting if every else [the_one(waiting, frame, project) for frame in frames]
        wanted = [(item, generation_of(item, said.take)) for item in chosen]
        for item, generation in wanted:
            done.append(await _handed_in(client, item, generation, said))
    output.result(done, lambda: Group(*map(_line, done)) if done else Text("nothing waits for a decision"))
    return Exit.FAILED if any(item["refused"] for item in done) else Exit.OK


def the_one(waiting: Sequence[Answer], frame: str, project_id: str) -> Answer:
    """The frame of that name.

    Raises:
        CliError: none waits, or several do.
    """
    found = [item for item in waiting if frame == frame_name(item)]
    found = found or [item for item in waiting if frame in {item["shot_id"], item["code"], item["run_id"]}]
    if not found and len(frame) >= _LEAST_ID:
        found = [item for item in waiting if str(item["run_id"]).startswith(frame)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(frame_name(item)) for item in (found or waiting)[:_LISTED])
    if found:
        raise CliError(f"FRAME {frame!r}: {len(found)} wait by this name; allowed is one of {names}", code=Exit.INVALID)
    allowed = f"allowed is one of {names}" if names else f"nothing of {project_id} waits for a decision"
    more = f" and {len(waiting) - _LISTED} more" if len(waiting) > _LISTED else ""
    raise CliError(f"FRAME {frame!r}: does not wait for a decision; {allowed}{more}", code=Exit.INVALID)


def generation_of(item: Answer, take: int | None) -> str:
    """The generation of a take that may be approved.

    Raises:
        CliError: there is no such take among them.
    """
    takes = {other["take"]: str(other["generation_id"]) for other in (*item["others"], item)}
    if take is None:
        return str(item["generation_id"])
    if take not in takes:
        allowed = ", ".join(str(number) for number in sorted(takes))
        raise CliError(
            f"--take {take}: {frame_name(item)} has no such take to approve; allowed is {allowed}", code=Exit.INVALID
        )
    return takes[take]


async def _handed_in(client: GatewayClient, item: Answer, generation: str, said: Said) -> Answer:
    """The same decision once more is the same decision."""
    body = review("review", str(item["run_id"]), generation, said)
    told = {"frame": frame_name(item), **body}
    try:
        return {**told, "event_id": (await client.decide(body))["event_id"], "refused": None}
    except CliError as error:
        if error.code is Exit.UNREACHABLE:
            raise
        return {**told, "event_id": None, "refused": error.problem}


def _line(done: Answer) -> Text:
    if done["refused"]:
        return Text(f"✗ {done['frame']}: {done['refused']}", style="red")
    return Text(f"{done['frame']}: {_DONE[done['decision']]}")


def _view(found: Sequence[Answer], url: str) -> RenderableType:
    if not found:
        return Text("nothing waits for a reviewer")
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("film", "frame", "take", "checks", "why"):
        table.add_column(name, no_wrap=name == "take", overflow="fold", justify="right" if name == "take" else "left")
    for item in found:
        others = f" of {len(item['others']) + 1}" if item["others"] else ""
        table.add_row(
            item["project_id"], frame_name(item), f"{item['take']}{others}", _checks(item), str(item["reason"] or "")
        )
    pages = dict.fromkeys(f"{url}/review/{item['project_id']}" for item in found)
    links = [Text(f"with images: {page}", style="grey50") for page in pages]
    return Group(table, Text(), *links)


def _checks(item: Answer) -> Text:
    failed = dict.fromkeys(score["check"] for score in item["scores"] if score["outcome"] == "failed")
    warned = dict.fromkeys(score["check"] for score in item["scores"] if score["outcome"] == "warned")
    text = Text()
    for words, names, style in (("failed", failed, "red"), ("warned", warned, "orange1")):
        if names:
            text.append(f"{'; ' if len(text) else ''}{words}: {', '.join(names)}", style=style)
    return text if len(text) else Text("passed", style="green")
