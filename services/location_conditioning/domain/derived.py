"""What a plate of another time, weather or season is derived from, and how much of that has to change. Pure.

Image-to-image adds noise to a picture and paints it anew from there: little noise keeps all of it, much noise keeps
nothing. Between a third and three fifths of it the layout stays while the look follows the words (SDEdit, arXiv
2108.01073, gives 0.3 to 0.6 as the useful range); beyond three quarters the place is another one. Within that range, by
what the change reaches:

- **time**: colour and direction of the light; every shape stays where it is. Least. A neighbouring time (dusk and blue
  hour) is a matter of colour alone.
- **weather**: the light, and also sky, air and surfaces: clouds, fog, wet ground, puddles.
- **season**: ground and plants themselves change shape: bare trees, snow, blossom. Most.

Several at once share the work, since each repaints the same picture: the greatest counts, and a little for each other.
Inside, weather and season are seen through windows only. The figures are ours and were measured on no model.
"""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from schemas.bible import ReferenceImage
from schemas.conditioning import LocationConditioning, PlateVariant, VariantChange
from services.location_conditioning.domain.references import ANOTHER, KINDS, PARTS, penalty
from services.location_conditioning.domain.variant import Variant

Aspect = Literal["time", "weather", "season"]
#: Share that is made anew, 0 to 1: for a near word, for another one.
_ANEW: Final = MappingProxyType({"time": (0.4, 0.55), "weather": (0.45, 0.6), "season": (0.65, 0.65)})
_INSIDE: Final = 0.4
_EACH_FURTHER: Final = 0.05
_MOST: Final = 0.75


def derived(place: LocationConditioning, *, sheltered: bool) -> LocationConditioning:
    """The place of a plate with what that plate is derived from: the best picture that there is of another variant.

    Unchanged where there is no picture, or one of the very variant. What a picture doesn't say of itself is taken to be
    right.

    Args:
        place: as the plate shows it; its references are the best for it first.
        sheltered: whether it is inside.
    """
    plate = next(iter(place.references), None)
    # A part of a picture is a detail, and no plate can begin with that.
    if plate is None or plate.region is not None:
        return place
    found = _changes(plate, Variant(place.time_of_day, place.weather, place.season))
    if not found:
        return place
    shares = [_anew(change.aspect, near=near, sheltered=sheltered) for change, near in found]
    remade = min(_MOST, max(shares) + _EACH_FURTHER * (len(shares) - 1))
    variant = PlateVariant(plate=plate, changes=tuple(change for change, _ in found), remade=round(remade, 2))
    return place.model_copy(update={"variant_of": variant})


def _changes(plate: ReferenceImage, variant: Variant) -> list[tuple[VariantChange, bool]]:
    """What differs, and whether it is near."""
    aspects: tuple[tuple[Aspect, StrEnum | None, StrEnum, Iterable[frozenset[StrEnum]]], ...] = (
        ("time", plate.time_of_day, variant.time, PARTS),
        ("weather", plate.weather, variant.weather, KINDS),
        ("season", plate.season, variant.season, ()),
    )
    return [
        (VariantChange(aspect=aspect, before=before.value, after=after.value), penalty(before, after, groups) < ANOTHER)
        for aspect, before, after, groups in aspects
        if before is not None and before != after
    ]


def _anew(aspect: Aspect, *, near: bool, sheltered: bool) -> float:
    if sheltered and aspect != "time":
        return _INSIDE
    return _ANEW[aspect][0 if near else 1]
