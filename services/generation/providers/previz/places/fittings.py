"""What rooms are furnished with: beds, benches, curtains, bars, desks, pillars. Fronts face -z at yaw 0."""

import math
from typing import Final

from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.layout import Lamp, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import turned
from services.generation.providers.previz.places.solids import box, drum, level, upright

BACK: Final[Vec3] = (0.0, 0.0, -1.0)
FRONT: Final[Vec3] = (0.0, 0.0, 1.0)
RIGHT: Final[Vec3] = (1.0, 0.0, 0.0)
LEFT: Final[Vec3] = (-1.0, 0.0, 0.0)
IRON: Final = rgb("34343c")
CHROME: Final = rgb("b8bcc4")

Spot = tuple[float, float]
Marks = tuple[tuple[tuple[Vec3, ...], RGB], ...]


def floor_patch(x0: float, z0: float, x1: float, z1: float, colour: RGB) -> Marks:
    """Return a rectangle on the ground, as one of a layout's lines."""
    return ((((x0, 0.0, z0), (x0, 0.0, z1), (x1, 0.0, z1), (x1, 0.0, z0)), colour),)


def disc(at: Vec3, radius: float, colour: RGB, *, glow: float = 0.0, tall: float = 1.0, sides: int = 16) -> Panel:
    """Return an upright ellipse that faces -z; tall is its height by its width."""
    x, y, z = at
    turns = (math.tau * i / sides for i in range(sides))
    ring = tuple((x + radius * math.cos(t), y + radius * tall * math.sin(t), z) for t in turns)
    return Panel(ring, colour, BACK, glow, 0.5, both=True)


def bed(at: Spot, cover: RGB, *, yaw: float = 0.0, wide: float = 1.0, frame: RGB | None = None) -> Thing:
    """Return a bed whose head is at +z: of wood, or of iron rods where no frame colour is given."""
    wood = frame or IRON
    linen = rgb("eceae4")
    parts = [
        *box((0.0, 0.0), (wide, 0.30, 2.0), mix(wood, BLACK, 0.1), base=0.06),
        *box((0.0, 0.0), (wide - 0.04, 0.20, 1.96), linen, base=0.36),
        *box((0.0, 0.74), (wide * 0.74, 0.12, 0.36), mix(linen, WHITE, 0.5), base=0.56),
        *box((0.0, -0.32), (wide + 0.03, 0.16, 1.34), cover, base=0.43),
        level(-wide / 2, 0.35, wide / 2, 0.55, 0.60, linen, edge=0.4),
    ]
    if frame:
        parts += box((0.0, 1.04), (wide + 0.12, 1.12, 0.07), frame)
        parts += box((0.0, -1.03), (wide + 0.06, 0.52, 0.06), frame)
    else:
        for z, high in ((1.02, 1.15), (-1.02, 0.85)):
            parts += bars(-wide / 2, wide / 2, z, 0.0, high, IRON, gap=wide / 6)
    return turned(Thing((0.0, 0.4, 0.0), tuple(parts), kind="bed"), (at[0], 0.0, at[1]), yaw)


def bars(x0: float, x1: float, z: float, low: float, high: float, colour: RGB, *, gap: float = 0.15) -> list[Panel]:
    """Return a grating of rods between two rails, across z."""
    made, x = [], x0
    while x <= x1 + 0.001:
        made.append(upright(x - 0.017, z, x + 0.017, z, low, high, colour, BACK, edge=0.25, both=True))
        x += gap
    rails = (low + (high - low) * 0.12, high - 0.03)
    made += [upright(x0, z - 0.01, x1, z - 0.01, y, y + 0.05, colour, BACK, edge=0.25, both=True) for y in rails]
    return made


def curtain(
    x0: float, x1: float, z: float, low: float, high: float, colour: RGB, facing: Vec3 = BACK, *, fold: float = 0.22
) -> list[Panel]:
    """Return a curtain in folds, across z."""
    made: list[Panel] = []
    count = max(2, round((x1 - x0) / fold))
    for i in range(count):
        a, b = x0 + (x1 - x0) * i / count, x0 + (x1 - x0) * (i + 1) / count
        shade = (0.0, 0.20, 0.08)[i % 3]
        made.append(upright(a, z, b, z, low, high, mix(colour, BLACK, shade), facing, edge=0.12, both=True))
    return made


def side_window(side: float, x: float, z0: float, z1: float, low: float, high: float, frame: RGB) -> list[Panel]:
    """Return a window with a cross of bars in a wall along z; side is the wall's, -1 or 1."""
    inward = (-side, 0.0, 0.0)
    f, m, y = x - side * 0.01, (z0 + z1) / 2, low + (high - low) * 0.6
    return [
        upright(x, z0 - 0.08, x, z1 + 0.08, low - 0.08, high + 0.08, frame, inward),
        upright(f, z0, f, z1, low, high, rgb("cfe2f0"), inward, glow=0.75),
        upright(f - side * 0.01, m - 0.03, f - side * 0.01, m + 0.03, low, high, frame, inward, edge=0.2),
        upright(f - side * 0.01, z0, f - side * 0.01, z1, y, y + 0.05, frame, inward, edge=0.2),
    ]


def pillar(at: Spot, radius: float, high: float, stone: RGB) -> Thing:
    """Return a round pillar with base and capital."""
    parts = (
        *box(at, (radius * 2.8, 0.4, radius * 2.8), mix(stone, BLACK, 0.12)),
        *drum(at, radius, high - 0.8, stone, base=0.4, sides=12),
        *box(at, (radius * 2.8, 0.45, radius * 2.8), mix(stone, WHITE, 0.08), base=high - 0.45),
    )
    return Thing((at[0], 0.0, at[1]), parts)


def torch(at: Vec3) -> Thing:
    """Return a burning torch; `at` is its head."""
    x, y, z = at
    parts = (*drum((x, z), 0.035, 0.42, rgb("4a3424"), base=y - 0.42, sides=6), *drum((x, z), 0.07, 0.10, IRON, base=y))
    flame = Sprite("flame", (x, y + 0.06, z), 0.20, 0.42, rgb("ffa840"), 3)
    return Thing((x, y, z), parts, (flame,), (Lamp((x, y + 0.25, z), rgb("ffa850"), 2.6, 1.0),))


def banner(x: float, z: float, top: float, colour: RGB, *, facing: Vec3 = BACK, wide: float = 0.9) -> list[Panel]:
    """Return a hanging banner with a pointed foot and a lighter device."""
    long = 2.6
    along = abs(facing[0]) > 0.5
    gold = mix(colour, rgb("e8c060"), 0.75)

    def shape(half: float, high: float, low: float, tip: float, off: float, paint: RGB) -> Panel:
        points = ((-half, high), (half, high), (half, low), (0.0, tip), (-half, low))
        corners = tuple(
            (x + off * facing[0], y, z + across) if along else (x + across, y, z + off * facing[2])
            for across, y in points
        )
        return Panel(corners, paint, facing, 0.0, 0.5, both=True)

    low, mid = top - long, top - long * 0.45
    return [
        shape(wide / 2, top, low + 0.35, low, 0.0, colour),
        shape(wide * 0.22, mid + 0.35, mid - 0.1, mid - 0.4, 0.02, gold),
    ]


def bench(at: Spot, long: float, colour: RGB, *, yaw: float = 0.0) -> Thing:
    """Return a bench with a back at +z: a pew, a booth's seat, a station's bench."""
    parts = (
        *box((0.0, 0.0), (long, 0.10, 0.46), colour, base=0.38),
        *box((0.0, 0.24), (long, 0.56, 0.07), mix(colour, BLACK, 0.08), base=0.42),
        *(p for x in (-long / 2 + 0.05, long / 2 - 0.05) for p in box((x, 0.0), (0.07, 0.62, 0.5), colour, edge=0.4)),
    )
    return turned(Thing((0.0, 0.4, 0.0), parts), (at[0], 0.0, at[1]), yaw)


def school_desk(at: Spot, wood: RGB) -> Thing:
    """Return a pupil's desk and chair that face +z."""
    x, z = at
    parts = [
        *box((x, z), (0.66, 0.05, 0.46), wood, base=0.70),
        *box((x, z), (0.60, 0.10, 0.42), mix(wood, BLACK, 0.3), base=0.60),
    ]
    parts += [p for dx in (-0.28, 0.28) for p in box((x + dx, z), (0.05, 0.62, 0.38), IRON, edge=0.3)]
    seat = [
        *box((x, z - 0.55), (0.40, 0.05, 0.38), wood, base=0.42),
        *box((x, z - 0.74), (0.40, 0.34, 0.04), wood, base=0.52),
    ]
    seat += [p for dx in (-0.16, 0.16) for p in box((x + dx, z - 0.55), (0.04, 0.42, 0.34), IRON, edge=0.2)]
    return Thing((x, 0.0, z - 0.3), (*parts, *seat))


def counter(at: Spot, size: tuple[float, float, float], colour: RGB, top: RGB) -> Thing:
    """Return a closed counter with a top that stands over."""
    w, h, d = size
    parts = (*box(at, (w, h - 0.06, d), colour), *box(at, (w + 0.08, 0.06, d + 0.1), top, base=h - 0.06))
    return Thing((at[0], 0.0, at[1]), parts)


def wall_tiles(x0: float, x1: float, z: float, high: float, grout: RGB, *, pitch: float = 0.25) -> list[Panel]:
    """Return the joints of a tiled wall across z."""
    made = []
    for i in range(1, round(high / pitch) + 1):
        y = i * pitch
        made.append(upright(x0, z - 0.015, x1, z - 0.015, y, y + 0.012, grout, BACK, edge=0.0))
    for i in range(1, round((x1 - x0) / pitch)):
        x = x0 + i * pitch
        made.append(upright(x, z - 0.015, x + 0.012, z - 0.015, 0.0, high, grout, BACK, edge=0.0))
    return made


def floor_lamp_pool(at: Spot, radius: float, colour: RGB) -> Marks:
    """Return a round patch of light on the floor."""
    turns = (math.tau * i / 28 for i in range(28))
    return ((tuple((at[0] + radius * math.cos(t), 0.0, at[1] + radius * math.sin(t)) for t in turns), colour),)
