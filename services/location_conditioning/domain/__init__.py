"""Pure rules of place, light, props and continuity: values in, values out."""

from services.location_conditioning.domain.continuity import (
    ShotTrack,
    cycle_through,
    failed,
    last_frame_of,
    ready,
    refused,
    seen,
)
from services.location_conditioning.domain.decision import (
    STAGE,
    Continuity,
    Knowledge,
    Roster,
    Wait,
    WaitKind,
    conditioned,
    continuity,
    cycle_rejection,
    entity_key,
    entries_rejection,
    missing_entries,
    run_key,
    shot_key,
    start_run_of,
)
from services.location_conditioning.domain.light import light_for
from services.location_conditioning.domain.place import condition_location, condition_prop, location_seed
from services.location_conditioning.domain.references import ranked_plates
from services.location_conditioning.domain.templates import LocationTemplate, Templates, fill
from services.location_conditioning.domain.variant import Variant, variant_of

__all__ = [
    "STAGE",
    "Continuity",
    "Knowledge",
    "LocationTemplate",
    "Roster",
    "ShotTrack",
    "Templates",
    "Variant",
    "Wait",
    "WaitKind",
    "condition_location",
    "condition_prop",
    "conditioned",
    "continuity",
    "cycle_rejection",
    "cycle_through",
    "entity_key",
    "entries_rejection",
    "failed",
    "fill",
    "last_frame_of",
    "light_for",
    "location_seed",
    "missing_entries",
    "ranked_plates",
    "ready",
    "refused",
    "run_key",
    "seen",
    "shot_key",
    "start_run_of",
    "variant_of",
]
