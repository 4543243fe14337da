"""The commands `ice report` and `ice calibrate`: names, options and help. What they do is imported when they run."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, run
from services.cli.exits import Exit
from services.cli.output import Output


def report(  # noqa: PLR0913 - one per option
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder for report.html and report.json; made when missing.")
    ] = Path("report"),
    project: ProjectOption = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", metavar="A.json B.json", help="Only tell what differs between two reports."),
    ] = None,
    faces: Annotated[
        bool,
        typer.Option(
            "--faces/--no-faces", help="Measure who is like their references by their faces, where the extra is there."
        ),
    ] = True,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How much characters, places, props and scenes hold over a film, its worst shots, its retakes, what it cost."""

    def differing(output: Output) -> Exit:
        from services.cli.consistency import command  # noqa: PLC0415 - heavy

        one, other = compare or (target, target)
        return command.compare(output, one, other)

    def making(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli.consistency import command  # noqa: PLC0415 - heavy

        return command.make(output, folder, target.resolve(), project, faces=faces)

    run(differing if compare else making, as_json=json, quiet=quiet)


def calibrate(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Propose bounds for measured checks from a reviewer's past decisions, as ICE_VALIDATION_BOUNDS takes them."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli.consistency import calibrating  # noqa: PLC0415 - heavy

        return calibrating.calibrate(output, folder, project)

    run(work, as_json=json, quiet=quiet)
