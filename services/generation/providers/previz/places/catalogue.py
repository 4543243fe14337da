"""Which set a location's words ask for."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places import rooms, street, woods
from services.generation.providers.previz.places.layout import Layout
from services.generation.providers.previz.scene import PrevizLocation

Kit = Callable[[Dice, tuple[RGB, ...]], Layout]

_KITS: Final[dict[str, Kit]] = {
    "street": street.street,
    "forest": woods.forest,
    "meadow": woods.meadow,
    "room": rooms.room,
}
_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("forest woods woodland jungle grove trees tree", "forest"),
    ("meadow field fields flower flowers garden park grassland", "meadow"),
    ("street city road avenue town downtown alley market square", "street"),
    ("room interior bar office home house kitchen bedroom apartment hall corridor", "room"),
)


def kit_named(location: PrevizLocation) -> str:
    """Return the name of the kit that fits a location's words best."""
    for text in (location.name, location.location_type, location.description, " ".join(location.landmarks)):
        words = set(colours.tokens(text))
        for names, kit in _WORDS:
            if words & set(names.split()):
                return kit
    return "meadow" if location.id else "street"


@lru_cache(maxsize=64)
def layout_of(location: PrevizLocation) -> Layout:
    """Return the set of a location; equal locations give equal sets."""
    tint = tuple(c for text in location.palette for c in colours.find_all(text))
    return _KITS[kit_named(location)](Dice("place", location.id, location.seed), tint)
