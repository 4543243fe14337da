"""The tree of commands: names, options and help. What a command does is imported when it runs.

`ice --help` must cost little more than a bare Typer application, so nothing here imports more than Typer and this
package's lightest modules.
"""

import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.exits import CliError, Exit
from services.cli.output import Output

EXITS = (
    "Exit status: 0 done; 1 something failed; 2 wrong command line, file or name; 3 no engine answers; "
    "4 not done in time; 130 interrupted."
)

app = typer.Typer(
    name="ice",
    help="Image Creation Engine: planned shots in, consistent keyframes out.",
    epilog=EXITS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plan_app = typer.Typer(help="Check and publish film plans.", no_args_is_help=True)
keyframes_app = typer.Typer(help="List and export finished keyframes.", no_args_is_help=True)
app.add_typer(plan_app, name="plan")
app.add_typer(keyframes_app, name="keyframes")
dlq_app = typer.Typer(help="See dead letters, try them again, or give them up.", no_args_is_help=True)
app.add_typer(dlq_app, name="dlq")

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
DeadTopicOption = Annotated[
    str | None, typer.Option("--topic", metavar="TOPIC", help="Only those of this topic. Default: all topics.")
]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Give up after so long (exit status 4).")
]

Work = Callable[[Output], Exit | Coroutine[Any, Any, Exit]]


def _run(work: Work, *, as_json: bool, quiet: bool) -> None:
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


def _awaited(work: Coroutine[Any, Any, Exit]) -> Exit:
    from services.cli.loop import run_in_loop  # noqa: PLC0415 - not needed for `--help`

    return run_in_loop(work)


@app.command()
def demo(  # noqa: PLR0913 - one per option
    film: Annotated[
        list[str] | None,
        typer.Option("--film", metavar="FILM", help="vrindavan, noir-city or a plan's file; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the storyboards go. Default: in the folder.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Let the engine run on afterwards.")] = False,
    timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Give up after so long.")] = 300,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make two films on this machine: start everything, publish, watch, draw the storyboards, stop."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import stack_commands  # noqa: PLC0415 - heavy

        return stack_commands.demo(
            output, folder, films=film or (), out=out and out.resolve(), keep=keep, timeout_s=timeout
        )

    _run(work, as_json=json, quiet=quiet)


@app.command()
def up(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Run the whole engine on this machine until Ctrl-C: broker, database, object store and every service."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import stack_commands  # noqa: PLC0415 - heavy

        return stack_commands.up(output, folder)

    _run(work, as_json=json, quiet=quiet)


@plan_app.command("validate")
def plan_validate(file: PlanArgument, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Tell every mistake of a film plan at once, each with file, line and column."""

    def work(output: Output) -> Exit:
        from services.cli import plan_commands  # noqa: PLC0415 - heavy

        return plan_commands.validate(output, file)

    _run(work, as_json=json, quiet=quiet)


@plan_app.command("publish")
def plan_publish(
    file: PlanArgument, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Publish a film plan: its bible, then a ShotPlanned per shot. Again is harmless; a change needs a new revision."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import plan_commands  # noqa: PLC0415 - heavy

        return plan_commands.publish(output, file, folder)

    _run(work, as_json=json, quiet=quiet)


@app.command()
def watch(  # noqa: PLR0913 - one per option
    project: Annotated[list[str] | None, typer.Argument(metavar="[PROJECT]...", help="Which; default: all.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on when all is finished.")] = False,
    timeout: TimeoutOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Follow films stage by stage until every keyframe is ready or has failed."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.watch_projects(output, folder, project or (), follow=follow, timeout_s=timeout)

    _run(work, as_json=json, quiet=quiet)


@app.command()
def status(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Where the engine runs, whether it is ready, and how each film stands."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.status(output, folder)

    _run(work, as_json=json, quiet=quiet)


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Film plan, or vrindavan or noir-city.")],
    shot_id: Annotated[str, typer.Argument(metavar="SHOT_ID", help="Shot id or code.")],
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", metavar="NAME", help="Provider with workers; may be repeated. Default: previz"),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Explain one shot: facts, prompt per dialect, model choice with reasons, references, seeds. Needs no stack."""

    def work(output: Output) -> Exit:
        from services.cli import explaining  # noqa: PLC0415 - heavy

        return explaining.explain(output, file, shot_id, provider or ("previz",))

    _run(work, as_json=json, quiet=quiet)


@keyframes_app.command("list")
def keyframes_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the newest keyframe of each shot and frame."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.list_keyframes(output, folder, project)

    _run(work, as_json=json, quiet=quiet)


@keyframes_app.command("export")
def keyframes_export(  # noqa: PLR0913 - one per option
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to; made when missing.")],
    project: ProjectOption = None,
    sheet: Annotated[bool, typer.Option("--sheet/--no-sheet", help="Draw the storyboard beside them.")] = True,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Download keyframes, check every hash, and write manifest.json and the storyboard."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.export(output, folder, target.resolve(), project, sheet=sheet)

    _run(work, as_json=json, quiet=quiet)


@app.command()
def topics(
    create: Annotated[bool, typer.Option("--create", help="Make the topics and the bucket that are missing.")] = False,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Every topic: who writes and reads it, how long it is kept, how many records and dead letters it holds."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import topic_commands  # noqa: PLC0415 - heavy

        return topic_commands.create_topics(output, folder) if create else topic_commands.list_topics(output, folder)

    _run(work, as_json=json, quiet=quiet)


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

    _run(work, as_json=json, quiet=quiet)


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

    _run(work, as_json=json, quiet=quiet)


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

    _run(work, as_json=json, quiet=quiet)


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
            _ask(output, f"Give up {len(offsets)} dead letter(s) of {topic}? They can't be retried afterwards.")
        return dlq_commands.drop(output, folder, dlq_commands.Asked(topic, offsets))

    _run(work, as_json=json, quiet=quiet)


def _ask(output: Output, question: str) -> None:
    """Go on only with a person's yes."""
    if not (sys.stdin.isatty() and output.console(stderr=True).is_terminal):
        raise CliError("drop: nobody is there to ask; nothing was done", code=Exit.INVALID, mend="say --yes")
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if not agreed:
        raise CliError("drop: not confirmed; nothing was done")


@app.command()
def doctor(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """What this machine has and lacks to run the engine, each with its mend."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import doctor as examination  # noqa: PLC0415 - heavy

        return examination.doctor(output, folder)

    _run(work, as_json=json, quiet=quiet)
