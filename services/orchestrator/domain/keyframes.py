"""How a run ends: the keyframe with everything that a video engine needs, or the reason why there is none."""

from typing import Any

from schemas.ids import content_digest
from schemas.keyframe import (
    AttemptSummary,
    Camera,
    KeyframeFailed,
    KeyframeReady,
    Provenance,
    SeenCharacter,
    SeenLocation,
    ShotIdentity,
    Timing,
)
from schemas.prompt import PromptBuilt
from schemas.run import RunContext
from schemas.shot import Problem, ShotPlanned, ShotRejected
from services.orchestrator.domain.fit import SkipCode
from services.orchestrator.domain.lessons import helped
from services.orchestrator.domain.retakes import why_failed
from services.orchestrator.domain.router import Candidate, Choice
from services.orchestrator.domain.state import OPEN, Attempt, Made, Published, Run

STAGE = "orchestrator"
NO_CAPABLE_MODEL = "no-capable-model"

_TEXT = 4000

_FIELDS = {
    SkipCode.NO_WORKER: "catalogue.provider",
    SkipCode.NOT_ALLOWED: "project.models",
    SkipCode.RETIRED: "project.models",
    SkipCode.SIZE: "shot.width, shot.height",
    SkipCode.DIALECT: "shot.prompt",
    SkipCode.PROMPT_LENGTH: "shot.description",
    SkipCode.STYLE: "shot.style",
    SkipCode.GUIDE: "project.composition",
    SkipCode.ADAPTER: "bible.loras",
    SkipCode.BUDGET: "project.budget.max_cost_usd_micros",
    SkipCode.FUNDS: "project.budget",
    SkipCode.NOT_OFFERED: "catalogue.model",
    SkipCode.HEALTH: "catalogue.provider",
    SkipCode.CIRCUIT: "catalogue.provider",
    SkipCode.PAUSED: "run.attempts",
    SkipCode.POLICY: "run.attempts",
    SkipCode.TRIED: "run.attempts",
}


def ready(
    prompt: PromptBuilt, run: Run, attempt: Attempt, *, approved_by: str, before: Published | None
) -> KeyframeReady:
    """The keyframe of an accepted attempt.

    Args:
        prompt: the wording of the accepted take, with all that conditions it.
        run: the run, its attempts settled.
        attempt: the accepted one.
        approved_by: `auto` or the reviewer.
        before: keyframe of this shot and role announced before, which this one replaces.

    Raises:
        ValueError: the attempt has no image.
    """
    made = attempt.made
    if made is None:
        raise ValueError(f"generation {attempt.generation_id}: has no image; allowed is a completed one")
    context, shot = prompt.run, prompt.run.shot
    return KeyframeReady(
        **_whose(context),
        take=attempt.take,
        frame_roles=context.frame_roles,
        asset=made.asset,
        generation_id=attempt.generation_id,
        model=attempt.model,
        provider=attempt.provider,
        seed_used=made.seed_used,
        prompt=made.prompt,
        negative_prompt=made.negative_prompt,
        scores=attempt.checked.scores if attempt.checked else (),
        degradations=tuple(dict.fromkeys((*attempt.degradations, *made.degradations))),
        cast=_cast(prompt),
        location=_location(prompt),
        camera=_camera(context),
        timing=_timing(context),
        description=shot.description,
        action=shot.action,
        dialogue=shot.dialogue,
        cost_usd_micros=run.cost_usd_micros,
        attempts=summaries(run),
        approved_by=approved_by,
        provenance=provenance(prompt, attempt, made),
        supersedes=before.event_id if before is not None else None,
        metadata=context.project.metadata,
    )


def failed(prompt: PromptBuilt, run: Run, *, code: str, reason: str) -> KeyframeFailed:
    """The end of a run without a keyframe, with the reason of every attempt."""
    context = prompt.run
    return KeyframeFailed(
        **_whose(context),
        code=code,
        reason=reason[:_TEXT],
        attempts=summaries(run),
        cost_usd_micros=run.cost_usd_micros,
        last_failure=next((item.kind for item in reversed(run.attempts) if item.kind is not None), None),
    )


def rejected(prompt: PromptBuilt, choice: Choice) -> ShotRejected:
    """The refusal of a shot that no model can make: one problem per reason of each model that has a worker here.

    Models without a worker share the last problem.
    """
    context = prompt.run
    planned = ShotPlanned(
        project=context.project,
        shot=context.shot,
        revision=context.revision,
        regeneration_id=context.regeneration_id,
    )
    here = [item for item in choice.candidates if all(skip.code is not SkipCode.NO_WORKER for skip in item.skips)]
    elsewhere = [item for item in choice.candidates if item not in here]
    problems = [_problem(context, item, position) for item in here for position in range(len(item.skips))]
    if elsewhere:
        problems.append(_elsewhere(elsewhere))
    return ShotRejected(
        project_id=context.project.project_id,
        shot_id=context.shot.shot_id,
        revision=context.revision,
        regeneration_id=context.regeneration_id,
        stage=STAGE,
        problems=tuple(problems),
        content_digest=planned.digest,
    )


def summaries(run: Run) -> tuple[AttemptSummary, ...]:
    """Every attempt of a run in the contract's form; an open one is `unfinished`."""
    return tuple(
        AttemptSummary(
            generation_id=item.generation_id,
            attempt=item.attempt,
            take=item.take,
            model=item.model,
            provider=item.provider,
            outcome="unfinished" if item.outcome == OPEN else item.outcome,
            reason=item.reason[:_TEXT],
            check_reason="" if item.checked is None else why_failed(item.checked),
            changed=item.changed[:_TEXT],
            strategies=item.strategies,
            skipped=item.skipped,
            helped=helped(item),
            failed_checks=item.failed_checks or (),
            asset=item.made.asset if item.made is not None else None,
            cost_usd_micros=item.spent_usd_micros,
        )
        for item in run.attempts
    )


def identity_of(context: RunContext) -> ShotIdentity:
    """Where in the film a frame belongs."""
    shot = context.shot
    return ShotIdentity(
        project_id=context.project.project_id,
        sequence_id=shot.sequence_id,
        scene_id=shot.scene_id,
        scene_title=shot.scene_title,
        shot_id=shot.shot_id,
        code=shot.code or shot.shot_id,
        shot_number=shot.shot_number,
        story_order=shot.story_order,
    )


def _whose(context: RunContext) -> dict[str, Any]:
    """The fields that say whose end it is, the same for each kind of end."""
    return {
        "shot": identity_of(context),
        "subject": context.subject,
        "revision": context.revision,
        "run_id": context.run_id,
        "regeneration_id": context.regeneration_id,
        "frame_role": context.frame_role,
    }


def _cast(prompt: PromptBuilt) -> tuple[SeenCharacter, ...]:
    return tuple(
        SeenCharacter(
            character_id=member.character_id,
            name=member.name,
            bible_version=member.bible_version,
            costume_id=member.costume.costume_id,
        )
        for member in prompt.visible_cast
    )


def _location(prompt: PromptBuilt) -> SeenLocation | None:
    place = prompt.location
    if place is None:
        return None
    return SeenLocation(
        location_id=place.location_id,
        name=place.name,
        bible_version=place.bible_version,
        time_of_day=place.time_of_day,
        weather=place.weather,
        season=place.season,
    )


def _camera(context: RunContext) -> Camera:
    shot = context.shot
    return Camera(
        shot_size=shot.shot_size,
        framing=shot.framing,
        angle=shot.camera_angle,
        facing=shot.facing,
        movement=shot.camera_movement,
        lens_mm=shot.lens_mm,
    )


def _timing(context: RunContext) -> Timing:
    duration, fps = context.shot.duration_s, context.project.fps
    return Timing(duration_s=duration, fps=fps, frames=max(1, round(duration * fps)))


def provenance(prompt: PromptBuilt, attempt: Attempt, made: Made) -> Provenance:
    """What an image was made from, by content."""
    context = prompt.run
    planned = ShotPlanned(project=context.project, shot=context.shot, revision=context.revision)
    digests = {f"character:{member.character_id}": member.bible_digest for member in prompt.visible_cast}
    if prompt.location is not None:
        digests[f"location:{prompt.location.location_id}"] = prompt.location.bible_digest
    digests |= {f"prop:{prop.prop_id}": prop.bible_digest for prop in prompt.props}
    template_version = made.template_version or prompt.template_version
    inputs = {
        "shot": planned.digest,
        "bible": digests,
        "templates": template_version,
        "catalogue": attempt.catalogue_version,
        "model": [attempt.provider, attempt.model],
    }
    return Provenance(
        inputs_digest=content_digest(inputs),
        bible_digests=digests,
        template_version=template_version,
        catalogue_version=attempt.catalogue_version,
        references=made.references,
        model_digest=attempt.model_digest,
        synthetic=attempt.synthetic,
    )


def _problem(context: RunContext, candidate: Candidate, position: int) -> Problem:
    skip = candidate.skips[position]
    values = {
        SkipCode.SIZE: f"{context.width}x{context.height}",
        SkipCode.STYLE: context.style,
        SkipCode.BUDGET: str(context.project.budget.max_cost_usd_micros),
        SkipCode.NOT_ALLOWED: candidate.card.model,
    }
    return Problem(
        field=_field(context, skip.code),
        value=values.get(skip.code, candidate.card.model),
        allowed=f"{candidate.card.model}: {skip.text}",
        code=NO_CAPABLE_MODEL,
    )


def _field(context: RunContext, code: SkipCode) -> str:
    """The field that the planner would have to change; the project's where the shot says nothing itself."""
    if code is SkipCode.SIZE and context.shot.width is None:
        return "project.width, project.height"
    if code is SkipCode.STYLE and context.shot.style is None:
        return "project.style"
    return _FIELDS[code]


def _elsewhere(candidates: list[Candidate]) -> Problem:
    listed = "; ".join(
        f"{item.card.model}: {next(skip.text for skip in item.skips if skip.code is SkipCode.NO_WORKER)}"
        for item in candidates
    )
    return Problem(
        field=_FIELDS[SkipCode.NO_WORKER],
        value=f"{len(candidates)} model(s) of providers without a worker",
        allowed=listed[:_TEXT],
        code=NO_CAPABLE_MODEL,
    )
