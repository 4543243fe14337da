"""The command `ice replay`: options and help. What it does is imported when it runs."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from services.cli.commands import FolderOption, JsonOption, QuietOption, run
from services.cli.exits import CliError, Exit
from services.cli.output import Output

_WHEN = "Time in ISO 8601 with its zone, or PARTITION:OFFSET (may be repeated; then only those partitions)."

Topic = Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Topic to replay.")]
From = Annotated[list[str] | None, typer.Option("--from", metavar="WHEN", help=f"From here on. {_WHEN}")]
To = Annotated[list[str] | None, typer.Option("--to", metavar="WHEN", help=f"Up to here, without it. {_WHEN}")]
Projects = Annotated[
    list[str] | None, typer.Option("--project", "-p", metavar="ID", help="Only this film; may be repeated.")
]
Scenes = Annotated[list[str] | None, typer.Option("--scene", metavar="ID", help="Only this scene; likewise.")]
Shots = Annotated[list[str] | None, typer.Option("--shot", metavar="ID", help="Only this shot; likewise.")]
Characters = Annotated[
    list[str] | None,
    typer.Option("--character", metavar="ID", help="Only shots that show this character; likewise."),
]
Regenerate = Annotated[
    bool, typer.Option("--regenerate", help="New takes of the newest revision of each shot; old ones are kept.")
]
ModelWish = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="With --regenerate: the model or provider wanted.")
]
SeedWish = Annotated[
    str | None,
    typer.Option("--seed-policy", metavar="POLICY", help="With --regenerate: shot, scene or character."),
]
Rebuild = Annotated[
    bool,
    typer.Option("--rebuild", help="With --regenerate: condition and word anew from today's bible and templates."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing; tell what would be made, by which model, and the cost.")
]
Rate = Annotated[str | None, typer.Option("--rate", metavar="N/s", help="Send no more than this; also N/m, N/h.")]
Resume = Annotated[
    str | None, typer.Option("--resume", metavar="ID", help="Take up an interrupted replay; takes only --rate.")
]
ReplayId = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Id of this replay. The same id and options make the same takes."),
]


def replay(  # noqa: PLR0913 - one per option
    topic: Topic = None,
    start: From = None,
    stop: To = None,
    project: Projects = None,
    scene: Scenes = None,
    shot: Shots = None,
    character: Characters = None,
    regenerate: Regenerate = False,
    model: ModelWish = None,
    seed_policy: SeedWish = None,
    rebuild: Rebuild = False,
    dry_run: DryRun = False,
    rate: Rate = None,
    resume: Resume = None,
    replay_id: ReplayId = None,
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
    filters = {"projects": project, "scenes": scene, "shots": shot, "characters": character}
    options = {
        **{name: tuple(values or ()) for name, values in {"start": start, "stop": stop, **filters}.items()},
        "regenerate": regenerate,
        "model": model,
        "seed_policy": seed_policy,
        "rebuild": rebuild,
    }
    how = {"dry_run": dry_run, "rate": rate, "replay_id": replay_id, "resume": resume}
    run(lambda output: _work(output, folder, topic, options, how), as_json=json, quiet=quiet)


def _work(
    output: Output, folder: FolderOption, topic: str | None, options: dict[str, Any], given: dict[str, Any]
) -> Coroutine[Any, Any, Exit]:
    from services.cli.replay import asking, command  # noqa: PLC0415 - heavy

    how = command.How(**given)
    if (topic is None) == (how.resume is None):
        raise CliError("say either --topic or --resume", code=Exit.INVALID)
    ask = asking.Ask(**{**options, "topic": topic or "", "seed_policy": command.seed_policy(options["seed_policy"])})
    if how.resume is None:
        return command.replay(output, folder, ask, how)
    if ask != asking.Ask(topic="") or how.dry_run or how.replay_id:
        raise CliError("--resume: its options are those of the first time; allowed is --rate", code=Exit.INVALID)
    return command.replay(output, folder, None, how)
