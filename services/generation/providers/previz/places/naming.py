"""Which kit a location's words ask for: place words are voted on, what is denied or only seen from there is not."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.scene import PrevizLocation

CARS: Final = frozenset({"car interior", "country car interior"})
"""Kits whose people sit in a car, one of them at the wheel."""

CABINS: Final = CARS | {"train compartment"}
"""Kits whose people all sit."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (("spaceship starship spacecraft airlock spaceshuttle space_station space_ship space_shuttle starbase "
      "star_ship"), "spaceship"),
    ("rooftop roof rooftops terrace penthouse", "rooftop"),
    ("alley alleyway backstreet lane backalley", "alley"),
    ("dock docks pier harbour harbor wharf port quay waterfront shipyard jetty marina", "docks"),
    (("car taxi cab vehicle truck bus train carriage roadside highway motorway gas_station petrol_station "
      "service_station"), "vehicle"),
    ("diner roadside_diner burger_joint truck_stop", "diner"),
    (("cafe restaurant bistro canteen cafeteria brasserie trattoria pizzeria teahouse coffeehouse coffee_shop tea_room "
      "food_court tearoom"), "cafe"),
    ("bar pub tavern saloon nightclub club lounge speakeasy jazz cantina inn night_club taproom", "bar"),
    ("cell prison jail dungeon prison_cell jail_cell gaol cellblock lockup penitentiary", "cell"),
    (("ward hospital clinic infirmary sickbay field_hospital emergency_room operating_theatre operating_theater "
      "operating_room hospital_room sanatorium"), "ward"),
    (("classroom schoolroom school schoolhouse lecture_hall lecture_theatre lecture_theater class_room"), "classroom"),
    ("courtroom courthouse tribunal court court_room law_court", "court"),
    ("boxing_ring wrestling_ring boxing_gym boxing_arena fight_club boxing_match boxing_hall", "ring"),
    (("stadium arena colosseum coliseum ballpark football_pitch football_field soccer_field baseball_field "
      "playing_field racetrack race_track tennis_court basketball_court football_ground cricket_ground "
      "bullring amphitheatre amphitheater"), "stadium"),
    (("theatre theater stage auditorium opera opera_house playhouse concert_hall cinema movie_theatre movie_theater "
      "music_hall vaudeville"), "stage"),
    (("throne_room castle great_hall royal_court banquet_hall throne_hall"), "throne room"),
    ("church cathedral chapel nave basilica abbey", "nave"),
    (("factory warehouse workshop mill foundry sawmill hangar power_plant assembly_line steelworks garage depot "
      "storehouse smithy forge"), "factory"),
    ("bathroom washroom toilet lavatory restroom shower_room bath_house shower", "bathroom"),
    ("kitchen kitchenette scullery galley", "kitchen"),
    ("bedroom hotel_room motel_room motel nursery dormitory bedchamber guest_room boudoir bed_room", "bedroom"),
    (("airport terminal departure_lounge airport_lounge departure_gate departures_hall departure_hall "
      "check_in"), "terminal"),
    (("platform station train_station railway_station railway_platform train_platform station_platform "
      "railroad_station"), "platform"),
    ("bazaar bazar souk market marketplace market_place market_square market_hall night_market fairground", "bazaar"),
    ("cemetery graveyard churchyard necropolis burial_ground grave_yard church_yard potters_field", "cemetery"),
    ("cave cavern grotto caves catacombs mineshaft mine_shaft gold_mine coal_mine cavern_hall", "cave"),
    (("snowfield snowscape tundra arctic antarctic antarctica icefield snow_field ice_field frozen_lake frozen_plain "
      "snowy_field snow_plain"), "snowfield"),
    ("dune dunes sahara sand_sea", "dunes"),
    ("frontier_town western_town wild_west old_west ghost_town mining_town cow_town cowtown boomtown", "western"),
    (("office bureau study precinct library headquarters newsroom detective lab laboratory police_station "
      "stock_market interrogation_room squad_room"), "office"),
    ("corridor hallway hotel subway tunnel passage passageway submarine metro cell_block", "corridor"),
    (("temple courtyard palace shrine mandir monastery ruin ruins mosque fort fortress "
      "haveli plaza cloister ashram"), "temple"),
    ("beach sea ocean coast shore island lagoon seaside", "beach"),
    (("river riverbank yamuna ganges ghat lake pond stream creek brook bank waterside swamp marsh bayou "
      "waterfall"), "riverbank"),
    ("mountain mountains peak cliff cliffs summit ridge canyon valley glacier hill hills hilltop", "mountain"),
    ("desert wasteland savanna savannah steppe mars", "desert"),
    ("forest woods woodland jungle grove orchard vrindavan rainforest", "forest"),
    (("meadow field fields flower flowers garden gardens park grassland prairie farm pasture "
      "countryside village"), "meadow"),
    (("street city road avenue town downtown square boulevard neighbourhood neighborhood crossing suburb "
      "market_street main_street high_street market_town"), "street"),
    (("living_room dining_room sitting_room waiting_room drawing_room salon parlour attic basement studio cottage flat "
      "loft hut shop store boutique supermarket grocery gym ballroom museum gallery lobby locker_room "
      "fire_station town_hall"), "room"),
    ("room home house apartment hall chamber building", "room"),
)  # fmt: skip
_CLUES: Final[tuple[tuple[str, str], ...]] = (
    ("turnbuckle turnbuckles boxer boxers boxing", "ring"),
    ("floodlights grandstand bleachers goalposts", "stadium"),
    ("blackboard chalkboard pupils", "classroom"),
    ("lockers", "corridor"),
    ("nurse nurses patients stretcher gurney", "ward"),
    ("footlights proscenium", "stage"),
    ("stalls spices hawkers", "bazaar"),
    ("headstones headstone gravestone gravestones tombstone tombstones graves", "cemetery"),
    ("stalactites stalagmites", "cave"),
    ("throne dais", "throne room"),
    ("pews pulpit pew", "nave"),
    ("bathtub tub", "bathroom"),
    ("stove oven", "kitchen"),
    ("jury witness_stand gavel", "court"),
    ("bed bedside wardrobe", "bedroom"),
    ("machinery conveyor", "factory"),
    ("ship boat ferry yacht", "docks"),
    ("wall walls ceiling window windows door curtains sofa fireplace", "room"),
)
_NO_PLACE: Final = _set(
    "wedding_ring street_clothes cell_phone home_plate weather_station research_station oil_platform bar_stool "
     "bar_stools park_bench street_lamp street_lamps street_light street_lights office_chair river_stone stage_coach "
     "car_keys field_trip oil_lamp hospital_gown kitchen_knife kitchen_table garden_chair sea_backdrop store_room "
     "phone_booth forest_green sea_green sky_blue flower_pot flower_pots radio_station port_hole pool_table "
     "prison_guard prison_guards court_shoes stage_whisper bus_stop")  # fmt: skip
"""Pairs of words of which one alone would name a place, but the two don't."""

_NOT: Final = _set("no not without never nor neither isn't isnt aren't arent former formerly unlike")
_AGAIN: Final = _set("but only just except now")
_AWAY: Final = _set(
    "overlooking overlooks overlook facing outside beyond near nearby behind beside opposite towards toward view views "
     "onto across like resembling remembers dreams above below under through")  # fmt: skip
_OF: Final = _set("of in on at by with from under over to into inside within where as after before for")
_INDOORS: Final = _set("interior int inside indoor indoors")
_OUTDOORS: Final = _set("exterior ext outdoor outdoors outside")
_WITHIN: Final = _set("interior int inside dashboard backseat seat seats windscreen windshield steering")
_ON_RAILS: Final = _set("train railway compartment bus tram coach")
_COUNTRY: Final = _set("road highway motorway country countryside field fields desert coast coastal hills")
_FRONTIER: Final = _set(
    "western frontier cowboy cowboys gunslinger gunslingers hitching saloon saloons stagecoach sheriff prospector "
     "boardwalks wild_west gold_rush old_west tumbleweed tumbleweeds")  # fmt: skip
_SCHOOL: Final = _set("school locker lockers college university pupils students classroom classrooms")
_HELM: Final = _set("bridge cockpit helm viewscreen command flight_deck")
_DUNES: Final = _set("dune dunes sahara")
_SNOW: Final = _set("snow snowy snowbound frozen snow-covered snowfield blizzard")
_BOATS: Final = _set("fishing boats boat trawlers trawler rowing rowboats jetty marina yachts yacht gulls")
_CARGO: Final = _set("crane cranes freighter cargo container containers warehouse warehouses docks shipyard")
_ROYAL: Final = _set("palace fort fortress haveli")
_GENERIC: Final = _set("room home house apartment hall chamber building")
_INSIDE: Final = _set(
    "room bar diner cafe office corridor cell ward classroom court ring stage factory bathroom kitchen "
     "bedroom terminal cave nave") | {"throne room", "school corridor"}  # fmt: skip
_OUT_OF: Final = {"throne room": "temple", "nave": "temple", "cave": "mountain", "corridor": "street"}
_INTO: Final = {"docks": "factory", "western": "bar", "rooftop": "room", "street": "room"}

_KIT_OF: Final = {word: kit for words, kit in _WORDS for word in words.split()}
_CLUE_OF: Final = {word: kit for words, kit in _CLUES for word in words.split()}
_RANK: Final = {kit: rank for rank, kit in reversed([*enumerate(kit for _, kit in _WORDS)])}
_CLAUSE: Final = re.compile(r"[.,;:!?()\[\]\u2013\u2014\n]|\s-\s")


class _Mention(NamedTuple):
    """A place word. clue: names only what stands there. weight: 1, less where the place is only seen from here."""

    kit: str
    word: str
    clue: bool
    weight: float
    at: int
    apart: bool


def _plain(text: str) -> str:
    """Return a text without accents and with straight apostrophes."""
    folded = unicodedata.normalize("NFKD", text[:4000].casefold().replace("\u2019", "'"))
    return "".join(c for c in folded if not unicodedata.combining(c))


def _said(text: str) -> Iterator[list[str]]:
    """Yield the words of each clause, from its first to where it denies something."""
    for clause in _CLAUSE.split(_plain(text)):
        denied, words = False, list[str]()
        for word in (part for token in clause.split() for part in _tokens(token)):
            denied = (denied or word in _NOT) and word not in _AGAIN
            if not denied:
                words.append(word)
        if words:
            yield words


def _tokens(token: str) -> list[str]:
    return [token] if token in _NOT else [w for part in token.split("-") for w in colours.tokens(part)]


def _singular(word: str) -> str:
    if word in _KIT_OF or word in _CLUE_OF or len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith("es") and word[:-2] in _KIT_OF else word[:-1]


def _mentions(text: str) -> list[_Mention]:
    made: list[_Mention] = []
    place = 0
    for words in _said(text):
        weight, apart, skip = 1.0, False, False
        for word, follows in zip(words, [*words[1:], ""], strict=True):
            place += 1
            if word in _AWAY:
                weight = 0.25
            apart = apart or word in _OF or word in _AWAY
            pair = f"{word}_{_singular(follows)}"
            if skip or pair in _NO_PLACE or f"{word}_{follows}" in _NO_PLACE:
                skip = not skip
                continue
            found = pair if pair in _KIT_OF or pair in _CLUE_OF else _singular(word)
            skip = found == pair
            kit = _KIT_OF.get(found) or _CLUE_OF.get(found)
            if kit is not None:
                made.append(_Mention(kit, found, found not in _KIT_OF, weight, place, apart))
    return made


def _head(mentions: list[_Mention]) -> _Mention | None:
    """Return the place word that the others only describe: the last before a preposition."""
    named = [m for m in mentions if not m.clue]
    first = next((i for i, m in enumerate(named) if m.apart), len(named))
    return named[max(first - 1, 0)] if named else None


def _votes(location: PrevizLocation) -> dict[str, float]:
    votes: dict[str, float] = {}
    sources = (
        (location.name, 3.0),
        (location.description, 1.0),
        (location.location_type, 0.9),
        (" ".join(location.landmarks), 0.5),
    )
    for text, weight in sources:
        mentions = _mentions(text)
        head, seen = _head(mentions), set[str]()
        for m in mentions:
            if m.word in seen:
                continue
            seen.add(m.word)
            share = 0.5 if m.clue else 1.5 if m == head else 1.0
            votes[m.kit] = votes.get(m.kit, 0.0) + weight * share * m.weight * (1.0 if m.at <= 8 else 0.6)
    return votes


def kit_named(location: PrevizLocation) -> str:
    """Return the name of the kit that a location's words ask for most.

    The name weighs more than the description, and in both the head noun ("Harbour Street" is a street). What is denied
    ("no windows") doesn't count; what is only seen from there ("overlooking the sea") counts little.
    """
    votes = _votes(location)
    said = _words_of(location)
    inside, outside = _side(location)
    if not votes:
        return "room" if inside else "plain" if location.id else "street"
    if votes.get("spaceship", 0.0) >= 3.0:
        # A corridor, a bridge or an office on board.
        return "bridge" if said & _HELM else "spaceship"
    kit = max(votes, key=lambda kit: (votes[kit], -_RANK[kit]))
    kit = _narrowed(kit, votes, said, location)
    if outside and kit in _INSIDE:
        around = {k: v for k, v in votes.items() if k not in _INSIDE and k != "vehicle"}
        return max(around, key=lambda k: (around[k], -_RANK[k])) if around else _OUT_OF.get(kit, "street")
    if inside and kit == "temple" and said & _ROYAL:
        return "throne room"
    return _INTO.get(kit, kit) if inside else kit


def _narrowed(kit: str, votes: dict[str, float], said: set[str], location: PrevizLocation) -> str:
    """Return the special case of a kit that the other words tell of."""
    special = {
        "street": ("western", bool(said & _FRONTIER)),
        "corridor": ("school corridor", bool(said & _SCHOOL)),
        "desert": ("dunes", bool(said & _DUNES)),
        "meadow": ("snowfield", bool(said & _SNOW)),
        "docks": ("pier", bool(said & _BOATS) and not said & _CARGO),
        "spaceship": ("bridge", bool(said & _HELM)),
        "stadium": ("ring", votes.get("ring", 0.0) > 0.0),
    }
    if kit == "vehicle":
        return _of_vehicle(location)
    if kit == "room":
        head = _head(_mentions(location.name))
        others = {k: v for k, v in votes.items() if k in _INSIDE and k != "room" and v >= 0.25}
        if others and (head is None or head.word in _GENERIC):
            return max(others, key=lambda k: (others[k], -_RANK[k]))
    narrow, fits = special.get(kit, (kit, True))
    return narrow if fits else kit


def _words_of(location: PrevizLocation) -> set[str]:
    """Return every word that is said of a location and not denied, and every two that follow each other."""
    said: set[str] = set()
    for text in (location.name, location.description, location.location_type, *location.landmarks):
        for words in _said(text):
            said.update(words)
            said.update(f"{a}_{b}" for a, b in pairwise(words))
    return said


def _side(location: PrevizLocation) -> tuple[bool, bool]:
    """Return whether the location is said to be inside, and whether outside."""
    kind = set(colours.tokens(location.location_type))
    first = set(colours.tokens(location.name)[:1])
    return bool((kind | first) & _INDOORS), bool((kind | first) & _OUTDOORS)


def _of_vehicle(location: PrevizLocation) -> str:
    """Return whether a vehicle is seen from outside or from within, and there on what road."""
    texts = (location.name, location.description, location.location_type)
    words = {word for text in texts for word in colours.tokens(text)}
    if words & _ON_RAILS and (words & (_WITHIN | {"compartment", "carriage"}) or "train" in words):
        return "train compartment"
    if not words & _WITHIN:
        return "vehicle"
    return "country car interior" if words & _COUNTRY else "car interior"
