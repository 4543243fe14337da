"""The film plan, latest version."""

from schemas.film_plan.v1 import (
    PLAN_VERSION,
    Bible,
    FilmPlan,
    PlannedShot,
    Scene,
    Sequence,
)

__all__ = [
    "PLAN_VERSION",
    "Bible",
    "FilmPlan",
    "PlannedShot",
    "Scene",
    "Sequence",
]
