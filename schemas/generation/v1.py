"""One call of one model for one image: asked, made or failed."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from schemas import ids
from schemas.asset.v1 import AssetRef
from schemas.base import Identifier, Model
from schemas.bible.v1 import Lora, Region
from schemas.conditioning.v1 import ConditionedEvent, Degradation
from schemas.prompt.v1 import PromptChunk
from schemas.text import AssetUri, Name, Phrase, PromptText, Sha256, Slug, Text
from schemas.topics import Lane
from schemas.vocabulary import Dialect, WeightForm


class ReferenceUse(Model):
    """One reference image as it is sent, in order."""

    uri: AssetUri
    """Where it is."""
    sha256: Sha256 | None = None
    """Hash of its bytes, when known."""
    role: Slug
    """`character`, `location`, `continuity`, `prop`, `composition`; or `init`: the picture is begun with it, and
    `strength` says how much of it stays."""
    entity_id: Identifier | None = None
    """Character, location or prop that it shows."""
    strength: float | None = Field(default=None, ge=0, le=1)
    """How hard to hold to it; None = the model's default."""
    region: Region | None = None
    """The part of it that is sent, where the picture is laid out so; None = all of it."""


class ModelConsidered(Model):
    """Why a model of the catalogue was taken or skipped."""

    model: Name
    """Model."""
    provider: Slug
    """Provider."""
    taken: bool
    """Whether it is the one chosen for this call."""
    score: float | None = None
    """Score among the capable; None when it was ruled out."""
    reasons: tuple[Phrase, ...] = ()
    """Every reason, for people."""


class GenerationRequested(ConditionedEvent):
    """A worker of this provider shall make this image."""

    TYPE: ClassVar[str] = "film.generation.requested"

    provider: Slug
    """Provider, part of the topic's name."""
    model: Name
    """Model of the catalogue."""
    lane: Lane = Lane.STANDARD
    """Lane, part of the topic's name."""
    take: int = Field(ge=1)
    """Take of the run, from 1."""
    attempt: int = Field(ge=1)
    """Attempt within the run, over all models and takes, from 1."""
    candidate: int = Field(default=1, ge=1)
    """Image of a best-of-N, from 1."""
    dialect: Dialect
    """How the prompt is worded."""
    prompt: PromptText
    """The prompt as it is to be sent."""
    negative_prompt: PromptText = ""
    """Negative prompt; empty when the model takes none (then listed in degradations)."""
    weight_form: WeightForm = WeightForm.A1111
    """How weights and brackets are written in both prompts."""
    chunks: tuple[PromptChunk, ...] = ()
    """The prompt piece by piece, for programs that encode chunk by chunk; empty = it has no weights and one chunk."""
    width: int = Field(ge=1)
    """Width to deliver in pixels."""
    height: int = Field(ge=1)
    """Height to deliver in pixels."""
    seed_to_send: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """Seed to send; None when the model takes none."""
    references: tuple[ReferenceUse, ...] = ()
    """References chosen for this model, in the order of sending."""
    loras: tuple[Lora, ...] = ()
    """Adapters chosen for this model."""
    steps: int | None = Field(default=None, ge=1)
    """Sampling steps, where the model has them."""
    cfg_scale: float | None = Field(default=None, ge=0)
    """Guidance scale, where the model has one."""
    estimated_cost_usd_micros: int = Field(default=0, ge=0)
    """Cost expected, in millionths of a US dollar."""
    considered: tuple[ModelConsidered, ...] = ()
    """Every model, taken or skipped, with the reasons."""
    template_version: Phrase = ""
    """Templates that worded the prompt."""

    @property
    def generation_id(self) -> str:
        """UUIDv5 over run, take, model, attempt and candidate: what the ledger and the assets are keyed by."""
        return ids.generation_id(self.run.run_id, self.take, self.model, self.attempt, self.candidate)

    def identity(self) -> tuple[str, ...]:
        """One per generation."""
        return (self.generation_id,)


class GenerationCompleted(ConditionedEvent):
    """The image exists in the object store."""

    TYPE: ClassVar[str] = "film.generation.completed"

    generation_id: Identifier
    """The call."""
    provider: Slug
    """Provider that made it."""
    model: Name
    """Model that made it."""
    take: int = Field(ge=1)
    """Take of the run."""
    attempt: int = Field(ge=1)
    """Attempt within the run."""
    candidate: int = Field(default=1, ge=1)
    """Image of a best-of-N."""
    dialect: Dialect
    """Dialect of the prompt sent."""
    prompt: PromptText
    """Prompt sent."""
    negative_prompt: PromptText = ""
    """Negative prompt sent."""
    seed_used: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """The seed, only when one was sent."""
    references: tuple[ReferenceUse, ...] = ()
    """References sent, in order."""
    asset: AssetRef
    """The delivered image, exactly of the size asked."""
    original: AssetRef | None = None
    """The vendor's own bytes, when the delivered image was cropped, resized or re-encoded."""
    provider_job_id: Name | None = None
    """Vendor's job id, when it has one."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """What it cost, in millionths of a US dollar."""
    duration_ms: int = Field(default=0, ge=0)
    """From claim to stored image, in milliseconds."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Parameters that the model was called with."""
    template_version: Phrase = ""
    """Templates that worded the prompt."""

    def identity(self) -> tuple[str, ...]:
        """One per generation."""
        return (self.generation_id,)


class FailureKind(StrEnum):
    """Why a generation failed, by what the router should do."""

    REFUSED = "refused"
    PROMPT_TOO_LONG = "prompt-too-long"
    THROTTLED = "throttled"
    OUTAGE = "outage"
    INVALID_REQUEST = "invalid-request"
    UNUSABLE_IMAGE = "unusable-image"
    CONFIGURATION = "configuration"
    IN_DOUBT = "in-doubt"
    SUPERSEDED = "superseded"


class GenerationFailed(ConditionedEvent):
    """The call ended without an image."""

    TYPE: ClassVar[str] = "film.generation.failed"

    generation_id: Identifier
    """The call."""
    provider: Slug
    """Provider that was asked."""
    model: Name
    """Model that was asked."""
    take: int = Field(ge=1)
    """Take of the run."""
    attempt: int = Field(ge=1)
    """Attempt within the run."""
    candidate: int = Field(default=1, ge=1)
    """Image of a best-of-N."""
    kind: FailureKind
    """What the router should do about it."""
    reason: Text
    """What happened, for people."""
    charged: bool | None = None
    """Whether it was charged; None = unknown."""
    cost_usd_micros: int = Field(default=0, ge=0)
    """What it cost, or may have cost when in doubt."""
    retry_after_s: float | None = Field(default=None, ge=0)
    """Seconds to wait before asking again, when the vendor said so."""
    provider_job_id: Name | None = None
    """Vendor's job id of a call in doubt, when it has one."""
    sent_at: AwareDatetime | None = None
    """When a call in doubt was last sent, to find it on the vendor's bill."""

    def identity(self) -> tuple[str, ...]:
        """One per generation and kind: a call in doubt may yet turn out to have failed for certain."""
        return (self.generation_id, self.kind.value)


__all__ = [
    "Degradation",
    "FailureKind",
    "GenerationCompleted",
    "GenerationFailed",
    "GenerationRequested",
    "ModelConsidered",
    "ReferenceUse",
]
