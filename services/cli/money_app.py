"""The commands about money: names, options and help. What they do is imported when they run."""

from collections.abc import Coroutine
from typing import Annotated, Any, Literal

import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, refuse_options_before, run
from services.cli.exits import Exit
from services.cli.output import Output

ledger_app = typer.Typer(help="Paid calls in doubt: list them, or say what becomes of them.")


def estimate(
    film: Annotated[str, typer.Argument(metavar="FILM", help="Film plan, or vrindavan or noir-city.")],
    provider: Annotated[
        list[str] | None,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="Provider to reckon with; may be repeated. Default: those of ICE_PROVIDERS, else of the keys.",
        ),
    ] = None,
    retakes: Annotated[
        float,
        typer.Option("--retakes", min=0, max=100, metavar="SHARE", help="Frames that are taken again, per frame."),
    ] = 0.2,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What a film will cost: per model low, expected and high, and as the router chooses. Needs no stack, no key."""

    def work(output: Output) -> Exit:
        from services.cli import estimating  # noqa: PLC0415 - heavy

        return estimating.estimate_film(output, film, provider or (), retakes)

    run(work, as_json=json, quiet=quiet)


def costs(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """What a film has cost so far: by model, scene and shot, thrown-away takes and calls in doubt included."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import money_commands  # noqa: PLC0415 - heavy

        return money_commands.costs(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@ledger_app.callback(invoke_without_command=True)
def ledger(
    context: typer.Context,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Paid calls in doubt: sent, never answered. None is sent again by itself; each with what it may have cost."""
    if context.invoked_subcommand is None:
        ledger_list(project, folder, json, quiet)
    else:
        refuse_options_before(context, project, folder, json, quiet)


@ledger_app.command("list")
def ledger_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the calls in doubt, the oldest first, each with what it may have cost."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import money_commands  # noqa: PLC0415 - heavy

        return money_commands.ledger(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@ledger_app.command("resolve")
def ledger_resolve(  # noqa: PLR0913 - one per option
    generation: Annotated[
        str, typer.Argument(metavar="GENERATION", help="As `ice ledger` tells it; its beginning does.")
    ],
    decision: Annotated[
        Literal["re-roll", "reject"],
        typer.Argument(help="re-roll: ask the model again, which may pay twice; reject: give the frame up."),
    ],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; needed to reject.")] = "",
    reviewer: Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Who decides.")] = "anonymous",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Decide on the run that waits for a call in doubt. Look on the vendor's bill first: it knows."""

    def work(output: Output) -> Exit:
        from services.cli import resolving  # noqa: PLC0415 - heavy

        wanted = resolving.Wanted(generation, decision, note, reviewer)
        return resolving.resolve(output, folder, wanted, ask=not yes)

    run(work, as_json=json, quiet=quiet)
