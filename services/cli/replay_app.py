"""The command `ice replay`: options and help. What it does is imported when it runs."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from services.cli.commands import FolderOption, JsonOption, QuietOption, run
from services.cli.exits import CliError, Exit
from services.cli.output import Output

_BOUND = "Time in ISO 8601 with its zone, or PARTITION:OFFSET (may be repeated; then only those partitions)."


def replay(  # noqa: PLR0913 - one per option
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Topic to replay.")] = None,
    start: Annotated[list[str] | None, typer.Option("--from", metavar="WHEN", help=f"From here on. {_BOUND}")] = None,
    stop: Annotated[
        list[str] | None, typer.Option("--to", metavar="WHEN", help=f"Up to here, without it. {_BOUND}")
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", "-p", metavar="ID", help="Only this film; may be repeated.")
    ] = None,
    scene: Annotated[list[str] | None, typer.Option("--scene", metavar="ID", help="Only this scene; likewise.")] = None,
    shot: Annotated[list[str] | None, typer.Option("--shot", metavar="ID", help="Only this shot; likewise.")] = None,
    character: Annotated[
        list[str] | None,
        typer.Option("--character", metavar="ID", help="Only shots that show this character; likewise."),
    ] = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="New takes of the newest revision of each shot; old ones are kept.")
    ] = False,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="With --regenerate: the model or provider wanted.")
    ] = None,
    seed_policy: Annotated[
        str | None,
        typer.Option("--seed-policy", metavar="POLICY", help="With --regenerate: shot, scene or character."),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="With --regenerate: condition and word anew from today's bible and templates."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; tell what would be made, by which model, and the cost.")
    ] = False,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="N/s", help="Send no more than this; also N/m, N/h.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="ID", help="Take up an interrupted replay; takes only --rate.")
    ] = None,
    replay_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Id of this replay. The same id and options make the same takes."),
    ] = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Replay a topic: heal what got lost, or make shots again on purpose.

    Without --regenerate the events are published again as they were, under the same ids. What exists stays as it is; a
    stage that lost its input or whose answer got lost goes on. Nothing is made or paid twice.

    With --regenerate the newest revision of each shot is made again. From characters.conditioned, location.conditioned
    and prompt.built the inputs stay as they were then; topics behind them only say which shots are meant, whose prompts
    are then taken. From shot.planned, and with --rebuild from any topic, everything is conditioned and worded anew.
    """

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli.replay import asking, command  # noqa: PLC0415 - heavy

        if (topic is None) == (resume is None):
            raise CliError("say either --topic or --resume", code=Exit.INVALID)
        ask = asking.Ask(
            topic=topic or "",
            start=tuple(start or ()),
            stop=tuple(stop or ()),
            projects=tuple(project or ()),
            scenes=tuple(scene or ()),
            shots=tuple(shot or ()),
            characters=tuple(character or ()),
            regenerate=regenerate,
            model=model,
            seed_policy=command.seed_policy(seed_policy),
            rebuild=rebuild,
        )
        if resume is not None and (ask != asking.Ask(topic="") or dry_run or replay_id):
            raise CliError("--resume: its options are those of the first time; allowed is --rate", code=Exit.INVALID)
        how = command.How(dry_run=dry_run, rate=rate, replay_id=replay_id, resume=resume)
        return command.replay(output, folder, ask if resume is None else None, how)

    run(work, as_json=json, quiet=quiet)
