"""A cast as one shot shows it. Each character is conditioned from its own entry alone; nothing is shared."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.bible import Character, ReferenceImage
from schemas.conditioning import CharacterConditioning, CharactersConditioned, Degradation
from schemas.project import ProjectSettings
from schemas.run import runs_of
from schemas.shot import CastMember, Shot, ShotPlanned
from services.character_conditioning.domain.costumes import costume_worn
from services.character_conditioning.domain.loras import adapters_of, cap_for, capped
from services.character_conditioning.domain.references import ranked_references
from services.character_conditioning.domain.seeds import character_seed, frame_seed

#: How hard a model should hold to a character's references.
REFERENCE_STRENGTH: Final = 0.6
#: Features that one conditioning can hold.
MOST_FEATURES: Final = 64
#: Ten times what the longest prompt holds. A feature may be a list without an end, and every later event carries all.
MOST_LETTERS: Final = 400_000


Pictures = Mapping[str, Sequence[ReferenceImage]]
"""Pictures of characters beside those of the bible, by character id: sheets that were made."""

NO_PICTURES: Final[Pictures] = {}


def conditioned(
    planned: ShotPlanned,
    characters: Mapping[str, Character],
    pictures: Pictures = NO_PICTURES,
    lost: tuple[Degradation, ...] = (),
) -> tuple[CharactersConditioned, ...]:
    """One event per frame role of the shot, in order.

    Args:
        planned: the shot.
        characters: bible entries of everybody in the cast, by id, in the version wanted.
        pictures: beside those of the bible.
        lost: what the frame goes without.

    Raises:
        KeyError: an entry or a costume is missing; `missing_from` tells beforehand.
    """
    cast = condition(planned.shot, planned.project, characters, pictures)
    seed = frame_seed(planned.project, planned.shot, characters, planned.regeneration_id)
    return tuple(CharactersConditioned(run=run, cast=cast, seed=seed, degradations=lost) for run in runs_of(planned))


def condition(
    shot: Shot, project: ProjectSettings, characters: Mapping[str, Character], pictures: Pictures = NO_PICTURES
) -> tuple[CharacterConditioning, ...]:
    """Everybody in the cast, in the order of the shot.

    Of the others a character knows one thing only: how many visible ones have adapters, which sets their ceiling.

    Raises:
        KeyError: an entry or a costume is missing.
    """
    cap = cap_for(characters[member.character_id] for member in shot.visible_cast)
    return tuple(
        _condition(member, _shown_by(characters[member.character_id], pictures), shot, project, cap)
        for member in shot.cast
    )


def _shown_by(character: Character, pictures: Pictures) -> "_Shown":
    return _Shown(character, (*character.reference_images, *pictures.get(character.id, ())))


class _Shown(NamedTuple):
    """A character with every picture that there is of it."""

    character: Character
    pictures: tuple[ReferenceImage, ...]


def _condition(
    member: CastMember, shown: _Shown, shot: Shot, project: ProjectSettings, cap: float
) -> CharacterConditioning:
    character = shown.character
    costume, source = costume_worn(character, member, shot)
    facing = member.facing or shot.facing
    return CharacterConditioning(
        character_id=character.id,
        bible_version=character.version,
        bible_digest=character.digest,
        name=character.name,
        character_type=character.character_type,
        visible=member.visible,
        description=character.description,
        appearance=character.appearance,
        changing={**character.changing, **member.changing},
        costume=costume,
        costume_source=source,
        action=member.action,
        expression=member.expression,
        facing=facing,
        references=ranked_references(shown.pictures, costume_id=costume.costume_id, facing=facing, size=shot.shot_size),
        reference_strength=REFERENCE_STRENGTH,
        loras=capped(adapters_of(character), cap) if member.visible else adapters_of(character),
        seed=character_seed(project, character),
        tags=character.tags,
    )


def feature_count(member: CastMember, character: Character) -> int:
    """Changing features of a character in a shot, the bible's and the shot's together."""
    return len(character.changing.keys() | member.changing.keys())


def letter_count(character: Character) -> int:
    """Characters of text in all features of an entry."""
    features = (character.appearance, character.changing, character.attire)
    values = (value for named in features for value in named.values())
    return sum(len(value) if isinstance(value, str) else sum(map(len, value)) for value in values)
