"""What an event tells of its shot, and whether that is what was asked for. Pure."""

from dataclasses import dataclass

from schemas.adapter import AdapterDefined
from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined, PropDefined
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.prompt import PromptBuilt
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.review import ReviewDecided
from schemas.run import ChainEvent
from schemas.shot import Shot, ShotPlanned, ShotRejected
from schemas.vocabulary import SubjectKind
from services.cli.exits import CliError, Exit
from services.cli.replay.asking import Ask

ALL = frozenset({"--project", "--scene", "--shot", "--character"})
_TOLD: tuple[tuple[type[Event], frozenset[str]], ...] = (
    (ShotPlanned, ALL),
    (ChainEvent, ALL),
    (KeyframeReady, ALL),
    (KeyframeFailed, ALL - {"--character"}),
    (ShotRejected, frozenset({"--project", "--shot"})),
    (ReviewDecided, frozenset({"--project", "--shot"})),
    (CharacterDefined, frozenset({"--project", "--character"})),
    (LocationDefined, frozenset({"--project"})),
    (PropDefined, frozenset({"--project"})),
    (AdapterDefined, frozenset({"--project"})),
    (ReferenceRequested, frozenset({"--project"})),
    (ReferenceReady, frozenset({"--project"})),
    (ReferenceFailed, frozenset({"--project"})),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Whom an event is about; None = it doesn't tell."""

    project_id: str | None = None
    scene_id: str | None = None
    shot_id: str | None = None
    role: str | None = None
    characters: frozenset[str] | None = None
    """Those in the frame: a character that is only named by the story leaves the picture alone."""

    @property
    def shot_key(self) -> str:
        """`<project>/<shot>`."""
        return f"{self.project_id}/{self.shot_id}"


def facts_of(event: Event) -> Facts:
    """What an event tells."""
    match event:
        case ShotPlanned(project=project, shot=shot):
            return Facts(project.project_id, shot.scene_id, shot.shot_id, None, _cast(shot))
        case ChainEvent(run=run):
            shot = run.shot
            return Facts(run.project.project_id, shot.scene_id, shot.shot_id, run.frame_role.value, _cast(shot))
        case KeyframeReady(shot=where, cast=cast):
            seen = frozenset(member.character_id for member in cast)
            return Facts(where.project_id, where.scene_id, where.shot_id, event.frame_role.value, seen)
        case KeyframeFailed(shot=where):
            return Facts(where.project_id, where.scene_id, where.shot_id, event.frame_role.value)
        case CharacterDefined(project_id=project_id, character=character):
            return Facts(project_id, characters=frozenset({character.id}))
        case _:
            return Facts(getattr(event, "project_id", None), shot_id=getattr(event, "shot_id", None))


def about_a_shot(event: Event) -> bool:
    """Whether it is about a shot of the film; a sheet, plate or prop view has a run of its own and no plan."""
    return not isinstance(event, ChainEvent) or event.run.subject is SubjectKind.KEYFRAME


def _cast(shot: Shot) -> frozenset[str]:
    return frozenset(member.character_id for member in shot.visible_cast)


def matches(ask: Ask, facts: Facts) -> bool:
    """Whether all that an event tells is what was asked for; what it doesn't tell speaks for nothing."""
    pairs = ((ask.projects, facts.project_id), (ask.scenes, facts.scene_id), (ask.shots, facts.shot_id))
    if any(wanted and told is not None and told not in wanted for wanted, told in pairs):
        return False
    return not ask.characters or facts.characters is None or not facts.characters.isdisjoint(ask.characters)


def check_filters(ask: Ask, event_type: type[Event]) -> None:
    """See that the topic's events tell what they are to be chosen by.

    Raises:
        CliError: they don't; the message says what they tell.
    """
    given = {
        "--project": ask.projects,
        "--scene": ask.scenes,
        "--shot": ask.shots,
        "--character": ask.characters,
    }
    told = next((names for kind, names in _TOLD if issubclass(event_type, kind)), frozenset[str]())
    missing = sorted(name for name, values in given.items() if values and name not in told)
    # New takes are made of plans or prompts, which tell it all.
    if missing and not ask.regenerate:
        raise CliError(
            f"{', '.join(missing)}: events of {ask.topic} don't tell; allowed here is "
            f"{', '.join(sorted(told)) or 'no filter'}",
            code=Exit.INVALID,
        )


@dataclass(frozen=True, slots=True)
class Rank:
    """Which making of which subject an event is about."""

    subject: str
    revision: int
    making: str
    take: int


def rank_of(event: Event) -> Rank | None:
    """The rank of an event that can begin a run; None for every other, and for sheets, plates and props."""
    facts = facts_of(event)
    if isinstance(event, ShotPlanned):
        return Rank(facts.shot_key, event.revision, event.regeneration_id or "", 0)
    if isinstance(event, ChainEvent) and about_a_shot(event):
        run = event.run
        take = event.take if isinstance(event, PromptBuilt) else 0
        return Rank(f"{facts.shot_key}/{facts.role}", run.revision, run.regeneration_id or "", take)
    return None
