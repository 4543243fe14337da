"""A film plan from its text: the plan, or every mistake at once with its place; and the events that a plan asks for."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined, PropDefined
from schemas.film_plan import FilmPlan, PlannedShot
from schemas.film_plan.v1 import PLAN_VERSION
from schemas.registry import describe_validation
from schemas.shot import Shot, ShotPlanned
from services.cli.plan_checks import Words, film_mistakes
from services.cli.plan_mistakes import field_mistakes, unknown_fields
from services.cli.plan_text import read_text
from services.cli.plan_tree import START, Mistake, Path, Tree, UnreadableTextError, dotted, shown

MAX_EVENT_BYTES = 900_000
"""A planned shot, or an entry of the bible, must fit in a Kafka record of 1 MB, the default of most brokers."""
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
"""Services read no whole number beyond 64 bits, and no database holds one."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a plan that reads well; `path` need not be in the file."""

    path: Path
    value: str
    allowed: str
    code: str


#: Nothing to fill in.
_NO_SIZE: Final[Mapping[str, int]] = MappingProxyType({})

Judge = Callable[[FilmPlan], Iterable[Objection]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan and no mistakes, or mistakes in the order of the file and no plan."""

    plan: FilmPlan | None
    mistakes: tuple[Mistake, ...]


class PlanError(ValueError):
    """A file is no valid film plan: one line per mistake, each with file, line and column."""

    def __init__(self, file: str, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(mistake.located(file) for mistake in mistakes))
        self.mistakes = mistakes


def read_plan(
    data: bytes, *, words: Words | None = None, judge: Judge | None = None, size: Mapping[str, int] = _NO_SIZE
) -> Reading:
    """Read a film plan from YAML or JSON; never raises, whatever the bytes are.

    Args:
        data: the file.
        words: known styles, moods and lightings; None takes any.
        judge: asked about a plan without mistakes, e.g. whether a model can make its frames.
        size: pixels of a film that names no `width` or `height`, by that name; else the contract's.
    """
    try:
        tree = read_text(data)
    except UnreadableTextError as error:
        return Reading(None, _in_order(error.mistakes))
    newer = _newer_version(tree)
    if newer is not None:
        return Reading(None, (newer,))
    mistakes = [*tree.mistakes, *unknown_fields(tree), *film_mistakes(tree, words)]
    try:
        plan = FilmPlan.model_validate(_sized(tree.value, size))
    except ValidationError as error:
        said = {(mistake.field, mistake.line, mistake.column) for mistake in mistakes}
        mistakes += [
            mistake
            for mistake in field_mistakes(error, tree)
            if (mistake.field, mistake.line, mistake.column) not in said
        ]
        if not mistakes:
            mistakes = [Mistake(*START, "", "", describe_validation(error), "invalid")]
        return Reading(None, _in_order(mistakes))
    mistakes += (*_oversized(plan, tree), *_beyond(tree, tree.value, ()))
    if judge is not None and not mistakes:
        mistakes = [_placed(objection, tree) for objection in judge(plan)]
    return Reading(None if mistakes else plan, _in_order(mistakes))


def _in_order(mistakes: list[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.column, mistake.field, mistake.code)))


def _sized(plan: Any, size: Mapping[str, int]) -> Any:  # noqa: ANN401 - as it was read from the file
    """The plan with the size that it does not name."""
    if not size or not isinstance(plan, dict) or not isinstance(plan.get("project"), dict):
        return plan
    return {**plan, "project": {**size, **plan["project"]}}


def load_plan(data: bytes, file: str, *, size: Mapping[str, int] = _NO_SIZE) -> FilmPlan:
    """The plan of a file that is expected to be right; `size` as for `read_plan`.

    Raises:
        PlanError: it is not; the message names every mistake.
    """
    reading = read_plan(data, size=size)
    if reading.plan is None:
        raise PlanError(file, reading.mistakes)
    return reading.plan


def plan_events(plan: FilmPlan) -> tuple[tuple[Event, ...], tuple[ShotPlanned, ...]]:
    """What a plan asks for: the events of its bible, to be published first, and one ShotPlanned per shot."""
    project_id = plan.project.project_id
    bible: tuple[Event, ...] = (
        *(CharacterDefined(project_id=project_id, character=entity) for entity in plan.bible.characters),
        *(LocationDefined(project_id=project_id, location=entity) for entity in plan.bible.locations),
        *(PropDefined(project_id=project_id, prop=entity) for entity in plan.bible.props),
    )
    return bible, tuple(
        ShotPlanned(project=plan.project, shot=_as_shot(shot), revision=shot.revision) for shot in plan.shots
    )


def _as_shot(planned: PlannedShot) -> Shot:
    """The shot without what only a plan has: an event's digest must not depend on where the shot came from."""
    return Shot.model_construct(
        _fields_set=planned.model_fields_set & Shot.model_fields.keys(),
        **{name: getattr(planned, name) for name in Shot.model_fields},
    )


def _newer_version(tree: Tree) -> Mistake | None:
    """A plan of a later format: its other fields can't be judged here."""
    version = tree.at(("film_plan",))
    if isinstance(version, int) and version > PLAN_VERSION:
        allowed = f"this program reads film plans up to version {PLAN_VERSION}: upgrade it"
        return Mistake(*tree.place(("film_plan",)), "film_plan", shown(version), allowed, "newer-version")
    return None


def _placed(objection: Objection, tree: Tree) -> Mistake:
    place = tree.place(objection.path)
    return Mistake(*place, dotted(objection.path), objection.value, objection.allowed, objection.code)


def _beyond(tree: Tree, value: Any, path: Path) -> Iterator[Mistake]:  # noqa: ANN401 - as it was read from the file
    """Whole numbers that could be published but never read."""
    if isinstance(value, int) and not _LEAST <= value <= _MOST:
        yield Mistake(*tree.place(path), dotted(path), shown(value), f"allowed is {_LEAST} to {_MOST}", "too-big")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from _beyond(tree, item, (*path, name))


def _oversized(plan: FilmPlan, tree: Tree) -> list[Mistake]:
    project = len(plan.project.model_dump_json().encode())
    found = []
    for kind, entries in (
        ("characters", plan.bible.characters),
        ("locations", plan.bible.locations),
        ("props", plan.bible.props),
    ):
        for number, entry in enumerate(entries):
            size = len(entry.model_dump_json().encode())
            if size > MAX_EVENT_BYTES:
                place = tree.place(("bible", kind, number))
                allowed = f"it takes {size:,} bytes; allowed are {MAX_EVENT_BYTES:,}"
                found.append(Mistake(*place, f"bible.{kind}[{number}]", entry.id, allowed, "too-big"))
    for sequence_number, sequence in enumerate(plan.sequences):
        for scene_number, scene in enumerate(sequence.scenes):
            for number, shot in enumerate(scene.shots):
                size = project + len(shot.model_dump_json().encode())
                if size > MAX_EVENT_BYTES:
                    path = ("sequences", sequence_number, "scenes", scene_number, "shots", number)
                    allowed = f"shot and project settings take {size:,} bytes; allowed are {MAX_EVENT_BYTES:,}"
                    found.append(Mistake(*tree.place(path), shot.shot_id, "", allowed, "too-big"))
    return found


def as_json(reading: Reading, file: str) -> str:
    """A reading for programs: one object with the verdict and every mistake."""
    mistakes = [
        {
            "line": mistake.line,
            "column": mistake.column,
            "field": mistake.field,
            "value": mistake.value,
            "allowed": mistake.allowed,
            "code": mistake.code,
            "suggestion": mistake.suggestion,
            "related": [{"line": place.line, "column": place.column} for place in mistake.related],
        }
        for mistake in reading.mistakes
    ]
    return json.dumps({"file": file, "valid": reading.plan is not None, "mistakes": mistakes}, ensure_ascii=False)
