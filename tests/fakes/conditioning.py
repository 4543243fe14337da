"""Both conditioning stages on any document store, and short ways to make the events that they consume."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from schemas.adapter import AdapterDefined
from schemas.asset import AssetRef
from schemas.base import Event
from schemas.bible import Character, CharacterDefined, Location, LocationDefined, Prop, PropDefined
from schemas.conditioning import CharactersConditioned, SeedChoice
from schemas.keyframe import (
    AttemptSummary,
    Camera,
    KeyframeFailed,
    KeyframeReady,
    Provenance,
    ShotIdentity,
    Timing,
)
from schemas.project import ProjectSettings
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.run import RunContext, runs_of
from schemas.shot import Problem, Shot, ShotPlanned, ShotRejected
from schemas.vocabulary import FrameRole
from services.character_conditioning import handlers as characters
from services.character_conditioning.adapters.adapter_shelf import AdapterShelf
from services.character_conditioning.adapters.bible import CharacterBible
from services.character_conditioning.adapters.revisions import ShotRevisions
from services.character_conditioning.adapters.sheets import FirstAsks, SheetShelf
from services.character_conditioning.equipping import AdapterHandlers, EquippingJudge
from services.chassis.bindings import Swept
from services.chassis.clock import Clock
from services.chassis.documents import DocumentStore
from services.chassis.parking import Parking
from services.location_conditioning import handlers as locations
from services.location_conditioning.adapters.bible import LocationBible, PropBible
from services.location_conditioning.adapters.references import ReferenceShelf
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.adapters.tracks import ShotTracks

PROJECT = "vrindavan"
BIBLE_WAIT_S = 120.0
CONTINUITY_WAIT_S = 86_400.0
REFERENCE_WAIT_S = 43_200.0
SHA = "0" * 64


def project(**values: Any) -> ProjectSettings:
    return ProjectSettings.model_validate({"project_id": PROJECT, "title": "Vrindavan", **values})


def shot(shot_id: str = "SH010", **values: Any) -> Shot:
    return Shot.model_validate({"shot_id": shot_id, "scene_id": "SC010", "description": "A walk.", **values})


def planned(
    shot_id: str = "SH010",
    *,
    revision: int = 1,
    regeneration_id: str | None = None,
    settings: ProjectSettings | None = None,
    **values: Any,
) -> ShotPlanned:
    return ShotPlanned(
        project=settings or project(),
        shot=shot(shot_id, **values),
        revision=revision,
        regeneration_id=regeneration_id,
    )


def character(entity_id: str = "radha", **values: Any) -> Character:
    described = {"name": entity_id.title(), "description": f"The character {entity_id}."}
    return Character.model_validate({"id": entity_id, **described, **values})


def location(entity_id: str = "grove", **values: Any) -> Location:
    described = {"name": entity_id.title(), "description": f"The place {entity_id}.", "location_type": "exterior"}
    return Location.model_validate({"id": entity_id, **described, **values})


def prop(entity_id: str = "flute", **values: Any) -> Prop:
    described = {"name": entity_id.title(), "description": f"The prop {entity_id}."}
    return Prop.model_validate({"id": entity_id, **described, **values})


def defined(entity: Character | Location | Prop, project_id: str = PROJECT) -> Event:
    if isinstance(entity, Character):
        return CharacterDefined(project_id=project_id, character=entity)
    if isinstance(entity, Location):
        return LocationDefined(project_id=project_id, location=entity)
    return PropDefined(project_id=project_id, prop=entity)


def conditioned(event: ShotPlanned) -> list[CharactersConditioned]:
    """What the first stage makes of a shot without cast: one event per frame."""
    seed = SeedChoice(value=7, policy="shot", derived_from="a test")
    return [CharactersConditioned(run=run, cast=(), seed=seed) for run in runs_of(event)]


def _identity(run: RunContext) -> ShotIdentity:
    one = run.shot
    return ShotIdentity(
        project_id=run.project.project_id,
        scene_id=one.scene_id,
        shot_id=one.shot_id,
        code=one.code,
        shot_number=one.shot_number,
        story_order=one.story_order,
    )


def asset(name: str) -> AssetRef:
    return AssetRef(uri=f"s3://ice/{name}.png", sha256=SHA, size_bytes=9, mime_type="image/png", width=1024, height=576)


def keyframe(run: RunContext, *, take: int = 1, name: str = "frame") -> KeyframeReady:
    """The keyframe of a run; `name` tells two images apart."""
    one = run.shot
    attempt = AttemptSummary(
        generation_id=f"gen-{take}", attempt=1, take=take, model="previz", provider="previz", outcome="accepted"
    )
    return KeyframeReady(
        shot=_identity(run),
        revision=run.revision,
        run_id=run.run_id,
        regeneration_id=run.regeneration_id,
        take=take,
        frame_role=run.frame_role,
        frame_roles=run.frame_roles,
        asset=asset(f"{one.shot_id}-{run.frame_role.value}-{name}"),
        generation_id=attempt.generation_id,
        model="previz",
        provider="previz",
        prompt="a walk",
        scores=(),
        camera=Camera(
            shot_size=one.shot_size,
            framing=one.framing,
            angle=one.camera_angle,
            facing=one.facing,
            movement=one.camera_movement,
        ),
        timing=Timing(duration_s=3, fps=24, frames=72),
        description=one.description,
        cost_usd_micros=0,
        attempts=(attempt,),
        provenance=Provenance(
            inputs_digest=SHA,
            bible_digests={},
            template_version="1",
            catalogue_version="1",
            synthetic="algorithmic",
        ),
    )


def keyframe_failed(run: RunContext, code: str = "attempts-exhausted") -> KeyframeFailed:
    return KeyframeFailed(
        shot=_identity(run),
        revision=run.revision,
        run_id=run.run_id,
        regeneration_id=run.regeneration_id,
        frame_role=run.frame_role,
        code=code,
        reason="nothing worked",
    )


def rejected(event: ShotPlanned, code: str = "unknown-style") -> ShotRejected:
    return ShotRejected(
        project_id=event.project.project_id,
        shot_id=event.shot.shot_id,
        revision=event.revision,
        regeneration_id=event.regeneration_id,
        stage="prompt-builder",
        problems=(Problem(field="shot.style", value="x", allowed="a style", code=code),),
    )


def run_of(event: ShotPlanned, role: FrameRole = FrameRole.SINGLE) -> RunContext:
    return next(run for run in runs_of(event) if run.frame_role is role)


Sweeper = Callable[[], Awaitable[Sequence[Swept]]]


class _Stage:
    """A stage that is fed events of any kind it consumes."""

    def __init__(self, routes: Mapping[type[Event], Any], sweep: Sweeper) -> None:
        self._routes = routes
        self._sweep = sweep

    async def take(self, *events: Event) -> list[Event]:
        """What the stage publishes for these messages, one after the other."""
        published: list[Event] = []
        for event in events:
            published += await self._routes[type(event)](event)
        return published

    async def sweep(self, *, confirm: bool = True) -> list[Event]:
        """What one sweep publishes."""
        swept = await self._sweep()
        for one in swept:
            if confirm:
                await one.confirm()
        return [event for one in swept for event in one.events]


class CharacterStage(_Stage):
    """character_conditioning on a document store; a second one on the same store is a restart or a replica."""

    def __init__(self, documents: DocumentStore, clock: Clock) -> None:
        self.bible = CharacterBible(documents.collection("character_bible"))
        revisions = ShotRevisions(documents.collection("character_shot_revisions"))
        sheets = SheetShelf(documents.collection("character_sheets"))
        asks = FirstAsks(documents.collection("character_reference_asks"))
        self.shelf = AdapterShelf(documents.collection("character_adapters"))
        cast = characters.CastJudge(self.bible, sheets, wait_s=BIBLE_WAIT_S, sheet_wait_s=REFERENCE_WAIT_S)
        judge = EquippingJudge(cast, self.shelf, wait_s=BIBLE_WAIT_S)
        self.parking = Parking(documents.collection("character_intake"), judge, clock)
        self.handlers = characters.Handlers(self.bible, revisions, sheets, asks, self.parking)
        routes: Mapping[type[Event], Any] = {
            CharacterDefined: self.handlers.character_defined,
            AdapterDefined: AdapterHandlers(self.shelf, self.parking).adapter_defined,
            ShotPlanned: self.handlers.shot_planned,
            ReferenceRequested: self.handlers.reference_requested,
            ReferenceReady: self.handlers.reference_ready,
            ReferenceFailed: self.handlers.reference_failed,
        }
        super().__init__(routes, self.handlers.sweep)


class LocationStage(_Stage):
    """location_conditioning on a document store; a second one on the same store is a restart or a replica."""

    def __init__(self, documents: DocumentStore, clock: Clock) -> None:
        self.places = LocationBible(documents.collection("location_bible"))
        self.props = PropBible(documents.collection("location_props"))
        tracks = ShotTracks(documents.collection("location_shots"))
        references = ReferenceShelf(documents.collection("location_references"))
        limits = locations.Limits(bible_s=BIBLE_WAIT_S, continuity_s=CONTINUITY_WAIT_S, reference_s=REFERENCE_WAIT_S)
        judge = locations.FrameJudge(self.places, self.props, tracks, references, load_templates(), limits)
        self.parking = Parking(documents.collection("location_runs"), judge, clock)
        self.handlers = locations.Handlers(self.places, self.props, tracks, references, self.parking)
        routes: Mapping[type[Event], Any] = {
            CharactersConditioned: self.handlers.characters_conditioned,
            LocationDefined: self.handlers.location_defined,
            PropDefined: self.handlers.prop_defined,
            KeyframeReady: self.handlers.keyframe_ready,
            KeyframeFailed: self.handlers.keyframe_failed,
            ShotRejected: self.handlers.shot_rejected,
            ReferenceReady: self.handlers.reference_ready,
            ReferenceFailed: self.handlers.reference_failed,
        }
        super().__init__(routes, self.handlers.sweep)
