"""The result: a keyframe that the video engine can animate, or the reason why there is none."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.asset.v1 import AssetRef
from schemas.base import Event, Identifier, Model
from schemas.conditioning.v1 import Degradation
from schemas.generation.v1 import FailureKind, ReferenceUse
from schemas.text import Features, Name, Phrase, PromptText, Sha256, Slug, Text
from schemas.validation.v1 import Score
from schemas.vocabulary import (
    CameraAngle,
    CameraMovement,
    Facing,
    FrameRole,
    Framing,
    Season,
    ShotSize,
    SubjectKind,
    TimeOfDay,
    Weather,
)


class ShotIdentity(Model):
    """Where in the film a keyframe belongs."""

    project_id: Identifier
    """Film project."""
    sequence_id: Identifier | None = None
    """Sequence."""
    scene_id: Identifier
    """Scene."""
    scene_title: Phrase = ""
    """Title of the scene."""
    shot_id: Identifier
    """Shot."""
    code: Name
    """Name on the slate."""
    shot_number: int = Field(ge=1)
    """Place within the scene."""
    story_order: int = Field(ge=0)
    """Place within the film."""


class SeenCharacter(Model):
    """A character that the frame shows."""

    character_id: Identifier
    """Entry in the bible."""
    name: Name
    """Name."""
    bible_version: int = Field(ge=1)
    """Version shown."""
    costume_id: Identifier
    """Costume worn."""


class SeenLocation(Model):
    """The place that the frame shows."""

    location_id: Identifier
    """Entry in the bible."""
    name: Name
    """Name."""
    bible_version: int = Field(ge=1)
    """Version shown."""
    time_of_day: TimeOfDay
    """Time shown."""
    weather: Weather
    """Weather shown."""
    season: Season
    """Season shown."""


class Camera(Model):
    """What the video engine needs to move the camera on from here."""

    shot_size: ShotSize
    """Shot size."""
    framing: Framing
    """Coverage."""
    angle: CameraAngle
    """Angle."""
    facing: Facing
    """Side of the subject."""
    movement: CameraMovement
    """Movement over the shot."""
    lens_mm: float | None = None
    """Focal length in millimetres on a 36 mm wide sensor."""


class Timing(Model):
    """Length of the shot."""

    duration_s: float = Field(gt=0)
    """Seconds."""
    fps: float = Field(gt=0)
    """Frames per second."""
    frames: int = Field(ge=1)
    """Whole frames: duration × fps, rounded to nearest, at least 1."""


class Provenance(Model):
    """What the frame was made from, by content."""

    inputs_digest: Sha256
    """Sha256 over everything that went in: shot, bible entries, templates, model."""
    bible_digests: dict[str, Sha256]
    """Digest of each bible entry by `character:<id>`, `location:<id>`, `prop:<id>`."""
    template_version: Name
    """Prompt templates."""
    catalogue_version: Name
    """Model catalogue."""
    references: tuple[ReferenceUse, ...] = ()
    """References sent, in order."""
    model_digest: Sha256 | None = None
    """Digest of the model's card, as far as it shapes the image."""
    synthetic: Literal["algorithmic", "trained-model"]
    """`algorithmic` when drawn by code (previz), `trained-model` when a model made it."""


class AttemptSummary(Model):
    """One generation of the run, and how it ended."""

    generation_id: Identifier
    """The call."""
    attempt: int = Field(ge=1)
    """Attempt, from 1."""
    take: int = Field(ge=1)
    """Take, from 1."""
    model: Name
    """Model."""
    provider: Slug
    """Provider."""
    outcome: Slug
    """`accepted`, `passed-over` (passed its checks, another take was chosen), `failed-validation`, `rejected`, or a
    failure kind."""
    reason: Text = ""
    """Why it was not the end. Where a reviewer spoke last, the reviewer's words."""
    check_reason: Text = ""
    """Why its image failed its checks, also where a reviewer's words became the `reason`; empty = it did not fail."""
    changed: Text = ""
    """What it changed after a frame that failed its checks, e.g. `another seed; stressed costume`; empty = nothing."""
    strategies: tuple[Slug, ...] = ()
    """The same for programs: `new-seed`, `stress`, `avoid`, `other-view`, `next-model`."""
    skipped: tuple[Phrase, ...] = ()
    """What was left out as it never helped in this project, `<check>: <strategy>`."""
    helped: bool | None = None
    """Whether the checks that it was made for hold now; null for what no check caused, or without an image."""
    failed_checks: tuple[Slug, ...] = ()
    """Checks that its image failed."""
    asset: AssetRef | None = None
    """Its image; null when it made none."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """What it cost."""


class KeyframeReady(Event):
    """A keyframe exists, has exactly the asked size, passed its checks and, where asked, its review."""

    TYPE: ClassVar[str] = "film.keyframe.ready"

    shot: ShotIdentity
    """Where in the film it belongs."""
    subject: SubjectKind = SubjectKind.KEYFRAME
    """What was made."""
    revision: int = Field(ge=1)
    """Revision of the shot."""
    run_id: Identifier
    """Run that made it."""
    regeneration_id: Identifier | None = None
    """Set when it was made again on purpose."""
    take: int = Field(ge=1)
    """Take that was accepted."""
    frame_role: FrameRole
    """single, start or end."""
    frame_roles: tuple[FrameRole, ...] = Field(min_length=1)
    """Roles planned for the shot: wait for all of them before animating."""
    asset: AssetRef
    """The image."""
    generation_id: Identifier
    """Generation that made it."""
    model: Name
    """Model that made it."""
    provider: Slug
    """Provider that made it."""
    seed_used: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """Seed, only when one was sent."""
    prompt: PromptText
    """Prompt sent."""
    negative_prompt: PromptText = ""
    """Negative prompt sent."""
    scores: tuple[Score, ...]
    """What validation measured."""
    degradations: tuple[Degradation, ...] = ()
    """What was asked for and the result does without."""
    cast: tuple[SeenCharacter, ...] = ()
    """Characters in the frame."""
    location: SeenLocation | None = None
    """Place in the frame."""
    camera: Camera
    """Camera."""
    timing: Timing
    """Length of the shot in seconds and in frames."""
    description: Text
    """What the frame shows."""
    action: Text = ""
    """What happens in the shot."""
    dialogue: Text = ""
    """Words spoken in the shot."""
    cost_usd_micros: int = Field(ge=0)
    """Cost of the whole run, failed attempts included."""
    attempts: tuple[AttemptSummary, ...] = Field(min_length=1)
    """Every generation of the run."""
    approved_by: Name = "auto"
    """`auto`, or the reviewer."""
    provenance: Provenance
    """What it was made from."""
    supersedes: Identifier | None = None
    """Event id of the keyframe of this shot and role that it replaces."""
    metadata: Features = Field(default_factory=dict)
    """The project's free values."""

    def identity(self) -> tuple[str, ...]:
        """One per run and generation accepted."""
        return (self.run_id, self.generation_id)

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.shot.project_id}/{self.shot.shot_id}"


class KeyframeFailed(Event):
    """The run is over without a keyframe."""

    TYPE: ClassVar[str] = "film.keyframe.failed"

    shot: ShotIdentity
    """Where in the film it belongs."""
    subject: SubjectKind = SubjectKind.KEYFRAME
    """What was wanted."""
    revision: int = Field(ge=1)
    """Revision of the shot."""
    run_id: Identifier
    """Run that failed."""
    regeneration_id: Identifier | None = None
    """Set when it was made again on purpose."""
    frame_role: FrameRole
    """single, start or end."""
    code: Slug
    """Why, for programs: `no-capable-model`, `attempts-exhausted`, `budget-exhausted`, `rejected-by-reviewer` …"""
    reason: Text
    """Why, for people."""
    attempts: tuple[AttemptSummary, ...] = ()
    """Every generation of the run with its reason."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """Cost of the whole run."""
    last_failure: FailureKind | None = None
    """Kind of the last failure, when a generation failed."""

    def identity(self) -> tuple[str, ...]:
        """Once per run."""
        return (self.run_id,)

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.shot.project_id}/{self.shot.shot_id}"
