"""Whether a planned shot can be conditioned: what it wants, what is missing, and how it is refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from schemas.bible import Character
from schemas.conditioning import CharactersConditioned
from schemas.shot import Problem, ShotPlanned, ShotRejected
from schemas.suggestions import allowed_entries, listed
from services.character_conditioning.domain.cast import (
    MOST_FEATURES,
    MOST_LETTERS,
    conditioned,
    feature_count,
    letter_count,
)
from services.character_conditioning.domain.costumes import ATTIRE_COSTUME, knows_costume
from services.character_conditioning.domain.sheets import NO_SHEETS, Sheets, losses, objections, sheets_for

#: This stage in `ShotRejected.stage`.
STAGE: Final = "character-conditioning"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry of the bible that a shot names; `version` None = the newest."""

    character_id: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What a shot names and the bible hasn't got (yet). `index` is the place in the cast."""

    index: int
    wanted: Wanted
    kind: Literal["character", "version", "costume"]
    costume_id: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """What a project's bible has, for messages: names by id, versions by id."""

    names: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, Sequence[int]] = field(default_factory=dict)


def wanted_by(planned: ShotPlanned) -> tuple[Wanted, ...]:
    """The entries that a shot needs, in the order of its cast."""
    return tuple(Wanted(member.character_id, member.bible_version) for member in planned.shot.cast)


def missing_from(planned: ShotPlanned, characters: Mapping[str, Character]) -> tuple[Missing, ...]:
    """What may still come: entries, and costumes that a later version of an unpinned entry may bring.

    Args:
        planned: the shot.
        characters: entries found, by id, in the version wanted.
    """
    found: list[Missing] = []
    for index, member in enumerate(planned.shot.cast):
        wanted = Wanted(member.character_id, member.bible_version)
        character = characters.get(member.character_id)
        if character is None:
            found.append(Missing(index, wanted, "character" if wanted.version is None else "version"))
        elif wanted.version is None and not knows_costume(character, member.costume_id):
            found.append(Missing(index, wanted, "costume", member.costume_id))
    return tuple(found)


def decide(
    planned: ShotPlanned, characters: Mapping[str, Character], made: Sheets = NO_SHEETS
) -> tuple[CharactersConditioned | ShotRejected, ...]:
    """The events of a shot of which nothing is missing: its conditioned runs, or one refusal.

    Args:
        planned: the shot.
        characters: entries of the cast, by id.
        made: what became of the sheets that it needs.
    """
    impossible = problems_of(planned, characters)
    if impossible:
        return (rejected(planned, impossible),)
    wanted = sheets_for(planned, characters)
    refused = objections(planned, wanted, made)
    if refused:
        return (rejected(planned, refused),)
    pictures = {sheet.character.id: made.pictures(sheet) for sheet in wanted}
    return conditioned(planned, characters, pictures, losses(wanted, made))


def problems_of(planned: ShotPlanned, characters: Mapping[str, Character]) -> tuple[Problem, ...]:
    """Why a shot of which nothing is missing can't be made, whatever else may come; empty = it can."""
    return tuple(
        problem
        for index, member in enumerate(planned.shot.cast)
        for problem in _problems(index, planned, characters[member.character_id])
    ) + tuple(_overlong(planned, characters))


def _overlong(planned: ShotPlanned, characters: Mapping[str, Character]) -> Iterable[Problem]:
    counts = {name: letter_count(characters[name]) for name in (item.character_id for item in planned.shot.cast)}
    total = sum(counts.values())
    if total > MOST_LETTERS:
        longest = max(counts, key=lambda name: counts[name])
        yield Problem.shortened(
            field="shot.cast",
            value=f"{total:,} characters of features, {counts[longest]:,} of them of {longest}",
            allowed=f"at most {MOST_LETTERS:,} of the whole cast",
            code="too-much-text",
        )


def _problems(index: int, planned: ShotPlanned, character: Character) -> Iterable[Problem]:
    member = planned.shot.cast[index]
    if not knows_costume(character, member.costume_id):
        yield _unknown_costume(index, str(member.costume_id), character)
    count = feature_count(member, character)
    if count > MOST_FEATURES:
        yield Problem.shortened(
            field=f"shot.cast.{index}.changing",
            value=f"{count} changing features, those of {character.id} version {character.version} included",
            allowed=f"at most {MOST_FEATURES} in all",
            code="too-many-features",
        )


def rejection(
    planned: ShotPlanned, missing: Sequence[Missing], characters: Mapping[str, Character], roster: Roster
) -> ShotRejected:
    """The refusal of a shot whose entries did not come in time: each one named, with what comes close to it."""
    return rejected(planned, [_missing_problem(item, planned, characters, roster) for item in missing])


def _missing_problem(
    item: Missing, planned: ShotPlanned, characters: Mapping[str, Character], roster: Roster
) -> Problem:
    character_id = item.wanted.character_id
    if item.kind == "costume":
        return _unknown_costume(item.index, str(item.costume_id), characters[character_id])
    versions = roster.versions.get(character_id, ())
    if item.kind == "version" and versions:
        return Problem.shortened(
            field=f"shot.cast.{item.index}.bible_version",
            value=str(item.wanted.version),
            allowed=f"a version of {character_id} that was published: {listed(map(str, versions))}",
            code="unknown-bible-version",
        )
    return Problem.shortened(
        field=f"shot.cast.{item.index}.character_id",
        value=character_id,
        allowed=allowed_entries("character", character_id, planned.project.project_id, roster.names),
        code="unknown-character",
    )


def _unknown_costume(index: int, costume_id: str, character: Character) -> Problem:
    known = [costume.costume_id for costume in character.wardrobe] or [ATTIRE_COSTUME]
    return Problem.shortened(
        field=f"shot.cast.{index}.costume_id",
        value=costume_id,
        allowed=f"a costume of {character.id} version {character.version}: {listed(known)}",
        code="unknown-costume",
    )


def conflict(planned: ShotPlanned, differences: Iterable[tuple[str, str, str]]) -> ShotRejected:
    """The refusal of a revision that was published before with another content; the first stays.

    Args:
        planned: what came second.
        differences: (field path, value as first published, value now).
    """
    problems = [
        Problem.shortened(
            field=path,
            value=now,
            allowed=f"{first}, as revision {planned.revision} was first published; or a higher revision",
            code="revision-conflict",
        )
        for path, first, now in differences
    ]
    return rejected(planned, problems)


def rejected(planned: ShotPlanned, problems: Iterable[Problem]) -> ShotRejected:
    """The refusal of a shot by this stage, for everything that is wrong with it."""
    return ShotRejected(
        project_id=planned.project.project_id,
        shot_id=planned.shot.shot_id,
        revision=planned.revision,
        regeneration_id=planned.regeneration_id,
        stage=STAGE,
        problems=tuple(problems),
        content_digest=planned.digest,
    )
