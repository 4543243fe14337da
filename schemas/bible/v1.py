"""The film's bible: who, where and what must look the same in every shot."""

from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from schemas.base import Event, Identifier, Model
from schemas.ids import content_digest
from schemas.text import AssetUri, Description, Features, Name, Phrase, Sha256, Slug, Tags
from schemas.vocabulary import (
    CharacterType,
    CharacterTypeWord,
    Facing,
    FacingWord,
    Season,
    SeasonWord,
    TimeOfDay,
    TimeOfDayWord,
    Weather,
    WeatherWord,
)


class ReferenceView(StrEnum):
    """Extra views beside the four facings."""

    FULL_BODY = "full-body"
    SHEET = "sheet"


def _unset(value: object) -> bool:
    return value is None


class Region(Model):
    """A part of an image, in shares of its width and height, from its top left corner."""

    left: float = Field(ge=0, lt=1)
    """Left edge."""
    top: float = Field(default=0.0, ge=0, lt=1)
    """Upper edge."""
    right: float = Field(gt=0, le=1)
    """Right edge, beyond the left one."""
    bottom: float = Field(default=1.0, gt=0, le=1)
    """Lower edge, below the upper one."""

    @model_validator(mode="after")
    def _has_an_area(self) -> Self:
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError(f"region: {self}, allowed is left < right and top < bottom")
        return self


class ReferenceImage(Model):
    """A picture that shows what the entity looks like."""

    uri: AssetUri
    """Where it is: `s3://bucket/key` or `https://…`."""
    sha256: Sha256 | None = None
    """Hash of its bytes, when known."""
    view: FacingWord | ReferenceView | None = None
    """What it shows of a character or prop."""
    costume_id: Identifier | None = None
    """Costume worn in it; None = any."""
    time_of_day: TimeOfDayWord | None = None
    """Variant of a location plate; None = any."""
    weather: WeatherWord | None = None
    """Variant of a location plate; None = any."""
    season: SeasonWord | None = None
    """Variant of a location plate; None = any."""
    # Left out where it isn't set, so that the digest of an entry written before it existed stays what it was.
    region: Region | None = Field(default=None, exclude_if=_unset)
    """The part of the file that is meant, e.g. one view of a character sheet; None = the whole picture."""


class AdapterKind(StrEnum):
    """What an adapter file holds."""

    LORA = "lora"
    TEXTUAL_INVERSION = "textual-inversion"


class Lora(Model):
    """A low-rank adapter, or an embedding, that was trained on the entity."""

    lora_id: Name
    """Registry id or vendor id (the prototype's `embedding_id`)."""
    scale: float = Field(default=0.8, ge=0, le=2)
    """Strength, 0 to 2."""
    trigger_words: tuple[Name, ...] = Field(default=(), max_length=16)
    """Words that wake it; added to the prompt."""
    base_model: Name | None = None
    """Model family it was trained for, e.g. `sdxl`; None = unknown."""
    # Left out where they are not set, so that the digest of an entry written before they existed stays what it was.
    kind: AdapterKind | None = Field(default=None, exclude_if=_unset)
    """What the file holds; None = a LoRA, or whatever the vendor has under that id."""
    uri: AssetUri | None = Field(default=None, exclude_if=_unset)
    """Its file in the registry: `s3://bucket/adapters/<sha256>.safetensors`; None = not in the registry."""
    sha256: Sha256 | None = Field(default=None, exclude_if=_unset)
    """Hash of the file. Without `uri` it names one version in the registry, which shots wait for."""
    required: bool | None = Field(default=None, exclude_if=_unset)
    """True: a model that can't apply it isn't asked; False: models go on without it; None: only a model that takes
    adapters of another base model isn't asked, if the registry has checked the file."""


class Garment(Model):
    """One piece of clothing or one accessory."""

    name: Name
    """What it is, e.g. `trench coat`."""
    colour: Phrase = ""
    """Its colour in words or `#rrggbb`; empty = unspecified."""


class Costume(Model):
    """What a character wears, and in which scenes."""

    costume_id: Identifier
    """Unique within the character."""
    description: Phrase = ""
    """The costume in a phrase, e.g. `red silk sari with gold border`."""
    garments: tuple[Garment, ...] = Field(default=(), max_length=24)
    """Pieces, outermost first."""
    accessories: tuple[Garment, ...] = Field(default=(), max_length=24)
    """Jewellery, hats, glasses, bags."""
    scenes: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    """Scenes in which it is worn."""
    sequences: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    """Sequences in which it is worn; a scene's own costume wins."""


class Entity(Model):
    """What characters, locations and props have in common."""

    id: Identifier
    """Unique in the project, e.g. `radha`."""
    version: int = Field(default=1, ge=1)
    """Bible version; grows by one with every change."""
    name: Name
    """Name used in prompts and shown to people."""
    description: Description
    """What it is, in a sentence or a few."""
    reference_images: tuple[ReferenceImage, ...] = Field(default=(), max_length=64)
    """Pictures to hold its look to; plain addresses are accepted."""
    seed: int | None = Field(default=None, ge=0, le=4_294_967_295)
    """Locked seed; None derives one."""
    tags: Tags = ()
    """Free labels."""
    created_at: AwareDatetime | None = None
    """When the entry was first written."""
    updated_at: AwareDatetime | None = None
    """When this version was written."""

    @field_validator("reference_images", mode="before")
    @classmethod
    def _plain_addresses(cls, value: Any) -> Any:  # noqa: ANN401 - as the planner sent it
        if isinstance(value, list | tuple):
            return [{"uri": item} if isinstance(item, str) else item for item in value]
        return value

    @property
    def digest(self) -> str:
        """Sha256 over what makes the look; ids, dates and version left out, so that a mere re-issue is no change."""
        look = self.model_dump(mode="json", exclude={"version", "created_at", "updated_at"})
        return content_digest(look)


class Character(Entity):
    """A person (or being) of the story."""

    appearance: Features = Field(default_factory=dict)
    """Static features by name: hair, eyes, skin, build, age, face …"""
    changing: Features = Field(default_factory=dict)
    """Features that may change within the film: expression, injury, make-up, ageing …"""
    attire: Features = Field(default_factory=dict)
    """Default costume by name, e.g. `{"style": "traditional Indian", "colors": ["red", "gold"]}`."""
    wardrobe: tuple[Costume, ...] = Field(default=(), max_length=200)
    """Costumes by scene and sequence; empty = `attire` throughout."""
    character_type: CharacterTypeWord = CharacterType.MAIN
    """main, supporting or background."""
    embedding_id: Name | None = None
    """Identity embedding or LoRA by id (kept from the prototype; `loras` says more)."""
    loras: tuple[Lora, ...] = Field(default=(), max_length=8)
    """Adapters trained on this character."""

    @model_validator(mode="after")
    def _costumes_are_unique(self) -> "Character":
        ids = [costume.costume_id for costume in self.wardrobe]
        twice = sorted({item for item in ids if ids.count(item) > 1})
        if twice:
            raise ValueError(f"wardrobe: costume_id {', '.join(twice)} is given twice")
        return self


class Location(Entity):
    """A place of the story."""

    location_type: Slug
    """Kind of place, e.g. `exterior`, `interior`, `forest`, `city`."""
    landmarks: tuple[Phrase, ...] = Field(default=(), max_length=32)
    """What never changes and tells the place: named first in every prompt."""
    environment: Features = Field(default_factory=dict)
    """Physical facts by name: ground, vegetation, architecture, props …"""
    atmosphere: Features = Field(default_factory=dict)
    """Air and feeling by name: haze, light, sound, mood …"""
    template_id: Slug | None = None
    """Location template that fills what is not said here, e.g. `forest`."""
    time_of_day: TimeOfDayWord = TimeOfDay.NOON
    """Time shown when a shot names none."""
    weather: WeatherWord = Weather.CLEAR
    """Weather shown when a shot names none."""
    season: SeasonWord = Season.SUMMER
    """Season shown when a shot names none."""


class Prop(Entity):
    """An object that must look the same whenever it is seen."""

    materials: tuple[Phrase, ...] = Field(default=(), max_length=16)
    """What it is made of."""
    colours: tuple[Phrase, ...] = Field(default=(), max_length=16)
    """Its colours in words or `#rrggbb`."""
    owner_id: Identifier | None = None
    """Character that carries it, when one does."""


class CharacterDefined(Event):
    """A character entered the bible, or changed."""

    TYPE: ClassVar[str] = "film.character.defined"

    project_id: Identifier
    """Film project."""
    character: Character
    """The whole entry, not a difference."""

    def identity(self) -> tuple[str, ...]:
        """One event per entry, version and content."""
        return (self.project_id, self.character.id, str(self.character.version), self.character.digest)

    def partition_key(self) -> str:
        """`<project_id>/<character id>`."""
        return f"{self.project_id}/{self.character.id}"


class LocationDefined(Event):
    """A location entered the bible, or changed."""

    TYPE: ClassVar[str] = "film.location.defined"

    project_id: Identifier
    """Film project."""
    location: Location
    """The whole entry, not a difference."""

    def identity(self) -> tuple[str, ...]:
        """One event per entry, version and content."""
        return (self.project_id, self.location.id, str(self.location.version), self.location.digest)

    def partition_key(self) -> str:
        """`<project_id>/<location id>`."""
        return f"{self.project_id}/{self.location.id}"


class PropDefined(Event):
    """A prop entered the bible, or changed."""

    TYPE: ClassVar[str] = "film.prop.defined"

    project_id: Identifier
    """Film project."""
    prop: Prop
    """The whole entry, not a difference."""

    def identity(self) -> tuple[str, ...]:
        """One event per entry, version and content."""
        return (self.project_id, self.prop.id, str(self.prop.version), self.prop.digest)

    def partition_key(self) -> str:
        """`<project_id>/<prop id>`."""
        return f"{self.project_id}/{self.prop.id}"


__all__ = [
    "AdapterKind",
    "Character",
    "CharacterDefined",
    "Costume",
    "Entity",
    "Facing",
    "Garment",
    "Location",
    "LocationDefined",
    "Lora",
    "Prop",
    "PropDefined",
    "ReferenceImage",
    "ReferenceView",
]
