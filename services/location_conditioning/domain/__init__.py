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
    open_references,
    reference_key,
    references_rejection,
    run_key,
    shot_key,
    start_run_of,
)
from services.location_conditioning.domain.light import light_for
from services.location_conditioning.domain.place import condition_location, condition_prop, location_seed
from services.location_conditioning.domain.references import ranked_plates
from services.location_conditioning.domain.templates import LocationTemplate, Templates, fill
from services.location_conditioning.domain.variant import Variant, variant_of
from services.location_conditioning.domain.wanted import References, WantedReference, request

__all__ = [
    "STAGE",
    "Continuity",
    "Knowledge",
    "LocationTemplate",
    "References",
    "Roster",
    "ShotTrack",
    "Templates",
    "Variant",
    "Wait",
    "WaitKind",
    "WantedReference",
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
    "open_references",
    "ranked_plates",
    "ready",
    "reference_key",
    "references_rejection",
    "refused",
    "request",
    "run_key",
    "seen",
    "shot_key",
    "start_run_of",
    "variant_of",
]
