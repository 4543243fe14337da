"""Furniture of sets: cars, crates, tables, stools, lamps, boats."""

import math
from itertools import pairwise

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3, add, turn_y
from services.generation.providers.previz.places.layout import Lamp, Panel, Sprite, Thing
from services.generation.providers.previz.places.solids import box, drum

_GLASS = rgb("4a5a6c")


def turned(thing: Thing, at: Vec3, yaw: float) -> Thing:
    """Return a thing that was built about the origin, turned and put in its place."""

    def place(p: Vec3) -> Vec3:
        return add(at, turn_y(p, yaw))

    panels = tuple(p._replace(corners=tuple(map(place, p.corners)), normal=turn_y(p.normal, yaw)) for p in thing.panels)
    sprites = tuple(sprite._replace(at=place(sprite.at)) for sprite in thing.sprites)
    lamps = tuple(lamp._replace(at=place(lamp.at)) for lamp in thing.lamps)
    return thing._replace(at=place(thing.at), panels=panels, sprites=sprites, lamps=lamps)


def car(at: tuple[float, float], colour: RGB, *, yaw: float) -> Thing:
    """Return a rounded saloon, 4.4 m long, its nose along yaw."""
    profile = (
        (-2.2, 0.35), (-2.18, 0.80), (-1.9, 0.92), (-1.35, 0.98), (-0.95, 1.42), (0.45, 1.44), (0.95, 1.0),
            (1.95, 0.88),
        (2.2, 0.72), (2.2, 0.35),
    )  # fmt: skip

    def place(x: float, y: float, z: float) -> Vec3:
        turned = turn_y((x, y, z), yaw)
        return (at[0] + turned[0], turned[1], at[1] + turned[2])

    panels: list[Panel] = []
    side_normal, ahead = turn_y((1.0, 0.0, 0.0), yaw), turn_y((0.0, 0.0, 1.0), yaw)
    for (z0, y0), (z1, y1) in pairwise(profile):
        up = turn_y((0.0, z1 - z0, -(y1 - y0)), yaw)
        size = math.hypot(up[0], up[1], up[2]) or 1.0
        normal = (up[0] / size, up[1] / size, up[2] / size)
        glass = y0 > 0.95 and y1 > 0.95 and abs(y1 - y0) > 0.2
        quad = (place(-0.85, y0, z0), place(-0.85, y1, z1), place(0.85, y1, z1), place(0.85, y0, z0))
        panels.append(Panel(quad, _GLASS if glass else colour, normal, 0.0, 0.5))
    for sign in (-1.0, 1.0):
        n = (side_normal[0] * sign, 0.0, side_normal[2] * sign)
        panels.append(Panel(tuple(place(0.86 * sign, y, z) for z, y in profile), colour, n, 0.0, 0.8))
        window = ((-0.88, 1.02), (-0.72, 1.36), (0.32, 1.37), (0.72, 1.03))
        panels.append(Panel(tuple(place(0.87 * sign, y, z) for z, y in window), _GLASS, n, 0.0, 0.5))
        for z in (-1.35, 1.35):
            wheel: tuple[Vec3, ...] = tuple(
                place(0.88 * sign, 0.33 + 0.33 * math.sin(t), z + 0.33 * math.cos(t))
                for t in (i * math.tau / 12 for i in range(12))
            )
            panels.append(Panel(wheel, rgb("1c1a20"), n, 0.0, 0.5))
            hub = tuple(
                place(0.89 * sign, 0.33 + 0.16 * math.sin(t), z + 0.16 * math.cos(t))
                for t in (i * math.tau / 8 for i in range(8))
            )
            panels.append(Panel(hub, rgb("9c9ca4"), n, 0.0, 0.0))
    lights: list[Panel] = []
    lamps: list[Lamp] = []
    for sign in (-1.0, 1.0):
        for z, code, n in ((2.21, "fff0c8", ahead), (-2.21, "e03038", (-ahead[0], 0.0, -ahead[2]))):
            lens = tuple(
                place(sign * 0.62 + dx, 0.66 + dy, z)
                for dx, dy in ((-0.13, -0.09), (-0.13, 0.09), (0.13, 0.09), (0.13, -0.09))
            )
            lights.append(Panel(lens, rgb(code), n, 1.0, 0.3))
        lamps.append(Lamp(place(sign * 0.62, 0.66, 2.3), rgb("ffeec8"), 1.3, 0.35))
    return Thing((at[0], 0.0, at[1]), (*panels, *lights), (), tuple(lamps))


def crates(at: tuple[float, float], dice: Dice) -> Thing:
    """Return two or three stacked crates."""
    wood = rgb(dice.pick(("8a6a44", "7a5c3c", "94744c")))
    x, z = at
    panels = [*box((x, z), (0.8, 0.7, 0.8), wood, yaw=dice.between(-0.2, 0.2))]
    panels += box((x + 0.1, z), (0.65, 0.55, 0.65), mix(wood, BLACK, 0.12), base=0.7, yaw=dice.between(-0.4, 0.4))
    return Thing((x, 0.0, z), tuple(panels))


def dumpster(at: tuple[float, float], dice: Dice) -> Thing:
    """Return a skip with a lid."""
    colour = rgb(dice.pick(("2f4a44", "3a4a5c", "4c4438")))
    x, z = at
    panels = (
        *box((x, z), (1.1, 1.15, 1.8), colour),
        *box((x, z), (1.16, 0.08, 1.86), mix(colour, BLACK, 0.3), base=1.15),
    )
    return Thing((x, 0.0, z), panels)


def table(at: tuple[float, float], size: tuple[float, float, float], colour: RGB, *, yaw: float = 0.0) -> Thing:
    """Return a table: width, height, depth in metres."""
    w, h, d = size
    c, s = math.cos(yaw), math.sin(yaw)
    panels: list[Panel] = []
    for sx in (-1, 1):
        for sz in (-1, 1):
            x, z = sx * (w / 2 - 0.06), sz * (d / 2 - 0.06)
            panels += box(
                (at[0] + x * c + z * s, at[1] + z * c - x * s),
                (0.07, h - 0.06, 0.07),
                mix(colour, BLACK, 0.2),
                yaw=yaw,
                edge=0.3,
            )
    panels += box(at, (w, 0.06, d), colour, base=h - 0.06, yaw=yaw)
    return Thing((at[0], 0.0, at[1]), tuple(panels))


def stool(at: tuple[float, float], colour: RGB, height: float = 0.72) -> Thing:
    """Return a round stool."""
    metal = rgb("4c4850")
    panels = (
        *drum(at, 0.03, height, metal, sides=6),
        *drum(at, 0.18, 0.03, metal),
        *drum(at, 0.19, 0.08, colour, base=height, edge=0.6),
    )
    return Thing((at[0], 0.0, at[1]), panels)


def chair(at: tuple[float, float], colour: RGB, *, yaw: float = 0.0) -> Thing:
    """Return a chair whose sitter faces along yaw."""
    c, s = math.cos(yaw), math.sin(yaw)

    def spot(x: float, z: float) -> tuple[float, float]:
        return (at[0] + x * c + z * s, at[1] + z * c - x * s)

    panels: list[Panel] = []
    for x in (-0.2, 0.2):
        for z in (-0.2, 0.2):
            panels += box(spot(x, z), (0.04, 0.45, 0.04), mix(colour, BLACK, 0.2), yaw=yaw, edge=0.2)
    panels += box(at, (0.46, 0.06, 0.46), colour, base=0.45, yaw=yaw)
    panels += box(spot(0.0, -0.21), (0.46, 0.50, 0.05), colour, base=0.51, yaw=yaw)
    return Thing((at[0], 0.0, at[1]), tuple(panels))


def hanging_lamp(at: Vec3, colour: RGB, *, drop: float = 0.9) -> Thing:
    """Return a shaded lamp on a cord; `at` is the bulb."""
    x, y, z = at
    cord = box((x, z), (0.02, drop, 0.02), rgb("1c1a20"), base=y + 0.18, edge=0.0)
    shade = drum((x, z), 0.26, 0.2, mix(colour, BLACK, 0.45), base=y, taper=0.3, sides=10)
    bulb = drum((x, z), 0.09, 0.10, colour, base=y - 0.05, sides=6)
    lit = tuple(p._replace(glow=1.0) for p in bulb)
    return Thing((x, y, z), (*cord, *shade, *lit), (), (Lamp((x, y, z), colour, 2.2, 0.8),))


def plant(at: tuple[float, float], dice: Dice) -> Thing:
    """Return a pot plant."""
    pot = drum(at, 0.16, 0.34, rgb("8a5238"), taper=1.25, edge=0.5)
    leaf = Sprite("fern", (at[0], 0.34, at[1]), 0.8, 0.9, rgb("3f6b46"), dice.count(0, 999))
    return Thing((at[0], 0.0, at[1]), pot, (leaf,))


def barrel(at: tuple[float, float], colour: RGB) -> Thing:
    """Return a drum of oil or wine."""
    return Thing(
        (at[0], 0.0, at[1]),
        (
            *drum(at, 0.29, 0.45, colour, taper=1.04),
            *drum(at, 0.30, 0.45, mix(colour, WHITE, 0.05), base=0.45, edge=0.6),
        ),
    )


def boat(at: tuple[float, float], length: float, colour: RGB, *, yaw: float = 0.0, base: float = 0.0) -> Thing:
    """Return an open wooden boat."""

    def place(x: float, y: float, z: float) -> Vec3:
        turned = turn_y((x, y, z), yaw)
        return (at[0] + turned[0], base + turned[1], at[1] + turned[2])

    half = length / 2
    ribs = (
        (-half, 0.0, 0.72),
        (-half * 0.7, 0.34, 0.42),
        (0.0, 0.55, 0.34),
        (half * 0.7, 0.36, 0.44),
        (half, 0.0, 0.80),
    )
    panels: list[Panel] = []
    for sign in (-1.0, 1.0):
        n = turn_y((sign, 0.2, 0.0), yaw)
        top = [place(w * sign, h, z) for z, w, h in ribs]
        low = [place(w * sign * 0.6, 0.0, z * 0.86) for z, w, h in reversed(ribs)]
        panels.append(Panel((*top, *low), colour, n, 0.0, 0.8, both=True))
    inside = tuple(place(w, h - 0.08, z) for z, w, h in ribs) + tuple(
        place(-w, h - 0.08, z) for z, w, h in reversed(ribs)
    )
    panels.insert(0, Panel(inside, mix(colour, BLACK, 0.45), (0.0, 1.0, 0.0), 0.0, 0.5, both=True))
    return Thing((at[0], 0.0, at[1]), tuple(panels))
