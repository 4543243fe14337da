"""An event as the beginning of a new making of its shot. Pure."""

from dataclasses import dataclass

from schemas import ids
from schemas.base import Event
from schemas.conditioning import CharacterConditioning, CharactersConditioned, LocationConditioned, SeedChoice
from schemas.project import ProjectSettings, SeedPolicy
from schemas.prompt import PromptBuilt
from schemas.run import RunContext
from schemas.shot import Shot, ShotPlanned
from schemas.vocabulary import CharacterType
from services.character_conditioning.domain.seeds import frame_seed


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be different, and the replay that it is for."""

    replay_id: str
    model: str | None = None
    seed_policy: SeedPolicy | None = None


def regenerated(
    event: Event, wishes: Wishes
) -> ShotPlanned | CharactersConditioned | LocationConditioned | PromptBuilt:
    """The event with a regeneration of its own: a new run with the same inputs, but for the wishes.

    Raises:
        TypeError: no run begins with such an event.
    """
    match event:
        case ShotPlanned():
            project, shot = _with_wishes(event.project, event.shot, wishes)
            again = ids.regeneration_id(wishes.replay_id, project.project_id, shot.shot_id)
            return event.model_copy(update={"project": project, "shot": shot, "regeneration_id": again})
        case PromptBuilt():
            run = _run(event.run, wishes)
            seed = _seed(run, event.cast)
            return event.model_copy(update={"run": run, "seed": seed, "take": 1, "retake": None})
        case CharactersConditioned() | LocationConditioned():
            run = _run(event.run, wishes)
            return event.model_copy(update={"run": run, "seed": _seed(run, event.cast)})
    raise TypeError(f"event: {type(event).__name__}, allowed are the events that begin a run")


def _run(run: RunContext, wishes: Wishes) -> RunContext:
    project, shot = _with_wishes(run.project, run.shot, wishes)
    again = ids.regeneration_id(wishes.replay_id, project.project_id, shot.shot_id)
    return run.model_copy(
        update={"project": project, "shot": shot, "regeneration_id": again, "without_plan": True},
    )


def _with_wishes(project: ProjectSettings, shot: Shot, wishes: Wishes) -> tuple[ProjectSettings, Shot]:
    if wishes.seed_policy is not None:
        project = project.model_copy(update={"seed_policy": wishes.seed_policy})
    if wishes.model is not None:
        shot = shot.model_copy(update={"model": wishes.model})
    return project, shot


def _seed(run: RunContext, cast: tuple[CharacterConditioning, ...]) -> SeedChoice:
    """The frame's seed by the project's policy, from the cast as it was conditioned: the bible isn't asked."""
    lead = _lead(cast) if run.project.seed_policy is SeedPolicy.CHARACTER and run.shot.seed is None else None
    if lead is None:
        return frame_seed(run.project, run.shot, {}, run.regeneration_id)
    return lead.seed.model_copy(update={"derived_from": f"lead {lead.character_id}; {lead.seed.derived_from}"})


def _lead(cast: tuple[CharacterConditioning, ...]) -> CharacterConditioning | None:
    visible = [member for member in cast if member.visible]
    main = [member for member in visible if member.character_type is CharacterType.MAIN]
    return next(iter(main or visible), None)
