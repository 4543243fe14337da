"""Character sheets, location plates and prop views: asked for, made, or failed."""

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import Field

from schemas.asset.v1 import AssetRef
from schemas.base import Event, Identifier
from schemas.bible.v1 import ReferenceImage
from schemas.conditioning.v1 import Degradation
from schemas.keyframe.v1 import AttemptSummary, Provenance
from schemas.run.v1 import RunContext
from schemas.shot.v1 import Problem
from schemas.text import Name, Phrase, Sha256, Slug, Text
from schemas.validation.v1 import Score
from schemas.vocabulary import SubjectKind


class _ReferenceEvent(Event):
    """What the three have in common."""

    project_id: Identifier
    """Film project."""
    subject: SubjectKind
    """character_sheet, location_plate or prop_view."""
    entity_id: Identifier
    """Character, location or prop."""
    bible_version: int = Field(ge=1)
    """Version that the reference shows."""
    bible_digest: Sha256
    """Digest of that version's look, as far as the reference shows it."""
    variant: Phrase = ""
    """Costume, or time/weather/season, of the reference; empty = base."""
    regeneration_id: Identifier | None = None
    """Set when it is made again on purpose."""

    @property
    def key(self) -> str:
        """What it is about, whichever making: see `key_of`."""
        return key_of(self.project_id, self.subject, self.entity_id, self.bible_digest, self.variant)

    def identity(self) -> tuple[str, ...]:
        """One per entity, look, variant and making."""
        again = () if self.regeneration_id is None else (self.regeneration_id,)
        return (self.project_id, self.subject.value, self.entity_id, self.bible_digest, self.variant, *again)

    def partition_key(self) -> str:
        """`<project_id>/<entity_id>`."""
        return f"{self.project_id}/{self.entity_id}"


class ReferenceRequested(_ReferenceEvent):
    """A reference is wanted before the shots that need it."""

    TYPE: ClassVar[str] = "film.reference.requested"

    reason: Phrase = ""
    """Which need caused it, for people."""
    run: RunContext | None = None
    """The run that makes it; without one nothing can be made."""
    asked_by: Name = ""
    """Run or person that wants it. Several may ask for the same; the first one's request is followed."""


class ReferenceReady(_ReferenceEvent):
    """A verified reference exists."""

    TYPE: ClassVar[str] = "film.reference.ready"

    references: tuple[ReferenceImage, ...] = Field(min_length=1)
    """The images, best first."""
    run_id: Identifier | None = None
    """Run that made it."""
    asset: AssetRef | None = None
    """The image with its size and thumbnail."""
    generation_id: Identifier | None = None
    """Generation that made it."""
    model: Name | None = None
    """Model that made it."""
    provider: Slug | None = None
    """Provider that made it."""
    scores: tuple[Score, ...] = ()
    """What validation measured."""
    degradations: tuple[Degradation, ...] = ()
    """What was asked for and the result does without."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """Cost of the whole run in millionths of a US dollar, failed attempts included."""
    attempts: tuple[AttemptSummary, ...] = ()
    """Every generation of the run."""
    approved_by: Name = "auto"
    """`auto`, or the reviewer."""
    provenance: Provenance | None = None
    """What it was made from."""

    def identity(self) -> tuple[str, ...]:
        """One per reference, making and accepted generation."""
        return (*super().identity(), *(() if self.generation_id is None else (self.generation_id,)))


class ReferenceFailed(_ReferenceEvent):
    """No reference could be made."""

    TYPE: ClassVar[str] = "film.reference.failed"

    reason: Text
    """Why, with every attempt's reason."""
    run_id: Identifier | None = None
    """Run that failed, when one was begun."""
    code: Slug = "failed"
    """Why, for programs: as `KeyframeFailed.code`, or `rejected` when a stage found that it can't be made."""
    attempts: tuple[AttemptSummary, ...] = ()
    """Every generation of the run with its reason."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """Cost of the whole run in millionths of a US dollar."""


ReferenceEnded = ReferenceReady | ReferenceFailed
"""How the making of a reference ends."""


def outranks(new: Event, counting: Event) -> bool:
    """Whether a newer end of a reference counts instead of an older: a picture stays though another making fails."""
    return isinstance(new, ReferenceReady) or isinstance(counting, ReferenceFailed)


def key_of(project_id: str, subject: SubjectKind, entity_id: str, look_digest: str, variant: str) -> str:
    """Name of a reference: one per project, entity, look and variant."""
    return f"{project_id}/{subject.value}/{entity_id}/{variant}/{look_digest}"


def refused(run: RunContext, stage: str, problems: Iterable[Problem]) -> ReferenceFailed:
    """The end of a reference's run that a stage found impossible.

    Args:
        run: of a sheet, plate or prop view.
        stage: which stage, e.g. `prompt-builder`.
        problems: everything wrong that it could see.

    Raises:
        ValueError: the run is a keyframe's; those are refused with `ShotRejected`.
    """
    told = "; ".join(f"{item.field}: {item.value}: allowed is {item.allowed}" for item in problems)
    return ReferenceFailed(**whose(run), run_id=run.run_id, code="rejected", reason=f"{stage}: {told}"[:4000])


def whose(run: RunContext) -> dict[str, Any]:
    """The fields that say which reference an event is about.

    Raises:
        ValueError: the run is a keyframe's.
    """
    target = run.reference
    if target is None:
        raise ValueError(f"run {run.run_id}: reference is None; allowed is the run of a sheet, plate or prop view")
    return {
        "project_id": run.project.project_id,
        "subject": run.subject,
        "entity_id": target.entity_id,
        "bible_version": target.bible_version,
        "bible_digest": target.look_digest,
        "variant": target.variant,
        "regeneration_id": run.regeneration_id,
    }
