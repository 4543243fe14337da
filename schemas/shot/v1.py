"""A shot as the planner asks for it, and the answer when it can't be made."""

from typing import Any, ClassVar

from pydantic import AwareDatetime, Field, model_validator

from schemas.base import Event, Identifier, Model
from schemas.ids import content_digest
from schemas.project.v1 import ApprovalPolicy, ProjectSettings, Side, Takes
from schemas.text import Description, Name, Phrase, Slug, Tags, Text
from schemas.topics import Lane
from schemas.vocabulary import (
    CameraAngle,
    CameraAngleWord,
    CameraMovement,
    CameraMovementWord,
    Composition,
    CompositionWord,
    Facing,
    FacingWord,
    Focus,
    FocusWord,
    FramePlan,
    FramePlanWord,
    Framing,
    FramingWord,
    LensWord,
    SeasonWord,
    ShotSize,
    ShotSizeWord,
    TimeOfDayWord,
    WeatherWord,
    normalised,
)

#: Shots of this priority and above go to the express lane.
EXPRESS_PRIORITY = 80

_COMPOSITION_WORDS = frozenset(Composition) | {"centre", "centered", "thirds"}


def _unset(value: object) -> bool:
    return value is None


class CastMember(Model):
    """A character in a shot, with what holds for this shot only."""

    character_id: Identifier
    """Entry in the bible."""
    bible_version: int | None = Field(default=None, ge=1)
    """Version to show; None = the newest when the shot is conditioned."""
    costume_id: Identifier | None = None
    """Costume worn here; None = by scene, then sequence, then default."""
    visible: bool = True
    """False: named by the story but not in the frame, so nothing of it is sent to a model."""
    action: Phrase = ""
    """What the character does."""
    expression: Phrase = ""
    """Face and body language."""
    facing: FacingWord | None = None
    """Side shown; None = the shot's."""
    changing: dict[Name, Phrase] = Field(default_factory=dict, max_length=32)
    """Changing features for this shot, e.g. `{"injury": "cut over the left eye"}`."""


class Shot(Model):
    """One planned shot. Fields of the prototype keep their names as accepted input."""

    shot_id: Identifier
    """Unique in the project; second half of the partition key."""
    code: Name = ""
    """Name on the slate, e.g. `SEQ010_SH0020`; defaults to the shot id."""
    sequence_id: Identifier | None = None
    """Sequence that the scene belongs to."""
    scene_id: Identifier
    """Scene."""
    scene_title: Phrase = ""
    """Slug line or title of the scene, for people."""
    shot_number: int = Field(default=1, ge=1, le=1_000_000)
    """Place within the scene, from 1."""
    story_order: int = Field(default=0, ge=0)
    """Place within the film, from 0; the board sorts by it."""
    shot_size: ShotSizeWord = ShotSize.MEDIUM
    """How much of the subject fills the frame (input `shot_type` is accepted)."""
    framing: FramingWord = Framing.SINGLE
    """Coverage: single, two-shot, over-the-shoulder …"""
    camera_angle: CameraAngleWord = CameraAngle.EYE_LEVEL
    """Camera angle of the frame, e.g. `low-angle`."""
    facing: FacingWord = Facing.THREE_QUARTER
    """Side of the subject that is seen."""
    camera_movement: CameraMovementWord = CameraMovement.STATIC
    """Movement over the shot."""
    composition: CompositionWord = Composition.BALANCED
    """Composition of the frame, e.g. `rule-of-thirds`."""
    lens_mm: float | None = Field(default=None, ge=4, le=1200)
    """Focal length on a 36 mm wide sensor in millimetres, 4 to 1200; None = by shot size."""
    # Left out where it is not set, so that the digest of a shot planned before it existed stays what it was.
    lens: LensWord | None = Field(default=None, exclude_if=_unset)
    """Kind of lens, e.g. `anamorphic` or `macro`; None = as the focal length has it."""
    focus: FocusWord = Focus.NORMAL
    """Depth of field wanted: `normal`, `shallow` or `deep`."""
    description: Description
    """What the frame shows."""
    action: Text = ""
    """What happens; goes beside the description, never instead of it."""
    dialogue: Text = ""
    """Words spoken; handed to the video engine, prompted as speaking."""
    cast: tuple[CastMember, ...] = Field(default=(), max_length=24)
    """Characters (input `characters` with plain ids is accepted)."""
    location_id: Identifier | None = None
    """Entry in the bible; None = no particular place."""
    location_version: int | None = Field(default=None, ge=1)
    """Version of the location; None = the newest."""
    props: tuple[Identifier, ...] = Field(default=(), max_length=32)
    """Props seen in the frame."""
    time_of_day: TimeOfDayWord | None = None
    """None = the location's."""
    weather: WeatherWord | None = None
    """None = the location's."""
    season: SeasonWord | None = None
    """None = the location's."""
    style: Slug | None = None
    """None = the project's."""
    lighting: Slug = "natural"
    """Lighting set-up, e.g. `golden-hour`, `low-key`."""
    light_source: Slug | None = Field(default=None, exclude_if=_unset)
    """What gives the light, beside the set-up, e.g. `tungsten`, `moonlight`; None = as the set-up has it."""
    mood: Slug = "neutral"
    """Mood, e.g. `tense`."""
    duration_s: float = Field(default=3.0, gt=0, le=3600)
    """Length of the shot in seconds (input `duration` is accepted)."""
    frames: FramePlanWord = FramePlan.SINGLE
    """Keyframes to make: one, or the first and the last."""
    continuity_from: Identifier | None = None
    """Earlier shot whose keyframe is a reference for this one: the one before it in its segment, or its camera parent,
    the wider shot that covers its set-up."""
    priority: int = Field(default=50, ge=0, le=100)
    """0 to 100, higher first; 80 and above take the express lane."""
    approval: ApprovalPolicy | None = None
    """None = the project's."""
    takes: Takes | None = Field(default=None, exclude_if=_unset)
    """Takes to choose from, 1 to 8; None = the project's."""
    width: Side | None = None
    """Width in pixels; None = the project's."""
    height: Side | None = None
    """Height in pixels; None = the project's."""
    seed: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """Seed locked by hand; None = derived by policy."""
    model: Name | None = None
    """Model or provider wanted first; None = the project's preference."""
    prompt: Text = ""
    """Wording by hand, put ahead of the facts."""
    negative_prompt: Text = ""
    """What this frame must not show."""
    tags: Tags = ()
    """Free labels."""
    image_asset_id: Name | None = None
    """Asset made earlier for this shot, when the planner knows of one."""
    video_asset_id: Name | None = None
    """As above, for video."""
    audio_asset_id: Name | None = None
    """As above, for sound."""
    created_at: AwareDatetime | None = None
    """When the planner wrote the shot."""
    updated_at: AwareDatetime | None = None
    """When the planner changed it."""

    @model_validator(mode="before")
    @classmethod
    def _accept_prototype_words(cls, value: Any) -> Any:  # noqa: ANN401 - as the planner sent it
        return _from_prototype(dict(value)) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _consistent(self) -> "Shot":
        ids = [member.character_id for member in self.cast]
        twice = sorted({item for item in ids if ids.count(item) > 1})
        if twice:
            raise ValueError(f"cast: {', '.join(twice)} is named twice")
        if self.continuity_from == self.shot_id:
            raise ValueError(f"continuity_from: {self.shot_id!r} is the shot itself; allowed is another shot")
        if (self.width is None) != (self.height is None):
            raise ValueError("width, height: only one is given; allowed is both or neither")
        return self

    @property
    def lane(self) -> Lane:
        """Lane by priority."""
        return Lane.EXPRESS if self.priority >= EXPRESS_PRIORITY else Lane.STANDARD

    @property
    def visible_cast(self) -> tuple[CastMember, ...]:
        """Only those in the frame."""
        return tuple(member for member in self.cast if member.visible)

    @property
    def digest(self) -> str:
        """Sha256 over the content; dates left out."""
        return content_digest(self.model_dump(mode="json", exclude={"created_at", "updated_at"}))


def _from_prototype(value: dict[str, Any]) -> dict[str, Any]:
    """Read the prototype's names: shot_type, characters, duration, framing as composition, id."""
    renames = (
        ("shot_type", "shot_size"),
        ("characters", "cast"),
        ("duration", "duration_s"),
        ("id", "shot_id"),
    )
    for old, new in renames:
        if old in value and new not in value:
            value[new] = value.pop(old)
    framing = value.get("framing")
    if isinstance(framing, str) and normalised(framing) in _COMPOSITION_WORDS:
        value.pop("framing")
        value.setdefault("composition", framing)
    size = value.get("shot_size")
    if isinstance(size, str) and normalised(size) in {Framing.OVER_THE_SHOULDER.value, "ots"}:
        value["shot_size"] = ShotSize.MEDIUM_CLOSE_UP
        value.setdefault("framing", Framing.OVER_THE_SHOULDER)
    cast = value.get("cast")
    if isinstance(cast, list | tuple):
        value["cast"] = [{"character_id": item} if isinstance(item, str) else item for item in cast]
    if not value.get("code") and isinstance(value.get("shot_id"), str):
        value["code"] = value["shot_id"]
    return value


class ShotPlanned(Event):
    """A shot was planned, or planned anew with a higher revision."""

    TYPE: ClassVar[str] = "film.shot.planned"

    project: ProjectSettings
    """Settings of the film as they hold for this shot."""
    shot: Shot
    """The shot."""
    revision: int = Field(default=1, ge=1)
    """Grows with every change by the planner; the highest wins."""
    regeneration_id: Identifier | None = None
    """Set by a replay that wants new images of the same revision."""

    def identity(self) -> tuple[str, ...]:
        """One event per shot, revision, regeneration and content: a changed content is another claim."""
        return (
            self.project.project_id,
            self.shot.shot_id,
            str(self.revision),
            self.regeneration_id or "",
            self.digest,
        )

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.project.project_id}/{self.shot.shot_id}"

    @property
    def digest(self) -> str:
        """Sha256 over shot and project settings: what must not differ within a revision."""
        return planned_digest(self.project, self.shot)


def planned_digest(project: ProjectSettings, shot: Shot) -> str:
    """Sha256 over what a planner sent: shot and project settings."""
    return content_digest([shot.digest, project.model_dump(mode="json")])


class Problem(Model):
    """One thing that is wrong with a shot."""

    field: Phrase
    """Path of the field, e.g. `shot.cast.0.character_id`."""
    value: Text
    """The value found, shortened."""
    allowed: Text
    """What is allowed instead."""
    code: Slug
    """Kind of problem, stable for programs, e.g. `unknown-character`."""

    @classmethod
    def shortened(cls, *, field: str, value: str, allowed: str, code: str) -> "Problem":
        """A problem whose texts are cut to what the event may carry; an ellipsis shows the cut."""
        return cls(field=_cut(field, 500), value=_cut(value, 4000), allowed=_cut(allowed, 4000), code=code)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


class ShotRejected(Event):
    """A shot can't be made as planned; the planner must send a new revision."""

    TYPE: ClassVar[str] = "film.shot.rejected"

    project_id: Identifier
    """Film project."""
    shot_id: Identifier
    """Shot."""
    revision: int = Field(ge=1)
    """Revision that was refused."""
    regeneration_id: Identifier | None = None
    """Regeneration that was refused, when it was one."""
    stage: Slug
    """Stage that refused it, e.g. `character-conditioning`."""
    problems: tuple[Problem, ...] = Field(min_length=1)
    """Everything wrong that the stage could see."""
    content_digest: str = ""
    """Digest of the refused content: two different contents of one revision are two refusals."""

    def identity(self) -> tuple[str, ...]:
        """One refusal per revision, stage and content."""
        return (
            self.project_id,
            self.shot_id,
            str(self.revision),
            self.regeneration_id or "",
            self.stage,
            self.content_digest,
        )

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.project_id}/{self.shot_id}"
