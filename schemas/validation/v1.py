"""What was measured on a frame, and what follows from it."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.asset.v1 import AssetRef
from schemas.base import Identifier, Model
from schemas.run.v1 import ChainEvent
from schemas.text import Name, Phrase, Slug, Text


class Outcome(StrEnum):
    """What a check says."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_MEASURED = "not-measured"


class Verdict(StrEnum):
    """What all checks together say: only a failed check fails the frame."""

    PASSED = "passed"
    FAILED = "failed"


class Score(Model):
    """One check: what was measured, with what, and the bound it was held to."""

    check: Slug
    """Check, e.g. `exact-size`, `exposure`, `sharpness`."""
    outcome: Outcome
    """What it says."""
    value: float | None = None
    """Measured value; null when it could not be measured, never 0, never invented."""
    unit: Phrase = ""
    """Unit of the value, e.g. `laplacian variance`."""
    threshold: float | None = None
    """Bound it was held to; null when there is none."""
    measured_with: Name
    """Scorer and version."""
    model: Phrase = ""
    """Trained model that it was measured by, with the start of its sha256; empty where none was."""
    entity_id: Identifier | None = None
    """Character, location or prop that it is about; None = the frame."""
    detail: Text = ""
    """For people."""


class FrameValidated(ChainEvent):
    """A generated frame was checked."""

    TYPE: ClassVar[str] = "film.frame.validated"

    generation_id: Identifier
    """The generation checked."""
    take: int = Field(ge=1)
    """Take of the run."""
    attempt: int = Field(ge=1)
    """Attempt within the run."""
    asset: AssetRef
    """The image checked."""
    verdict: Verdict
    """Passed or failed."""
    scores: tuple[Score, ...]
    """Every check."""
    reasons: tuple[Phrase, ...] = ()
    """Why it failed, or was warned about, for people."""

    def identity(self) -> tuple[str, ...]:
        """One per generation."""
        return (self.generation_id,)
