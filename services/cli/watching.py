"""Follow films until nothing moves any more."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich.live import Live
from rich.text import Text

from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.live_view import failures_table, films_table, films_view
from services.cli.output import Output
from services.cli.progress import FilmProgress, film_progress

POLL_S: Final = 0.4
_LINE_EVERY_S: Final = 2.0


async def film_states(
    client: GatewayClient, project_ids: Sequence[str] = (), expected: Mapping[str, int] | None = None
) -> list[FilmProgress]:
    """How films stand now.

    Args:
        client: of the gateway.
        project_ids: which; empty = all. One that isn't known yet is left out.
        expected: keyframes published per project, where that is known.
    """
    wanted = expected or {}
    known = {str(item["project_id"]): str(item.get("title", "")) for item in await client.projects()}
    ids = [item for item in (project_ids or known) if item in known]
    answers = await asyncio.gather(*(client.progress(item) for item in ids))
    return [
        film_progress(answer, title=known[item], expected=wanted.get(item, 0))
        for item, answer in zip(ids, answers, strict=True)
    ]


async def watch(  # noqa: PLR0913 - what to watch, where to show it and when to stop
    client: GatewayClient,
    output: Output,
    *,
    project_ids: Sequence[str] = (),
    expected: Mapping[str, int] | None = None,
    timeout_s: float | None = None,
    follow: bool = False,
) -> list[FilmProgress]:
    """Show the films until all are finished or wait for a reviewer, or for ever with `follow`.

    Raises:
        CliError: the time is over (`TIMED_OUT`), or the gateway is gone.
    """
    begun = time.monotonic()
    wanted = tuple(project_ids) or tuple(expected or ())

    async def until_done(show: Callable[[list[FilmProgress]], None]) -> list[FilmProgress]:
        while True:
            films = await film_states(client, wanted, expected)
            show(films)
            if not follow and len(films) >= max(len(wanted), 1) and all(film.at_rest for film in films):
                return films
            if timeout_s is not None and time.monotonic() - begun > timeout_s:
                raise CliError(f"not finished after {timeout_s:g} s: {_line(films)}", code=Exit.TIMED_OUT)
            await asyncio.sleep(POLL_S)

    if output.live:
        with Live(console=output.console(stderr=True), refresh_per_second=8, transient=False) as live:
            return await until_done(lambda films: live.update(films_view(films, time.monotonic() - begun)))
    return await until_done(_LineWriter(output).show)


class _LineWriter:
    """For a log or a pipe: one plain line when something changed, at most every two seconds."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last = ""
        self._at = float("-inf")

    def show(self, films: list[FilmProgress]) -> None:
        line = _line(films)
        over = bool(films) and all(film.at_rest for film in films)
        due = time.monotonic() - self._at >= _LINE_EVERY_S
        if line != self._last and (due or over):
            self._output.note(line)
            self._last, self._at = line, time.monotonic()


def _line(films: Sequence[FilmProgress]) -> str:
    if not films:
        return "waiting for the first shots"
    parts = []
    for film in films:
        moving = ", ".join(f"{count} {status}" for status, count in film.counts.items() if count and status != "ready")
        asked = f"; {film.people_asked}" if film.references_waiting else ""
        parts.append(f"{film.project_id}: {film.ready}/{film.expected} ready{f' ({moving})' if moving else ''}{asked}")
    return "; ".join(parts)


def report(output: Output, films: Sequence[FilmProgress]) -> Exit:
    """Say how the films ended; the exit code that says the same. Frames in review are no failure."""
    output.result([film.summary() for film in films], lambda: films_table(films) if films else Text("no films yet"))
    bad = any(film.bad for film in films)
    for film in films:
        if film.people_asked:
            output.note(f"{film.project_id}: {film.people_asked}: `ice review --project {film.project_id}`")
    if bad and not output.as_json:
        output.console().print()
        output.console().print(failures_table(films))
    return Exit.FAILED if bad else Exit.OK
