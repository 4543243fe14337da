"""What a sheet, plate or prop view is told: what is the same in every shot, and nothing of any one shot."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from schemas.conditioning import LocationConditioning
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


_ASPECTS: Final[Mapping[str, str]] = {"time": "time of day", "weather": "weather", "season": "season"}


def variant_told(place: LocationConditioning | None) -> str:
    """How a plate is made of another one, for a model that is shown that one and reads what to change in it.

    As the vendors' guides to editing say it: what changes first, then all that must stay. Empty for everything else.
    """
    if place is None or place.variant_of is None:
        return ""
    changes = [
        f"the {_ASPECTS[change.aspect]}, from {_words(change.before)} to {_words(change.after)}"
        for change in place.variant_of.changes
    ]
    told = changes[0] if len(changes) == 1 else f"{'; '.join(changes[:-1])}; and {changes[-1]}"
    return (
        f"Using the provided picture of this place, change only {told}. Light, shadows, sky, ground and plants follow "
        "where they are in view. Keep everything else: the same layout, buildings and landmarks where they stand, the "
        "same camera position, lens and framing."
    )


def _words(word: str) -> str:
    return word.replace("-", " ")
