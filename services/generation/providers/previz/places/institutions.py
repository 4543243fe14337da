"""Places with rules: classroom, school corridor, hospital ward, prison cell, court."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.fittings import (
    BACK,
    CHROME,
    FRONT,
    IRON,
    bars,
    bed,
    bench,
    counter,
    curtain,
    disc,
    school_desk,
    side_window,
)
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.props import chair, table
from services.generation.providers.previz.places.rooms import picture, shell, window
from services.generation.providers.previz.places.solids import box, drum, level, upright


def classroom(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a classroom: blackboard, rows of desks, a teacher's desk, maps, tall windows."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("b8b494", "a8b4a4", "c0b09c"))), rgb("b8b0a0"), 0.4)
    wood, back = rgb(dice.pick(("9c7444", "8a6238", "a88454"))), 5.0
    board = rgb(dice.pick(("24423a", "26302e")))
    fixed = [
        upright(-2.7, back - 0.02, 2.0, back - 0.02, 0.92, 2.42, rgb("6a4a2c"), BACK),
        upright(-2.62, back - 0.04, 1.92, back - 0.04, 1.0, 2.34, board, BACK),
        *_chalk(dice, back - 0.05),
        upright(-2.6, back - 0.12, 1.9, back - 0.12, 0.92, 0.97, rgb("7a5634"), BACK),
        disc((-0.35, 2.72, back - 0.03), 0.19, rgb("2a2a30")),
        disc((-0.35, 2.72, back - 0.04), 0.16, rgb("f4f0e4")),
        upright(-0.36, back - 0.05, -0.34, back - 0.05, 2.72, 2.84, BLACK, BACK, edge=0.0),
        *picture(3.2, back - 0.02, 1.2, 1.5, 1.1, rgb("7ca4b4")),
        upright(2.7, back - 0.06, 3.1, back - 0.06, 1.6, 1.95, rgb("a8b474"), BACK, edge=0.2),
        upright(3.2, back - 0.06, 3.6, back - 0.06, 1.45, 1.8, rgb("c8a868"), BACK, edge=0.2),
        *(p for z in (-4.5, -2.0, 0.5, 3.0) for p in side_window(-1.0, -4.48, z, z + 1.6, 1.0, 2.7, rgb("e4dcc8"))),
        *picture(0.0, -6.48, 1.2, 1.6, 0.9, rgb("c8a070"), FRONT),
    ]
    globe = (
        *drum((2.5, 3.5), 0.03, 0.2, IRON, base=0.78),
        disc((2.5, 1.10, 3.45), 0.16, rgb("4c84a8")),
        disc((2.46, 1.14, 3.44), 0.07, rgb("8ca860")),
    )
    things = [
        shell(9.0, back, -6.5, 3.2, wall, mix(wall, WHITE, 0.4), mix(wall, rgb("6a8074"), 0.4)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
        counter((2.1, 3.6), (1.7, 0.78, 0.8), mix(wood, BLACK, 0.25), wood),
        Thing((2.5, 0.8, 3.5), globe),
    ]
    for z in (-4.6, -3.0, -1.4, 0.6, 2.2):
        things += [school_desk((x, z), wood) for x in (-3.0, -1.5, 1.3, 2.8)]
    for z in (-4.0, -0.5, 3.0):
        tube = (level(-1.6, z - 0.14, 1.6, z + 0.14, 3.19, rgb("f8f4e0"), glow=1.0, down=True),)
        things.append(Thing((0.0, 3.2, z), tube, (), (Lamp((0.0, 3.1, z), rgb("f4f0d8"), 1.6, 0.3),), backdrop=True))
    return Layout(
        "classroom", (0.0, 0.0, 0.0), 0.0, 13.0, -1.2, Cover.ROOF, Ground.BOARDS, rgb("9a7a54"), tuple(things), (), (),
        (-3.6, -5.6, 3.6, 3.0), ((-3.4, 0.0, 3.8), (3.6, 0.0, 1.6), (-3.6, 0.0, -5.4)),
    )  # fmt: skip


def _chalk(dice: Dice, z: float) -> list[Panel]:
    """Return lines of chalk that say nothing, and a drawn triangle."""
    chalk, made = rgb("d8e0d8"), []
    for i in range(5):
        x, y = -2.4, 2.12 - 0.20 * i
        for _ in range(4):
            long = dice.between(0.10, 0.34)
            made.append(upright(x, z, x + long, z, y, y + 0.03, chalk, BACK, edge=0.0))
            x += long + 0.09
    corners = ((0.5, 1.25), (1.5, 1.25), (1.15, 1.95))
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        made.append(
            Panel(
                ((ax, ay, z), (ax, ay + 0.03, z), (bx, by + 0.03, z), (bx + 0.02, by, z)),
                chalk,
                BACK,
                0.0,
                0.0,
                both=True,
            )
        )
    return made


def school_corridor(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a school's corridor: lockers on both sides, classroom doors, a notice board, ceiling lights."""
    wall = mix(tint[0] if tint else rgb("c0bca8"), rgb("b8b8ac"), 0.4)
    steel = rgb(dice.pick(("4c6c94", "a8503c", "4c7c64", "c89c44")))
    half, high, back, front = 1.9, 3.0, 24.0, -13.0
    panels: list[Panel] = []
    things = [shell(half * 2, back, front, high, wall, mix(wall, WHITE, 0.4))]
    for side in (-1.0, 1.0):
        spin, z = dice.fork("side", side), front + 1.0
        while z < back - 1.0:
            if spin.happens(0.75):
                panels += _lockers(side, half, z, 5 if z < 12 else 3, steel, spin)
                z += 0.42 * (5 if z < 12 else 3) + 0.04
            else:
                panels += _class_door(side, half - 0.02, z + 0.2)
                z += 1.5
    for i in range(9):
        z = front + 2.0 + i * 4.2
        panels.append(level(-0.6, z - 0.2, 0.6, z + 0.2, high - 0.01, rgb("f8f8ec"), glow=1.0, down=True))
        things.append(Thing((0.0, high, z), (), (), (Lamp((0.0, high - 0.1, z), rgb("f4f4e4"), 1.4, 0.3),)))
    panels += window(-1.1, 1.1, back - 0.02, 0.3, 2.4)
    things.insert(1, Thing((0.0, 0.0, 6.0), tuple(panels), backdrop=True))
    return Layout(
        "school corridor", (0.0, 0.0, 0.0), 0.0, 8.0, 0.1, Cover.ROOF, Ground.TILES, rgb("948c78"), tuple(things),
        (), (), (-1.3, -11.0, 1.3, 20.0), ((-1.4, 0.0, 5.0), (1.4, 0.0, 8.0), (-1.4, 0.0, 12.0)),
    )  # fmt: skip


def _lockers(side: float, half: float, z: float, count: int, steel: RGB, dice: Dice) -> list[Panel]:
    x, inward = side * (half - 0.34), (-side, 0.0, 0.0)
    end = z + 0.42 * count
    made = [
        upright(x, z, side * half, z, 0.0, 1.92, mix(steel, BLACK, 0.3), BACK),
        upright(x, end, side * half, end, 0.0, 1.92, mix(steel, BLACK, 0.3), FRONT),
    ]
    for i in range(count):
        a = z + 0.42 * i
        shade = mix(steel, WHITE if i % 2 else BLACK, dice.between(0.0, 0.08))
        made.append(upright(x, a, x, a + 0.42, 0.06, 1.92, shade, inward, edge=0.8))
        f = x - side * 0.01
        slit = mix(steel, BLACK, 0.5)
        made += [upright(f, a + 0.11, f, a + 0.31, y, y + 0.025, slit, inward, edge=0.0) for y in (1.62, 1.70, 1.78)]
        made.append(upright(f, a + 0.05, f, a + 0.09, 0.98, 1.16, CHROME, inward, edge=0.3))
    return made


def _class_door(side: float, x: float, z: float) -> list[Panel]:
    inward = (-side, 0.0, 0.0)
    return [
        upright(x, z, x, z + 1.0, 0.0, 2.15, rgb("8a5c34"), inward),
        upright(x - side * 0.01, z + 0.6, x - side * 0.01, z + 0.82, 1.0, 1.9, rgb("d8e4e0"), inward, glow=0.5),
    ]


def ward(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a hospital ward: rows of iron beds, drips, curtains on rails, charts, tall windows."""
    wall = mix(tint[0], WHITE, 0.4) if tint else rgb(dice.pick(("c4d4cc", "ccd4d8", "d4d4c4")))
    dado, cover, back = mix(wall, rgb("6c9c94"), 0.6), rgb(dice.pick(("9cc0c8", "a8c4a8", "c4c8dc"))), 4.6
    screen = mix(cover, rgb("68a0a4"), 0.45)
    fixed = [
        *window(-2.5, -1.3, back - 0.02, 1.25, 2.8),
        *window(1.3, 2.5, back - 0.02, 1.25, 2.8),
        upright(-0.18, back - 0.03, 0.18, back - 0.03, 2.1, 2.22, rgb("c83c3c"), BACK, edge=0.0),
        upright(-0.06, back - 0.03, 0.06, back - 0.03, 1.98, 2.34, rgb("c83c3c"), BACK, edge=0.0),
        *(p for z in (-4.0, -1.4, 1.2) for p in side_window(-1.0, -4.18, z, z + 1.2, 1.3, 2.7, rgb("e8e8e0"))),
    ]
    things = [
        shell(8.4, back, -6.0, 3.3, wall, mix(wall, WHITE, 0.5), dado),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
    ]
    for x in (-3.0, -0.95, 1.1, 3.15):
        things.append(bed((x, back - 1.2), cover))
        things.append(_drip(x + 0.72, back - 0.6))
    things += [Thing((x, 1.2, back - 1.4), _screen(x, back, screen)) for x in (-2.05, 2.2)]
    for z in (-3.4, -1.2, 1.0):
        things += [bed((s * 3.1, z), cover, yaw=s * math.pi / 2) for s in (-1.0, 1.0)]
    for z in (-3.5, 0.5):
        strip = (level(-0.9, z - 0.16, 0.9, z + 0.16, 3.29, rgb("f4f8f4"), glow=1.0, down=True),)
        things.append(Thing((0.0, 3.3, z), strip, (), (Lamp((0.0, 3.2, z), rgb("eaf4f0"), 1.8, 0.3),), backdrop=True))
    return Layout(
        "ward", (0.0, 0.0, 0.0), 0.0, 14.0, -1.0, Cover.ROOF, Ground.TILES, mix(wall, rgb("788884"), 0.5),
        tuple(things), (), (), (-1.7, -5.0, 1.7, 2.0), ((-1.9, 0.0, 1.9), (1.9, 0.0, 1.7), (-1.8, 0.0, -4.6)),
    )  # fmt: skip


def _drip(x: float, z: float) -> Thing:
    bag = Panel(
        ((x - 0.08, 1.5, z), (x - 0.08, 1.78, z), (x + 0.08, 1.78, z), (x + 0.08, 1.5, z)),
        rgb("e0eef4"), BACK, 0.2, 0.6, both=True,
    )  # fmt: skip
    rod = upright(x - 0.012, z, x + 0.012, z, 0.05, 1.86, CHROME, BACK, edge=0.3, both=True)
    arm = upright(x - 0.1, z, x + 0.1, z, 1.82, 1.85, CHROME, BACK, edge=0.2, both=True)
    return Thing((x, 0.0, z), (*box((x, z), (0.42, 0.05, 0.42), IRON), rod, arm, bag))


def _screen(x: float, back: float, colour: RGB) -> tuple[Panel, ...]:
    """Return a curtain along z that parts two beds, on its rail."""
    made = [upright(x, back - 2.3, x, back, 2.28, 2.32, CHROME, (1.0, 0.0, 0.0), both=True, edge=0.2)]
    for i in range(8):
        a, b = back - 2.2 + i * 0.2, back - 2.0 + i * 0.2
        shade = mix(colour, BLACK, (0.0, 0.12)[i % 2])
        bulge = 0.06 if i % 2 else -0.06
        made.append(upright(x + bulge, a, x - bulge, b, 0.25, 2.28, shade, (1.0, 0.0, 0.0), both=True, edge=0.15))
    return tuple(made)


def cell(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a prison cell: a wall of bars with the block's gallery beyond, a bunk, a high barred window, a basin."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("8c8c88", "84888c", "948c80"))), rgb("88888a"), 0.4)
    back, half, high = 2.7, 1.9, 2.9
    dark = mix(wall, BLACK, 0.35)
    stones = [
        upright(-half, back - 0.01, -0.4, back - 0.01, y, y + 0.015, dark, BACK, edge=0.0)
        for y in (0.55, 1.1, 1.65, 2.2)
    ]
    hole = upright(-1.65, back - 0.02, -0.75, back - 0.02, 1.72, 2.42, rgb("d0dce8"), BACK, glow=0.7)
    scratches = [
        upright(-half + 0.02, z, -half + 0.02, z + 0.015, 1.2, 1.4, WHITE, (1.0, 0.0, 0.0), edge=0.0)
        for z in (0.2, 0.28, 0.36, 0.44, 1.0, 1.08, 1.16)
    ]
    room = shell(half * 2, back, -3.0, high, wall, mix(wall, BLACK, 0.2))
    walls = [p for p in room.panels if p.normal != BACK]
    things = [
        _gallery(wall, back, half, high),
        Thing((0.0, 0.0, back), tuple(walls), backdrop=True),
        Thing(
            (-1.1, 0.0, back), (upright(-half, back, -0.4, back, 0.0, high, wall, BACK), *stones, hole), backdrop=True
        ),
        Thing((-1.2, 0.0, back), tuple(bars(-1.65, -0.75, back - 0.04, 1.72, 2.42, IRON, gap=0.18)), backdrop=True),
        Thing((0.8, 0.0, back), (*bars(-0.4, half, back, 0.0, high, IRON, gap=0.14), *_lock(back)), backdrop=True),
        Thing((-half, 0.0, 0.6), tuple(scratches), backdrop=True),
        Thing((0.8, 0.0, -3.0), tuple(_from_inside(bars(-half, half, -2.98, 0.0, high, IRON))), backdrop=True),
        _bunk(-1.42, 0.9),
        Thing(
            (1.6, 0.0, 1.5),
            (
                *box((1.68, 1.5), (0.4, 0.14, 0.44), rgb("d4d4cc"), base=0.72),
                *drum((1.6, 0.7), 0.2, 0.42, rgb("d4d4cc"), taper=1.15),
            ),
        ),
        Thing(
            (0.2, high, 0.4),
            (level(-0.2, 0.3, 0.4, 0.5, high - 0.01, rgb("f4ecd0"), glow=1.0, down=True),),
            (),
            (Lamp((0.1, high - 0.1, 0.4), rgb("f4e8c0"), 1.6, 0.5),),
        ),
    ]
    return Layout(
        "cell", (0.1, 0.0, 0.0), 0.0, 10.0, -0.4, Cover.ROOF, Ground.STONE, mix(wall, BLACK, 0.25),
        tuple(things), (), (), (-0.9, -2.4, 1.2, 1.8), ((1.3, 0.0, 2.1),),
    )  # fmt: skip


def _gallery(wall: RGB, back: float, half: float, high: float) -> Thing:
    """Return what is beyond the bars: the block's passage with a door and a lamp."""
    gallery = [
        upright(-0.4, back + 1.9, half, back + 1.9, 0.0, high, mix(wall, BLACK, 0.5), BACK),
        upright(0.7, back + 1.88, 1.5, back + 1.88, 0.0, 2.1, mix(wall, BLACK, 0.68), BACK),
        upright(0.85, back + 1.86, 1.35, back + 1.86, 1.45, 1.7, rgb("d8c890"), BACK, glow=0.7),
        level(-0.4, back, half, back + 1.9, 0.004, mix(wall, BLACK, 0.4)),
    ]
    lamp = Lamp((1.1, 1.7, back + 1.7), rgb("ffdc9c"), 1.6, 0.6)
    return Thing((0.0, 0.0, back + 2.0), tuple(gallery), (), (lamp,), backdrop=True)


def _from_inside(panels: list[Panel]) -> list[Panel]:
    return [p._replace(normal=FRONT, both=False) for p in panels]


def _lock(z: float) -> list[Panel]:
    return [
        upright(0.52, z - 0.02, 0.58, z - 0.02, 0.0, 2.2, IRON, BACK, both=True),
        upright(1.42, z - 0.02, 1.48, z - 0.02, 0.0, 2.2, IRON, BACK, both=True),
        upright(0.58, z - 0.03, 0.80, z - 0.03, 0.95, 1.2, rgb("54545c"), BACK, both=True),
        upright(-0.4, z - 0.02, 1.9, z - 0.02, 2.2, 2.28, IRON, BACK, both=True),
    ]


def _bunk(x: float, z: float) -> Thing:
    blanket = rgb("6c6c5c")
    parts: list[Panel] = []
    for base in (0.42, 1.42):
        parts += box((x, z), (0.8, 0.06, 1.9), IRON, base=base)
        parts += box((x, z), (0.76, 0.13, 1.86), rgb("c4c0b0"), base=base + 0.06)
        parts += box((x, z - 0.2), (0.78, 0.04, 1.2), blanket, base=base + 0.19)
    parts += [p for dz in (-0.92, 0.92) for p in box((x + 0.38, z + dz), (0.06, 1.75, 0.06), IRON, edge=0.4)]
    return Thing((x, 0.6, z), tuple(parts), kind="bed")


def court(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a court: the judge's bench, a witness stand, a jury box, flags, tables, a rail."""
    wood = mix(tint[0], rgb("6a4228"), 0.6) if tint else rgb(dice.pick(("7c5030", "6a4228", "8a5c38")))
    wall, dark, back = mix(wood, rgb("c0a884"), 0.45), mix(wood, BLACK, 0.3), 6.0
    things = [
        shell(10.0, back, -8.0, 4.2, wall, mix(wall, WHITE, 0.3), wood),
        *_judges_bench(wood, dark, back),
        Thing(
            (2.75, 0.0, 3.7),
            (*box((2.75, 3.7), (1.3, 1.05, 1.1), wood), *box((2.75, 3.7), (1.4, 0.07, 1.2), dark, base=1.05)),
        ),
        chair((2.75, 4.0), dark, yaw=math.pi),
        *(_flag(x, code) for x, code in ((-2.3, "a83038"), (2.2, "304c84"))),
        *(_jury(row, wood, dark) for row in (0, 1)),
        table((-1.6, 1.7), (1.6, 0.76, 0.8), mix(wood, WHITE, 0.08)),
        table((1.7, 1.7), (1.6, 0.76, 0.8), mix(wood, WHITE, 0.08)),
        *(bench((x, z), 3.2, wood, yaw=math.pi) for z in (-3.4, -4.7, -6.0) for x in (-2.3, 2.3)),
        *(
            Thing(
                (x, 0.0, -2.3),
                (
                    *box((x, -2.3), (3.2, 0.08, 0.12), dark, base=0.9),
                    *bars(x - 1.6, x + 1.6, -2.3, 0.0, 0.9, dark, gap=0.4),
                ),
            )
            for x in (-2.4, 2.4)
        ),
    ]
    for x in (-2.6, 2.6):
        lamp = drum((x, 2.5), 0.24, 0.3, rgb("ffe8c0"), base=3.1, taper=0.8)
        things.append(
            Thing(
                (x, 3.2, 2.5),
                tuple(p._replace(glow=1.0) for p in lamp),
                (),
                (Lamp((x, 3.2, 2.5), rgb("ffe0ac"), 1.8, 0.6),),
            )
        )
    return Layout(
        "court", (0.0, 0.0, 0.0), 0.0, 13.0, 0.5, Cover.ROOF, Ground.BOARDS, mix(wood, rgb("a07c54"), 0.4),
        tuple(things), (), (), (-2.6, -2.0, 2.6, 2.8), ((-3.6, 0.0, -1.0), (3.8, 0.0, 1.0)),
    )  # fmt: skip


def _judges_bench(wood: RGB, dark: RGB, back: float) -> list[Thing]:
    """Return the panelled wall with its seal, and the bench with the judge's chair before it."""
    panelling = [
        upright(x, back - 0.03, x + 1.0, back - 0.03, 0.3, 3.2, mix(wood, WHITE, 0.06), BACK, edge=0.7)
        for x in (-4.6, -3.4, -2.2, 1.2, 2.4, 3.6)
    ]
    panelling += [
        upright(-1.0, back - 0.04, 1.0, back - 0.04, 0.0, 3.7, mix(wood, BLACK, 0.15), BACK),
        disc((0.0, 2.85, back - 0.06), 0.42, rgb("c8a048")),
        disc((0.0, 2.85, back - 0.07), 0.30, rgb("8a6c30")),
    ]
    bench_front = [
        *box((0.0, 4.5), (3.6, 1.45, 0.7), wood),
        *box((0.0, 4.45), (3.9, 0.10, 0.9), mix(wood, WHITE, 0.12), base=1.45),
        *(upright(x, 4.14, x + 0.9, 4.14, 0.25, 1.2, dark, BACK, edge=0.7) for x in (-1.6, -0.45, 0.7)),
        *box((0.0, 5.5), (0.8, 2.3, 0.14), rgb("5a2024")),
        *box((0.55, 4.35), (0.26, 0.06, 0.1), rgb("3c2418"), base=1.56),
    ]
    return [Thing((0.0, 0.0, back), tuple(panelling), backdrop=True), Thing((0.0, 0.0, 4.6), tuple(bench_front))]


def _flag(x: float, code: str) -> Thing:
    pole = box((x, 5.5), (0.05, 2.7, 0.05), rgb("c8a048"), edge=0.3)
    cloth = curtain(x + 0.02, x + 0.52, 5.42, 1.15, 2.55, rgb(code), fold=0.14)
    return Thing((x, 0.0, 5.45), (*pole, *cloth))


def _jury(row: int, wood: RGB, dark: RGB) -> Thing:
    x = -3.6 - 0.8 * row
    parts = [
        *box((x, 2.4), (0.1, 0.85 + 0.3 * row, 3.4), wood),
        *box((x, 2.4), (0.18, 0.06, 3.5), dark, base=0.85 + 0.3 * row),
    ]
    for i in range(5):
        parts += box((x - 0.35, 1.1 + i * 0.65), (0.1, 1.15 + 0.3 * row, 0.48), dark)
    return Thing((x, 0.0, 2.4), tuple(parts))
