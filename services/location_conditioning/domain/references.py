"""Which plates of a location show it as this shot does.

Ranked by penalties, weighted time 4, weather 2, season 1: 0 the same, ½ near (the same part of the day, the same kind
of weather), 1 not said, 2 another. Equal ones keep the bible's order.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from schemas.bible import ReferenceImage
from schemas.vocabulary import TimeOfDay, Weather
from services.location_conditioning.domain.variant import Variant

#: Parts of the day that look alike.
PARTS: Final[tuple[frozenset[StrEnum], ...]] = (
    frozenset({TimeOfDay.PRE_DAWN, TimeOfDay.DUSK, TimeOfDay.BLUE_HOUR}),
    frozenset({TimeOfDay.DAWN, TimeOfDay.SUNRISE, TimeOfDay.GOLDEN_HOUR, TimeOfDay.SUNSET}),
    frozenset({TimeOfDay.MORNING, TimeOfDay.NOON, TimeOfDay.AFTERNOON}),
    frozenset({TimeOfDay.NIGHT, TimeOfDay.MIDNIGHT}),
)
#: Kinds of weather that look alike.
KINDS: Final[tuple[frozenset[StrEnum], ...]] = (
    frozenset({Weather.CLEAR, Weather.WIND, Weather.HEAT_HAZE}),
    frozenset({Weather.CLOUDY, Weather.OVERCAST}),
    frozenset({Weather.DRIZZLE, Weather.RAIN, Weather.STORM}),
    frozenset({Weather.FOG, Weather.MIST, Weather.DUST}),
)
#: Penalty of a picture that says that it shows another time, weather or season.
ANOTHER: Final = 2.0


def ranked_plates(references: Iterable[ReferenceImage], variant: Variant) -> tuple[ReferenceImage, ...]:
    """All plates, best for this shot first."""
    return tuple(
        sorted(
            references,
            key=lambda plate: (
                4 * penalty(plate.time_of_day, variant.time, PARTS)
                + 2 * penalty(plate.weather, variant.weather, KINDS)
                + penalty(plate.season, variant.season, ())
            ),
        )
    )


def shows(plate: ReferenceImage, variant: Variant) -> bool:
    """Whether a plate can stand for a variant: nothing that it says of itself speaks of another."""
    said = (
        penalty(plate.time_of_day, variant.time, PARTS),
        penalty(plate.weather, variant.weather, KINDS),
        penalty(plate.season, variant.season, ()),
    )
    return max(said) < ANOTHER


def penalty(shown: StrEnum | None, wanted: StrEnum, groups: Iterable[frozenset[StrEnum]]) -> float:
    """How badly what a picture says of itself suits what is wanted; `groups` are of words that are near each other."""
    if shown is None:
        return 1.0
    if shown == wanted:
        return 0.0
    return 0.5 if any(shown in group and wanted in group for group in groups) else ANOTHER
