"""A shot with everything that keeps its people and its place the same."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.asset.v1 import AssetRef
from schemas.base import Identifier, Model
from schemas.bible.v1 import Costume, Lora, ReferenceImage
from schemas.run.v1 import ChainEvent
from schemas.text import Features, Name, Phrase, Sha256, Slug, Tags, Text
from schemas.vocabulary import CharacterType, Facing, FrameRole, Season, TimeOfDay, Weather


def _unset(value: object) -> bool:
    return value is None


class SeedChoice(Model):
    """A seed and why it is this one."""

    value: int = Field(ge=0, le=4_294_967_295)
    """The seed."""
    policy: Slug
    """`locked-shot`, `locked-character`, `locked-location`, `shot`, `scene`, `character` or `location`."""
    derived_from: Phrase
    """What it was derived from, e.g. `project vrindavan, scene sc010`."""


class CharacterConditioning(Model):
    """One character as this shot shows it; never shared with another."""

    character_id: Identifier
    """Entry in the bible."""
    bible_version: int = Field(ge=1)
    """Version shown."""
    bible_digest: Sha256
    """Digest of that version's look."""
    name: Name
    """Name."""
    character_type: CharacterType
    """Weight in the story."""
    visible: bool
    """Whether it is in the frame."""
    description: Text
    """Who it is."""
    appearance: Features
    """Static features."""
    changing: Features
    """Changing features as they are in this shot."""
    costume: Costume
    """Costume worn in this shot."""
    costume_source: Slug
    """Why this one: `shot`, `scene`, `sequence`, `default` or `attire`."""
    action: Phrase = ""
    """What it does here."""
    expression: Phrase = ""
    """Face and body language here."""
    facing: Facing
    """Side shown."""
    references: tuple[ReferenceImage, ...] = ()
    """Its own references, best for this shot first."""
    reference_strength: float = Field(default=0.6, ge=0, le=1)
    """How hard a model should hold to them, 0 to 1."""
    loras: tuple[Lora, ...] = ()
    """Its own adapters."""
    seed: SeedChoice
    """Its own seed."""
    tags: Tags = ()
    """Labels from the bible."""


class CharactersConditioned(ChainEvent):
    """The cast of a frame is settled."""

    TYPE: ClassVar[str] = "film.characters.conditioned"

    cast: tuple[CharacterConditioning, ...]
    """The cast in the order of the shot, invisible members included and marked."""
    seed: SeedChoice
    """Seed of the whole frame, by the project's policy."""
    degradations: tuple["Degradation", ...] = ()
    """What was planned and can't be had, with the reason."""


class LightParameters(Model):
    """Light as numbers, from time, weather, season and lighting set-up."""

    colour_temperature_k: int = Field(ge=1000, le=20000)
    """Correlated colour temperature of the key light in kelvin."""
    intensity: float = Field(ge=0, le=1)
    """Brightness of the key light, 0 (night) to 1 (noon sun)."""
    direction: Slug
    """Where the key light comes from: `front`, `side`, `back`, `top`, `low-side`, `under`, `ambient` …"""
    contrast: float = Field(ge=0, le=2)
    """Key to fill contrast, 1 = neutral."""
    saturation: float = Field(ge=0, le=2)
    """Colourfulness, 1 = neutral."""


class VariantChange(Model):
    """One thing that differs between two pictures of a place."""

    aspect: Literal["time", "weather", "season"]
    """What it is."""
    before: Slug
    """As the picture that there is shows it, e.g. `noon`."""
    after: Slug
    """As it is to be, e.g. `night`."""


class PlateVariant(Model):
    """How a plate is derived from a picture that there is of the same place in another time, weather or season."""

    plate: ReferenceImage
    """The picture that it is made from; one of the location's references."""
    changes: tuple[VariantChange, ...] = Field(min_length=1)
    """What differs, in the order time, weather, season."""
    remade: float = Field(gt=0, le=1)
    """How much of the picture has to be made anew for that, 0 to 1; the rest keeps the place what it is."""


class LocationConditioning(Model):
    """The place as this shot shows it."""

    location_id: Identifier
    """Entry in the bible."""
    bible_version: int = Field(ge=1)
    """Version shown."""
    bible_digest: Sha256
    """Digest of that version's look."""
    name: Name
    """Name."""
    description: Text
    """What it is."""
    location_type: Slug
    """Kind of place."""
    landmarks: tuple[Phrase, ...]
    """What never changes, first."""
    environment: Features
    """Physical facts, template's included."""
    atmosphere: Features
    """Air and feeling for this time and weather."""
    time_of_day: TimeOfDay
    """Time shown."""
    weather: Weather
    """Weather shown."""
    season: Season
    """Season shown."""
    light: LightParameters
    """Light as numbers."""
    references: tuple[ReferenceImage, ...] = ()
    """Plates, best variant first."""
    reference_strength: float = Field(default=0.5, ge=0, le=1)
    """How hard a model should hold to them, 0 to 1."""
    # Left out where it isn't set, as in every event that isn't about a plate.
    variant_of: PlateVariant | None = Field(default=None, exclude_if=_unset)
    """Of a location plate: what it is derived from; None = it is made from words, or is no plate."""
    template_id: Slug | None = None
    """Location template that filled the gaps."""
    template_weight: float = Field(default=0.7, ge=0, le=1)
    """Weight of the template's facts, 0 to 1."""
    seed: SeedChoice
    """The place's own seed: its layout is the same in every shot."""
    tags: Tags = ()
    """Labels from the bible."""


class PropConditioning(Model):
    """A prop as this shot shows it."""

    prop_id: Identifier
    """Entry in the bible."""
    bible_version: int = Field(ge=1)
    """Version shown."""
    bible_digest: Sha256
    """Digest of that version's look."""
    name: Name
    """Name."""
    description: Text
    """What it is."""
    materials: tuple[Phrase, ...] = ()
    """What it is made of."""
    colours: tuple[Phrase, ...] = ()
    """Its colours."""
    owner_id: Identifier | None = None
    """Character that carries it."""
    references: tuple[ReferenceImage, ...] = ()
    """Pictures of it."""


class ContinuityFrame(Model):
    """An earlier keyframe that this one must match."""

    shot_id: Identifier
    """Shot that it belongs to."""
    frame_role: FrameRole
    """Its role there."""
    reason: Literal["continuity_from", "start_frame"]
    """Why it is here: named by the shot, or the start frame of the same shot."""
    asset: AssetRef
    """The image."""


class ConditionedEvent(ChainEvent):
    """A chain event from where the whole frame is conditioned."""

    cast: tuple[CharacterConditioning, ...]
    """Cast in the order of the shot."""
    seed: SeedChoice
    """Seed of the whole frame."""
    location: LocationConditioning | None = None
    """Place; None when the shot names none."""
    props: tuple[PropConditioning, ...] = ()
    """Props in the order of the shot."""
    continuity: tuple[ContinuityFrame, ...] = ()
    """Earlier keyframes to match, most binding first."""
    degradations: tuple["Degradation", ...] = ()
    """What was planned and can't be had, with the reason."""

    @property
    def visible_cast(self) -> tuple[CharacterConditioning, ...]:
        """Only those in the frame."""
        return tuple(member for member in self.cast if member.visible)


class Degradation(Model):
    """Something asked for that the result does without; decided before sending, never in silence."""

    code: Slug
    """Stable for programs, e.g. `negative-prompt-folded`, `reference-dropped`, `seed-not-supported`."""
    what: Phrase
    """What is missing, e.g. `reference of mira (front)`."""
    reason: Phrase
    """Why, e.g. `model takes 4 references, 5 were wanted`."""


class LocationConditioned(ConditionedEvent):
    """Place, props and continuity of a frame are settled."""

    TYPE: ClassVar[str] = "film.location.conditioned"


CharactersConditioned.model_rebuild()
ConditionedEvent.model_rebuild()
LocationConditioned.model_rebuild()

__all__ = [
    "CharacterConditioning",
    "CharactersConditioned",
    "ConditionedEvent",
    "ContinuityFrame",
    "Degradation",
    "LightParameters",
    "LocationConditioned",
    "LocationConditioning",
    "PlateVariant",
    "PropConditioning",
    "SeedChoice",
    "VariantChange",
]
