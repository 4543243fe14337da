"""What happens on each consumed event: load, decide, save, emit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from schemas import ids
from schemas.base import Event
from schemas.bible import Entity, LocationDefined, PropDefined
from schemas.conditioning import CharactersConditioned
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.reference import ReferenceEnded, ReferenceFailed, ReferenceReady
from schemas.run import RunContext
from schemas.shot import ShotRejected
from schemas.vocabulary import FrameRole, SubjectKind
from services.chassis.bindings import Swept
from services.chassis.failures import Poison
from services.chassis.parking import Parking, Question, Settled, Verdict, Waiting
from services.chassis.versions import Claim
from services.location_conditioning import domain
from services.location_conditioning.domain import Knowledge, Roster, Templates, Wait, WaitKind
from services.location_conditioning.ports import Locations, MadeReferences, Props, Tracks

#: Longest chain of continued shots that is followed; a longer one can't be a cycle of ours, it is a film of its own.
_LONGEST_CHAIN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a frame waits, in seconds."""

    bible_s: float
    continuity_s: float
    reference_s: float


class FrameJudge:
    """Whether all that a frame needs is known; the rule that parked frames wait for."""

    def __init__(  # noqa: PLR0913 - what it knows, by name
        self,
        locations: Locations,
        props: Props,
        tracks: Tracks,
        references: MadeReferences,
        templates: Templates,
        limits: Limits,
    ) -> None:
        self._locations = locations
        self._props = props
        self._tracks = tracks
        self._references = references
        self._templates = templates
        self._limits = {
            WaitKind.LOCATION: limits.bible_s,
            WaitKind.PROP: limits.bible_s,
            WaitKind.SHOT: limits.continuity_s,
            WaitKind.RUN: limits.continuity_s,
            WaitKind.REFERENCE: limits.reference_s,
        }

    async def __call__(self, question: Event, over: frozenset[str], /) -> Verdict:
        """Settle a frame by what is known now, or name what to wait for."""
        if not isinstance(question, CharactersConditioned):
            raise TypeError(f"question: {type(question).__name__}, allowed is CharactersConditioned")
        run = question.run
        known = await self._knowledge(run)
        if known.cycle:
            return Settled((domain.cycle_rejection(run, known.cycle),))
        missing = domain.missing_entries(run, known)
        if any(wait.key in over for wait in missing):
            return Settled((domain.entries_rejection(run, known, await self._roster(run)),))
        earlier = domain.continuity(run, known, over)
        # What a reference shows is known once every entry is there.
        known = known if missing else await self._with_references(run, known, over)
        wanted = () if missing else domain.open_references(run, known)
        waits = (
            *missing,
            *earlier.waits,
            *(Wait(WaitKind.REFERENCE, domain.reference_key(item.key)) for item in wanted),
        )
        if waits:
            turns = domain.turns(run, known)
            limits = {wait.key: self._limits[wait.kind] * turns.get(wait.kind, 1) for wait in waits}
            return Waiting(limits, tuple(domain.request(item, run.run_id, _reason(run)) for item in wanted))
        refusal = domain.references_rejection(run, known)
        if refusal is not None:
            return Settled((refusal,))
        return Settled((domain.conditioned(question, known, earlier, self._templates),))

    async def _with_references(self, run: RunContext, known: Knowledge, over: frozenset[str]) -> Knowledge:
        keys = [item.key for item in known.wanted(run)]
        ended = await self._references.find(keys)
        gone = frozenset(key for key in keys if domain.reference_key(key) in over)
        return replace(known, made=domain.References(ended, gone))

    async def _knowledge(self, run: RunContext) -> Knowledge:
        shot, project_id = run.shot, run.project.project_id
        location = None
        if shot.location_id is not None:
            location = await self._locations.find(project_id, shot.location_id, shot.location_version)
        needs_start = domain.start_run_of(run) is not None
        parent = None
        line: Sequence[domain.ShotTrack] = ()
        if shot.continuity_from is not None:
            parent = await self._tracks.get(project_id, shot.continuity_from)
            line = await self._line(project_id, shot.shot_id, parent)
        return Knowledge(
            location=location,
            props=await self._props.find(project_id, shot.props, _prop_version(run)) if shot.props else {},
            own=await self._tracks.get(project_id, shot.shot_id) if needs_start else None,
            parent=parent,
            cycle=domain.cycle_through(shot.shot_id, line),
            turns=domain.turns_before(line),
        )

    async def _line(self, project_id: str, shot_id: str, parent: domain.ShotTrack | None) -> Sequence[domain.ShotTrack]:
        """The continued shots, each in its newest revision, until they end or meet one that was met before."""
        line: dict[str, domain.ShotTrack] = {}
        track = parent
        while track is not None and len(line) < _LONGEST_CHAIN:
            line[track.shot_id] = track
            following = track.link
            if following is None or following in line or following == shot_id:
                break
            track = await self._tracks.get(project_id, following)
        return tuple(line.values())

    async def _roster(self, run: RunContext) -> Roster:
        project_id, shot = run.project.project_id, run.shot
        versions: Sequence[int] = ()
        if shot.location_id is not None:
            versions = await self._locations.versions(project_id, shot.location_id)
        return Roster(
            locations=await self._locations.names(project_id),
            location_versions=versions,
            props=await self._props.names(project_id) if shot.props else {},
        )


class Handlers:
    """One method per consumed event."""

    def __init__(
        self, locations: Locations, props: Props, tracks: Tracks, references: MadeReferences, parking: Parking
    ) -> None:
        self._locations = locations
        self._props = props
        self._tracks = tracks
        self._references = references
        self._parking = parking

    async def location_defined(self, event: LocationDefined) -> Sequence[Event]:
        """Store the entry, then release the frames that wait for it.

        Raises:
            Poison: this version was published before with another content.
        """
        claim = await self._locations.keep(event.project_id, event.location)
        return await self._defined(WaitKind.LOCATION, event, event.project_id, event.location, claim)

    async def prop_defined(self, event: PropDefined) -> Sequence[Event]:
        """Store the entry, then release the frames that wait for it.

        Raises:
            Poison: this version was published before with another content.
        """
        claim = await self._props.keep(event.project_id, event.prop)
        return await self._defined(WaitKind.PROP, event, event.project_id, event.prop, claim)

    async def characters_conditioned(self, event: CharactersConditioned) -> Sequence[Event]:
        """Condition the frame, or park it; the same again for a repeat."""
        run = event.run
        if run.subject is not SubjectKind.KEYFRAME:
            # Nothing continues a reference, and each is a subject of its own.
            return await self._parking.ask(Question(id=run.run_id, event=event, group=f"reference/{run.run_id}"))
        is_new = await self._tracks.evolve(
            run.project.project_id, run.shot.shot_id, partial(domain.seen, run=run), is_new=True
        )
        question = Question(id=run.run_id, event=event, group=run.partition_key, order=run.revision)
        return await self._parking.ask(question, is_new=is_new)

    async def keyframe_ready(self, event: KeyframeReady) -> Sequence[Event]:
        """Remember the keyframe, then release the frames that wait for it. Sheets and plates are none of ours."""
        if event.subject is not SubjectKind.KEYFRAME:
            return ()
        project_id, shot_id = event.shot.project_id, event.shot.shot_id
        await self._tracks.evolve(project_id, shot_id, partial(domain.ready, event=event))
        keys = [domain.shot_key(project_id, shot_id), domain.run_key(event.run_id)]
        return await self._parking.release_for(keys, cause=event.event_id)

    async def keyframe_failed(self, event: KeyframeFailed) -> Sequence[Event]:
        """Remember that there will be none, then release the frames that wait for it."""
        if event.subject is not SubjectKind.KEYFRAME:
            return ()
        project_id, shot_id = event.shot.project_id, event.shot.shot_id
        await self._tracks.evolve(project_id, shot_id, partial(domain.failed, event=event))
        keys = [domain.shot_key(project_id, shot_id), domain.run_key(event.run_id)]
        return await self._parking.release_for(keys, cause=event.event_id)

    async def shot_rejected(self, event: ShotRejected) -> Sequence[Event]:
        """Remember that the shot can't be made, then release the frames that wait for it."""
        await self._tracks.evolve(event.project_id, event.shot_id, partial(domain.refused, event=event))
        start = ids.run_id(
            event.project_id,
            SubjectKind.KEYFRAME.value,
            event.shot_id,
            event.revision,
            FrameRole.START.value,
            event.regeneration_id,
        )
        keys = [domain.shot_key(event.project_id, event.shot_id), domain.run_key(start)]
        return await self._parking.release_for(keys, cause=event.event_id)

    async def reference_ready(self, event: ReferenceReady) -> Sequence[Event]:
        """Remember the plate or prop view, then release the frames that wait for it. Sheets are none of ours."""
        return await self._reference_ended(event)

    async def reference_failed(self, event: ReferenceFailed) -> Sequence[Event]:
        """Remember that there will be none, then release the frames that wait for it."""
        return await self._reference_ended(event)

    async def _reference_ended(self, event: ReferenceEnded) -> Sequence[Event]:
        if event.subject not in {SubjectKind.LOCATION_PLATE, SubjectKind.PROP_VIEW}:
            return ()
        await self._references.keep(event)
        return await self._parking.release_for([domain.reference_key(event.key)], cause=event.event_id)

    async def sweep(self) -> Sequence[Swept]:
        """End the waits whose time is over."""
        return await self._parking.expired()

    async def _defined(
        self, kind: WaitKind, event: Event, project_id: str, entity: Entity, claim: Claim
    ) -> Sequence[Event]:
        if claim.clashes:
            raise Poison(
                f"{kind.value} {entity.id} of project {project_id}, version {entity.version}: another content is "
                f"stored under this version and stays ({claim.changes}); allowed is a change under a higher version"
            )
        keys = [
            domain.entity_key(kind, project_id, entity.id),
            domain.entity_key(kind, project_id, entity.id, entity.version),
        ]
        return await self._parking.release_for(keys, cause=event.event_id)


def _reason(run: RunContext) -> str:
    return f"shot {run.shot.shot_id}" if run.reference is None else f"the same place in {run.reference.variant}"


def _prop_version(run: RunContext) -> int | None:
    """A prop view shows the version that was asked for; a frame shows the newest."""
    wanted = run.reference if run.subject is SubjectKind.PROP_VIEW else None
    return None if wanted is None else wanted.bible_version
