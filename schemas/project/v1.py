"""Settings of a film project, carried by every shot so that no stage has to look them up."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from schemas.base import Identifier, Model
from schemas.text import Description, Features, Name, Slug, Text

#: Pixels of one side.
Side = Annotated[int, Field(ge=64, le=8192)]
#: Takes that are made so that the best of them can be kept, as far as the run's attempts and money go.
Takes = Annotated[int, Field(ge=1, le=8)]


class SeedPolicy(StrEnum):
    """What shares a seed: nothing but the shot itself, a whole scene, or every shot of its lead character."""

    SHOT = "shot"
    SCENE = "scene"
    CHARACTER = "character"


class ApprovalPolicy(StrEnum):
    """Whether a valid frame is announced at once (`auto`) or waits for a reviewer (`manual`)."""

    AUTO = "auto"
    MANUAL = "manual"


class ReferencePolicy(StrEnum):
    """`first`: sheets and plates are made before the shots that need them; `eager`: shots go on without."""

    FIRST = "first"
    EAGER = "eager"


class WithoutReference(StrEnum):
    """What becomes of a shot whose sheet, plate or view could not be made.

    `text-only`: it goes on without, and says so. `reject`: it is refused.
    """

    TEXT_ONLY = "text-only"
    REJECT = "reject"


class CompositionGuide(StrEnum):
    """Whether the previz frame is sent as a structure guide to models that take one."""

    NONE = "none"
    PREVIZ = "previz"


class Limit(Model):
    """What everything in a project, a scene or a shot may use up together."""

    max_attempts: int | None = Field(default=None, ge=1, le=10_000_000)
    """Generations, over all runs, models and retakes; None = not limited."""
    max_cost_usd_micros: int | None = Field(default=None, ge=0)
    """Money in millionths of a US dollar; 0 allows free models only, None = not limited."""


def _unset(value: object) -> bool:
    return value is None


class Budget(Model):
    """What one run may use up before it is given up, and what all runs of a project, scene or shot may together."""

    max_attempts: int = Field(default=4, ge=1, le=20)
    """Generations per run over all models and retakes; 1 to 20."""
    max_cost_usd_micros: int = Field(default=2_000_000, ge=0)
    """Money per run in millionths of a US dollar; 0 allows free models only. Default 2 USD."""
    # Left out where they are not set, so that the digest of a shot planned before they existed stays what it was.
    project: Limit | None = Field(default=None, exclude_if=_unset)
    """Limit of the whole project, every revision and regeneration included; None = not limited."""
    scene: Limit | None = Field(default=None, exclude_if=_unset)
    """Limit of each scene; None = not limited."""
    shot: Limit | None = Field(default=None, exclude_if=_unset)
    """Limit of each shot: all of its frames, revisions and regenerations; None = not limited."""


class TemplateOverride(Model):
    """Project wording for one key of a prompt template table, or a key of the project's own."""

    table: Slug
    """Template table, e.g. `style`, `lighting`, `mood`."""
    key: Slug
    """Word used by shots, e.g. `golden-hour`."""
    text: Description
    """Wording that goes into the prompt."""
    negative: Text = ""
    """Wording for the negative prompt; may be empty."""


class ProjectSettings(Model):
    """Everything about the film that holds for all of its shots."""

    project_id: Identifier
    """Film project, first half of every partition key, e.g. `vrindavan`."""
    title: Name
    """Title shown to people."""
    style: Slug = "cinematic"
    """Visual style of shots that name none, e.g. `noir`."""
    style_guide: Text = ""
    """Free wording for the whole film's look; goes into every prompt."""
    period: Text = ""
    """Historical period and culture that costumes and sets must respect."""
    width: Side = 1024
    """Width of every keyframe in pixels, 64 to 8192."""
    height: Side = 576
    """Height of every keyframe in pixels, 64 to 8192."""
    fps: float = Field(default=24.0, ge=1, le=240)
    """Frames per second of the film, 1 to 240; turns durations into frames."""
    seed_policy: SeedPolicy = SeedPolicy.SHOT
    """What shares a seed; derived, never random."""
    seed: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """Root of all derived seeds; None derives it from the project id."""
    approval: ApprovalPolicy = ApprovalPolicy.AUTO
    """Approval of shots that name no policy."""
    references: ReferencePolicy = ReferencePolicy.EAGER
    """Whether missing references are made before shots."""
    # Left out where it isn't set, so that the digest of a shot planned before it existed stays what it was.
    without_reference: WithoutReference | None = Field(default=None, exclude_if=_unset)
    """What becomes of a shot whose reference could not be made; None = it goes on text-only."""
    composition: CompositionGuide = CompositionGuide.NONE
    """Composition guide sent to models that take one."""
    models: tuple[Name, ...] = Field(default=(), max_length=32)
    """Models or providers to prefer, best first; empty leaves the choice to the router."""
    allow_fallback: bool = True
    """False: only the models named above may be used."""
    budget: Budget = Budget()
    """Limits per run."""
    takes: Takes | None = Field(default=None, exclude_if=_unset)
    """Takes to choose each keyframe from, of shots that name none; None = the first that passes its checks is taken."""
    steps: int | None = Field(default=None, ge=1, le=500)
    """Sampling steps where the model has them; None = the model's default."""
    cfg_scale: float | None = Field(default=None, ge=0, le=50)
    """Guidance scale where the model has one; None = the model's default."""
    negative_prompt: Text = ""
    """What no frame of the film may show."""
    templates: tuple[TemplateOverride, ...] = Field(default=(), max_length=500)
    """Wordings that replace or extend the engine's templates."""
    metadata: Features = Field(default_factory=dict)
    """Free values handed through to the keyframes."""

    @model_validator(mode="after")
    def _template_keys_are_unique(self) -> "ProjectSettings":
        seen = set()
        for item in self.templates:
            if (item.table, item.key) in seen:
                raise ValueError(f"templates: {item.table}/{item.key} is given twice")
            seen.add((item.table, item.key))
        return self


__all__ = [
    "ApprovalPolicy",
    "Budget",
    "CompositionGuide",
    "Limit",
    "ProjectSettings",
    "ReferencePolicy",
    "SeedPolicy",
    "Side",
    "Takes",
    "TemplateOverride",
    "WithoutReference",
]
