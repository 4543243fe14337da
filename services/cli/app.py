"""The tree of commands: names, options and help. What a command does is imported when it runs.

`ice --help` must cost little more than a bare Typer application, so nothing here imports more than Typer and this
package's lightest modules.
"""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.bible_app import bible_app, references_app, regenerate, stale
from services.cli.character_app import character_app
from services.cli.commands import (
    FolderOption,
    JsonOption,
    PlanArgument,
    ProjectOption,
    QuietOption,
    TimeoutOption,
    run,
)
from services.cli.consistency.report_app import calibrate, report
from services.cli.dlq_app import dlq_app
from services.cli.exits import Exit
from services.cli.lora_app import lora_app
from services.cli.money_app import costs, estimate, ledger_app
from services.cli.output import Output
from services.cli.replay_app import replay
from services.cli.review_app import review_app

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
app.add_typer(bible_app, name="bible")
app.add_typer(references_app, name="references")
app.add_typer(dlq_app, name="dlq")
app.add_typer(review_app, name="review")
app.add_typer(ledger_app, name="ledger")
app.add_typer(lora_app, name="lora")
app.add_typer(character_app, name="character")
app.command()(estimate)
app.command()(costs)
app.command()(replay)
app.command()(report)
app.command()(calibrate)
app.command()(stale)
app.command()(regenerate)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - not needed for `--help`

        typer.echo(f"ice {version('image-creation-engine')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Image Creation Engine: planned shots in, consistent keyframes out."""


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

    run(work, as_json=json, quiet=quiet)


@app.command()
def up(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Run the whole engine on this machine until Ctrl-C: broker, database, object store and every service."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import stack_commands  # noqa: PLC0415 - heavy

        return stack_commands.up(output, folder)

    run(work, as_json=json, quiet=quiet)


@plan_app.command("validate")
def plan_validate(file: PlanArgument, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Tell every mistake of a film plan at once, each with file, line and column."""

    def work(output: Output) -> Exit:
        from services.cli import plan_commands  # noqa: PLC0415 - heavy

        return plan_commands.validate(output, file)

    run(work, as_json=json, quiet=quiet)


@plan_app.command("publish")
def plan_publish(
    film: Annotated[str, typer.Argument(metavar="FILE", help="Film plan, or vrindavan or noir-city.")],
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish a film plan: its bible, then a ShotPlanned per shot. Again is harmless; a change needs a new revision."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import plan_commands  # noqa: PLC0415 - heavy

        return plan_commands.publish(output, film, folder)

    run(work, as_json=json, quiet=quiet)


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

    run(work, as_json=json, quiet=quiet)


@app.command()
def status(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Where the engine runs, whether it is ready, and how each film stands."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.status(output, folder)

    run(work, as_json=json, quiet=quiet)


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Film plan, or vrindavan or noir-city.")],
    shot_id: Annotated[str, typer.Argument(metavar="SHOT_ID", help="Shot id or code.")],
    provider: Annotated[
        list[str] | None,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="Provider with workers; may be repeated. Default: as ICE_PROVIDERS and keys say.",
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Explain one shot: facts, prompt per dialect, model choice with reasons, references, seeds. Needs no stack."""

    def work(output: Output) -> Exit:
        from services.cli import explaining  # noqa: PLC0415 - heavy

        return explaining.explain(output, file, shot_id, provider or ())

    run(work, as_json=json, quiet=quiet)


@keyframes_app.command("list")
def keyframes_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the newest keyframe of each shot and frame."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import project_commands  # noqa: PLC0415 - heavy

        return project_commands.list_keyframes(output, folder, project)

    run(work, as_json=json, quiet=quiet)


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

    run(work, as_json=json, quiet=quiet)


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

    run(work, as_json=json, quiet=quiet)


@app.command()
def doctor(folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """What this machine has and lacks to run the engine, each with its mend."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import doctor as examination  # noqa: PLC0415 - heavy

        return examination.doctor(output, folder)

    run(work, as_json=json, quiet=quiet)
