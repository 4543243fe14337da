"""A city street and an alley: two rows of buildings."""

import math
from typing import NamedTuple

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import car, crates, dumpster
from services.generation.providers.previz.places.solids import box, level, upright

_WALLS = ("7a6468", "8a6a5c", "6a6884", "94745c", "6c7888", "8c8078", "745a54")
_LIT = ("ffd78a", "ffc46b", "ffe6b0", "bfe0ff")
_NEON = ("ff4f6d", "35d0c6", "ffb43b", "e86bff", "58a6ff")
_AWNINGS = ("8a3442", "2f6a63", "8a7030", "3c5484")
_BRICK = ("6a4a44", "5c4a50", "70564a", "544c58")


class Row(NamedTuple):
    """How the buildings of one street are.

    Attributes:
        walls: their colours. storeys: fewest and most. shops: share of fronts with a lit shop.
        signs: share with a neon sign. lit: share of lit windows.
    """

    walls: tuple[str, ...]
    storeys: tuple[int, int]
    shops: float
    signs: float
    lit: float


_STREET = Row(_WALLS, (3, 6), 0.8, 0.55, 0.36)
_ALLEY = Row(_BRICK, (4, 7), 0.0, 0.22, 0.20)


def street(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a street along z with pavements, lamps, awnings, parked cars and signs."""
    half = 6.4
    things = _rows(dice, _STREET, half, tint, -46.0, 84.0)
    for i, post in enumerate(range(-38, 74, 13)):
        things.append(_lamp_post((1.0 if i % 2 else -1.0) * (half - 1.6), float(post)))
    for i in range(7):
        side = dice.sign()
        spin = dice.fork("car", i)
        colour = rgb(spin.pick(("3a4450", "6a2c30", "8a8478", "2c3a34", "4a3c50")))
        things.append(car((side * (half - 2.9), 9.0 + i * 9.5 * side if side > 0 else 15.0 + i * 8.5), colour, yaw=0.0))
    for z in (13.0, 31.0, 52.0):
        things.append(
            Thing((0.0, 7.0, z), (), (Sprite("wire", (-half, 7.2, z), half * 2, 0.7, rgb("1a1622"), round(z)),))
        )
    things += [_end(dice.fork("end", end), end) for end in (96.0, -56.0)]
    lines = _pavements(half) + _dashes() + _crossing(8.2) + _crossing(-13.0) + _manholes()
    free = (-half + 0.5, -40.0, half - 0.5, 70.0)
    return Layout(
        "street", (0.0, 0.0, 0.0), 0.0, 15.0, 0.10, Cover.SKY, Ground.ASPHALT, rgb("55525e"), tuple(things),
            lines, (), free,
        ((-4.6, 0.0, 8.0), (4.6, 0.0, 11.0), (-4.4, 0.0, 17.0), (0.0, 0.0, 34.0)),
    )  # fmt: skip


def _crossing(z: float) -> tuple[tuple[tuple[Vec3, ...], RGB], ...]:
    """Return the stripes of a zebra crossing."""
    paint = rgb("a8a498")
    lefts = [-3.6 + 0.9 * i for i in range(9)]
    return tuple((((x, 0.0, z), (x, 0.0, z + 2.8), (x + 0.45, 0.0, z + 2.8), (x + 0.45, 0.0, z)), paint) for x in lefts)


def _manholes() -> tuple[tuple[tuple[Vec3, ...], RGB], ...]:
    turns = [math.tau * i / 12 for i in range(12)]
    return tuple(
        (tuple((x + r * math.cos(t), 0.0, z + r * math.sin(t)) for t in turns), colour)
        for x, z in ((1.7, 3.4), (-1.6, 17.5), (1.5, -6.0))
        for r, colour in ((0.44, rgb("3c3a44")), (0.36, rgb("4a4852")))
    )


def alley(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a narrow alley with bins, crates, fire escapes and a lamp over a door."""
    half = 2.7
    things = _rows(dice, _ALLEY, half, tint, -30.0, 44.0)
    for i in range(6):
        spin = dice.fork("junk", i)
        side, z = spin.sign(), 4.0 + i * 4.6
        make = dumpster if spin.happens(0.45) else crates
        things.append(make((side * (half - 0.75), z), spin))
    for side, z in ((-1.0, 9.0), (1.0, 18.0)):
        things.append(_fire_escape(side * half, side, z))
    for side, z in ((1.0, 6.5), (-1.0, 15.0), (1.0, 27.0)):
        x = side * (half - 0.12)
        door = upright(x, z - 0.5, x, z + 0.5, 0.0, 2.1, rgb("3c2c2c"), (-side, 0.0, 0.0))
        lamp = Lamp((side * (half - 0.35), 2.7, z), rgb("ffcf88"), 3.0, 1.0)
        things.append(
            Thing(
                (x, 0.0, z),
                (door, *box((side * (half - 0.25), z), (0.3, 0.16, 0.2), rgb("ffdc9c"), base=2.6, glow=1.0)),
                (),
                (lamp,),
            )
        )
    things += [_end(dice.fork("end", end), end) for end in (52.0, -34.0)]
    gutter = (((-0.16, 0.0, -30.0), (-0.16, 0.0, 44.0), (0.16, 0.0, 44.0), (0.16, 0.0, -30.0)), rgb("33323c"))
    free = (-half + 0.5, -24.0, half - 0.5, 38.0)
    spots: tuple[Vec3, ...] = ((-1.8, 0.0, 7.0), (1.8, 0.0, 10.0), (0.0, 0.0, 24.0))
    return Layout(
        "alley", (0.0, 0.0, 0.0), 0.0, 8.0, 0.06, Cover.SKY, Ground.COBBLES, rgb("4c4a54"), tuple(things),
            (gutter,), (), free, spots,
    )  # fmt: skip


def _rows(dice: Dice, row: Row, half: float, tint: tuple[RGB, ...], start: float, end: float) -> list[Thing]:
    things: list[Thing] = []
    for side in (-1.0, 1.0):
        spin = dice.fork("row", side)
        z = start
        while z < end:
            run = spin.between(6.0, 10.5)
            things.append(
                _building(spin.fork(round(z * 10)), row, side, half + spin.pick((0.0, 0.0, 0.4)), (z, z + run), tint)
            )
            z += run
    return things


def _pavements(half: float) -> tuple[tuple[tuple[Vec3, ...], RGB], ...]:
    made = []
    for side in (-1.0, 1.0):
        a, b = side * (half - 2.0), side * (half + 4)
        for x0, x1, code in ((a, b, "77717c"), (a - side * 0.18, a, "a49ca0")):
            made.append((((x0, 0.0, -60.0), (x0, 0.0, 96.0), (x1, 0.0, 96.0), (x1, 0.0, -60.0)), rgb(code)))
    return tuple(made)


def _dashes() -> tuple[tuple[tuple[Vec3, ...], RGB], ...]:
    return tuple(
        (((-0.07, 0.0, float(z)), (-0.07, 0.0, z + 2.4), (0.07, 0.0, z + 2.4), (0.07, 0.0, float(z))), rgb("a8a090"))
        for z in range(-44, 80, 6)
    )


def _building(dice: Dice, row: Row, side: float, x: float, run: tuple[float, float], tint: tuple[RGB, ...]) -> Thing:
    z0, z1 = run
    storeys = dice.count(*row.storeys)
    height = 1.0 + 3.2 * storeys
    wall = rgb(dice.pick(row.walls))
    if tint:
        wall = mix(wall, dice.pick(tint), 0.35)
    front = side * x
    facing = (-side, 0.0, 0.0)
    panels: list[Panel] = list(box((front + side * 5.0, (z0 + z1) / 2), (10.0, height, z1 - z0), wall, edge=0.5))
    panels += _windows(dice, row, front - side * 0.02, run, storeys, facing, wall)
    cornice = mix(wall, (0.0, 0.0, 0.0), 0.28)
    panels.append(upright(front - side * 0.03, z0, front - side * 0.03, z1, height - 0.55, height, cornice, facing))
    panels.append(
        upright(front - side * 0.03, z0, front - side * 0.03, z1, 3.1, 3.3, mix(wall, WHITE, 0.16), facing, edge=0.3)
    )
    if row.shops and dice.happens(0.5):
        panels += _awning(dice, front, side, run)
    lamps: tuple[Lamp, ...] = ()
    if dice.happens(row.signs):
        colour = rgb(dice.pick(_NEON))
        z, low = dice.between(z0 + 1, z1 - 1), dice.between(3.4, 4.8)
        panels += _sign(front, side, z, low, colour, dice)
        lamps = (Lamp((front - side * 0.5, low + 0.9, z), colour, 3.0, 0.5),)
    return Thing((front, 0.0, (z0 + z1) / 2), tuple(panels), (), lamps)


def _windows(
    dice: Dice, row: Row, x: float, run: tuple[float, float], storeys: int, facing: Vec3, wall: RGB
) -> list[Panel]:
    made: list[Panel] = []
    z0, z1 = run
    columns = max(2, int((z1 - z0) / 2.1))
    pitch = (z1 - z0) / columns
    warm = rgb(dice.pick(_LIT[:3]))
    for floor in range(storeys):
        for i in range(columns):
            shop = floor == 0
            if shop and not row.shops and dice.happens(0.7):
                continue
            a, b = z0 + (i + (0.12 if shop else 0.26)) * pitch, z0 + (i + (0.88 if shop else 0.74)) * pitch
            low = 0.45 if shop else floor * 3.2 + 0.9
            high = low + (2.2 if shop else 1.8)
            lit = dice.happens(row.shops if shop else row.lit)
            glass = mix(wall, rgb("28344c"), 0.66)
            colour = (warm if shop else rgb(dice.pick(_LIT))) if lit else glass
            made.append(
                upright(x, a, x, b, low, high, colour, facing, glow=(0.95 if shop else 0.8) if lit else 0.0, edge=0.45)
            )
    return made


def _awning(dice: Dice, front: float, side: float, run: tuple[float, float]) -> list[Panel]:
    a, b, out = run[0] + 0.5, run[1] - 0.5, front - side * 1.3
    colour = rgb(dice.pick(_AWNINGS))
    slope = ((front, 3.2, a), (front, 3.2, b), (out, 2.65, b), (out, 2.65, a))
    made = [Panel(slope, colour, (-side * 0.4, 0.9, 0.0), edge=0.7, both=True)]
    made.append(upright(out, a, out, b, 2.4, 2.65, mix(colour, WHITE, 0.2), (-side, 0.0, 0.0), both=True))
    return made


def _sign(front: float, side: float, z: float, low: float, colour: RGB, dice: Dice) -> list[Panel]:
    """Return a hanging sign of bars: it shines, it says nothing."""
    tall = 1.9
    face, back = (0.0, 0.0, -1.0), mix(colour, rgb("141024"), 0.74)
    made = [upright(front - side * 0.1, z, front - side * 0.95, z, low, low + tall, back, face, both=True)]
    for i in range(3):
        y = low + 0.2 + 0.56 * i
        a, b = front - side * 0.26, front - side * dice.between(0.62, 0.80)
        made.append(upright(a, z - 0.02, b, z - 0.02, y, y + 0.34, mix(colour, WHITE, 0.25), face, glow=1.0, both=True))
    return made


def _lamp_post(x: float, z: float) -> Thing:
    iron = rgb("2a2a34")
    arm = -1.0 if x > 0 else 1.0
    panels = (
        *box((x, z), (0.13, 4.6, 0.13), iron, edge=0.3),
        *box((x + arm * 0.5, z), (1.0, 0.08, 0.08), iron, base=4.6, edge=0.3),
        *box((x + arm * 0.9, z), (0.36, 0.10, 0.22), rgb("ffe2a8"), base=4.48, glow=1.0, edge=0.3),
    )
    return Thing((x, 0.0, z), panels, (), (Lamp((x + arm * 0.9, 4.4, z), rgb("ffd79a"), 2.6, 0.9),))


def _fire_escape(x: float, side: float, z: float) -> Thing:
    iron = rgb("24222c")
    panels: list[Panel] = []
    for floor in (1, 2, 3):
        y = floor * 3.2 + 0.4
        out = x - side * 0.95
        panels.append(level(min(x, out), z - 1.6, max(x, out), z + 1.6, y, iron, edge=0.6))
        panels.append(level(min(x, out), z - 1.6, max(x, out), z + 1.6, y - 0.06, iron, edge=0.6, down=True))
        for i in range(9):
            a = z - 1.6 + i * 0.4
            panels.append(upright(out, a, out, a + 0.05, y, y + 0.95, iron, (-side, 0.0, 0.0), both=True, edge=0.2))
        panels.append(
            upright(out, z - 1.6, out, z + 1.6, y + 0.9, y + 0.97, iron, (-side, 0.0, 0.0), both=True, edge=0.3)
        )
    return Thing((x - side * 0.5, 4.0, z), tuple(panels))


def _end(dice: Dice, z: float) -> Thing:
    panels: list[Panel] = []
    x = -70.0
    while x < 70.0:
        w, h = dice.between(6, 14), dice.between(8, 34)
        panels += box((x, z), (w, h, 6.0), rgb(dice.pick(_WALLS)), edge=0.2)
        face = -3.02 if z > 0 else 3.02
        for i in range(int(h / 3)):
            if dice.happens(0.4):
                a = x + dice.between(-w / 2 + 0.5, w / 2 - 2)
                panels.append(
                    upright(
                        a,
                        z + face,
                        a + 1.2,
                        z + face,
                        i * 3 + 1,
                        i * 3 + 2.4,
                        rgb(dice.pick(_LIT)),
                        (0.0, 0.0, face),
                        glow=0.7,
                        edge=0.0,
                    )
                )
        x += w
    return Thing((0.0, 0.0, z), tuple(panels), (), (), backdrop=True)
