"""The model catalogue: what every known model can make, as data. Read from YAML, checked before anything starts."""

import math
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from operator import not_
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, ValidationError, model_validator

from schemas.ids import content_digest
from schemas.registry import describe_validation
from schemas.text import Name, Phrase, Slug
from schemas.vocabulary import Dialect, WeightForm

#: Stands for every style that a model doesn't name itself.
ANY_STYLE = "*"
_MAX_SEED = 4_294_967_295
#: Fields of a card that shape no keyframe.
_BESIDE_THE_IMAGE = frozenset(
    {
        *("title", "aliases", "note", "policy", "styles", "retires", "successor", "latency_s", "free"),
        *("cost_usd_micros", "cost_per_megapixel_usd_micros", "cost_spread"),
        # It is asked for when a plate is made, and never shapes a keyframe.
        "variation",
    }
)


class CatalogueError(ValueError):
    """The catalogue can't be used; the message names its source and every wrong field."""


class _Entry(BaseModel):
    # A typo in the catalogue must stop the start-up, so unknown fields are refused here.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SizeRange(_Entry):
    """Any size within bounds; pixels throughout."""

    kind: Literal["range"] = "range"
    min_side: int = Field(ge=1)
    """Shortest side made."""
    max_side: int = Field(ge=1)
    """Longest side made."""
    step: int = Field(default=1, ge=1)
    """Both sides are multiples of it."""
    min_pixels: int = Field(default=1, ge=1)
    """Least width × height."""
    max_pixels: int = Field(ge=1)
    """Most width × height."""
    max_ratio: float = Field(default=1000.0, ge=1)
    """Longest side over shortest side, at most."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_side > self.max_side:
            raise ValueError(f"min_side: {self.min_side}, allowed is at most max_side, {self.max_side}")
        if self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels: {self.min_pixels}, allowed is at most max_pixels, {self.max_pixels}")
        least, most = -(-self.min_side // self.step) * self.step, self.max_side // self.step * self.step
        if least > most or least * least > self.max_pixels or most * most < self.min_pixels:
            raise ValueError(
                f"min_side: {self.min_side}, max_side: {self.max_side}, step: {self.step}, pixels: {self.min_pixels} "
                f"to {self.max_pixels}, allowed are bounds that hold at least one size"
            )
        return self

    def refusal(self, width: int, height: int) -> str | None:
        """Why this size can't be made exactly; None when it can."""
        short, long = sorted((width, height))
        if short < self.min_side or long > self.max_side:
            return f"{width}x{height}: makes sides of {self.min_side} to {self.max_side}"
        if width % self.step or height % self.step:
            return f"{width}x{height}: makes multiples of {self.step}"
        if not self.min_pixels <= width * height <= self.max_pixels:
            return f"{width}x{height}: makes {self.min_pixels} to {self.max_pixels} pixels in all"
        if long > short * self.max_ratio:
            return f"{width}x{height}: makes ratios up to {self.max_ratio:g}:1"
        return None

    def nearest(self, width: int, height: int) -> tuple[int, int] | None:
        """The size of the same shape, as far as steps allow, that is nearest; None when there is none of that shape."""
        least = max(self.min_side / min(width, height), math.sqrt(self.min_pixels / (width * height)))
        most = min(self.max_side / max(width, height), math.sqrt(self.max_pixels / (width * height)))
        for round_ in (math.ceil, math.floor):
            scale = min(max(1.0, least), most)
            made = (round_(width * scale / self.step) * self.step, round_(height * scale / self.step) * self.step)
            if least <= most and self.refusal(*made) is None:
                return made
        return None


class SizeList(_Entry):
    """Listed sizes only."""

    kind: Literal["list"] = "list"
    pairs: tuple[tuple[PositiveInt, PositiveInt], ...] = Field(min_length=1)
    """Width and height in pixels."""

    def refusal(self, width: int, height: int) -> str | None:
        """Why this size can't be made exactly; None when it can."""
        if (width, height) in self.pairs:
            return None
        return f"{width}x{height}: makes {', '.join(f'{w}x{h}' for w, h in self.pairs)} only"

    def nearest(self, width: int, height: int) -> tuple[int, int] | None:
        """The size of which least has to be cropped away."""
        return max(self.pairs, key=lambda pair: _kept(pair, (width, height)))


def _kept(made: tuple[int, int], wanted: tuple[int, int]) -> float:
    """Share of a picture that is left after it was cropped to another shape, 0 to 1."""
    made_ratio, wanted_ratio = made[0] / made[1], wanted[0] / wanted[1]
    return min(made_ratio, wanted_ratio) / max(made_ratio, wanted_ratio)


class SeedSupport(_Entry):
    """Seeds that the model accepts."""

    min: int = Field(default=0, ge=0, le=_MAX_SEED)
    """Least; 1 where a vendor reads 0 as random."""
    max: int = Field(default=_MAX_SEED, ge=0, le=_MAX_SEED)
    """Greatest."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min: {self.min}, allowed is at most max, {self.max}")
        return self


class References(_Entry):
    """Reference images that the model takes."""

    max: int = Field(default=0, ge=0, le=64)
    """Images per call; 0 = none."""
    strength: bool = False
    """Whether each can be given a strength."""


class Variation(_Entry):
    """How a model makes another picture of the same place from one that there is."""

    by: Literal["strength", "words"]
    """`strength`: it begins with that picture and keeps a share of it (image-to-image); `words`: it is shown that
    picture as a reference and told what to change."""
    beside_guide: bool = False
    """Whether it can begin with a picture and hold to a drawn composition at once."""


class LoraSource(StrEnum):
    """How a model is told which adapter to apply."""

    VENDOR = "vendor"
    """By the vendor's own id: files of the registry mean nothing to it."""
    FILE = "file"
    """By its file in the registry (`ice lora add`)."""
    NAME = "name"
    """By the name that it has on the server, whether or not the registry has its file too."""


class Loras(_Entry):
    """Adapters that the model takes."""

    max: int = Field(default=0, ge=0, le=16)
    """Adapters per call; 0 = none."""
    base: Name | None = None
    """Family they must be trained for; None = any."""
    by: LoraSource = LoraSource.VENDOR
    """How the model is told which: `vendor`, `file` or `name`."""


class ModelCard(_Entry):
    """One model of one provider: what it takes, what it makes, what it costs."""

    model: Name
    """The vendor's own name, unique in the catalogue."""
    provider: Slug
    """Provider, part of the topic's name."""
    title: Phrase = ""
    """Name for people."""
    aliases: tuple[Name, ...] = ()
    """Other names that a shot or project may use."""
    dialects: tuple[Dialect, ...] = Field(min_length=1)
    """Wordings that it understands, best first."""
    prompt_max_chars: int = Field(ge=1)
    """Longest prompt in characters."""
    prompt_chunks: int = Field(default=1, ge=1, le=16)
    """Chunks of 75 CLIP tokens that it reads of a prompt in tags."""
    weights: WeightForm = WeightForm.NONE
    """How it is told that words count for more or less; `none` where nothing documents that it can be."""
    english_only: bool = False
    """Refuses prompts in other languages: names of other scripts are sent in Latin letters."""
    sizes: SizeRange | SizeList = Field(discriminator="kind")
    """Sizes made exactly."""
    crops: float = Field(default=0.0, ge=0, lt=1)
    """Share of a picture that may be cropped away to bring it to another shape; 0 = only exact sizes are asked."""
    enlarges: float = Field(default=1.0, ge=1, le=4)
    """How many times a side may be enlarged after the call."""
    seed: SeedSupport | None = None
    """Seeds taken; None = it takes none."""
    negative_prompt: bool = False
    """Whether it takes a negative prompt."""
    references: References = References()
    """Reference images taken."""
    variation: Variation | None = None
    """How it makes a location's plate from another of the same place; None = that one is a reference as any other."""
    loras: Loras = Loras()
    """Adapters taken."""
    steps: bool = False
    """Whether sampling steps can be set."""
    cfg_scale: bool = False
    """Whether a guidance scale can be set."""
    composition_guide: bool = False
    """Whether it takes a structure, pose or depth guide."""
    draws_guides: bool = False
    """Whether its worker draws that guide itself, from the storyboard, where the film wants one."""
    needs_guide: bool = Field(default=False, exclude_if=not_)
    """Whether it makes nothing without one: it is asked only where the film wants one."""
    styles: dict[str, float] = Field(min_length=1)
    """Affinity 0 to 1 by style; `*` stands for every style not named; 0 or absent = not made."""
    cost_usd_micros: int = Field(ge=0)
    """Usual cost of one image, in millionths of a US dollar; without the part that grows with its size."""
    cost_per_megapixel_usd_micros: int = Field(default=0, ge=0)
    """What a million pixels cost on top of it."""
    cost_spread: tuple[FiniteFloat, FiniteFloat] = (1.0, 1.0)
    """Least and most that an image may cost, as multiples of the usual cost; for estimates."""
    latency_s: float = Field(gt=0, allow_inf_nan=False)
    """Usual seconds per image."""
    free: bool = False
    """Runs here without charge; never in doubt."""
    policy: Slug | None = None
    """Family of the content policy that judges its prompts: who refused one will refuse it under another name of the
    same family. None = the provider's own."""
    draws_facts: bool = False
    """Draws the conditioned facts by code: it needs no references to keep identity and place, and is a draft."""
    retires: date | None = None
    """First day on which the vendor no longer answers."""
    successor: Name | None = None
    """Model to use after that."""
    note: Phrase = ""
    """Where a figure comes from, or what is uncertain about it."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        wrong = [f"{style}={value}" for style, value in self.styles.items() if not 0 <= value <= 1]
        if wrong:
            raise ValueError(f"styles: {', '.join(wrong)}, allowed are affinities from 0 to 1")
        if self.free and (self.cost_usd_micros or self.cost_per_megapixel_usd_micros):
            raise ValueError(f"cost_usd_micros: {self.cost_usd_micros}, allowed is 0 for a free model")
        if self.variation is not None and self.variation.by == "words" and not self.references.max:
            raise ValueError("variation: by words, allowed is that for a model that takes references")
        if self.successor is not None and self.successor.lower() == self.model.lower():
            raise ValueError(f"successor: {self.successor!r}, allowed is another model than this one")
        least, most = self.cost_spread
        if not 0 < least <= 1 <= most:
            raise ValueError(f"cost_spread: {least}, {most}, allowed are a least above 0 to 1 and a most from 1 on")
        return self

    @property
    def names(self) -> frozenset[str]:
        """Every name that means this model, its provider's included, in lower case."""
        return frozenset(name.lower() for name in (self.model, self.provider, *self.aliases))

    def made_size(self, width: int, height: int) -> tuple[int, int] | None:
        """The size (pixels) that is made for a wanted one and can be cropped and scaled to it; None when none can."""
        if self.sizes.refusal(width, height) is None:
            return width, height
        made = self.sizes.nearest(width, height)
        if made is None or not self.crops or _kept(made, (width, height)) < 1 - self.crops:
            return None
        return made if max(width / made[0], height / made[1]) <= self.enlarges else None

    @property
    def digest(self) -> str:
        """Sha256 over what shapes its keyframes: what it costs, how long it takes, what people call it is left out."""
        return content_digest(self.model_dump(mode="json", exclude=set(_BESIDE_THE_IMAGE)))

    @property
    def policy_family(self) -> str:
        """Whose content policy judges its prompts."""
        return self.policy or self.provider

    def price(self, width: int, height: int) -> int:
        """Usual cost of an image of this size (pixels), in millionths of a US dollar."""
        return self.cost_usd_micros + round(self.cost_per_megapixel_usd_micros * width * height / 1_000_000)

    @property
    def synthetic(self) -> Literal["algorithmic", "trained-model"]:
        """How its images come about."""
        return "algorithmic" if self.draws_facts else "trained-model"

    def affinity(self, style: str) -> float:
        """How well it makes a style, 0 (not at all) to 1."""
        return self.styles.get(style, self.styles.get(ANY_STYLE, 0.0))


class Catalogue(_Entry):
    """Every model that the router knows, with the version that provenance records."""

    version: Name
    """Changes with every change of content; recorded with every keyframe."""
    models: tuple[ModelCard, ...] = Field(min_length=1)
    """The cards; their order decides between equal scores."""
    not_offered: dict[str, Phrase] = Field(default_factory=dict)
    """Why a name that people ask for means no model here; names in lower case."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        owners: dict[str, str] = {}
        for card in self.models:
            for name in (card.model, *card.aliases):
                taken = owners.setdefault(name.lower(), card.model)
                if taken != card.model:
                    raise ValueError(f"models: name {name!r} means both {taken!r} and {card.model!r}")
        both = sorted(name for name in self.not_offered if self.named(name) or name != name.lower())
        if both:
            raise ValueError(f"not_offered: {both[0]!r}, allowed are names in lower case that mean no model here")
        models = [card.model for card in self.models]
        twice = sorted({model for model in models if models.count(model) > 1})
        if twice:
            raise ValueError(f"models: {', '.join(twice)} is given twice")
        return self

    def __iter__(self) -> Iterator[ModelCard]:  # type: ignore[override] # a catalogue is its cards, not its fields
        return iter(self.models)

    def card(self, model: str) -> ModelCard | None:
        """The card of a model by its own name; None when there is none."""
        return next((card for card in self.models if card.model == model), None)

    def named(self, name: str) -> tuple[ModelCard, ...]:
        """Cards that a model's name, an alias or a provider's name means; case is ignored."""
        return tuple(card for card in self.models if name.lower() in card.names)

    def unknown(self, name: str) -> str:
        """Why a name means no model; for people."""
        return self.not_offered.get(name.lower(), "the catalogue has no model, alias or provider of that name")


def parse_catalogue(data: Any, source: str) -> Catalogue:  # noqa: ANN401 - what a YAML reader returns
    """Check a catalogue that was read from `source` (named in errors).

    Raises:
        CatalogueError: names every wrong field with its value and what is allowed.
    """
    try:
        return Catalogue.model_validate(data)
    except ValidationError as error:
        raise CatalogueError(f"{source}: {describe_validation(error)}") from error
