"""Options that many commands have, and how a command's work is done. Light: `ice --help` imports it."""

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.exits import CliError, Exit
from services.cli.output import Output

JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON value on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Folder of the local stack. Default: ICE_LOCAL_FOLDER, else .ice"),
]
ProjectOption = Annotated[
    str | None, typer.Option("--project", "-p", metavar="ID", help="Film project; needed when there are several.")
]
PlanArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Film plan, YAML or JSON.", show_default=False)]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Give up after so long (exit status 4).")
]

Work = Callable[[Output], Exit | Coroutine[Any, Any, Exit]]


def run(work: Work, *, as_json: bool, quiet: bool) -> None:
    """Do a command's work and leave with its exit status."""
    output = Output(as_json=as_json, quiet=quiet)
    try:
        done = work(output)
        code = _awaited(done) if isinstance(done, Coroutine) else done
    except CliError as error:
        output.error(error.problem, error.mend)
        code = error.code
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    raise typer.Exit(int(code))


def refuse_options_before(context: typer.Context, *given: object) -> None:
    """A group that lists by itself has a command's options; before another command's name they would be lost.

    Raises:
        typer.BadParameter: one was given there.
    """
    if any(given):
        raise typer.BadParameter(f"options go after `{context.invoked_subcommand}`")


def confirm(output: Output, doing: str, question: str) -> None:
    """Go on only with a person's yes.

    Args:
        output: of the command.
        doing: what it is about to do, as its errors begin.
        question: to the person.

    Raises:
        CliError: nobody is there to ask, or the answer is no.
    """
    if not (sys.stdin.isatty() and output.console(stderr=True).is_terminal):
        raise CliError(f"{doing}: nobody is there to ask; nothing was done", code=Exit.INVALID, mend="say --yes")
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if not agreed:
        raise CliError(f"{doing}: not confirmed; nothing was done")


def _awaited(work: Coroutine[Any, Any, Exit]) -> Exit:
    from services.cli.loop import run_in_loop  # noqa: PLC0415 - not needed for `--help`

    return run_in_loop(work)
