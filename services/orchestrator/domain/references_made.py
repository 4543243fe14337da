"""How the run of a sheet, plate or prop view ends: the reference with what it shows, or why there is none."""

from typing import Final

from schemas.bible import ReferenceImage, ReferenceView, Region
from schemas.prompt import PromptBuilt
from schemas.reference import ReferenceFailed, ReferenceReady, whose
from schemas.vocabulary import Facing, SubjectKind
from services.orchestrator.domain import keyframes
from services.orchestrator.domain.router import Choice
from services.orchestrator.domain.state import Attempt, Run

_TEXT = 4000
#: Views of a sheet's panels, of one width, from left to right.
_PANELS: Final = (Facing.FRONT, Facing.THREE_QUARTER, Facing.PROFILE, ReferenceView.FULL_BODY)


def ready(prompt: PromptBuilt, run: Run, attempt: Attempt, *, approved_by: str) -> ReferenceReady:
    """The reference of an accepted attempt.

    Raises:
        ValueError: the attempt has no image, or the run is a keyframe's.
    """
    made = attempt.made
    if made is None:
        raise ValueError(f"generation {attempt.generation_id}: has no image; allowed is a completed one")
    return ReferenceReady(
        **whose(prompt.run),
        references=_pictures(prompt, made.asset.uri, made.asset.sha256),
        run_id=run.run_id,
        asset=made.asset,
        generation_id=attempt.generation_id,
        model=attempt.model,
        provider=attempt.provider,
        scores=attempt.checked.scores if attempt.checked else (),
        degradations=tuple(dict.fromkeys((*attempt.degradations, *made.degradations))),
        cost_usd_micros=run.cost_usd_micros,
        attempts=keyframes.summaries(run),
        approved_by=approved_by,
        provenance=keyframes.provenance(prompt, attempt, made),
    )


def failed(prompt: PromptBuilt, run: Run, *, code: str, reason: str) -> ReferenceFailed:
    """The end of a reference's run without an image, with the reason of every attempt."""
    return ReferenceFailed(
        **whose(prompt.run),
        run_id=run.run_id,
        code=code,
        reason=reason[:_TEXT],
        attempts=keyframes.summaries(run),
        cost_usd_micros=run.cost_usd_micros,
    )


def rejected(prompt: PromptBuilt, choice: Choice) -> ReferenceFailed:
    """The end of a reference that no model can make, with the reasons of each."""
    problems = keyframes.rejected(prompt, choice).problems
    told = "; ".join(problem.allowed for problem in problems)
    return ReferenceFailed(
        **whose(prompt.run),
        run_id=prompt.run.run_id,
        code=keyframes.NO_CAPABLE_MODEL,
        reason=f"no model can make it: {told}"[:_TEXT],
    )


def _pictures(prompt: PromptBuilt, uri: str, sha256: str) -> tuple[ReferenceImage, ...]:
    """The image with what it shows, so that the best one for a shot can be told from the others.

    A character sheet is one image with four panels, as its prompt asks for them (the subject's wording in
    `prompt_builder`) and as the storyboard draws them. It is told as a whole, then each panel as a view of its own.
    Whoever sends a panel looks whether the sheet is laid out so.
    """
    subject, place = prompt.run.subject, prompt.location
    if subject is SubjectKind.CHARACTER_SHEET:
        costume = next(member.costume.costume_id for member in prompt.visible_cast)
        whole = ReferenceImage(uri=uri, sha256=sha256, view=ReferenceView.SHEET, costume_id=costume)
        share = 1 / len(_PANELS)
        panels = (
            whole.model_copy(update={"view": view, "region": Region(left=number * share, right=(number + 1) * share)})
            for number, view in enumerate(_PANELS)
        )
        return (whole, *panels)
    if subject is SubjectKind.LOCATION_PLATE and place is not None:
        return (
            ReferenceImage(
                uri=uri, sha256=sha256, time_of_day=place.time_of_day, weather=place.weather, season=place.season
            ),
        )
    return (ReferenceImage(uri=uri, sha256=sha256),)
