"""Which set a location's words ask for."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places import cabins, heights, rooms, ships, shore, street, temple, woods
from services.generation.providers.previz.places.landmarks import with_landmarks
from services.generation.providers.previz.places.layout import Layout
from services.generation.providers.previz.scene import PrevizLocation

Kit = Callable[[Dice, tuple[RGB, ...]], Layout]

KITS: Final[dict[str, Kit]] = {
    "street": street.street, "alley": street.alley, "room": rooms.room, "bar": rooms.bar, "office": rooms.office,
    "corridor": rooms.corridor, "forest": woods.forest, "meadow": woods.meadow, "mountain": woods.mountain,
    "desert": woods.desert, "riverbank": shore.riverbank, "beach": shore.beach, "docks": shore.docks,
    "rooftop": heights.rooftop, "vehicle": heights.vehicle, "temple": temple.temple,
    "car interior": cabins.car_in_town, "country car interior": cabins.car_on_the_road,
    "train compartment": ships.compartment, "spaceship": ships.spaceship,
}  # fmt: skip
CARS: Final = frozenset({"car interior", "country car interior"})
"""Kits whose people sit in a car, one of them at the wheel."""

CABINS: Final = CARS | {"train compartment"}
"""Kits whose people all sit."""

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("spaceship starship spacecraft airlock spaceshuttle", "spaceship"),
    ("rooftop roof rooftops terrace penthouse", "rooftop"),
    ("alley alleyway backstreet lane backalley", "alley"),
    ("dock docks pier harbour harbor wharf port quay waterfront shipyard jetty", "docks"),
    ("car taxi cab vehicle truck bus train carriage roadside highway motorway", "vehicle"),
    ("bar pub tavern saloon nightclub club lounge speakeasy diner cafe café restaurant jazz cantina inn", "bar"),
    ("office bureau study precinct library headquarters newsroom detective lab laboratory", "office"),
    ("corridor hallway hospital hotel subway tunnel prison ward", "corridor"),
    (("temple courtyard palace shrine mandir monastery ruin ruins cathedral church mosque fort fortress "
      "castle haveli plaza cloister ashram"), "temple"),
    ("beach sea ocean coast shore island lagoon seaside", "beach"),
    ("river riverbank yamuna ganges ghat lake pond stream creek brook bank waterside", "riverbank"),
    ("mountain mountains peak cliff cliffs summit ridge canyon valley glacier hill hills hilltop cave", "mountain"),
    ("desert dune dunes wasteland savanna savannah steppe mars", "desert"),
    ("forest woods woodland jungle grove orchard vrindavan rainforest", "forest"),
    (("meadow field fields flower flowers garden gardens park grassland prairie farm pasture "
      "countryside village"), "meadow"),
    ("street city road avenue town downtown market square boulevard neighbourhood neighborhood crossing", "street"),
    (("room interior home house kitchen bedroom apartment hall flat cottage studio salon parlour attic "
      "basement hut loft chamber"), "room"),
)  # fmt: skip
_WITHIN: Final = frozenset(
    ["interior", "int", "inside", "dashboard", "backseat", "seat", "seats", "windscreen", "windshield", "steering"]
)
_ON_RAILS: Final = frozenset(["train", "railway", "compartment", "bus", "tram", "coach"])
_COUNTRY: Final = frozenset(
    ["road", "highway", "motorway", "country", "countryside", "field", "fields", "desert", "coast", "coastal", "hills"]
)
_KIT_OF: Final = {word: kit for words, kit in _WORDS for word in words.split()}
_RANK: Final = {kit: rank for rank, (_, kit) in enumerate(_WORDS)}


def kit_named(location: PrevizLocation) -> str:
    """Return the name of the kit that a location's words ask for most; the name weighs more than the description."""
    votes: dict[str, float] = {}
    sources = (
        (location.name, 3.0),
        (location.description, 1.0),
        (location.location_type, 0.9),
        (" ".join(location.landmarks), 0.5),
    )
    for text, weight in sources:
        for place, word in enumerate(colours.tokens(text)):
            kit = _KIT_OF.get(word)
            if kit is not None:
                votes[kit] = votes.get(kit, 0.0) + weight * (1.0 if place < 8 else 0.6)
    if not votes:
        return "room" if "interior" in location.location_type.casefold() else "meadow" if location.id else "street"
    if votes.get("spaceship", 0.0) >= 3.0:
        return "spaceship"  # a corridor, a bridge or an office on board
    kit = max(votes, key=lambda kit: (votes[kit], -_RANK[kit]))
    return _of_vehicle(location) if kit == "vehicle" else kit


def _of_vehicle(location: PrevizLocation) -> str:
    """Return whether a vehicle is seen from outside or from within, and there on what road."""
    texts = (location.name, location.description, location.location_type)
    words = {word for text in texts for word in colours.tokens(text)}
    if words & _ON_RAILS and words & (_WITHIN | {"compartment", "carriage"}):
        return "train compartment"
    if not words & _WITHIN:
        return "vehicle"
    return "country car interior" if words & _COUNTRY else "car interior"


@lru_cache(maxsize=64)
def layout_of(location: PrevizLocation) -> Layout:
    """Return the set of a location; equal locations give equal sets."""
    tint = tuple(c for text in location.palette for c in colours.find_all(text))
    dice = Dice("place", location.id, location.seed)
    layout = KITS[kit_named(location)](dice, tint)
    return with_landmarks(layout, location.landmarks, dice.fork("landmarks"))
