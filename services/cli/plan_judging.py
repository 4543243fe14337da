"""What the engine's own rules say of a plan before it is published: words it can't word, frames no model can make."""

from collections.abc import Iterator
from typing import Any

from schemas.film_plan import FilmPlan, PlannedShot
from services.cli.plan_checks import Words
from services.cli.plan_reading import Objection
from services.cli.plan_tree import MAX_SHOWN, Path
from services.engine import ImageEngine, NoCapableModelError, ShotRejectedError
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.prompt_builder.adapters.shipped_templates import shipped_templates

_OPEN = ("style", "mood", "lighting")
_MAX_REASONS = 600
_TEMPLATE_DEPTH = 2
"""`project.templates.<number>`: the number is the third part."""


def known_words() -> Words:
    """Styles, moods and lightings of the shipped templates."""
    templates = shipped_templates()
    return {table: templates.words(table) for table in _OPEN}


def parts_of(plan: FilmPlan, shot: PlannedShot) -> dict[str, Any]:
    """The bible entries that a shot names, as the engine takes them."""
    characters = {entry.id: entry for entry in plan.bible.characters}
    locations = {entry.id: entry for entry in plan.bible.locations}
    props = {entry.id: entry for entry in plan.bible.props}
    return {
        "characters": [characters[member.character_id] for member in shot.cast],
        "location": locations[shot.location_id] if shot.location_id else None,
        "props": [props[item] for item in shot.props],
    }


def objections(plan: FilmPlan) -> Iterator[Objection]:
    """Everything that the stages would refuse, found without them."""
    wrong = set()
    for problem in ImageEngine(project=plan.project).unknown_words(plan.shots[0]):
        path = _project_path(problem.field)
        if path is not None:
            wrong.add(path[2] if len(path) > _TEMPLATE_DEPTH else None)
            yield Objection(path, repr(problem.value), f"allowed is {problem.allowed}", problem.code)
    # Without the wrong ones, so that they don't hide what else the shots are refused for.
    templates = tuple(item for number, item in enumerate(plan.project.templates) if number not in wrong)
    project = plan.project.model_copy(update={"templates": templates})
    yield from _refused(plan, ImageEngine(project=project, providers=_every_provider()))


def _refused(plan: FilmPlan, engine: ImageEngine) -> Iterator[Objection]:
    impossible: dict[str, list[tuple[Path, str]]] = {}
    for path, shot in _shots(plan):
        try:
            engine.generate_shot_image(shot, **parts_of(plan, shot))
        except NoCapableModelError as error:
            reasons = "; ".join(f"{item.model}: {', '.join(item.reasons)}" for item in error.considered)
            impossible.setdefault(reasons[:_MAX_REASONS], []).append((path, shot.shot_id))
        except ShotRejectedError as error:
            for problem in error.rejection.problems:
                if _project_path(problem.field) is None:
                    value = problem.value[:MAX_SHOWN]
                    yield Objection(path, f"{problem.field}: {value!r}", f"allowed is {problem.allowed}", problem.code)
    for reasons, shots in impossible.items():
        path, shot_id = shots[0]
        others = f" and {len(shots) - 1} more shots" if len(shots) > 1 else ""
        yield Objection(path, shot_id + others, f"no model can make this frame ({reasons})", "no-capable-model")


def _every_provider() -> tuple[str, ...]:
    """Providers of the whole catalogue: which of them have workers where the plan is published isn't known here."""
    return tuple(sorted({card.provider for card in load_catalogue()}))


def _shots(plan: FilmPlan) -> Iterator[tuple[Path, PlannedShot]]:
    for sequence_number, sequence in enumerate(plan.sequences):
        for scene_number, scene in enumerate(sequence.scenes):
            for number, shot in enumerate(scene.shots):
                yield ("sequences", sequence_number, "scenes", scene_number, "shots", number), shot


def _project_path(field: str) -> Path | None:
    """`project.templates.3.key` as a path; None for a field of the shot."""
    parts = field.split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts) if parts[0] == "project" else None
