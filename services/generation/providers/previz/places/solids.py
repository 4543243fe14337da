"""Boxes, prisms and roofs as panels."""

import math

from services.generation.providers.previz.colours import mix
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3, cross, sub, unit
from services.generation.providers.previz.places.layout import Panel


def panel(corners: tuple[Vec3, ...], colour: RGB, *, glow: float = 0.0, edge: float = 0.6, both: bool = False) -> Panel:
    """Return a flat surface; its normal follows from its corners, clockwise as seen from the front."""
    normal = unit(cross(sub(corners[1], corners[0]), sub(corners[2], corners[0])))
    return Panel(corners, colour, normal, glow, edge, both)


def box(
    centre: tuple[float, float], size: tuple[float, float, float], colour: RGB, *, base: float = 0.0, yaw: float = 0.0,
    top: RGB | None = None, edge: float = 0.6, glow: float = 0.0,
) -> tuple[Panel, ...]:  # fmt: skip
    """Return the four walls and the top of a box.

    Args:
        centre: (x, z) of its middle.
        size: width (x), height, depth (z).
        colour: of its walls.
        base: height of its underside.
        yaw: radians.
        top: colour of the upper face.
        edge: weight of its contours.
        glow: how much it shines by itself.
    """
    w, h, d = size[0] / 2, size[1], size[2] / 2
    c, s = math.cos(yaw), math.sin(yaw)

    def at(x: float, y: float, z: float) -> Vec3:
        return (centre[0] + x * c + z * s, base + y, centre[1] + z * c - x * s)

    a, b, e, f = (-w, -d), (w, -d), (w, d), (-w, d)
    walls = []
    for (x0, z0), (x1, z1) in ((a, b), (b, e), (e, f), (f, a)):
        corners = (at(x0, 0, z0), at(x0, h, z0), at(x1, h, z1), at(x1, 0, z1))
        middle = at((x0 + x1) / 2, 0, (z0 + z1) / 2)
        normal = unit((middle[0] - centre[0], 0.0, middle[2] - centre[1]))
        walls.append(Panel(corners, colour, normal, glow, edge))
    lid = tuple(at(x, h, z) for x, z in (a, b, e, f))
    lit = top or mix(colour, (255.0, 255.0, 255.0), 0.10)
    return (*walls, Panel(lid, lit, (0.0, 1.0, 0.0), glow, edge))


def drum(
    centre: tuple[float, float], radius: float, height: float, colour: RGB, *, base: float = 0.0, sides: int = 10,
    taper: float = 1.0, edge: float = 0.3,
) -> tuple[Panel, ...]:  # fmt: skip
    """Return an upright prism; taper is the ratio of its upper to its lower radius."""
    panels: list[Panel] = []
    x, z = centre
    for i in range(sides):
        a, b = math.tau * i / sides, math.tau * (i + 1) / sides
        r1 = radius * taper
        low_a = (x + radius * math.sin(a), base, z + radius * math.cos(a))
        low_b = (x + radius * math.sin(b), base, z + radius * math.cos(b))
        high_a = (x + r1 * math.sin(a), base + height, z + r1 * math.cos(a))
        high_b = (x + r1 * math.sin(b), base + height, z + r1 * math.cos(b))
        middle = (a + b) / 2
        panels.append(
            Panel((low_a, high_a, high_b, low_b), colour, (math.sin(middle), 0.0, math.cos(middle)), 0.0, 0.0)
        )
    if taper > 0.05:
        lid = tuple(
            (
                x + radius * taper * math.sin(math.tau * i / sides),
                base + height,
                z + radius * taper * math.cos(math.tau * i / sides),
            )
            for i in range(sides)
        )
        panels.append(Panel(lid, mix(colour, (255.0, 255.0, 255.0), 0.1), (0.0, 1.0, 0.0), 0.0, edge))
    return tuple(panels)


def upright(
    x0: float,
    z0: float,
    x1: float,
    z1: float,
    low: float,
    high: float,
    colour: RGB,
    facing: Vec3,
    *,
    glow: float = 0.0,
    edge: float = 0.5,
    both: bool = False,
) -> Panel:
    """Return a wall piece between two ground points, facing a direction."""
    corners = ((x0, low, z0), (x0, high, z0), (x1, high, z1), (x1, low, z1))
    return Panel(corners, colour, unit(facing), glow, edge, both)


def level(
    x0: float,
    z0: float,
    x1: float,
    z1: float,
    y: float,
    colour: RGB,
    *,
    glow: float = 0.0,
    edge: float = 0.5,
    down: bool = False,
) -> Panel:
    """Return a level rectangle, seen from above (or from below if `down`)."""
    corners = ((x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1))
    return Panel(corners, colour, (0.0, -1.0 if down else 1.0, 0.0), glow, edge)
