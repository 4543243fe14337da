"""Every kit by name, and the set of a location."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places import (
    cabins,
    eateries,
    halls,
    heights,
    homes,
    institutions,
    rooms,
    ships,
    shore,
    shows,
    stations,
    street,
    temple,
    towns,
    wilds,
    woods,
)
from services.generation.providers.previz.places.landmarks import with_landmarks
from services.generation.providers.previz.places.layout import Layout
from services.generation.providers.previz.places.naming import CABINS, CARS, kit_named
from services.generation.providers.previz.scene import PrevizLocation

__all__ = ["CABINS", "CARS", "KITS", "kit_named", "layout_of"]

Kit = Callable[[Dice, tuple[RGB, ...]], Layout]

KITS: Final[dict[str, Kit]] = {
    "street": street.street, "alley": street.alley, "western": towns.western, "bazaar": towns.bazaar,
    "room": rooms.room, "bathroom": homes.bathroom, "kitchen": homes.kitchen, "bedroom": homes.bedroom,
    "bar": rooms.bar, "diner": eateries.diner, "cafe": eateries.cafe, "office": rooms.office,
    "corridor": rooms.corridor, "school corridor": institutions.school_corridor, "classroom": institutions.classroom,
    "ward": institutions.ward, "cell": institutions.cell, "court": institutions.court, "ring": shows.ring,
    "stadium": shows.stadium, "stage": shows.stage, "throne room": halls.throne_room, "nave": halls.nave,
    "factory": halls.factory, "platform": stations.platform, "terminal": stations.terminal, "forest": woods.forest,
    "meadow": woods.meadow, "mountain": woods.mountain, "desert": woods.desert, "dunes": wilds.dunes,
    "snowfield": wilds.snowfield, "cave": wilds.cave, "cemetery": wilds.cemetery, "plain": wilds.plain,
    "riverbank": shore.riverbank, "beach": shore.beach, "docks": shore.docks, "pier": shore.pier,
    "rooftop": heights.rooftop, "vehicle": heights.vehicle, "temple": temple.temple,
    "car interior": cabins.car_in_town, "country car interior": cabins.car_on_the_road,
    "train compartment": ships.compartment, "spaceship": ships.spaceship, "bridge": ships.bridge,
}  # fmt: skip


@lru_cache(maxsize=64)
def layout_of(location: PrevizLocation) -> Layout:
    """Return the set of a location; equal locations give equal sets."""
    tint = tuple(c for text in location.palette for c in colours.find_all(text))
    dice = Dice("place", location.id, location.seed)
    layout = KITS[kit_named(location)](dice, tint)
    return with_landmarks(layout, location.landmarks, dice.fork("landmarks"))
