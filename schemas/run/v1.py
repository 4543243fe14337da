"""A run: the making of one frame of one subject in one revision."""

from typing import ClassVar

from pydantic import Field

from schemas import ids
from schemas.base import Event, Identifier, Model
from schemas.project.v1 import ApprovalPolicy, ProjectSettings
from schemas.shot.v1 import Shot, ShotPlanned
from schemas.text import Phrase, Sha256
from schemas.topics import Lane
from schemas.vocabulary import FrameRole, SubjectKind


class ReferenceTarget(Model):
    """What a run of a sheet, plate or prop view makes a reference of."""

    entity_id: Identifier
    """Character, location or prop."""
    bible_version: int = Field(ge=1)
    """Version of its entry that is shown."""
    look_digest: Sha256
    """Digest of all that the reference shows: what made from another look is another reference."""
    variant: Phrase = ""
    """Costume, or `time/weather/season`; empty for a prop."""


class RunContext(Model):
    """Who and what a chain event is about; carried unchanged from the first stage to the last."""

    project: ProjectSettings
    """Settings as they came with the shot."""
    shot: Shot
    """The shot; for a sheet, plate or prop view, the shot that describes it."""
    subject: SubjectKind = SubjectKind.KEYFRAME
    """What is made."""
    revision: int = Field(ge=1)
    """Revision of the shot."""
    regeneration_id: Identifier | None = None
    """Set when the images are made again on purpose."""
    frame_role: FrameRole = FrameRole.SINGLE
    """Frame that this run makes."""
    frame_roles: tuple[FrameRole, ...] = (FrameRole.SINGLE,)
    """All roles planned for the shot, in order."""
    reference: ReferenceTarget | None = None
    """What is made, for a sheet, plate or prop view; None for a keyframe."""
    without_plan: bool = False
    """True when a replay began this making behind `shot.planned`: no ShotPlanned tells its place among the others."""

    @property
    def run_id(self) -> str:
        """UUIDv5 over project, subject, revision, role and regeneration."""
        return ids.run_id(
            self.project.project_id,
            self.subject.value,
            self.shot.shot_id,
            self.revision,
            self.frame_role.value,
            self.regeneration_id,
        )

    @property
    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return f"{self.project.project_id}/{self.shot.shot_id}"

    @property
    def width(self) -> int:
        """Width asked for in pixels."""
        return self.shot.width or self.project.width

    @property
    def height(self) -> int:
        """Height asked for in pixels."""
        return self.shot.height or self.project.height

    @property
    def style(self) -> str:
        """Style of this frame."""
        return self.shot.style or self.project.style

    @property
    def approval(self) -> ApprovalPolicy:
        """Approval of this frame."""
        return self.shot.approval or self.project.approval

    @property
    def takes(self) -> int:
        """Takes that a keyframe is chosen from; 1 = the first that passes its checks. References have one."""
        if self.subject is not SubjectKind.KEYFRAME:
            return 1
        return self.shot.takes or self.project.takes or 1

    @property
    def lane(self) -> Lane:
        """Lane by the shot's priority."""
        return self.shot.lane


def runs_of(planned: ShotPlanned) -> tuple[RunContext, ...]:
    """The runs that a planned shot asks for, one per frame role, in order."""
    roles = planned.shot.frames.roles
    return tuple(
        RunContext(
            project=planned.project,
            shot=planned.shot,
            revision=planned.revision,
            regeneration_id=planned.regeneration_id,
            frame_role=role,
            frame_roles=roles,
        )
        for role in roles
    )


class ChainEvent(Event):
    """An event on the way of one run."""

    run: RunContext
    """The run that it belongs to."""

    def partition_key(self) -> str:
        """`<project_id>/<shot_id>`."""
        return self.run.partition_key

    def identity(self) -> tuple[str, ...]:
        """One event per run, unless an event says more."""
        return (self.run.run_id,)


class RunSuperseded(ChainEvent):
    """A newer revision replaced a run in flight: what isn't sent yet need not be."""

    TYPE: ClassVar[str] = "film.run.superseded"

    superseded_by_revision: int = Field(ge=1)
    """Revision that took its place."""
    superseded_by_regeneration: Identifier | None = None
    """Regeneration that took its place, when the revision is the same."""
    reason: Phrase = ""
    """Why, for people."""

    def identity(self) -> tuple[str, ...]:
        """Once per run."""
        return (self.run.run_id,)
