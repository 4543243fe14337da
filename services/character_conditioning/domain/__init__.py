"""Pure rules of the cast: values in, values out."""

from services.character_conditioning.domain.cast import condition, conditioned
from services.character_conditioning.domain.costumes import costume_from_attire, costume_worn
from services.character_conditioning.domain.intake import (
    STAGE,
    Missing,
    Roster,
    Wanted,
    conflict,
    decide,
    missing_from,
    rejection,
    wanted_by,
)
from services.character_conditioning.domain.loras import adapters_of, cap_for
from services.character_conditioning.domain.references import ranked_references
from services.character_conditioning.domain.seeds import character_seed, frame_seed

__all__ = [
    "STAGE",
    "Missing",
    "Roster",
    "Wanted",
    "adapters_of",
    "cap_for",
    "character_seed",
    "condition",
    "conditioned",
    "conflict",
    "costume_from_attire",
    "costume_worn",
    "decide",
    "frame_seed",
    "missing_from",
    "ranked_references",
    "rejection",
    "wanted_by",
]
