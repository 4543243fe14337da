"""The command `ice review`: names, options and help. What it does is imported when it runs."""

from collections.abc import Coroutine
from typing import Annotated, Any, Literal

import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, refuse_options_before, run
from services.cli.exits import Exit
from services.cli.output import Output

review_app = typer.Typer(help="What waits for a reviewer: list it, approve, reject, take again.")

FramesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="FRAME...", help="As `ice review` tells it, or the beginning of its run's id."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every frame of the project that waits.")]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why.")]
ReviewerOption = Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Who decides.")]
TakeOption = Annotated[
    int | None, typer.Option("--take", min=1, metavar="N", help="Another take of the frame, instead of the one shown.")
]


@review_app.callback(invoke_without_command=True)
def review(
    context: typer.Context,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List what waits for a reviewer, of one film or of all; the page with the images is named below."""
    if context.invoked_subcommand is None:
        review_list(project, folder, json, quiet)
    else:
        refuse_options_before(context, project, folder, json, quiet)


@review_app.command("list")
def review_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List what waits for a reviewer, references first, since shots may wait for them."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import reviewing  # noqa: PLC0415 - heavy

        return reviewing.list_waiting(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@review_app.command("approve")
def approve(  # noqa: PLR0913 - one per option
    frames: FramesArgument = None,
    all_: AllOption = False,
    take: TakeOption = None,
    note: NoteOption = "",
    reviewer: ReviewerOption = "anonymous",
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take the frame as it is, or another of its takes: it becomes a keyframe."""
    _decide("approve", frames, all_, note, reviewer, project, folder, json, quiet, take)


@review_app.command("reject")
def reject(  # noqa: PLR0913 - one per option
    frames: FramesArgument = None,
    all_: AllOption = False,
    note: NoteOption = "",
    reviewer: ReviewerOption = "anonymous",
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give the frame up, with the reason as `--note`: no keyframe is made of it."""
    _decide("reject", frames, all_, note, reviewer, project, folder, json, quiet)


@review_app.command("again")
def again(  # noqa: PLR0913 - one per option
    frames: FramesArgument = None,
    all_: AllOption = False,
    note: NoteOption = "",
    reviewer: ReviewerOption = "anonymous",
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Have another take made, with another seed; the note goes to the next prompt."""
    _decide("re-roll", frames, all_, note, reviewer, project, folder, json, quiet)


def _decide(  # noqa: PLR0913 - one per option
    decision: Literal["approve", "reject", "re-roll"],
    frames: FramesArgument,
    all_: AllOption,
    note: NoteOption,
    reviewer: ReviewerOption,
    project: ProjectOption,
    folder: FolderOption,
    json: JsonOption,
    quiet: QuietOption,
    take: TakeOption = None,
) -> None:
    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import reviewing  # noqa: PLC0415 - heavy

        said = reviewing.Said(decision, note, reviewer, take)
        return reviewing.decide(output, folder, project, tuple(frames or ()), said, every=all_)

    run(work, as_json=json, quiet=quiet)
