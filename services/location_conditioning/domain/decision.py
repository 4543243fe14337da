"""What becomes of a frame: conditioned, refused, or still waiting; and for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from schemas.bible import Location, Prop
from schemas.conditioning import (
    CharactersConditioned,
    ContinuityFrame,
    Degradation,
    LocationConditioned,
)
from schemas.project import ReferencePolicy
from schemas.reference import ReferenceFailed, refused
from schemas.run import RunContext
from schemas.shot import Problem, ShotRejected, planned_digest
from schemas.suggestions import allowed_entries, listed
from schemas.vocabulary import FrameRole, SubjectKind
from services.location_conditioning.domain.continuity import (
    Frame,
    Gone,
    ShotTrack,
    frame_of_run,
    last_frame_of,
    refusal_of,
)
from services.location_conditioning.domain.derived import derived
from services.location_conditioning.domain.place import (
    condition_location,
    condition_prop,
    is_sheltered,
    template_degradations,
)
from services.location_conditioning.domain.templates import Templates
from services.location_conditioning.domain.wanted import (
    NO_REFERENCES,
    References,
    WantedReference,
    losses,
    objections,
    wanted_for,
)

#: This stage in `ShotRejected.stage`.
STAGE: Final = "location-conditioning"
CONTINUITY_UNAVAILABLE: Final = "continuity-unavailable"
_PHRASE_LIMIT: Final = 500


class WaitKind(StrEnum):
    """What a frame can wait for."""

    LOCATION = "location"
    PROP = "prop"
    SHOT = "shot"
    """The newest keyframe of the shot that it continues."""
    RUN = "run"
    """The start frame of its own shot."""
    REFERENCE = "reference"
    """A plate or a prop view."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing waited for."""

    kind: WaitKind
    key: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that the decision rests on.

    Attributes:
        location: the entry in the version wanted; None = unknown, or none wanted.
        props: entries known, by id.
        own: track of the frame's own shot.
        parent: track of the shot that it continues.
        cycle: continued shots that lead back to this one; empty = none do.
        turns: waits one after the other that the shot which it continues may take to get its keyframe.
        made: what became of the plates and prop views that it needs.
    """

    location: Location | None = None
    props: Mapping[str, Prop] = field(default_factory=dict)
    own: ShotTrack | None = None
    parent: ShotTrack | None = None
    cycle: tuple[str, ...] = ()
    turns: int = 1
    made: References = NO_REFERENCES

    def wanted(self, run: RunContext) -> tuple[WantedReference, ...]:
        """Plates and prop views that the frame needs."""
        return wanted_for(run, self.location, self.props)


@dataclass(frozen=True, slots=True)
class Roster:
    """What a project's bible has, for messages: names by id, and the versions of the location wanted."""

    locations: Mapping[str, str] = field(default_factory=dict)
    location_versions: Sequence[int] = ()
    props: Mapping[str, str] = field(default_factory=dict)


def entity_key(kind: WaitKind, project_id: str, entity_id: str, version: int | None = None) -> str:
    """Key of an entry of the bible, or of one version of it."""
    key = f"{kind.value}:{project_id}/{entity_id}"
    return key if version is None else f"{key}/{version}"


def shot_key(project_id: str, shot_id: str) -> str:
    """Key of what happens to a shot's keyframes."""
    return f"{WaitKind.SHOT.value}:{project_id}/{shot_id}"


def run_key(run_id: str) -> str:
    """Key of how one run ends."""
    return f"{WaitKind.RUN.value}:{run_id}"


def reference_key(key: str) -> str:
    """Key of how a plate or a prop view ends."""
    return f"{WaitKind.REFERENCE.value}:{key}"


def open_references(run: RunContext, known: Knowledge) -> tuple[WantedReference, ...]:
    """Plates and prop views to wait for: where the project makes references first, and for those of references."""
    waits = run.subject is not SubjectKind.KEYFRAME or run.project.references is ReferencePolicy.FIRST
    return tuple(item for item in known.wanted(run) if waits and known.made.is_open(item))


def start_run_of(run: RunContext) -> RunContext | None:
    """The run of the start frame that an end frame waits for; None for every other role."""
    if run.frame_role is not FrameRole.END or FrameRole.START not in run.frame_roles:
        return None
    return run.model_copy(update={"frame_role": FrameRole.START})


def missing_entries(run: RunContext, known: Knowledge) -> tuple[Wait, ...]:
    """Entries that the frame needs and the bible hasn't got (yet)."""
    shot, project_id = run.shot, run.project.project_id
    waits = []
    if shot.location_id is not None and known.location is None:
        key = entity_key(WaitKind.LOCATION, project_id, shot.location_id, shot.location_version)
        waits.append(Wait(WaitKind.LOCATION, key))
    waits += [
        Wait(WaitKind.PROP, entity_key(WaitKind.PROP, project_id, prop_id))
        for prop_id in dict.fromkeys(shot.props)
        if prop_id not in known.props
    ]
    return tuple(waits)


@dataclass(frozen=True, slots=True)
class Continuity:
    """Frames to match, what is done without, and what is still to come."""

    frames: tuple[ContinuityFrame, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    waits: tuple[Wait, ...] = ()


def continuity(run: RunContext, known: Knowledge, over: frozenset[str]) -> Continuity:
    """The earlier frames of a frame, the start frame of its own shot before the shot that it continues.

    Args:
        run: the frame's run.
        known: tracks of both shots.
        over: keys that are waited for no longer.
    """
    found = Continuity()
    start = start_run_of(run)
    if start is not None:
        answer = frame_of_run(known.own, start.run_id) or refusal_of(known.own, (run.revision, run.regeneration_id))
        named = _Source(run.shot.shot_id, "start_frame", f"start frame of {run.shot.shot_id}", run_key(start.run_id))
        found = _with(found, answer, named, WaitKind.RUN, over)
    parent = run.shot.continuity_from
    if parent is not None:
        named = _Source(parent, "continuity_from", f"keyframe of {parent}", shot_key(run.project.project_id, parent))
        answer = last_frame_of(known.parent, late=named.key in over)
        found = _with(found, answer, named, WaitKind.SHOT, over)
    return found


def turns(run: RunContext, known: Knowledge) -> Mapping[WaitKind, int]:
    """How many times its limit a frame waits for a shot, and for its own start frame, which waits for that shot too."""
    return {WaitKind.SHOT: known.turns, WaitKind.RUN: 1 if run.shot.continuity_from is None else known.turns + 1}


@dataclass(frozen=True, slots=True)
class _Source:
    shot_id: str
    reason: str
    what: str
    key: str


def _with(
    found: Continuity, answer: Frame | Gone | None, source: _Source, kind: WaitKind, over: frozenset[str]
) -> Continuity:
    if answer is None and source.key not in over:
        return Continuity(found.frames, found.degradations, (*found.waits, Wait(kind, source.key)))
    if isinstance(answer, Frame):
        frame = ContinuityFrame.model_validate(
            {"shot_id": source.shot_id, "frame_role": answer.role, "reason": source.reason, "asset": answer.asset}
        )
        return Continuity((*found.frames, frame), found.degradations, found.waits)
    why = answer.reason if answer is not None else "it did not come before the deadline"
    degradation = Degradation(
        code=CONTINUITY_UNAVAILABLE, what=_clip(source.what, _PHRASE_LIMIT), reason=_clip(why, _PHRASE_LIMIT)
    )
    return Continuity(found.frames, (*found.degradations, degradation), found.waits)


def conditioned(
    event: CharactersConditioned, known: Knowledge, earlier: Continuity, templates: Templates
) -> LocationConditioned:
    """The settled frame.

    Raises:
        KeyError: a prop isn't known; `missing_entries` tells beforehand.
    """
    run, wanted = event.run, known.wanted(event.run)
    place = None
    degradations = (*event.degradations, *earlier.degradations, *losses(wanted, known.made))
    pictures = {(item.subject, item.entity.id): known.made.pictures(item) for item in wanted}
    if known.location is not None:
        plates = pictures.get((SubjectKind.LOCATION_PLATE, known.location.id), ())
        place = condition_location(known.location, run.shot, run.project, templates, plates)
        if run.subject is SubjectKind.LOCATION_PLATE:
            place = derived(place, sheltered=is_sheltered(known.location, templates))
        degradations = (*degradations, *template_degradations(known.location, templates))
    return LocationConditioned(
        run=run,
        cast=event.cast,
        seed=event.seed,
        location=place,
        props=tuple(
            condition_prop(known.props[prop_id], pictures.get((SubjectKind.PROP_VIEW, prop_id), ()))
            for prop_id in dict.fromkeys(run.shot.props)
        ),
        continuity=earlier.frames,
        degradations=degradations,
    )


def references_rejection(run: RunContext, known: Knowledge) -> ShotRejected | ReferenceFailed | None:
    """The refusal of a frame whose references could not be made; None = it goes on."""
    problems = objections(run, known.wanted(run), known.made)
    return _rejected(run, problems) if problems else None


def cycle_rejection(run: RunContext, cycle: Sequence[str]) -> ShotRejected | ReferenceFailed:
    """The refusal of a shot that, through others, continues itself."""
    problem = Problem.shortened(
        field="shot.continuity_from",
        value=str(run.shot.continuity_from),
        allowed=f"a shot that does not lead back to {run.shot.shot_id}; this one does: {' -> '.join(cycle)}",
        code="continuity-cycle",
    )
    return _rejected(run, [problem])


def entries_rejection(run: RunContext, known: Knowledge, roster: Roster) -> ShotRejected | ReferenceFailed:
    """The refusal of a shot whose entries did not come in time: each one named, with what comes close to it."""
    shot, project_id = run.shot, run.project.project_id
    problems = []
    if shot.location_id is not None and known.location is None:
        if shot.location_version is not None and roster.location_versions:
            published = listed(map(str, roster.location_versions))
            problems.append(
                Problem.shortened(
                    field="shot.location_version",
                    value=str(shot.location_version),
                    allowed=f"a version of {shot.location_id} that was published: {published}",
                    code="unknown-bible-version",
                )
            )
        else:
            allowed = allowed_entries("location", shot.location_id, project_id, roster.locations)
            problems.append(
                Problem.shortened(
                    field="shot.location_id", value=shot.location_id, allowed=allowed, code="unknown-location"
                )
            )
    for index, prop_id in enumerate(shot.props):
        if prop_id not in known.props:
            allowed = allowed_entries("prop", prop_id, project_id, roster.props)
            problems.append(
                Problem.shortened(field=f"shot.props.{index}", value=prop_id, allowed=allowed, code="unknown-prop")
            )
    return _rejected(run, problems)


def _rejected(run: RunContext, problems: Sequence[Problem]) -> ShotRejected | ReferenceFailed:
    if run.reference is not None:
        return refused(run, STAGE, problems)
    return ShotRejected(
        project_id=run.project.project_id,
        shot_id=run.shot.shot_id,
        revision=run.revision,
        regeneration_id=run.regeneration_id,
        stage=STAGE,
        problems=tuple(problems),
        # As ShotPlanned has it, so that both frames of a shot make one refusal.
        content_digest=planned_digest(run.project, run.shot),
    )


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
