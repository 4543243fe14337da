"""What a sheet, plate or prop view is told: what is the same in every shot, and nothing of any one shot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from schemas.vocabulary import SubjectKind
from services.prompt_builder.domain.planned import Planned

#: The drawing itself, and what a person has written.
_ANY: Final = frozenset({"subject", "prompt", "note", "trigger", "style", "period", "ratio", "quality"})
#: Kinds of facts that each reference is told.
TOLD: Final[Mapping[SubjectKind, frozenset[str]]] = {
    SubjectKind.CHARACTER_SHEET: _ANY | {"identity", "cast-count", "costume", "character"},
    SubjectKind.LOCATION_PLATE: _ANY
    | {"shot-size", "location", "location-type", "location-description", "landmarks", "environment"}
    | {"time", "weather", "season", "atmosphere", "light", "style-guide"},
    SubjectKind.PROP_VIEW: _ANY | {"props"},
}
_REASONS: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.CHARACTER_SHEET: "a sheet shows face and wardrobe, at ease and in even light; this is a shot's",
    SubjectKind.LOCATION_PLATE: "a plate shows the place by itself; this is a shot's",
    SubjectKind.PROP_VIEW: "a prop view shows the thing by itself, in even light; this is a shot's",
}


def of_reference(subject: SubjectKind, facts: Iterable[Planned]) -> tuple[Planned, ...]:
    """The facts with those omitted, and the reason, that would tie a reference to one shot; all of a keyframe's."""
    told = TOLD.get(subject)
    if told is None:
        return tuple(facts)
    return tuple(
        fact if fact.omitted or fact.kind in told else replace(fact, omitted=_REASONS[subject]) for fact in facts
    )
