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
