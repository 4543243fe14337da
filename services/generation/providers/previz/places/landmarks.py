"""Things that a location's landmarks name, put on its free spots."""

import re
from collections.abc import Callable
from typing import Final

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.layout import Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import barrel, boat, car, chair, crates, stool, table
from services.generation.providers.previz.places.solids import box, drum, upright

Maker = Callable[[Vec3, RGB | None, Dice], Thing]


def _sprite(kind: str, wide: float, tall: float, usual: str) -> Maker:
    def make(at: Vec3, colour: RGB | None, dice: Dice) -> Thing:
        return Thing(at, (), (Sprite(kind, at, wide, tall, colour or rgb(usual), dice.count(0, 999)),))

    return make


def _fountain(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, stone = (at[0], at[2]), colour or rgb("b0a898")
    panels = (
        *drum(spot, 1.3, 0.5, stone, sides=14),
        *drum(spot, 1.15, 0.02, rgb("6aa0b8"), base=0.5, sides=14),
        *drum(spot, 0.14, 1.0, stone, base=0.5),
        *drum(spot, 0.5, 0.14, stone, base=1.4, taper=1.5),
    )
    return Thing(at, panels, (Sprite("spray", (at[0], 1.5, at[2]), 0.8, 0.9, rgb("dcf0f8"), 1),))


def _statue(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, stone = (at[0], at[2]), colour or rgb("a09a90")
    plinth = (*box(spot, (1.0, 1.1, 1.0), stone), *box(spot, (1.2, 0.16, 1.2), mix(stone, WHITE, 0.1), base=1.1))
    return Thing(at, plinth, (Sprite("statue", (at[0], 1.26, at[2]), 0.8, 1.9, mix(stone, BLACK, 0.1), 1),))


def _well(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, stone = (at[0], at[2]), colour or rgb("8c8278")
    posts = [p for dx in (-0.7, 0.7) for p in box((at[0] + dx, at[2]), (0.1, 1.9, 0.1), rgb("5a4030"))]
    return Thing(
        at, (*drum(spot, 0.8, 0.75, stone, sides=12), *posts, *box(spot, (2.0, 0.1, 1.2), rgb("7a4a34"), base=1.9))
    )


def _booth(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, paint = (at[0], at[2]), colour or rgb("b02c30")
    glass = upright(
        at[0] - 0.34, at[2] - 0.47, at[0] + 0.34, at[2] - 0.47, 0.6, 2.0, rgb("ffe8b8"), (0.0, 0.0, -1.0), glow=0.8
    )
    return Thing(
        at,
        (*box(spot, (0.9, 2.3, 0.9), paint), glass, *box(spot, (1.0, 0.14, 1.0), mix(paint, BLACK, 0.2), base=2.3)),
        (),
        (Lamp((at[0], 1.6, at[2] - 0.5), rgb("ffe0a0"), 1.6, 0.4),),
    )


def _tower(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    far = (at[0] * 3.0, at[2] * 2.2 + 10.0)
    stone = colour or rgb("8a7a70")
    face = upright(
        far[0] - 0.9, far[1] - 2.02, far[0] + 0.9, far[1] - 2.02, 15.0, 16.8, rgb("fff0c8"), (0.0, 0.0, -1.0), glow=0.8
    )
    return Thing(
        (far[0], 0.0, far[1]),
        (
            *box(far, (4.0, 18.0, 4.0), stone),
            face,
            *drum(far, 2.6, 4.0, mix(stone, BLACK, 0.3), base=18.0, taper=0.05, sides=4),
        ),
    )


def _house(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    x, z = at[0] * 2.6, at[2] * 1.8 + 8.0
    wall = colour or rgb("c8bca8")
    roof = mix(wall, rgb("6a3a30"), 0.7)
    w, h, d = 4.0, 3.0, 3.2
    ridge_low, ridge_high = ((x, h + 2.0, z - d), (x, h + 2.0, z + d))
    slopes = tuple(
        Panel(
            ((x + s * (w + 0.4), h - 0.2, z - d), ridge_low, ridge_high, (x + s * (w + 0.4), h - 0.2, z + d)),
            roof,
            (s * 0.5, 0.86, 0.0),
            both=True,
        )
        for s in (-1.0, 1.0)
    )
    gable = Panel(((x - w, h, z - d), (x, h + 1.9, z - d), (x + w, h, z - d)), wall, (0.0, 0.0, -1.0))
    face = z - d - 0.02
    door = upright(x - 0.5, face, x + 0.5, face, 0.0, 2.1, mix(wall, BLACK, 0.6), (0.0, 0.0, -1.0))
    panes = [
        upright(x + a, face, x + a + 0.9, face, 1.1, 2.2, rgb("ffd78a"), (0.0, 0.0, -1.0), glow=0.8)
        for a in (-2.8, 1.9)
    ]
    return Thing((x, 0.0, z), (*box((x, z), (w * 2, h, d * 2), wall), gable, *slopes, door, *panes))


def _bridge(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    stone, z = colour or rgb("9a8c7c"), at[2] + 12.0
    panels = [
        *box((0.0, z), (46.0, 0.5, 3.0), stone, base=2.2),
        *box((0.0, z - 1.5), (46.0, 0.8, 0.2), mix(stone, WHITE, 0.08), base=2.7),
    ]
    for x in range(-18, 19, 9):
        panels += box((float(x), z), (1.6, 2.2, 2.6), mix(stone, BLACK, 0.12))
    return Thing((0.0, 0.0, z), tuple(panels))


def _bench(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    x, z = at[0], at[2]
    wood = colour or rgb("7a5636")
    legs = [p for dx in (-0.7, 0.7) for p in box((x + dx, z), (0.08, 0.42, 0.4), rgb("33303a"), edge=0.3)]
    return Thing(
        at,
        (
            *legs,
            *box((x, z), (1.7, 0.07, 0.45), wood, base=0.42),
            *box((x, z + 0.22), (1.7, 0.42, 0.06), wood, base=0.52),
        ),
    )


def _piano(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, body = (at[0], at[2]), colour or rgb("221c20")
    keys = upright(at[0] - 0.65, at[2] - 0.51, at[0] + 0.65, at[2] - 0.51, 0.70, 0.78, rgb("ece6d8"), (0.0, 0.0, -1.0))
    return Thing(
        at, (*box(spot, (1.5, 1.25, 0.6), body), *box((at[0], at[2] - 0.4), (1.5, 0.1, 0.3), body, base=0.66), keys)
    )


def _shrine(at: Vec3, colour: RGB | None, _dice: Dice) -> Thing:
    spot, stone = (at[0], at[2]), colour or rgb("b89878")
    niche = upright(
        at[0] - 0.28, at[2] - 0.46, at[0] + 0.28, at[2] - 0.46, 0.75, 1.5, rgb("ffc060"), (0.0, 0.0, -1.0), glow=0.9
    )
    roof = drum(spot, 0.75, 0.9, mix(stone, rgb("a85c34"), 0.4), base=1.7, taper=0.08, sides=6)
    return Thing(
        at,
        (*box(spot, (1.3, 0.3, 1.3), stone), *box(spot, (0.9, 1.4, 0.9), stone, base=0.3), niche, *roof),
        (),
        (Lamp((at[0], 1.1, at[2] - 0.5), rgb("ffb858"), 1.6, 0.7),),
    )


def _sign(at: Vec3, colour: RGB | None, dice: Dice) -> Thing:
    x, z = at[0], at[2]
    neon = colour or rgb(dice.pick(("ff4f6d", "35d0c6", "ffb43b")))
    post = box((x, z), (0.12, 2.6, 0.12), rgb("2a2a34"), edge=0.3)
    bars = [
        upright(
            x - 0.6,
            z - 0.1,
            x + 0.6 - 0.3 * i,
            z - 0.1,
            2.7 + 0.42 * i,
            2.98 + 0.42 * i,
            neon,
            (0.0, 0.0, -1.0),
            glow=1.0,
            both=True,
        )
        for i in range(3)
    ]
    return Thing(at, (*post, *bars), (), (Lamp((x, 3.2, z - 0.2), neon, 2.6, 0.6),))


def _lamp(at: Vec3, _colour: RGB | None, _dice: Dice) -> Thing:
    x, z = at[0], at[2]
    head = box((x, z), (0.34, 0.42, 0.34), rgb("ffe2a8"), base=3.0, glow=1.0)
    return Thing(
        at,
        (*box((x, z), (0.12, 3.0, 0.12), rgb("2a2a34"), edge=0.3), *head),
        (),
        (Lamp((x, 3.2, z), rgb("ffd79a"), 2.4, 0.9),),
    )


def _fire(at: Vec3, _colour: RGB | None, _dice: Dice) -> Thing:
    x, z = at[0], at[2]
    logs = (
        *box((x, z), (0.9, 0.14, 0.16), rgb("4a3020"), yaw=0.6),
        *box((x, z), (0.9, 0.14, 0.16), rgb("4a3020"), yaw=-0.6),
    )
    return Thing(
        at,
        logs,
        (Sprite("flame", (x, 0.1, z), 0.5, 0.9, rgb("ffa040"), 2),),
        (Lamp((x, 0.5, z), rgb("ff9a40"), 3.2, 1.0),),
    )


_MAKERS: Final[tuple[tuple[str, Maker], ...]] = (
    ("fountain", _fountain), ("statue idol sculpture monument", _statue), ("well", _well),
        ("booth telephone kiosk newsstand stall", _booth),
    ("clock tower lighthouse spire steeple", _tower), ("house farmhouse barn hut cottage warehouse",
        _house), ("bridge aqueduct", _bridge), ("bench swing", _bench),
        ("piano jukebox", _piano),
    ("shrine altar", _shrine), ("neon sign billboard marquee", _sign), ("lamp lantern lamppost streetlight", _lamp),
    ("campfire fire bonfire brazier", _fire), ("banyan peepal oak kadamba tree", _sprite("tree", 7.5, 8.5, "4a7a40")),
    ("palm palms", _sprite("palm", 6.0, 7.0, "4c7a44")), ("pine fir cedar", _sprite("pine", 3.2, 7.5, "3c5c48")),
    ("rock boulder stone", _sprite("rock", 2.2, 1.3, "8c8278")), ("lotus", _sprite("lotus", 1.0, 0.4, "ee8ab0")),
    ("boat canoe", lambda at, c, d: boat((at[0], at[2]), 4.0, c or rgb("6a4630"), yaw=d.between(0.4, 1.4))),
    ("car taxi cab automobile sedan", lambda at, c, d: car((at[0], at[2]), c or rgb("2c3440"), yaw=d.pick((0.1, 3.0)))),
    ("crates crate boxes", lambda at, _c, d: crates((at[0], at[2]), d)), ("barrel barrels", lambda at, c,
        _d: barrel((at[0], at[2]), c or rgb("7a4a34"))),
    ("table desk", lambda at, c, _d: table((at[0], at[2]), (1.4, 0.75, 0.8), c or rgb("6e4a32"))),
    ("chair throne armchair", lambda at, c, d: chair((at[0], at[2]), c or rgb("6a4a34"), yaw=d.between(2, 4))),
    ("stool", lambda at, c, _d: stool((at[0], at[2]), c or rgb("8a2c34"))),
)  # fmt: skip


_MAKER_OF: Final = {word: make for words, make in _MAKERS for word in words.split()}
_INDOORS: Final = frozenset(
    [
        "statue",
        "idol",
        "sculpture",
        "piano",
        "jukebox",
        "shrine",
        "altar",
        "barrel",
        "barrels",
        "crates",
        "crate",
        "boxes",
        "table",
        "desk",
        "chair",
        "throne",
        "armchair",
        "stool",
    ]
)
_OWN: Final = {
    "temple": "tower spire steeple",
    "office": "desk table chair",
    "bar": "table stool sign",
    "docks": "boat",
}
_PREPOSITION: Final = re.compile(r"\b(?:with|at|on|in|of|under|over|behind|from|by|beside|near|against|that|whose)\b")


def _maker_of(text: str, layout: Layout) -> Maker | None:
    """Return what draws a landmark: its head noun decides ("oak desk with a lamp" is a desk)."""
    own = _OWN.get(layout.kit, "").split()
    phrases = _PREPOSITION.split(text[:300].casefold())
    for phrase in phrases[:1] if len(phrases[0].split()) > 1 else phrases:
        for word in reversed(colours.tokens(phrase)):
            make = _MAKER_OF.get(word)
            if make is not None:
                fits = word not in own and (not layout.indoors or word in _INDOORS)
                return make if fits else None
    return None


def with_landmarks(layout: Layout, landmarks: tuple[str, ...], dice: Dice) -> Layout:
    """Return the set with a thing for each landmark that has a drawing, at the set's free spots."""
    added: list[Thing] = []
    for text in landmarks[:12]:
        make = _maker_of(text, layout)
        if make is not None and len(added) < len(layout.spots):
            added.append(make(layout.spots[len(added)], colours.find(text), dice.fork(text)))
    return layout._replace(things=(*layout.things, *added))
