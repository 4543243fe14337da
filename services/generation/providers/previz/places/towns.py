"""Streets that are not a modern city's: a frontier town and a bazaar."""

import math
from itertools import pairwise

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.fittings import BACK, floor_patch
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import barrel, crates
from services.generation.providers.previz.places.solids import box, drum, level, upright

_PLANKS = ("8a6844", "7c5a40", "9c8058", "6c5444", "a08c70", "8c5c48")
_CLOTHS = ("b83c38", "d8943c", "3c6c84", "5c7c44", "8c4474", "d8c090")
_GOODS = ("d8943c", "b83c2c", "e0c048", "6c8c3c", "8c5c34", "c86478")


def western(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a frontier main street: false fronts, boardwalks under porches, hitching rails, a water tower, mesas."""
    half = 6.0
    things = [
        ridge(dice.fork("mesa"), 420.0, 60.0, rgb("b07a5c"), peaks=True),
        ridge(dice.fork("hill"), 160.0, 9.0, rgb("b89468")),
    ]
    for side in (-1.0, 1.0):
        spin, z = dice.fork("row", side), -26.0
        while z < 46.0:
            run = spin.between(5.5, 8.5)
            things.append(_false_front(spin.fork(round(z)), side, half, (z, z + run - 0.5), tint))
            z += run
        for i, z in enumerate((2.8, 10.5, 19.0)):
            things.append(_hitching_rail(side * (half - 2.7), z + i * side))
    things += [barrel((s * (half - 1.0), z), rgb("7a5234")) for s, z in ((-1.0, 4.4), (1.0, 6.9), (1.0, -3.0))]
    things += [crates((-half + 1.0, 7.4), dice), _wagon((3.1, 13.0)), _water_tower((-9.0, 40.0)), _church((1.5, 58.0))]
    for i in range(14):
        spin = dice.fork("scrub", i)
        at = (spin.between(-40, 40), 0.0, spin.between(50, 90))
        things.append(Thing(at, (), (Sprite("bush", at, 1.6, 0.9, rgb("8c8a54"), spin.count(0, 999)),)))
    tracks: tuple[tuple[tuple[Vec3, ...], RGB], ...] = ()
    for x in (-1.3, 0.5):
        tracks += floor_patch(x, -40.0, x + 0.28, 70.0, rgb("a8845c"))
    walks = floor_patch(-half - 2, -30, -half + 2.0, 48, rgb("94744c")) + floor_patch(
        half - 2.0, -30, half + 2, 48, rgb("94744c")
    )
    return Layout(
        "western", (0.0, 0.0, 0.0), 0.0, 16.0, 0.5, Cover.SKY, Ground.EARTH, rgb("c49c6c"), tuple(things),
        (*tracks, *walks), (), (-3.4, -20.0, 3.4, 40.0), ((-3.6, 0.0, 6.0), (3.6, 0.0, 8.5), (-4.4, 0.0, 16.0)),
    )  # fmt: skip


def _false_front(dice: Dice, side: float, half: float, run: tuple[float, float], tint: tuple[RGB, ...]) -> Thing:
    """Return a wooden house with a tall board front, a porch, doors, windows and an empty sign board."""
    z0, z1 = run
    wall = rgb(dice.pick(_PLANKS))
    if tint:
        wall = mix(wall, dice.pick(tint), 0.2)
    x, n, low = side * half, (-side, 0.0, 0.0), dice.between(3.4, 4.6)
    front, trim, dark = low + dice.between(1.0, 2.2), mix(wall, WHITE, 0.3), mix(wall, BLACK, 0.45)
    m, out = (z0 + z1) / 2, x - side * 2.0
    parts = [*box((x + side * 4.0, m), (8.0, low, z1 - z0), mix(wall, BLACK, 0.08))]
    f = x - side * 0.02
    steps = (
        (z0, 0.0),
        (z0, front - 0.7),
        (m - 1.4, front - 0.7),
        (m - 1.4, front),
        (m + 1.4, front),
        (m + 1.4, front - 0.7),
        (z1, front - 0.7),
        (z1, 0.0),
    )
    parts.append(Panel(tuple((f, y, z) for z, y in steps), wall, n, 0.0, 0.8, both=True))
    for i in range(1, 12):
        y = i * 0.42
        if y < front - 0.75:
            parts.append(upright(f - side * 0.01, z0, f - side * 0.01, z1, y, y + 0.02, dark, n, edge=0.0))
    g = f - side * 0.03
    parts.append(upright(g, m - 1.9, g, m + 1.9, front - 1.35, front - 0.75, trim, n, edge=0.8))
    parts.append(upright(g, m - 1.2, g, m + 1.2, front - 1.12, front - 0.98, dark, n, edge=0.0))
    for a in (z0 + 0.6, z1 - 1.7):
        parts.append(upright(g, a - 0.08, g, a + 1.18, 0.72, 2.3, trim, n))
        parts.append(upright(g - side * 0.01, a, g - side * 0.01, a + 1.1, 0.8, 2.2, rgb("e8c484"), n, glow=0.7))
    for a in (m - 0.62, m + 0.02):  # batwing doors before a dark room
        parts.append(upright(g, a, g, a + 0.6, 0.0, 2.25, dark, n))
        parts.append(
            upright(g - side * 0.02, a, g - side * 0.02, a + 0.6, 0.55, 1.65, mix(wall, rgb("7c3c24"), 0.5), n)
        )
    porch = level(min(f, out), z0 + 0.1, max(f, out), z1 - 0.1, 2.85, mix(dark, wall, 0.3))
    under = porch._replace(normal=(0.0, -1.0, 0.0), colour=dark)
    parts += [porch, under, upright(out, z0 + 0.1, out, z1 - 0.1, 2.7, 2.98, trim, n, both=True)]
    for z in (z0 + 0.3, m - 1.2, m + 1.2, z1 - 0.3):
        parts += box((out + side * 0.1, z), (0.14, 2.8, 0.14), trim, edge=0.5)
    lamp = Lamp((out + side * 0.3, 2.3, m), rgb("ffd08c"), 1.8, 0.7)
    return Thing((x, 0.0, m), tuple(parts), (), (lamp,) if dice.happens(0.6) else ())


def _hitching_rail(x: float, z: float) -> Thing:
    wood = rgb("6c4c34")
    posts = [p for dz in (-1.1, 1.1) for p in box((x, z + dz), (0.13, 1.05, 0.13), wood, edge=0.5)]
    return Thing((x, 0.0, z), (*posts, *box((x, z), (0.10, 0.10, 2.5), wood, base=0.85)))


def _wagon(at: tuple[float, float]) -> Thing:
    """Return a covered wagon."""
    x, z = at
    cloth, wood = rgb("e4d8bc"), rgb("7c5434")
    parts = [*box(at, (1.5, 0.7, 3.2), wood, base=0.75)]
    arc = [(0.95 * math.cos(t), 1.45 + 1.15 * math.sin(t)) for t in (math.pi * i / 8 for i in range(9))]
    for (ax, ay), (bx, by) in pairwise(arc):
        corners = ((x + ax, ay, z - 1.7), (x + ax, ay, z + 1.7), (x + bx, by, z + 1.7), (x + bx, by, z - 1.7))
        parts.append(Panel(corners, cloth, ((ax + bx) / 2, (ay + by) / 2 - 1.45, 0.0), 0.0, 0.25, both=True))
    parts.append(Panel(tuple((x + ax, ay, z - 1.7) for ax, ay in arc), rgb("5c4838"), BACK, 0.0, 0.6))
    for side in (-1.0, 1.0):
        for dz, r in ((-1.1, 0.45), (1.1, 0.6)):
            turns = [math.tau * i / 14 for i in range(14)]
            for radius, code in ((r, "4c3424"), (r * 0.78, "b08c60"), (r * 0.16, "4c3424")):
                ring = tuple((x + side * 0.85, r + radius * math.sin(t), z + dz + radius * math.cos(t)) for t in turns)
                parts.append(Panel(ring, rgb(code), (side, 0.0, 0.0), 0.0, 0.5))
    return Thing((x, 0.0, z), tuple(parts))


def _water_tower(at: tuple[float, float]) -> Thing:
    x, z = at
    legs = [
        p for dx in (-1.3, 1.3) for dz in (-1.3, 1.3) for p in box((x + dx, z + dz), (0.25, 7.0, 0.25), rgb("5c4430"))
    ]
    return Thing(
        (x, 0.0, z),
        (
            *legs,
            *drum(at, 2.2, 3.2, rgb("8c6844"), base=7.0, sides=14),
            *drum(at, 2.5, 1.8, rgb("5c4438"), base=10.2, taper=0.04, sides=14),
        ),
        backdrop=True,
    )


def _church(at: tuple[float, float]) -> Thing:
    x, z = at
    white, roof = rgb("e8e0d0"), rgb("6c5448")
    gable = Panel(((x - 4.0, 5.0, z - 5.0), (x, 8.4, z - 5.0), (x + 4.0, 5.0, z - 5.0)), white, BACK, 0.0, 0.6)
    cross = (
        *box((x, z - 4.0), (0.16, 1.8, 0.16), roof, base=14.0),
        *box((x, z - 4.0), (1.0, 0.16, 0.16), roof, base=15.0),
    )
    spire = drum((x, z - 4.0), 1.5, 3.2, roof, base=11.0, taper=0.04, sides=4)
    door = upright(x - 0.9, z - 5.02, x + 0.9, z - 5.02, 0.0, 2.8, rgb("5c3c28"), BACK)
    return Thing(
        (x, 0.0, z),
        (*box(at, (8.0, 5.0, 10.0), white), gable, door, *box((x, z - 4.0), (2.0, 11.0, 2.0), white), *spire, *cross),
        backdrop=True,
    )


def bazaar(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a market lane: stalls with heaps of goods under striped awnings, lanterns and cloths overhead, a crowd."""
    half = 4.4
    things: list[Thing] = []
    for side in (-1.0, 1.0):
        spin, z = dice.fork("wall", side), -24.0
        while z < 40.0:
            run, h = spin.between(5.0, 9.0), spin.between(4.5, 8.5)
            things.append(_house(spin.fork(round(z)), side, half + 1.8, (z, z + run), h, tint))
            z += run
        for i, z in enumerate(range(-10, 24, 4)):
            if z or side < 0:
                things.append(_stall(dice.fork("stall", side, i), side * (half - 0.8), side, z + 0.6 * side))
    things.append(Thing((0.0, 0.0, 42.0), box((0.0, 44.0), (40.0, 7.0, 3.0), rgb("b8946c")), backdrop=True))
    gate = [(2.2 * math.cos(t), 2.6 + 2.2 * math.sin(t), 42.4) for t in (math.pi * i / 10 for i in range(11))]
    things.append(
        Thing(
            (0.0, 0.0, 42.3),
            (Panel(((2.2, 0.0, 42.4), *gate, (-2.2, 0.0, 42.4)), rgb("f0dcb0"), BACK, 0.3, 0.5),),
            backdrop=True,
        )
    )
    for i, z in enumerate((4.0, 8.5, 13.0, 18.0, -5.0)):
        things += _overhead(dice.fork("over", i), half, z)
    for i in range(9):
        spin = dice.fork("shopper", i)
        at = (spin.between(-2.4, 2.4), 0.0, spin.between(11.0, 30.0))
        things.append(Thing(at, (), (Sprite("passers", at, 2.2, 1.75, rgb(spin.pick(_CLOTHS)), spin.count(0, 999)),)))
    return Layout(
        "bazaar", (0.0, 0.0, 0.0), 0.0, 14.0, 0.5, Cover.SKY, Ground.EARTH, rgb("b89470"), tuple(things), (), (),
        (-2.2, -12.0, 2.2, 26.0), ((-2.5, 0.0, 4.4), (2.5, 0.0, 6.0)),
    )  # fmt: skip


def _house(dice: Dice, side: float, x: float, run: tuple[float, float], high: float, tint: tuple[RGB, ...]) -> Thing:
    wall = rgb(dice.pick(("c8a47c", "b89070", "d0b48c", "a8846c")))
    wall = mix(wall, tint[0], 0.2) if tint else wall
    z0, z1 = run
    front, n, m = side * x, (-side, 0.0, 0.0), (z0 + z1) / 2
    parts = [*box((front + side * 3.0, m), (6.0, high, z1 - z0), wall)]
    f = front - side * 0.02
    for i in range(int((z1 - z0) / 2.4)):
        a = z0 + 0.8 + i * 2.4
        for y in (3.0, 5.6):
            if y + 1.6 < high:
                hole = ((f, y, a), (f, y + 1.0, a), (f, y + 1.45, a + 0.4), (f, y + 1.0, a + 0.8), (f, y, a + 0.8))
                parts.append(Panel(hole, mix(wall, rgb("3c2c30"), 0.7), n, 0.0, 0.5))
    return Thing((front, 0.0, m), tuple(parts), backdrop=True)


def _stall(dice: Dice, x: float, side: float, z: float) -> Thing:
    wood, cloth = rgb("7c5638"), rgb(dice.pick(_CLOTHS))
    inner, n = x - side * 0.75, (-side, 0.3, 0.0)
    parts = [
        *box((x, z), (1.2, 0.75, 2.3), wood, top=mix(wood, BLACK, 0.2)),
        upright(
            inner + side * 0.14,
            z - 1.15,
            inner + side * 0.14,
            z + 1.15,
            0.2,
            0.75,
            mix(cloth, BLACK, 0.2),
            (-side, 0.0, 0.0),
        ),
    ]
    for dz in (-0.8, -0.27, 0.27, 0.8):
        for dx in (-0.3, 0.28):
            colour = rgb(dice.pick(_GOODS))
            if dice.happens(0.6):
                parts += drum((x + dx, z + dz), 0.25, 0.12, rgb("a8845c"), base=0.75, taper=1.15, sides=8)
                parts += drum((x + dx, z + dz), 0.25, dice.between(0.2, 0.34), colour, base=0.87, taper=0.08, sides=8)
            else:
                parts += box((x + dx, z + dz), (0.3, dice.between(0.2, 0.5), 0.3), colour, base=0.75)
    for dz in (-1.15, 1.15):
        for px in (inner + side * 0.15, x + side * 0.6):
            parts += box((px, z + dz), (0.07, 2.3, 0.07), wood, edge=0.4)
    stripes = 8
    for i in range(stripes):
        a, b = z - 1.3 + 2.6 * i / stripes, z - 1.3 + 2.6 * (i + 1) / stripes
        paint = cloth if i % 2 else rgb("ece0c4")
        far, low, edge = x + side * 0.7, 2.15, inner - side * 0.25
        parts.append(
            Panel(((far, 2.75, a), (far, 2.75, b), (edge, low, b), (edge, low, a)), paint, n, 0.0, 0.2, both=True)
        )
        parts.append(
            Panel(
                ((edge, low, a), (edge, low, b), (edge, low - 0.22, b - 0.08), (edge, low - 0.22, a + 0.08)),
                mix(paint, BLACK, 0.12),
                (-side, 0.0, 0.0),
                0.0,
                0.2,
                both=True,
            )
        )
    return Thing((x, 0.0, z), tuple(parts))


def _overhead(dice: Dice, half: float, z: float) -> list[Thing]:
    """Return a cloth hung across the lane and a string of lanterns."""
    cloth, y = rgb(dice.pick(_CLOTHS)), dice.between(3.7, 4.3)
    sag = [(-half + half * 2 * i / 8, y - 0.55 * math.sin(math.pi * i / 8)) for i in range(9)]
    sheet = (*((px, py, z) for px, py in sag), *((px, py + 0.1, z + 1.7) for px, py in reversed(sag)))
    made = [Thing((0.0, y, z + 0.8), (Panel(sheet, cloth, (0.0, -1.0, 0.0), 0.0, 0.4, both=True),))]
    for x in (-1.9, -0.4, 1.5):
        ly, paint = 2.95 + dice.between(-0.15, 0.25), rgb(dice.pick(("ffc870", "ff9c5c", "ffe0a0")))
        lamp = [
            p._replace(glow=0.9)
            for p in (
                *drum((x, z - 0.6), 0.09, 0.16, paint, base=ly - 0.16, taper=1.8, sides=8),
                *drum((x, z - 0.6), 0.16, 0.16, paint, base=ly, taper=0.5, sides=8),
            )
        ]
        cord = upright(x - 0.006, z - 0.6, x + 0.006, z - 0.6, ly + 0.16, 4.2, BLACK, BACK, both=True, edge=0.0)
        made.append(Thing((x, ly, z - 0.6), (*lamp, cord), (), (Lamp((x, ly, z - 0.6), paint, 1.1, 0.6),)))
    return made
