"""Character sheets, location plates and prop views: asked for, made, or failed."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Identifier
from schemas.bible.v1 import ReferenceImage
from schemas.text import Phrase, Sha256, Text
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
    """Digest of that version's look."""
    variant: Phrase = ""
    """Costume, or time/weather/season, of the reference; empty = base."""

    def identity(self) -> tuple[str, ...]:
        """One per entity, look and variant."""
        return (self.project_id, self.subject.value, self.entity_id, self.bible_digest, self.variant)

    def partition_key(self) -> str:
        """`<project_id>/<entity_id>`."""
        return f"{self.project_id}/{self.entity_id}"


class ReferenceRequested(_ReferenceEvent):
    """A reference is wanted before the shots that need it."""

    TYPE: ClassVar[str] = "film.reference.requested"

    reason: Phrase = ""
    """Which need caused it, for people."""


class ReferenceReady(_ReferenceEvent):
    """A verified reference exists."""

    TYPE: ClassVar[str] = "film.reference.ready"

    references: tuple[ReferenceImage, ...] = Field(min_length=1)
    """The images, best first."""


class ReferenceFailed(_ReferenceEvent):
    """No reference could be made."""

    TYPE: ClassVar[str] = "film.reference.failed"

    reason: Text
    """Why, with every attempt's reason."""
