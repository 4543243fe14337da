"""Character sheets: which a shot needs, what each shows, and the run that makes one.

A sheet shows a character in one costume. The base costume's sheet is made from the bible's words; every other sheet is
made with the base sheet (or the pictures that the bible has) as its reference, so that the face stays the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.bible import Character, Costume, ReferenceImage
from schemas.conditioning import CharactersConditioned, Degradation, SeedChoice
from schemas.ids import content_digest, seed_from
from schemas.project import ProjectSettings, WithoutReference
from schemas.reference import (
    ReferenceEnded,
    ReferenceFailed,
    ReferenceReady,
    ReferenceRequested,
    key_of,
    refused,
    whose,
)
from schemas.run import ReferenceTarget, RunContext
from schemas.shot import EXPRESS_PRIORITY, CastMember, Problem, Shot, ShotPlanned
from schemas.vocabulary import Composition, Facing, ShotSize, SubjectKind
from services.character_conditioning.domain.cast import condition
from services.character_conditioning.domain.costumes import costume_from_attire, costume_worn
from services.character_conditioning.domain.references import ranked_references
from services.character_conditioning.domain.seeds import character_seed

#: Scene of the runs that make references: what a project spends on them is found under it.
SCENE: Final = "references"
UNAVAILABLE: Final = "reference-unavailable"
TOO_LATE: Final = "it did not come before the deadline"
_ID_PART: Final = 50
_PHRASE: Final = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that is wanted: a character in a costume."""

    character: Character
    costume: Costume
    project: ProjectSettings
    regeneration_id: str | None = None

    @property
    def target(self) -> ReferenceTarget:
        """What it is a reference of."""
        return ReferenceTarget(
            entity_id=self.character.id,
            bible_version=self.character.version,
            look_digest=look_digest(self.character, self.costume, self.project),
            variant=self.costume.costume_id,
        )

    @property
    def key(self) -> str:
        """Name under which it is asked for and found."""
        target = self.target
        return key_of(
            self.project.project_id,
            SubjectKind.CHARACTER_SHEET,
            target.entity_id,
            target.look_digest,
            target.variant,
        )


@dataclass(frozen=True, slots=True)
class Sheets:
    """What became of sheets: by key those that ended, and what is waited for no longer."""

    ended: Mapping[str, ReferenceEnded] = field(default_factory=dict)
    over: frozenset[str] = frozenset()

    def pictures(self, sheet: Sheet | None) -> tuple[ReferenceImage, ...]:
        """Its pictures; none where there are none."""
        ended = self.ended.get(sheet.key) if sheet is not None else None
        return ended.references if isinstance(ended, ReferenceReady) else ()

    def failure(self, sheet: Sheet) -> str | None:
        """Why there will be none; None = it is there, or still to come."""
        ended = self.ended.get(sheet.key)
        if isinstance(ended, ReferenceFailed):
            return ended.reason
        return TOO_LATE if ended is None and sheet.key in self.over else None

    def is_open(self, sheet: Sheet) -> bool:
        """Whether it is still to come."""
        return sheet.key not in self.ended and sheet.key not in self.over


NO_SHEETS: Final = Sheets()


def look_digest(character: Character, costume: Costume, project: ProjectSettings) -> str:
    """Sha256 over all that a sheet shows. Adapters are left out: they are trained on the sheet, not the other way."""
    worn = costume.model_dump(mode="json", exclude={"scenes", "sequences"})
    look = character.model_dump(
        mode="json", include={"id", "name", "description", "appearance", "changing", "seed", "reference_images"}
    )
    return content_digest([look, worn, project.style, project.style_guide, project.period])


def sheets_for(planned: ShotPlanned, characters: Mapping[str, Character]) -> tuple[Sheet, ...]:
    """The sheets that a shot needs: of everybody visible whom no picture of the bible shows in the costume worn."""
    wanted = []
    for member in planned.shot.visible_cast:
        character = characters[member.character_id]
        costume, _ = costume_worn(character, member, planned.shot)
        if not _is_shown(character, costume):
            wanted.append(Sheet(character, costume, planned.project))
    return tuple(wanted)


def _is_shown(character: Character, costume: Costume) -> bool:
    return any(image.costume_id in {None, costume.costume_id} for image in character.reference_images)


def base_of(sheet: Sheet) -> Sheet | None:
    """The sheet that this one is made from; None = it is the base itself, or the bible has pictures to make it from."""
    if sheet.character.reference_images:
        return None
    costume = _base_costume(sheet.character)
    return None if costume.costume_id == sheet.costume.costume_id else Sheet(sheet.character, costume, sheet.project)


def _base_costume(character: Character) -> Costume:
    """What is worn where no scene or sequence says another; else the first of the wardrobe; else the `attire`."""
    always = next((item for item in character.wardrobe if not item.scenes and not item.sequences), None)
    return always or next(iter(character.wardrobe), None) or costume_from_attire(character)


def request(sheet: Sheet, asked_by: str, reason: str) -> ReferenceRequested:
    """Ask for a sheet."""
    run = run_of(sheet)
    return ReferenceRequested(**whose(run), run=run, asked_by=asked_by[:200], reason=reason[:_PHRASE])


def run_of(sheet: Sheet) -> RunContext:
    """The run that makes a sheet: a picture wider than high, ahead of the film's own frames."""
    character, costume, project, target = sheet.character, sheet.costume, sheet.project, sheet.target
    name = ".".join((character.id[:_ID_PART], costume.costume_id[:_ID_PART], target.look_digest[:12]))
    shot = Shot(
        shot_id=name,
        code=f"{character.name} {costume.costume_id}"[:200],
        scene_id=SCENE,
        shot_size=ShotSize.FULL,
        facing=Facing.FRONT,
        composition=Composition.CENTER,
        description=f"{character.name}, as in every shot of the film in this costume",
        cast=(CastMember(character_id=character.id, bible_version=character.version, costume_id=costume.costume_id),),
        width=max(project.width, project.height),
        height=min(project.width, project.height),
        priority=EXPRESS_PRIORITY,
    )
    return RunContext(
        project=project,
        shot=shot,
        subject=SubjectKind.CHARACTER_SHEET,
        revision=1,
        regeneration_id=sheet.regeneration_id,
        reference=target,
        without_plan=True,
    )


def sheet_of(run: RunContext, character: Character) -> Sheet:
    """The sheet that a run makes.

    Raises:
        KeyError: the character has no such costume.
    """
    costume, _ = costume_worn(character, run.shot.cast[0], run.shot)
    return Sheet(character, costume, run.project, run.regeneration_id)


def begun(run: RunContext, sheet: Sheet | None = None, made: Sheets = NO_SHEETS) -> CharactersConditioned:
    """The conditioned run of a reference.

    Args:
        run: of a sheet, plate or prop view.
        sheet: what is made, when it is a sheet.
        made: sheets known, its base among them.
    """
    if sheet is None:
        return CharactersConditioned(run=run, cast=(), seed=_seed(run, None))
    (member,) = condition(run.shot, run.project, {sheet.character.id: sheet.character})
    base = base_of(sheet)
    # Another costume is drawn by the whole sheet: its panels are for shots.
    whole = (picture for picture in made.pictures(base) if picture.region is None)
    pictures = (*sheet.character.reference_images, *whole)
    costume_id = sheet.costume.costume_id
    ranked = ranked_references(pictures, costume_id=costume_id, facing=member.facing, size=run.shot.shot_size)
    why = made.failure(base) if base is not None else None
    lost = () if why is None or base is None else (loss(base, why),)
    return CharactersConditioned(
        run=run,
        cast=(member.model_copy(update={"references": ranked}),),
        seed=_seed(run, character_seed(run.project, sheet.character)),
        degradations=lost,
    )


def _seed(run: RunContext, own: SeedChoice | None) -> SeedChoice:
    """A reference's seed: the character's own, or from its name; another one for another making."""
    again = run.regeneration_id
    if own is None or again is not None:
        root = str(own.value) if own is not None else f"{run.project.seed or run.project.project_id}"
        parts = (root, run.subject.value, run.shot.shot_id, *(() if again is None else (again,)))
        named = f"{run.subject.value} {run.shot.shot_id}" + (f", regeneration {again}" if again else "")
        return SeedChoice(value=seed_from(*parts), policy="shot", derived_from=named)
    return own


def unknown_entry(run: RunContext) -> ReferenceFailed:
    """The end of a sheet whose character the bible hasn't got in the version named."""
    member = run.shot.cast[0]
    problem = Problem.shortened(
        field="run.shot.cast.0.bible_version",
        value=f"{member.character_id} version {member.bible_version}",
        allowed="a version that was published",
        code="unknown-bible-version",
    )
    return refused(run, "character-conditioning", (problem,))


def loss(sheet: Sheet, why: str) -> Degradation:
    """That a frame goes without a sheet."""
    what = f"sheet of {sheet.character.id} in {sheet.costume.costume_id}"
    return Degradation(code=UNAVAILABLE, what=what[:_PHRASE], reason=why[:_PHRASE])


def losses(sheets: Iterable[Sheet], made: Sheets) -> tuple[Degradation, ...]:
    """The sheets that a frame goes without."""
    found = ((sheet, made.failure(sheet)) for sheet in sheets)
    return tuple(loss(sheet, why) for sheet, why in found if why is not None)


def objections(planned: ShotPlanned, sheets: Iterable[Sheet], made: Sheets) -> tuple[Problem, ...]:
    """What is wrong with a shot whose sheets could not be made, where the project wants no shot without them."""
    if planned.project.without_reference is not WithoutReference.REJECT:
        return ()
    places = {member.character_id: place for place, member in enumerate(planned.shot.cast)}
    found = ((sheet, made.failure(sheet)) for sheet in sheets)
    return tuple(
        Problem.shortened(
            field=f"shot.cast.{places[sheet.character.id]}.character_id",
            value=sheet.character.id,
            allowed=f"a character with a sheet or pictures of its own; no sheet in {sheet.costume.costume_id}: {why}",
            code=UNAVAILABLE,
        )
        for sheet, why in found
        if why is not None
    )
