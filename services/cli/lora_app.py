"""The commands about adapters: names, options and help. What they do is imported when they run."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from services.cli.commands import FolderOption, JsonOption, ProjectOption, QuietOption, run
from services.cli.exits import Exit
from services.cli.output import Output

lora_app = typer.Typer(
    help="LoRAs and textual inversions: add, list, assign, prepare a training.", no_args_is_help=True
)

ScaleOption = Annotated[
    float | None,
    typer.Option("--scale", min=0, max=2, metavar="SCALE", help="Strength, 0 to 2. Default: the adapter's."),
]


@lora_app.command("add")
def lora_add(  # noqa: PLR0913 - one per option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Safetensors file; pickles are refused.")],
    base: Annotated[
        str, typer.Option("--base", metavar="FAMILY", help="sd15, sd21, sdxl, sd3 or flux; checked against the file.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Its name in the project. Default: the file's.")
    ] = None,
    kind: Annotated[Literal["lora", "textual-inversion"], typer.Option("--kind", help="What the file holds.")] = "lora",
    trigger: Annotated[
        list[str] | None,
        typer.Option(
            "--trigger", metavar="WORDS", help="Words that wake it; may be repeated. Default: as the file says."
        ),
    ] = None,
    scale: ScaleOption = None,
    character: Annotated[
        str | None, typer.Option("--character", metavar="ID", help="Whom it was trained on; nobody else may have it.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="Under what terms it may be used.")] = "",
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Put a file into the registry. The same again is no change; another file of that name is its next version."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import lora_commands  # noqa: PLC0415 - heavy

        said = {"base": base, "kind": kind, "trigger": trigger or [], "scale": scale}
        said |= {"character": character, "licence": licence}
        return lora_commands.add(output, folder, file, name or file.stem, said, project)

    run(work, as_json=json, quiet=quiet)


@lora_app.command("list")
def lora_list(
    project: ProjectOption = None, folder: FolderOption = None, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """List the newest version of every adapter of a project."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import lora_commands  # noqa: PLC0415 - heavy

        return lora_commands.show(output, folder, project)

    run(work, as_json=json, quiet=quiet)


@lora_app.command("assign")
def lora_assign(  # noqa: PLR0913 - one per option
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `ice lora list` tells it.")],
    character: Annotated[str, typer.Argument(metavar="CHARACTER", help="Id in the bible.")],
    scale: ScaleOption = None,
    required: Annotated[
        bool | None,
        typer.Option(
            "--required/--optional",
            help="Only models that can apply it, or also any other. Default: any, but none that takes adapters "
            "for another base.",
        ),
    ] = None,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give a character exactly this version of an adapter, as a new version of its bible entry."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli import lora_commands  # noqa: PLC0415 - heavy

        how = {"character_id": character, "scale": scale, "required": required}
        return lora_commands.assign(output, folder, name, how, project)

    run(work, as_json=json, quiet=quiet)


@lora_app.command("train")
def lora_train(  # noqa: PLR0913 - one per option
    character: Annotated[str, typer.Option("--character", metavar="ID", help="Whom to train, by id in the bible.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="New or empty folder for the data set.")],
    trainer: Annotated[
        Literal["kohya", "diffusers"], typer.Option("--trainer", help="Whose format the training job has.")
    ] = "kohya",
    base: Annotated[
        Literal["sd15", "sdxl"], typer.Option("--base", help="Family to train for; decides about sizes.")
    ] = "sdxl",
    trigger: Annotated[
        str | None,
        typer.Option("--trigger", metavar="WORDS", help="Words that stand for the character. Default: made up."),
    ] = None,
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Also frames that the previz artist drew; left out otherwise.")
    ] = False,
    project: ProjectOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Prepare a training: the character's approved frames, cropped, sorted, captioned, with the trainer's job."""

    def work(output: Output) -> Coroutine[Any, Any, Exit]:
        from services.cli.training import command  # noqa: PLC0415 - heavy

        wanted = command.Wanted(character, out.resolve(), trainer, base, trigger, drafts=drafts)
        return command.train(output, folder, wanted, project)

    run(work, as_json=json, quiet=quiet)
