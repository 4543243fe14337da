"""The command `ice character embedding`: its options and help. What it does is imported when it runs."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, run
from services.cli.exits import Exit
from services.cli.output import Output

character_app = typer.Typer(help="What holds a character's identity.", no_args_is_help=True)


@character_app.callback()
def group() -> None:
    """What holds a character's identity."""


@character_app.command("embedding")
def character_embedding(
    character: Annotated[str, typer.Argument(metavar="CHARACTER", help="Id in the bible.", show_default=False)],
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show a character's references, the identity that a network sees in them, and its LoRAs and textual inversions.

    The identity vector (with --json) needs the extra `faces`; without it none is made up.
    """

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import character_commands  # noqa: PLC0415 - heavy

        return character_commands.embedding(output, folder, character, project)

    run(work, as_json=json, quiet=quiet)
