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
    PropConditioning,
    SeedChoice,
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
    "PropConditioning",
    "SeedChoice",
]
