"""From a shot and the bible to the settled frame: the rules of both conditioning services, in their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas import bible
from schemas import shot as planning
from schemas.conditioning import CharactersConditioned, Degradation, LocationConditioned
from schemas.project import ProjectSettings
from schemas.shot import ShotPlanned, ShotRejected
from schemas.vocabulary import FrameRole
from services.character_conditioning import domain as cast_rules
from services.engine.errors import ShotRejectedError
from services.location_conditioning import domain as place_rules

Tracks = Mapping[str, place_rules.ShotTrack]


@dataclass(frozen=True, slots=True)
class Entries:
    """The bible as far as it was given, by the ids that shots use."""

    characters: Mapping[str, bible.Character] = field(default_factory=dict)
    locations: Mapping[str, bible.Location] = field(default_factory=dict)
    props: Mapping[str, bible.Prop] = field(default_factory=dict)

    @classmethod
    def by_key(
        cls,
        characters: Mapping[str, bible.Character] | None = None,
        locations: Mapping[str, bible.Location] | None = None,
        props: Mapping[str, bible.Prop] | None = None,
    ) -> "Entries":
        """Entries under the keys of the maps, whatever ids they carry themselves."""
        return cls(
            {key: entry.model_copy(update={"id": key}) for key, entry in (characters or {}).items()},
            {key: entry.model_copy(update={"id": key}) for key, entry in (locations or {}).items()},
            {key: entry.model_copy(update={"id": key}) for key, entry in (props or {}).items()},
        )


def planned_with(
    shot: planning.Shot,
    project: ProjectSettings,
    characters: Iterable[bible.Character],
    location: bible.Location | None,
    props: Iterable[bible.Prop],
) -> tuple[ShotPlanned, Entries]:
    """A shot together with what is handed over for it.

    A shot without a cast shows all the characters; without a location or props, the ones given. A location that is
    given is the shot's, whatever id the shot has for it.
    """
    cast, things = tuple(characters), tuple(props)
    changes: dict[str, Any] = {}
    if not shot.cast:
        changes["cast"] = [{"character_id": member.id} for member in cast]
    if not shot.props:
        changes["props"] = [thing.id for thing in things]
    if location is not None and shot.location_id is None:
        changes["location_id"] = location.id
    # A plain Shot, so that the subclass with optional ids goes no further.
    planned = planned_as_is(planning.Shot.model_validate({**shot.model_dump(), **changes}), project)
    entries = Entries.by_key(
        {member.id: member for member in cast},
        {planned.shot.location_id: location} if location is not None and planned.shot.location_id else {},
        {thing.id: thing for thing in things},
    )
    return planned, entries


def planned_as_is(shot: planning.Shot, project: ProjectSettings) -> ShotPlanned:
    """The planner's event of a shot."""
    return ShotPlanned(project=project, shot=planning.Shot.model_validate(shot.model_dump()))


def settled(
    planned: ShotPlanned, entries: Entries, role: FrameRole, tracks: Tracks, templates: place_rules.Templates
) -> LocationConditioned:
    """The settled frame. What isn't there now will not come, so nothing waits.

    Raises:
        ShotRejectedError: the shot names an entry that isn't given, or contradicts one.
    """
    return placed(_cast(planned, entries, role), entries, tracks, templates)


def placed(
    event: CharactersConditioned, entries: Entries, tracks: Tracks, templates: place_rules.Templates
) -> LocationConditioned:
    """The frame of a settled cast, settled as a whole.

    Raises:
        ShotRejectedError: the shot names an entry that isn't given.
    """
    shot = event.run.shot
    known = place_rules.Knowledge(
        location=entries.locations.get(shot.location_id or ""),
        props=entries.props,
        own=tracks.get(shot.shot_id),
        parent=tracks.get(shot.continuity_from or ""),
    )
    if place_rules.missing_entries(event.run, known):
        names = place_rules.Roster(
            locations={key: entry.name for key, entry in entries.locations.items()},
            props={key: entry.name for key, entry in entries.props.items()},
        )
        refusal = place_rules.entries_rejection(event.run, known, names)
        if isinstance(refusal, ShotRejected):
            raise ShotRejectedError(refusal)
    waits = place_rules.continuity(event.run, known, frozenset()).waits
    earlier = place_rules.continuity(event.run, known, frozenset(wait.key for wait in waits))
    return place_rules.conditioned(event, known, earlier, templates)


def _cast(planned: ShotPlanned, entries: Entries, role: FrameRole) -> CharactersConditioned:
    missing = cast_rules.missing_from(planned, entries.characters)
    if missing:
        roster = cast_rules.Roster(names={key: entry.name for key, entry in entries.characters.items()})
        raise ShotRejectedError(cast_rules.rejection(planned, missing, entries.characters, roster))
    found = {}
    for event in cast_rules.decide(planned, entries.characters):
        if isinstance(event, ShotRejected):
            raise ShotRejectedError(event)
        found[event.run.frame_role] = event
    if role not in found:
        raise ValueError(f"frame_role: {role.value!r}, allowed is {', '.join(item.value for item in found)}")
    return found[role]


def unnamed(planned: ShotPlanned, characters: Iterable[bible.Character]) -> tuple[Degradation, ...]:
    """Characters handed over that the shot's own cast doesn't name: left out, and said so."""
    named = {member.character_id for member in planned.shot.cast}
    return tuple(
        Degradation(
            code="character-not-in-cast", what=f"character {member.id}", reason="the shot's cast doesn't name it"
        )
        for member in characters
        if member.id not in named
    )
