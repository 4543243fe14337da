"""The commands under `ice dlq`: names, options and help. What they do is imported when they run."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from services.cli.commands import FolderOption, JsonOption, QuietOption, confirm, run
from services.cli.exits import CliError, Exit
from services.cli.output import Output

dlq_app = typer.Typer(help="See dead letters, try them again, or give them up.", no_args_is_help=True)

DeadTopicOption = Annotated[
    str | None, typer.Option("--topic", metavar="TOPIC", help="Only those of this topic. Default: all topics.")
]


@dlq_app.command("list")
def dlq_list(
    topic: DeadTopicOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Show so many at most.")] = 1_000,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the dead letters that are still open: where, why, after how many attempts."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import dlq_commands  # noqa: PLC0415 - heavy

        return dlq_commands.list_letters(output, folder, topic, limit)

    run(work, as_json=json, quiet=quiet)


@dlq_app.command("show")
def dlq_show(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Topic where it failed.")],
    offset: Annotated[int, typer.Argument(metavar="OFFSET", min=0, help="As `ice dlq list` tells it.")],
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show one dead letter whole: reason, origin, headers, original bytes (exact under --json, as base64)."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import dlq_commands  # noqa: PLC0415 - heavy

        return dlq_commands.show(output, folder, topic, offset)

    run(work, as_json=json, quiet=quiet)


@dlq_app.command("retry")
def dlq_retry(  # noqa: PLR0913 - one per option
    target: Annotated[str | None, typer.Argument(metavar="TOPIC", help="Topic where they failed.")] = None,
    offsets: Annotated[
        list[int] | None, typer.Argument(metavar="OFFSET", min=0, help="As `ice dlq list` tells them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    topic: DeadTopicOption = None,
    stage: Annotated[
        str | None,
        typer.Option("--stage", metavar="STAGE", help="With --all: a service, its group, or decode, handle, publish."),
    ] = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish the originals again, unchanged, to where they failed, then mark them as handled.

    At least once: the mark follows the acknowledgement, so a retry that is cut short may publish an original twice.
    Every consumer of the topic sees it again; they all bear repeats.
    """

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import dlq_commands  # noqa: PLC0415 - heavy

        if every == bool(target or offsets) or bool(target) != bool(offsets) or ((topic or stage) and not every):
            raise CliError(
                "say either TOPIC and OFFSET..., or --all; --topic and --stage go with --all", code=Exit.INVALID
            )
        return dlq_commands.retry(output, folder, dlq_commands.Asked(target or topic, offsets or (), stage))

    run(work, as_json=json, quiet=quiet)


@dlq_app.command("drop")
def dlq_drop(  # noqa: PLR0913 - one per option
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Topic where they failed.")],
    offsets: Annotated[list[int], typer.Argument(metavar="OFFSET", min=0, help="As `ice dlq list` tells them.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give dead letters up: they are marked as handled, nothing is published."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import dlq_commands  # noqa: PLC0415 - heavy

        if not yes:
            confirm(
                output, "drop", f"Give up {len(offsets)} dead letter(s) of {topic}? They can't be retried afterwards."
            )
        return dlq_commands.drop(output, folder, dlq_commands.Asked(topic, offsets))

    run(work, as_json=json, quiet=quiet)
