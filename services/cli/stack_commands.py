"""`ice up` and `ice demo`: the engine in this process, beside its embedded servers."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from schemas.film_plan import FilmPlan
from services.chassis import logs
from services.chassis.settings import ServiceSettings, SettingsError
from services.cli.counting import counted
from services.cli.exits import CliError, Exit
from services.cli.films import load_films
from services.cli.gateway_client import GatewayClient
from services.cli.live_view import failures_table, films_table
from services.cli.output import Output
from services.cli.progress import FilmProgress
from services.cli.publishing import Published, publish_plan
from services.cli.settings import stack_folder, stack_settings
from services.cli.storyboard import save_sheets
from services.cli.watching import film_states, watch
from services.local_stack.errors import StackError
from services.local_stack.events import EventKind, StackEvent
from services.local_stack.stack import LocalStack

_MARKS: Final = {
    EventKind.READY: ("✓", "green"),
    EventKind.STOPPED: ("✓", "green"),
    EventKind.FAILED: ("✗", "bold red"),
    EventKind.ENDED: ("!", "yellow"),
    EventKind.RECLAIMED: ("!", "yellow"),
}
_SERVICE_LOG: Final = "services.log"
_SHEETS: Final = "storyboards"


async def up(output: Output, folder: Path | None) -> Exit:
    """Run the stack until Ctrl-C or SIGTERM."""
    async with _stack(output, folder) as stack:
        output.result(_endpoints(stack), lambda: _endpoints_view(stack))
        output.note(Text("Ctrl-C stops it; what is in flight goes on at the next start.", style="grey50"))
        await stack.run_until_stopped()
    return Exit.OK


async def demo(  # noqa: PLR0913 - one per option of the command
    output: Output,
    folder: Path | None,
    *,
    films: Sequence[str] = (),
    out: Path | None = None,
    keep: bool = False,
    timeout_s: float = 300,
) -> Exit:
    """Start the stack, publish films, show them come in, draw their sheets, stop."""
    begun = time.monotonic()
    plans = load_films(films)
    async with _stack(output, folder) as stack:
        started = time.monotonic()
        async with GatewayClient(stack.endpoints.gateway_url) as client:
            await _tell_made_before(output, client, plans, stack.folder)
            published = await _publish(output, plans, stack.service_settings)
            expected = {item.project_id: item.frames for item in published}
            ended = await watch(client, output, expected=expected, timeout_s=timeout_s)
            made = time.monotonic()
            target = out or stack_folder(folder) / _SHEETS
            sheets = await asyncio.gather(*(save_sheets(client, item, target) for item in expected))
        spent = {"start": started - begun, "films": made - started, "sheets": time.monotonic() - made}
        drawn = {item: [str(path) for path in paths] for item, paths in zip(expected, sheets, strict=True)}
        paths = [path for of_film in drawn.values() for path in of_film]
        value = {
            "films": [
                {**film.summary(), "contact_sheet": drawn[film.project_id][0], "contact_sheets": drawn[film.project_id]}
                for film in ended
            ],
            "seconds": {name: round(seconds, 2) for name, seconds in spent.items()},
            "gateway_url": stack.endpoints.gateway_url,
        }
        output.result(value, lambda: _demo_view(ended, paths, spent))
        if keep:
            output.note(_endpoints_view(stack))
            output.note(Text("The engine goes on running; Ctrl-C stops it.", style="grey50"))
            await stack.run_until_stopped()
    return Exit.FAILED if any(film.bad for film in ended) else Exit.OK


@contextlib.asynccontextmanager
async def _stack(output: Output, folder: Path | None) -> AsyncIterator[LocalStack]:
    """A started stack whose logs go to a file, and whose steps are told.

    Raises:
        CliError: it can't start or go on, with the mend.
    """
    place = stack_folder(folder)
    stack = LocalStack(place, settings=stack_settings(), on_event=lambda event: _tell(output, event))
    with contextlib.ExitStack() as files:
        try:
            stack.logs.mkdir(parents=True, exist_ok=True)
            log = files.enter_context((stack.logs / _SERVICE_LOG).open("a", encoding="utf-8"))
        except OSError as error:
            raise CliError(
                f"{error.filename or place} can't be written: {error.strerror or error}",
                mend="choose a folder that this user may write: `--folder`, or ICE_LOCAL_FOLDER",
            ) from error
        try:
            logs.configure(ServiceSettings(log_format="json"), log)
            async with stack:
                yield stack
        except StackError as error:
            raise CliError(error.problem, mend=error.mend) from error
        except SettingsError as error:
            raise CliError(str(error), code=Exit.INVALID) from error


def _tell(output: Output, event: StackEvent) -> None:
    if event.kind is EventKind.STARTING and not output.live:
        return
    mark, style = _MARKS.get(event.kind, ("·", "grey50"))
    text = Text(f" {mark} ", style=style).append(f"{event.part:<13} ", style="bold").append(event.text, style="default")
    if event.seconds is not None:
        text.append(f"  {event.seconds:.1f} s", style="grey50")
    if event.kind is not EventKind.STARTING:
        output.note(text)


async def _publish(output: Output, plans: Sequence[FilmPlan], settings: ServiceSettings) -> list[Published]:
    done = []
    for plan in plans:
        published = await publish_plan(plan, settings)
        text = Text(" → ", style="cyan").append("published     ", style="bold").append(published.title, style="default")
        text.append(
            f"  {published.told}",
            style="grey50",
        )
        output.note(text)
        done.append(published)
    output.note("")
    return done


async def _tell_made_before(output: Output, client: GatewayClient, plans: Sequence[FilmPlan], folder: Path) -> None:
    """Say why nothing happens when the films are there already: publishing the same again changes nothing."""
    before = await film_states(client, [plan.project.project_id for plan in plans])
    done = [film.title for film in before if film.finished]
    if done:
        text = f" · {', '.join(done)}: made in an earlier run and kept; delete {folder} to make all anew"
        output.note(Text(text, style="yellow"))


def _endpoints(stack: LocalStack) -> dict[str, Any]:
    state = stack.endpoints
    return {
        "gateway_url": state.gateway_url,
        "kafka_bootstrap": state.kafka_bootstrap,
        "mongo_url": state.mongo_url,
        "s3_endpoint": f"http://{state.s3_endpoint}",
        "s3_bucket": state.s3_bucket,
        "providers": list(state.providers),
        "services": list(state.services),
        "folder": str(stack.folder),
        "logs": str(stack.logs),
        "pid": state.pid,
    }


def _endpoints_view(stack: LocalStack) -> RenderableType:
    value = _endpoints(stack)
    lines = (
        ("API", f"{value['gateway_url']}/api/v1/projects"),
        ("Kafka", value["kafka_bootstrap"]),
        ("MongoDB", value["mongo_url"]),
        ("S3", f"{value['s3_endpoint']}  bucket {value['s3_bucket']}"),
        ("providers", ", ".join(value["providers"])),
        ("data", value["folder"]),
        ("logs", value["logs"]),
    )
    shown = [Text(f"   {name:<12}", style="grey50").append(str(text), style="default") for name, text in lines]
    return Group(Text(), *shown, Text())


def _demo_view(films: Sequence[FilmProgress], sheets: Sequence[str], spent: dict[str, float]) -> RenderableType:
    parts: list[RenderableType] = [Text(), films_table(films), Text()]
    if any(film.bad for film in films):
        parts += [failures_table(films), Text()]
    parts += [Text("storyboard  ", style="grey50").append(path, style="default") for path in sheets]
    frames = sum(film.ready for film in films)
    parts.append(
        Text(
            f"{counted(frames, 'keyframe')} in {spent['films']:.1f} s; the stack took {spent['start']:.1f} s to start, "
            f"the sheets {spent['sheets']:.1f} s to draw",
            style="grey50",
        )
    )
    return Group(*parts)
