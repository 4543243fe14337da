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
    problems_of,
    rejection,
    wanted_by,
)
from services.character_conditioning.domain.loras import adapters_of, cap_for
from services.character_conditioning.domain.references import ranked_references
from services.character_conditioning.domain.seeds import character_seed, frame_seed
from services.character_conditioning.domain.sheets import (
    NO_SHEETS,
    Sheet,
    Sheets,
    base_of,
    begun,
    request,
    run_of,
    sheet_of,
    sheets_for,
    unknown_entry,
)

__all__ = [
    "NO_SHEETS",
    "STAGE",
    "Missing",
    "Roster",
    "Sheet",
    "Sheets",
    "Wanted",
    "adapters_of",
    "base_of",
    "begun",
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
    "problems_of",
    "ranked_references",
    "rejection",
    "request",
    "run_of",
    "sheet_of",
    "sheets_for",
    "unknown_entry",
    "wanted_by",
]
