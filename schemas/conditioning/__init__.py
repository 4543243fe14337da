"""Conditioning, latest version."""

from schemas.conditioning.v1 import (
    CharacterConditioning,
    CharactersConditioned,
    ConditionedEvent,
    ContinuityFrame,
    Degradation,
    LightParameters,
    LocationConditioned,
    LocationConditioning,
    PlateVariant,
    PropConditioning,
    SeedChoice,
    VariantChange,
)

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
