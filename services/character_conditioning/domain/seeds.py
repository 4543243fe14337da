"""Seeds: derived from names or locked by hand, never random, and always with the reason."""

from collections.abc import Mapping

from schemas import ids
from schemas.bible import Character
from schemas.conditioning import SeedChoice
from schemas.project import ProjectSettings, SeedPolicy
from schemas.shot import Shot
from schemas.vocabulary import CharacterType


def character_seed(project: ProjectSettings, character: Character) -> SeedChoice:
    """A character's own seed: the one locked in its bible entry, else from project and character alone."""
    if character.seed is not None:
        return SeedChoice(
            value=character.seed,
            policy="locked-character",
            derived_from=f"bible: {character.id} version {character.version}",
        )
    root, named = _root(project)
    return SeedChoice(
        value=ids.seed_from(root, "character", character.id),
        policy="character",
        derived_from=f"{named}, character {character.id}",
    )


def frame_seed(
    project: ProjectSettings,
    shot: Shot,
    characters: Mapping[str, Character],
    regeneration_id: str | None = None,
) -> SeedChoice:
    """Seed of the whole frame; start and end frame of a shot share it.

    In this order: the seed locked in the shot; the project's policy. `scene` gives all shots of a scene one seed.
    `character` takes the seed of the lead: the first visible main character, else the first visible one. Without
    anybody visible, `character` falls back to `shot`. Under `shot` a regeneration has a seed of its own, since the
    same seed would only draw the same picture again; under the other policies the seed is a promise to other shots.

    Args:
        project: settings of the film.
        shot: the shot.
        characters: bible entries of the cast, by id.
        regeneration_id: of the run.
    """
    root, named = _root(project)
    if shot.seed is not None:
        return SeedChoice(value=shot.seed, policy="locked-shot", derived_from=f"shot {shot.shot_id}")
    if project.seed_policy is SeedPolicy.SCENE:
        return SeedChoice(
            value=ids.seed_from(root, "scene", shot.scene_id),
            policy="scene",
            derived_from=f"{named}, scene {shot.scene_id}",
        )
    lead = lead_of(shot, characters) if project.seed_policy is SeedPolicy.CHARACTER else None
    if lead is not None:
        own = character_seed(project, lead)
        return own.model_copy(update={"derived_from": f"lead {lead.id}; {own.derived_from}"})
    again = () if regeneration_id is None else ("regeneration", regeneration_id)
    why = f"{named}, shot {shot.shot_id}" + (f", regeneration {regeneration_id}" if regeneration_id else "")
    if project.seed_policy is SeedPolicy.CHARACTER:
        why += " (no visible character)"
    return SeedChoice(value=ids.seed_from(root, "shot", shot.shot_id, *again), policy="shot", derived_from=why)


def lead_of(shot: Shot, characters: Mapping[str, Character]) -> Character | None:
    """The first visible main character, else the first visible one."""
    visible = [characters[member.character_id] for member in shot.visible_cast if member.character_id in characters]
    main = [character for character in visible if character.character_type is CharacterType.MAIN]
    return next(iter(main or visible), None)


def _root(project: ProjectSettings) -> tuple[str, str]:
    """Root of all derived seeds, and how to name it."""
    if project.seed is None:
        return f"project:{project.project_id}", f"project {project.project_id}"
    return f"seed:{project.seed}", f"project {project.project_id} seed {project.seed}"
