"""Great interiors: a throne room, a church's nave, a factory floor."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.fittings import (
    BACK,
    CHROME,
    IRON,
    banner,
    bench,
    floor_patch,
    pillar,
    side_window,
    torch,
)
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import barrel, crates
from services.generation.providers.previz.places.rooms import shell
from services.generation.providers.previz.places.solids import box, drum, level, upright


def throne_room(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a castle's great hall: pillars, banners, torches, a carpet to a throne on steps under a tall window."""
    stone = mix(rgb("a49c90"), tint[0], 0.25) if tint else rgb(dice.pick(("a49c90", "9c9890", "b0a08c")))
    cloth = rgb(dice.pick(("a02830", "2c4484", "2f6a4c", "6c2c6c")))
    fixed = [
        *_stained(0.0, 9.95, 3.4, 7.2, dice),
        *banner(-3.0, 9.9, 6.4, cloth, wide=1.3),
        *banner(3.0, 9.9, 6.4, cloth, wide=1.3),
    ]
    for z in (-4.0, 1.5, 7.0):
        for side in (-1.0, 1.0):
            fixed += banner(side * 5.95, z, 6.0, cloth, facing=(-side, 0.0, 0.0), wide=1.4)
    things = _hall(stone, 10.0, fixed)
    things.append(_throne(8.0, cloth, stone))
    things += [torch((s * 2.75, 2.1, z)) for s in (-1.0, 1.0) for z in (3.2, -5.0)]
    carpet = floor_patch(-1.05, -13.0, 1.05, 7.2, rgb("c8a048")) + floor_patch(-0.92, -13.0, 0.92, 7.2, cloth)
    return Layout(
        "throne room", (0.0, 0.0, 0.0), 0.0, 14.0, 0.3, Cover.ROOF, Ground.STONE, mix(stone, BLACK, 0.15),
        tuple(things), carpet, (), (-2.4, -10.0, 2.4, 5.4), ((-2.3, 0.0, 4.6), (2.3, 0.0, 4.6)),
    )  # fmt: skip


def nave(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return the inside of a church: pillars, benches on both sides of the aisle, an altar, a cross, stained glass."""
    stone = mix(rgb("b8ae9c"), tint[0], 0.2) if tint else rgb(dice.pick(("b8ae9c", "a8a49c", "c0b09c")))
    wood = rgb("6a4630")
    fixed = [
        *_stained(-2.2, 9.95, 2.6, 6.4, dice),
        *_stained(2.2, 9.95, 2.6, 6.4, dice),
        *_stained(0.0, 9.95, 3.6, 7.4, dice),
    ]
    for z in (-6.0, -2.5, 1.0, 4.5):
        for side in (-1.0, 1.0):
            fixed += side_window(side, side * 5.97, z, z + 1.2, 2.4, 5.4, mix(stone, BLACK, 0.4))
    things = _hall(stone, 10.0, fixed)
    altar = (
        *box((0.0, 8.2), (6.0, 0.25, 2.6), mix(stone, WHITE, 0.1)),
        *box((0.0, 8.4), (2.2, 1.0, 0.8), rgb("e4dccc"), base=0.25),
        *box((0.0, 8.35), (2.3, 0.06, 0.9), rgb("c8a048"), base=1.25),
        *box((0.0, 9.0), (0.16, 2.6, 0.12), rgb("8a6428"), base=1.3),
        *box((0.0, 8.98), (1.3, 0.16, 0.12), rgb("8a6428"), base=3.0),
    )
    candles = tuple(Lamp((x, 1.72, 8.3), rgb("ffcf80"), 0.8, 0.7) for x in (-0.9, 0.9))
    flames = tuple(Sprite("flame", (x, 1.62, 8.3), 0.07, 0.16, rgb("ffc050"), 1) for x in (-0.9, 0.9))
    sticks = [p for x in (-0.9, 0.9) for p in drum((x, 8.3), 0.04, 0.32, rgb("f0e8d0"), base=1.31, sides=6)]
    things.append(Thing((0.0, 0.0, 8.4), (*altar, *sticks), flames, candles))
    for z in (-7.5, -6.0, -4.5, -3.0, -1.5, 1.6, 3.0, 4.4, 5.8):
        things += [bench((s * 2.15, z), 2.4, wood, yaw=math.pi) for s in (-1.0, 1.0)]
    aisle = floor_patch(-0.75, -12.0, 0.75, 6.9, rgb("8c3038"))
    return Layout(
        "nave", (0.0, 0.0, 0.0), 0.0, 11.0, 0.3, Cover.ROOF, Ground.STONE, mix(stone, BLACK, 0.1), tuple(things),
        aisle, (), (-0.8, -9.0, 0.8, 6.4), ((-1.6, 0.0, 7.2), (1.7, 0.0, 7.2)),
    )  # fmt: skip


def _hall(stone: RGB, back: float, fixed: list[Panel]) -> list[Thing]:
    """Return walls and two rows of pillars with arches between them."""
    made = [
        shell(12.0, back, -13.0, 8.2, mix(stone, BLACK, 0.15), mix(stone, BLACK, 0.4)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
    ]
    for side in (-1.0, 1.0):
        made += [pillar((side * 3.6, z), 0.42, 6.4, stone) for z in (-8.5, -4.5, 4.3, 8.3)]
        spandrel = []
        for z0, z1 in ((-8.5, -4.5), (-4.5, 4.3), (4.3, 8.3)):
            m, half, rise = (z0 + z1) / 2, (z1 - z0) / 2, min(1.4, (z1 - z0) / 2)
            arc: list[Vec3] = [
                (side * 3.6, 5.9 + rise * math.sin(t), m - half * math.cos(t))
                for t in (math.pi * i / 10 for i in range(11))
            ]
            corners = (*arc, (side * 3.6, 8.2, z1), (side * 3.6, 8.2, z0))
            spandrel.append(Panel(corners, mix(stone, BLACK, 0.08), (-side, 0.0, 0.0), 0.0, 0.4, both=True))
        made.append(Thing((side * 3.6, 7.0, 9.0), tuple(spandrel), backdrop=True))
    return made


def _stained(x: float, z: float, low: float, high: float, dice: Dice) -> list[Panel]:
    """Return a pointed window of coloured glass."""
    wide, spring = 0.85, low + (high - low) * 0.68
    outline = [(-wide, low), (-wide, spring), (-wide * 0.55, spring + (high - spring) * 0.65), (0.0, high)]
    outline += [(-px, py) for px, py in reversed(outline[:-1])]
    frame = Panel(
        tuple((x + px * 1.14, py + (0.1 if py > low else -0.1), z) for px, py in outline), rgb("4c4640"), BACK, 0.0, 0.6
    )
    made = [frame, Panel(tuple((x + px, py, z - 0.01) for px, py in outline), rgb("e8d494"), BACK, 0.75, 0.3)]
    for i in range(7):
        for j in range(3):
            y0, y1 = low + (spring - low) * i / 7, low + (spring - low) * (i + 1) / 7
            a = x - wide + wide * 2 * j / 3
            code = dice.pick(("4c7cc8", "c84c4c", "e0b04c", "5ca070", "8c5ca8", "e8d494"))
            made.append(
                upright(
                    a + 0.03,
                    z - 0.02,
                    a + wide * 2 / 3 - 0.03,
                    z - 0.02,
                    y0 + 0.03,
                    y1 - 0.03,
                    rgb(code),
                    BACK,
                    glow=0.75,
                    edge=0.2,
                )
            )
    return made


def _throne(z: float, cloth: RGB, stone: RGB) -> Thing:
    gold = rgb("d8a840")
    parts: list[Panel] = []
    for i in range(3):
        parts += box((0.0, z), (5.0 - i * 1.0, 0.22, 3.2 - i * 0.8), mix(stone, WHITE, 0.05 * i), base=0.22 * i)
    base = 0.66
    parts += box((0.0, z + 0.5), (1.3, 2.5, 0.2), gold, base=base)
    parts += box((0.0, z + 0.36), (1.0, 1.9, 0.1), cloth, base=base + 0.45)
    point = ((-0.65, base + 2.5, z + 0.38), (0.0, base + 3.3, z + 0.38), (0.65, base + 2.5, z + 0.38))
    parts.append(Panel(point, gold, BACK, 0.0, 0.8, both=True))
    parts += box((0.0, z + 0.05), (1.2, 0.5, 0.8), gold, base=base)
    parts += box((0.0, z + 0.02), (0.9, 0.10, 0.76), cloth, base=base + 0.5)
    for x in (-0.6, 0.6):
        parts += box((x, z + 0.05), (0.2, 0.95, 0.85), gold, base=base)
    return Thing((0.0, 0.0, z), tuple(parts))


def factory(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a factory floor or warehouse: steel columns, trusses, skylights, windows, machines, crates, a hoist."""
    wall = mix(tint[0], rgb("8c8078"), 0.6) if tint else rgb(dice.pick(("8c8078", "80848c", "94806c")))
    steel, back, high, half = rgb(dice.pick(("5c6c6c", "7c5c44", "54606c"))), 20.0, 8.0, 10.0
    fixed = _glazing(back, high, half, dice)
    things = [
        shell(half * 2, back, -12.0, high, wall, mix(wall, BLACK, 0.35), mix(wall, BLACK, 0.3)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
    ]
    for z in (-7.0, -2.5, 3.5, 8.0, 12.5, 17.0):
        for x in (-4.4, 4.4):
            web = (
                *box((x, z), (0.34, high, 0.08), steel),
                *box((x, z - 0.16), (0.40, high, 0.04), mix(steel, WHITE, 0.08)),
            )
            things.append(Thing((x, 0.0, z), web))
        things.append(_truss(z, half, high, steel))
    things += [
        _machine(x, z, dice.fork("machine", x, z))
        for x, z in ((-3.0, 6.0), (3.2, 9.5), (-3.2, 12.0), (6.6, 4.5), (-6.6, 1.5), (6.4, -4.5))
    ]
    for i, (x, z) in enumerate(((2.7, 4.0), (3.6, 3.4), (-6.0, 7.4), (5.8, 13.0), (-2.4, -4.5))):
        things.append(crates((x, z), dice.fork("crate", i)))
    things += [
        barrel((x, z), rgb(dice.pick(("7a3a34", "3a5a64", "8c7c3c"))))
        for x, z in ((-2.4, 3.7), (-2.9, 4.2), (3.4, -5.0))
    ]
    things.append(_hoist())
    lane = floor_patch(-1.9, -12.0, -1.78, 20.0, rgb("d8b848")) + floor_patch(1.78, -12.0, 1.9, 20.0, rgb("d8b848"))
    return Layout(
        "factory", (0.0, 0.0, 0.0), 0.0, 18.0, 0.4, Cover.ROOF, Ground.STONE, rgb("7c7870"), tuple(things), lane, (),
        (-2.0, -10.0, 2.0, 16.0), ((-3.0, 0.0, 2.8), (3.2, 0.0, 2.6), (-5.5, 0.0, 4.5)),
    )  # fmt: skip


def _glazing(back: float, high: float, half: float, dice: Dice) -> list[Panel]:
    """Return the windows of a factory, some of their panes broken, and its skylights."""
    fixed: list[Panel] = []
    for x in (-8.6, -5.0, -1.4, 2.2, 5.8):
        fixed.append(upright(x, back - 0.02, x + 2.8, back - 0.02, 2.2, 6.2, rgb("4c4840"), BACK))
        for i in range(4):
            for j in range(5):
                a, y = x + 0.06 + i * 0.69, 2.26 + j * 0.79
                paint = rgb("3c4448") if dice.happens(0.14) else rgb("ccdce0")
                fixed.append(
                    upright(a, back - 0.03, a + 0.62, back - 0.03, y, y + 0.72, paint, BACK, glow=0.6, edge=0.15)
                )
    fixed += [
        p
        for s in (-1.0, 1.0)
        for z in range(-8, 18, 5)
        for p in side_window(s, s * (half - 0.02), z, z + 3.0, 3.4, 6.2, rgb("4c4840"))
    ]
    fixed += [
        level(x, z, x + 1.6, z + 3.0, high - 0.02, rgb("dce8ec"), glow=0.8, down=True)
        for x in (-5.2, 3.6)
        for z in range(-8, 18, 5)
    ]
    return fixed


def _hoist() -> Thing:
    chain = (
        *box((1.4, 5.0), (0.05, 4.2, 0.05), IRON, base=3.5, edge=0.4),
        *box((1.4, 5.0), (0.34, 0.36, 0.2), rgb("c89c34"), base=3.15),
        *box((1.4, 5.0), (0.10, 0.34, 0.08), IRON, base=2.8),
    )
    return Thing((1.4, 3.5, 5.0), chain)


def _truss(z: float, half: float, high: float, steel: RGB) -> Thing:
    low, top, n = high - 1.3, high - 0.1, 8
    parts = [
        upright(-half, z, half, z, low, low + 0.16, steel, BACK, both=True, edge=0.3),
        upright(-half, z, half, z, top - 0.14, top, steel, BACK, both=True, edge=0.3),
    ]
    for i in range(n):
        x0, x1 = -half + 2 * half * i / n, -half + 2 * half * (i + 1) / n
        a, b = (low, top) if i % 2 else (top, low)
        parts.append(
            Panel(((x0, a, z), (x0 + 0.14, a, z), (x1, b, z), (x1 - 0.14, b, z)), steel, BACK, 0.0, 0.2, both=True)
        )
    return Thing((0.0, low, z), tuple(parts), backdrop=True)


def _machine(x: float, z: float, dice: Dice) -> Thing:
    """Return a press or lathe: a body, a flywheel, pipes, a panel with lamps."""
    paint = rgb(dice.pick(("4c6c5c", "5c6c7c", "7c6c4c")))
    dark = mix(paint, BLACK, 0.3)
    parts = [
        *box((x, z), (1.8, 1.1, 1.3), paint),
        *box((x - 0.4, z + 0.1), (0.7, 1.3, 0.9), dark, base=1.1),
        *box((x + 0.2, z + 0.1), (1.5, 0.3, 0.8), paint, base=2.1),
    ]
    turns = [math.tau * i / 16 for i in range(16)]
    for r, colour, off in ((0.5, mix(paint, rgb("b05c34"), 0.4), 0.0), (0.38, dark, 0.01), (0.1, CHROME, 0.02)):
        ring = tuple((x + 0.4 + r * math.cos(t), 1.15 + r * math.sin(t), z - 0.67 - off) for t in turns)
        parts.append(Panel(ring, colour, BACK, 0.0, 0.5))
    parts += drum((x + 0.7, z + 0.3), 0.12, 2.6, CHROME, base=1.1, sides=8)
    for i, code in enumerate(("e0503c", "e0b84c", "6cc07c")):
        a = x - 0.75 + i * 0.16
        parts.append(upright(a, z - 0.66, a + 0.1, z - 0.66, 0.8, 0.9, rgb(code), BACK, glow=0.9, edge=0.2))
    return Thing((x, 0.0, z), tuple(parts))
