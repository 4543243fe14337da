"""Bible entries and their events, latest version."""

from schemas.bible.v1 import (
    AdapterKind,
    Character,
    CharacterDefined,
    Costume,
    Entity,
    Garment,
    Location,
    LocationDefined,
    Lora,
    Prop,
    PropDefined,
    ReferenceImage,
    ReferenceView,
    Region,
)

__all__ = [
    "AdapterKind",
    "Character",
    "CharacterDefined",
    "Costume",
    "Entity",
    "Garment",
    "Location",
    "LocationDefined",
    "Lora",
    "Prop",
    "PropDefined",
    "ReferenceImage",
    "ReferenceView",
    "Region",
]
