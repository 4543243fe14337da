"""The commands `ice bible` and `ice references`: names, options and help. What they do is imported when they run."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import click
import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, run
from services.cli.exits import Exit
from services.cli.output import Output

bible_app = typer.Typer(help="The film's characters, locations and props: read, edit, compare.", no_args_is_help=True)
references_app = typer.Typer(help="Sheets, plates and prop views: list them, or have them made again.")

Entry = Annotated[
    str, typer.Argument(metavar="ENTRY", help="Id, or character/ID, location/ID, prop/ID.", show_default=False)
]


@bible_app.command("list")
def bible_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List every entry with its version and what references it has."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.list_entries(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@bible_app.command("show")
def bible_show(  # noqa: PLR0913 - one per option
    entry: Entry,
    version: Annotated[int | None, typer.Option("--version", min=1, metavar="N", help="Default: the newest.")] = None,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show an entry as YAML, as `ice bible set --file` takes it."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.show(output, folder, project, entry, version)

    run(work, as_json=json, quiet=quiet)


@bible_app.command("history")
def bible_history(
    entry: Entry,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show every version of an entry, and what each changed."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.history(output, folder, project, entry)

    run(work, as_json=json, quiet=quiet)


@bible_app.command("set")
def bible_set(  # noqa: PLR0913 - one per option
    entry: Entry,
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FIELD=VALUE]...",
            help="E.g. appearance.hair=grey; the value is YAML, none takes it away.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="The whole entry, YAML or JSON; also a new one.")
    ] = None,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish an entry's next version: some fields changed, or the whole of it from a file."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.set_fields(output, folder, project, entry, changes or (), file)

    run(work, as_json=json, quiet=quiet)


@bible_app.command("edit")
def bible_edit(
    entry: Entry,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Open an entry in the editor, and publish what was changed as its next version."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.edit(output, folder, project, entry, click.edit)

    run(work, as_json=json, quiet=quiet)


@references_app.callback(invoke_without_command=True)
def references(
    context: typer.Context,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Sheets, plates and prop views: list them, or have them made again."""
    if context.invoked_subcommand is not None:
        return

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.list_references(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@references_app.command("again")
def references_again(  # noqa: PLR0913 - one per option
    entry: Entry,
    variant: Annotated[
        str | None, typer.Option("--variant", metavar="NAME", help="Costume, or time/weather/season. Default: all.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")] = "",
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Have an entry's references made again; shots conditioned from then on use the new ones."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import bible_commands  # noqa: PLC0415 - heavy

        return bible_commands.again(output, folder, project, entry, variant, reason)

    run(work, as_json=json, quiet=quiet)


def stale(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List keyframes made from a bible entry, reference, template or model card that has changed since."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import stale_commands  # noqa: PLC0415 - heavy

        return stale_commands.list_stale(output, folder, project)

    run(work, as_json=json, quiet=quiet)


def regenerate(  # noqa: PLR0913 - one per option
    only_stale: Annotated[
        bool, typer.Option("--stale", help="Every shot that `ice stale` lists; others: `ice replay --regenerate`.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; tell what would be made, by which model, and the cost.")
    ] = False,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="N/s", help="Send no more than this; also N/m, N/h.")
    ] = None,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make stale keyframes again, from today's bible, templates and catalogue; the old ones are kept."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import stale_commands  # noqa: PLC0415 - heavy

        return stale_commands.regenerate(output, folder, project, stale=only_stale, dry_run=dry_run, rate=rate)

    run(work, as_json=json, quiet=quiet)
