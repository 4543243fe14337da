"""By the water: riverbank, beach, docks."""

import math
from typing import Final

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.hills import ridge, skyline
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing, Water
from services.generation.providers.previz.places.props import barrel, boat, crates
from services.generation.providers.previz.places.solids import box, drum
from services.generation.providers.previz.places.woods import around, tree_thing

_IRON: Final = rgb("3a4048")


def _sheet(near: float, far: float, bend: float, wide: float = 160.0) -> tuple[Vec3, ...]:
    """Return the outline of water across the view: a curved near shore, a straight far one."""
    shore: list[Vec3] = []
    for i in range(25):
        x = -wide + wide * 2 * i / 24
        shore.append((x, 0.0, near + bend * math.sin(x * 0.11) + abs(x) * 0.03))
    return (*shore, (wide, 0.0, far), (-wide, 0.0, far))


def riverbank(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a grassy bank with reeds and lotus, a river, trees on the other side, a boat."""
    water = _sheet(5.2, 34.0, 1.1)
    things = [ridge(dice.fork("far"), 210.0, 22.0, rgb("6a8474"))]
    for i in range(22):
        spin = dice.fork("other", i)
        things.append(tree_thing(spin, spin.between(-52, 52), spin.between(35, 46), tint))
    for i in range(14):
        spin = dice.fork("behind", i)
        x, z = around(spin, 8.0, 26.0)
        if z < 1.5:
            things.append(tree_thing(spin, x, z, tint))
    for i in range(46):
        spin = dice.fork("reed", i)
        x = spin.between(-20, 20)
        z = 4.6 + 1.1 * math.sin(x * 0.11) + abs(x) * 0.03 + spin.between(-1.0, 0.7)
        kind = spin.pick(("reed", "reed", "grass", "flowers"))
        h = spin.between(0.7, 1.5) if kind == "reed" else spin.between(0.3, 0.6)
        colour = (
            rgb(spin.pick(("e87aa4", "f0b030", "f4f0e4")))
            if kind == "flowers"
            else rgb(spin.pick(("6f8a44", "84964c")))
        )
        things.append(Thing((x, 0.0, z), (), (Sprite(kind, (x, 0.0, z), 0.8, h, colour, spin.count(0, 999)),)))
    for i in range(16):
        spin = dice.fork("lotus", i)
        x, z = spin.between(-14, 14), spin.between(7.0, 17.0)
        things.append(
            Thing((x, 0.0, z), (), (Sprite("lotus", (x, 0.0, z), 0.9, 0.35, rgb("ee8ab0"), spin.count(0, 999)),))
        )
    things.append(boat((6.5, 9.5), 4.2, rgb("6a4630"), yaw=1.1))
    return Layout(
        "riverbank", (0.0, 0.0, 0.0), 0.0, 30.0, 0.15, Cover.SKY, Ground.GRASS, rgb("74904a"), tuple(things), (),
        (Water(water, rgb("3f7a8a")),), (-16.0, -14.0, 16.0, 4.2), ((-4.5, 0.0, 2.8), (4.5, 0.0, 3.0),
            (-9.0, 0.0, 1.0)),
    )  # fmt: skip


def beach(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return sand, surf, palms and a headland."""
    water = _sheet(7.0, 900.0, 0.8, 900.0)
    things = [Thing((0.0, 0.0, 300.0), ridge(dice.fork("head"), 420.0, 26.0, rgb("6a8090")).panels[2:4], backdrop=True)]
    for i in range(12):
        spin = dice.fork("palm", i)
        x, z = spin.between(-24, 24), spin.between(-16, 3.5)
        if abs(x) > 4.5:
            h = spin.between(5, 8)
            things.append(
                Thing((x, 0.0, z), (), (Sprite("palm", (x, 0.0, z), h * 0.9, h, rgb("4c7a44"), spin.count(0, 999)),))
            )
    for i in range(16):
        spin = dice.fork("rock", i)
        x, z = around(spin, 3.5, 20.0)
        h = spin.between(0.15, 0.6)
        things.append(
            Thing((x, 0.0, z), (), (Sprite("rock", (x, 0.0, z), h * 2, h, rgb("8c8074"), spin.count(0, 999)),))
        )
    things.append(boat((-6.0, 4.5), 4.0, rgb("3f6a84"), yaw=0.7))
    return Layout(
        "beach", (0.0, 0.0, 0.0), 0.0, 34.0, 0.1, Cover.SKY, Ground.SAND, mix(rgb("dcc49a"), tint[0],
            0.15) if tint else rgb("dcc49a"),
        tuple(things), (), (Water(water, rgb("2f7a94")),), (-20.0, -14.0, 20.0, 6.2),
    )  # fmt: skip


def docks(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a quay at a harbour: warehouses, a crane, crates, bollards, a freighter, lamps."""
    water = ((-160.0, 0.0, 9.0), (160.0, 0.0, 9.0), (160.0, 0.0, 400.0), (-160.0, 0.0, 400.0))
    things = [skyline(dice.fork("city"), 300.0, 60.0, 0.0)]
    hull = rgb("5a3438")
    things.append(
        Thing(
            (16.0, 0.0, 26.0),
            (
                *box((20.0, 26.0), (34.0, 6.5, 7.0), hull),
                *box((32.0, 26.0), (7.0, 6.0, 6.0), rgb("c8c0b0"), base=6.5),
                *drum((31.0, 26.0), 1.2, 4.0, rgb("2a2a30"), base=12.5),
            ),
        )
    )
    for x, h in ((-19.0, 7.0), (-30.0, 9.0)):
        things.append(
            Thing(
                (x, 0.0, -6.0),
                box((x, -4.0), (10.0, h, 18.0), mix(rgb("6a5a54"), tint[0], 0.2) if tint else rgb("6a5a54")),
            )
        )
    things.append(_crane())
    for i in range(11):
        spin = dice.fork("cargo", i)
        x, z = spin.between(-13, 13), spin.between(-9, 7.0)
        if math.hypot(x, z) < 3.2:
            continue
        things.append(
            crates((x, z), spin)
            if spin.happens(0.6)
            else barrel((x, z), rgb(spin.pick(("7a3a34", "3a5a64", "6a6a5c"))))
        )
    things += [_bollard(float(x), 8.6) for x in range(-14, 15, 4)]
    things += [_quay_lamp(x, z) for x, z in ((-5.0, 7.6), (6.0, 7.6), (-6.0, -6.0), (15.0, 7.6), (-15.0, 7.6))]
    things += [_containers(x, z, dice.fork("stack", x)) for x, z in ((11.0, -5.0), (-13.0, 5.5), (12.5, 3.0))]
    things.append(_portholes())
    return Layout(
        "docks", (0.0, 0.0, 0.0), 0.0, 26.0, 0.3, Cover.SKY, Ground.STONE, rgb("5c5a60"), tuple(things), (),
        (Water(water, rgb("24404e")),), (-12.0, -12.0, 12.0, 8.0), ((-3.6, 0.0, 5.0), (4.2, 0.0, 6.0),
            (-6.0, 0.0, 3.0)),
    )  # fmt: skip


def pier(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a wooden pier out over the water: piles with ropes, moored fishing boats, pots and nets, a lighthouse."""
    wood = mix(rgb("9c8468"), tint[0], 0.2) if tint else rgb(dice.pick(("9c8468", "948878", "a08c6c")))
    half, end = 2.6, 17.0
    sea = rgb("3c7488")
    things = [ridge(dice.fork("coast"), 520.0, 40.0, rgb("6a8090")), _lighthouse((-46.0, 120.0))]
    for i, z in enumerate(float(n) for n in range(-13, 18, 3)):
        for s in (-1.0, 1.0):
            x = s * (half - 0.12)
            post = drum((x, z), 0.15, 1.05 if i % 2 else 0.75, mix(wood, rgb("4c3c34"), 0.6), sides=8)
            rope = Panel(
                ((x, 0.72, z), (x, 0.42, z + 1.5), (x, 0.72, z + 3.0), (x, 0.66, z + 3.0), (x, 0.36, z + 1.5),
                    (x, 0.66, z)),
                rgb("c8b48c"), (s, 0.0, 0.0), 0.0, 0.2, both=True,
            )  # fmt: skip
            things.append(Thing((x, 0.0, z), (*post, rope)))
    for i, (x, z) in enumerate(((-4.9, 6.5), (5.0, 9.5), (-5.6, 15.0), (7.5, 18.0), (4.9, -5.0), (-4.8, -7.0))):
        things.append(_fishing_boat((x, z), dice.fork("boat", i)))
    for i, (x, z) in enumerate(((-1.9, 4.6), (1.9, 6.2), (-1.8, 10.5))):
        things.append(crates((x, z), dice.fork("crate", i)))
    for x, z in ((1.8, 3.6), (2.0, 4.3), (-1.9, 7.3)):
        things.append(_pot((x, z)))
    things += [_quay_lamp(s * 2.2, z) for s, z in ((1.0, 12.0), (-1.0, -4.0))]
    for i in range(9):
        spin = dice.fork("gull", i)
        at = (spin.between(-16, 16), spin.between(4.0, 9.0), spin.between(14, 40))
        things.append(Thing(at, (), (Sprite("gull", at, 1.1, 0.4, rgb("f0f2f4"), spin.count(0, 99)),)))
    waters = tuple(
        Water(tuple((s * x, 0.0, z) for x, z in ((half, -160.0), (half, end), (0.0, end), (0.0, 900.0), (900.0, 900.0),
            (900.0, -160.0))), sea)
        for s in (-1.0, 1.0)
    )  # fmt: skip
    return Layout(
        "pier", (0.0, 0.0, 0.0), 0.0, 16.0, 0.1, Cover.SKY, Ground.BOARDS, wood, tuple(things), (), waters,
        (-1.7, -12.0, 1.7, 15.5), ((-1.7, 0.0, 8.8), (1.8, 0.0, 8.2)),
    )  # fmt: skip


def _lighthouse(at: tuple[float, float]) -> Thing:
    panels: list[Panel] = [*drum(at, 14.0, 4.0, rgb("7c7870"), taper=0.6, sides=9)]
    for i in range(5):
        radius, code = 3.4 - 0.34 * i, "c8403c" if i % 2 else "f0ece4"
        panels += drum(at, radius, 4.6, rgb(code), base=4.0 + 4.6 * i, taper=(radius - 0.34) / radius, sides=12)
    panels += [p._replace(glow=1.0) for p in drum(at, 1.4, 2.2, rgb("fff0c0"), base=27.0, sides=8)]
    panels += drum(at, 1.9, 1.6, rgb("8c2c2c"), base=29.2, taper=0.06, sides=10)
    return Thing(
        (at[0], 0.0, at[1]), tuple(panels), (), (Lamp((at[0], 28.0, at[1]), rgb("fff0c0"), 9.0, 1.0),), backdrop=True
    )


def _fishing_boat(at: tuple[float, float], dice: Dice) -> Thing:
    """Return a boat with a wheelhouse, a mast and a boom."""
    colour = rgb(dice.pick(("2c6484", "a83c38", "2f7460", "c89c44")))
    hull = boat(at, 6.4, colour, yaw=dice.between(-0.15, 0.15))
    tall = tuple(p._replace(corners=tuple((x, y * 1.9, z) for x, y, z in p.corners)) for p in hull.panels)
    x, z = at
    white = rgb("ece8dc")
    house = (
        *box((x, z - 0.9), (1.1, 1.3, 1.5), white, base=0.75),
        *box((x, z - 0.9), (1.3, 0.1, 1.8), colour, base=2.05),
        *box((x, z - 1.66), (0.7, 0.45, 0.02), rgb("34465c"), base=1.4),
        *box((x - 0.56, z - 0.9), (0.02, 0.45, 0.9), rgb("34465c"), base=1.4),
        *box((x + 0.56, z - 0.9), (0.02, 0.45, 0.9), rgb("34465c"), base=1.4),
    )
    mast = (
        *box((x, z + 0.6), (0.11, 4.6, 0.11), rgb("7c5c3c"), base=0.7),
        *box((x, z + 1.6), (0.07, 0.07, 2.2), rgb("7c5c3c"), base=2.4),
    )
    stays = [
        Panel(((x, 5.2, z + 0.6), (x + 0.03, 5.2, z + 0.6), (x + 0.03, 1.3, z + dz), (x, 1.3, z + dz)), rgb("3c3834"),
            (1.0, 0.0, 0.0), 0.0, 0.0, both=True)
        for dz in (-3.0, 3.0)
    ]  # fmt: skip
    return Thing((x, 0.0, z), (*tall, *mast, *stays, *house))


def _pot(at: tuple[float, float]) -> Thing:
    """Return a lobster pot with a net over its hoops and a coil of rope."""
    x, z = at
    hoop = [(0.34 * math.cos(t), 0.12 + 0.34 * math.sin(t)) for t in (math.pi * i / 8 for i in range(9))]
    arch = Panel(tuple((x + px, py, z - 0.4) for px, py in hoop), rgb("6c7c5c"), (0.0, 0.0, -1.0), 0.0, 0.8, both=True)
    return Thing(
        (x, 0.0, z), (*box(at, (0.7, 0.42, 0.8), rgb("6c7c5c")), arch, *drum((x - 0.5, z), 0.24, 0.16, rgb("c8b48c")))
    )


def _containers(x: float, z: float, dice: Dice) -> Thing:
    """Return two or three shipping containers on top of each other."""
    panels: list[Panel] = []
    for level in range(dice.count(2, 3)):
        colour = rgb(dice.pick(("7a3c34", "3c5a6a", "8a6a34", "4a5a44")))
        panels += box((x + dice.between(-0.2, 0.2), z), (2.5, 2.5, 5.2), colour, base=2.5 * level)
    return Thing((x, 0.0, z), tuple(panels))


def _portholes() -> Thing:
    """Return the lit bridge and cabins of the freighter, and the lamp on its mast."""
    panels = [
        panel
        for i in range(9)
        for panel in box((6.0 + i * 3.2, 22.4), (0.5, 0.5, 0.1), rgb("ffdf9a"), base=4.6, glow=1.0)
    ]
    for i in range(4):
        panels += box((29.8 + i * 1.5, 22.9), (0.9, 0.8, 0.1), rgb("ffe6b0"), base=10.6, glow=1.0)
    mast = Lamp((31.0, 17.2, 26.0), rgb("ff8a5a"), 3.4, 0.9)
    return Thing((16.0, 0.0, 22.3), tuple(panels), (), (mast,))


def _bollard(x: float, z: float) -> Thing:
    return Thing((x, 0.0, z), drum((x, z), 0.22, 0.55, rgb("26242c"), taper=1.25))


def _crane() -> Thing:
    panels = (
        *box((-10.2, 6.0), (0.5, 11.0, 0.5), _IRON),
        *box((-7.8, 6.0), (0.5, 11.0, 0.5), _IRON),
        *box((-9.0, 6.0), (3.4, 1.6, 2.2), rgb("7a5a34"), base=11.0),
        *box((-9.0, 13.0), (0.5, 0.5, 15.0), _IRON, base=12.8),
    )
    return Thing((-9.0, 0.0, 6.0), panels)


def _quay_lamp(x: float, z: float) -> Thing:
    head = box((x, z - 0.3), (0.26, 0.12, 0.5), rgb("ffe2a8"), base=4.8, glow=1.0)
    lamp = Lamp((x, 4.75, z - 0.3), rgb("ffd79a"), 2.8, 1.0)
    return Thing((x, 0.0, z), (*box((x, z), (0.12, 4.8, 0.12), _IRON, edge=0.3), *head), (), (lamp,))
