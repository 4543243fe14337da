"""Facts of a frame, and their wording per dialect."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Model
from schemas.conditioning.v1 import ConditionedEvent
from schemas.text import Name, Phrase, PromptText, Slug, Text
from schemas.vocabulary import Dialect


class Fact(Model):
    """One thing that the frame must show."""

    kind: Slug
    """What it is about: `identity`, `cast-count`, `shot-size`, `angle`, `action`, `lighting`, `style` …"""
    text: Text
    """The fact in plain words."""
    source: Phrase
    """Where it comes from, e.g. `bible:radha@2`, `shot.camera_angle`, `template:lighting/golden-hour@1`."""
    weight: float = Field(default=1.0, ge=0, le=2)
    """Emphasis, 1 = neutral."""
    rank: int = Field(ge=0)
    """Order of importance, 0 first; the highest ranks are dropped first when a budget is short."""


class DroppedFact(Model):
    """A fact that a dialect left out."""

    kind: Slug
    """Kind of the fact."""
    text: Text
    """The fact."""
    reason: Phrase
    """Why it had to go, e.g. `75-token budget`."""
    rank: int | None = Field(default=None, ge=0)
    """Rank of the fact; None for what is no fact of the frame, e.g. words of the negative prompt."""
    part: bool = False
    """Whether the rest of the fact is in the prompt."""


class WeightedText(Model):
    """Words and how much they count."""

    text: PromptText
    """Words as they are meant, nothing escaped; separators belong to them."""
    weight: float = Field(default=1.0, ge=0, le=2)
    """Emphasis, 1 = neutral."""


class PromptChunk(Model):
    """What a text encoder reads at a time."""

    pieces: tuple[WeightedText, ...]
    """Words in order; put together they are the chunk's text."""
    tokens: int = Field(default=0, ge=0)
    """CLIP tokens without start and end marks, at most 75; CLIP-L and OpenCLIP-bigG count alike. 0 = not counted."""


class RenderedPrompt(Model):
    """The facts worded for one dialect."""

    dialect: Dialect
    """How it is worded."""
    prompt: PromptText
    """What the frame shows; weights as A1111 writes them, `BREAK` between chunks."""
    negative_prompt: PromptText = ""
    """What it must not show; empty where there is nothing to say. Words as they are meant, nothing escaped."""
    negative_folded: PromptText = ""
    """The same as sentences that say what is there instead, for models that take no negative prompt."""
    variant_told: PromptText = ""
    """Of a plate that is derived from another: what is to change in it and what stays, in sentences, for models
    that are shown that plate and change it by words. Empty = it is made from words alone."""
    chunks: tuple[PromptChunk, ...] = ()
    """The prompt piece by piece, to be written in any program's form; a fact is never parted between two chunks.
    Empty = the prompt is words without weights."""
    latin: bool = False
    """Whether names of other scripts are written in Latin letters."""
    names: dict[Name, Name] = Field(default_factory=dict)
    """Names that stand in other letters here: as they are, and as they are written."""
    dropped: tuple[DroppedFact, ...] = ()
    """Facts that had no room, with the reason."""


class RetakeInstruction(Model):
    """What to change in the next attempt, and why."""

    reason: Text
    """What was wrong with the last one."""
    failed_checks: tuple[Slug, ...] = ()
    """Checks that failed."""
    strengthen: tuple[Slug, ...] = ()
    """Kinds of facts to stress."""
    avoid: tuple[Phrase, ...] = ()
    """Wording for the negative prompt."""
    new_seed: bool = True
    """Whether the next attempt takes another seed."""
    note: Text = ""
    """A reviewer's words."""
    other_view: bool = True
    """Whether checks that speak of references may be answered with another view of a character."""
    next_model: bool | None = None
    """Whether another model is asked at once (true) or not at all (false); null = after two frames that failed."""
    skipped: tuple[Phrase, ...] = ()
    """What is left out as it never helped in this project, `<check>: <strategy>`, e.g. `attire-colours: stress`."""


class PromptBuilt(ConditionedEvent):
    """The frame is worded and ready to be routed."""

    TYPE: ClassVar[str] = "film.prompt.built"

    facts: tuple[Fact, ...]
    """All facts, most important first."""
    prompts: tuple[RenderedPrompt, ...] = Field(min_length=1)
    """The whole wording per dialect, then shorter ones of a dialect for models that take fewer characters."""
    template_version: Name
    """Version and digest of the templates used."""
    take: int = Field(default=1, ge=1)
    """Take of the run, from 1."""
    retake: RetakeInstruction | None = None
    """What this take changes, from the second on."""

    def identity(self) -> tuple[str, ...]:
        """One per run and take."""
        return (self.run.run_id, str(self.take))

    def prompt_for(self, dialect: Dialect) -> RenderedPrompt:
        """The whole wording in one dialect.

        Raises:
            KeyError: it was not built.
        """
        for rendered in self.prompts:
            if rendered.dialect is dialect:
                return rendered
        raise KeyError(f"no prompt in dialect {dialect.value!r} was built for run {self.run.run_id}")


class RetakeRequested(ConditionedEvent):
    """A frame was not good enough: word it again with a change. Carries the conditioned shot."""

    TYPE: ClassVar[str] = "film.retake.requested"

    take: int = Field(ge=2)
    """Take to make."""
    instruction: RetakeInstruction
    """What to change, and why."""

    def identity(self) -> tuple[str, ...]:
        """One per run and take."""
        return (self.run.run_id, str(self.take))
