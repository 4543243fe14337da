"""Interiors: a lived-in room, a bar, an office, a corridor."""

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.props import chair, hanging_lamp, plant, stool, table
from services.generation.providers.previz.places.solids import box, level, upright

_BACK: Vec3 = (0.0, 0.0, -1.0)
_SPOTS: tuple[Vec3, ...] = ((-2.2, 0.0, 2.6), (2.4, 0.0, 2.4), (-2.8, 0.0, 0.8), (2.9, 0.0, 0.4))


def shell(
    wide: float, back: float, front: float, high: float, wall: RGB, ceiling: RGB, dado: RGB | None = None
) -> Thing:
    """Return four walls, skirting and a ceiling, seen from inside only."""
    x = wide / 2
    side = mix(wall, BLACK, 0.10)
    faces: tuple[tuple[float, float, float, float, Vec3, RGB], ...] = (
        (-x, back, x, back, (0.0, 0.0, -1.0), wall),
        (-x, front, x, front, (0.0, 0.0, 1.0), wall),
        (-x, front, -x, back, (1.0, 0.0, 0.0), side),
        (x, front, x, back, (-1.0, 0.0, 0.0), mix(wall, BLACK, 0.05)),
    )
    panels = [upright(x0, z0, x1, z1, 0.0, high, colour, n) for x0, z0, x1, z1, n, colour in faces]
    trim = dado or mix(wall, BLACK, 0.35)
    rise = 1.05 if dado else 0.14
    for x0, z0, x1, z1, n, _ in faces:
        off = 0.01
        panels.append(
            upright(x0 + n[0] * off, z0 + n[2] * off, x1 + n[0] * off, z1 + n[2] * off, 0.0, rise, trim, n, edge=0.4)
        )
    panels.append(level(-x, front, x, back, high, ceiling, down=True))
    return Thing((0.0, 0.0, back), tuple(panels), backdrop=True)


def window(
    x0: float, x1: float, z: float, low: float, high: float, *, blinds: bool = False, facing: Vec3 = _BACK
) -> tuple[Panel, ...]:
    """Return a framed window in a wall across z, with slats if `blinds`."""
    frame = rgb("5a463a")
    f = facing[2]
    made = [
        upright(x0 - 0.08, z, x1 + 0.08, z, low - 0.08, high + 0.08, frame, facing),
        upright(x0, z + 0.01 * f, x1, z + 0.01 * f, low, high, rgb("cfe2f0"), facing, glow=0.75),
    ]
    if blinds:
        n = 11
        for i in range(n):
            y = low + (high - low) * i / n
            made.append(
                upright(
                    x0, z + 0.03 * f, x1, z + 0.03 * f, y, y + (high - low) / n * 0.48, rgb("3c342e"), facing, edge=0.1
                )
            )
    else:
        m = (x0 + x1) / 2
        made.append(upright(m - 0.03, z + 0.02 * f, m + 0.03, z + 0.02 * f, low, high, frame, facing, edge=0.2))
        y = low + (high - low) * 0.6
        made.append(upright(x0, z + 0.02 * f, x1, z + 0.02 * f, y, y + 0.05, frame, facing, edge=0.2))
    return tuple(made)


def picture(x: float, z: float, low: float, w: float, h: float, colour: RGB, facing: Vec3 = _BACK) -> tuple[Panel, ...]:
    """Return a framed picture on a wall across z."""
    f = facing[2]
    return (
        upright(x - w / 2, z + 0.02 * f, x + w / 2, z + 0.02 * f, low, low + h, rgb("7a5c34"), facing),
        upright(
            x - w / 2 + 0.06,
            z + 0.03 * f,
            x + w / 2 - 0.06,
            z + 0.03 * f,
            low + 0.06,
            low + h - 0.06,
            colour,
            facing,
            edge=0.3,
        ),
    )


def room(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a lived-in room: windows, table and chairs, cupboard, rug, pictures, a lamp."""
    wall = tint[0] if tint else rgb(dice.pick(("b49a84", "8c9c94", "a8928c", "9a94a8")))
    wall = mix(wall, rgb("c0b09c"), 0.45)
    wood = rgb(dice.pick(("6e4a32", "7c5a3c", "5a3e30")))
    walls = (
        *window(-2.6, -1.2, 3.98, 0.9, 2.3), *window(1.0, 2.4, 3.98, 0.9, 2.3),
        *picture(0.0, 3.98, 1.3, 0.9, 0.7, rgb(dice.pick(("5a7a8a", "8a6a4a", "6a7a54")))),
        *picture(-1.6, -4.98, 1.2, 0.8, 1.0, rgb("8a5a4a"), (0.0, 0.0, 1.0)), *window(0.8, 2.2, -4.98, 0.9,
            2.3, facing=(0.0, 0.0, 1.0)),
    )  # fmt: skip
    things = (
        shell(8.0, 4.0, -5.0, 3.0, wall, mix(wall, WHITE, 0.3)),
        Thing((0.0, 0.0, 3.97), walls, backdrop=True),
        table((-2.0, 2.3), (1.6, 0.75, 0.85), wood),
        chair((-2.9, 2.0), wood, yaw=1.2),
        chair((-1.2, 2.9), wood, yaw=-2.4),
        Thing((3.2, 0.0, 3.1), box((3.2, 3.2), (1.2, 2.0, 0.5), mix(wood, BLACK, 0.2))),
        plant((3.3, 1.4), dice),
        Thing((-3.5, 0.0, -2.6), box((-3.55, -2.6), (0.8, 0.8, 1.9), rgb("7a5a5a"))),
        hanging_lamp((0.4, 2.2, 2.2), rgb("ffd494")),
    )
    rug = (((-1.6, 0.0, -0.6), (-1.6, 0.0, 1.9), (1.6, 0.0, 1.9), (1.6, 0.0, -0.6)), mix(rgb("8a3c3c"), wall, 0.3))
    return Layout(
        "room", (0.0, 0.0, 0.0), 0.0, 20.0, 0.9, Cover.ROOF, Ground.BOARDS, mix(wood, rgb("b08c64"), 0.5),
            things, (rug,), (),
        (-3.4, -4.2, 3.4, 3.3), _SPOTS,
    )  # fmt: skip


def bar(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a bar: counter, stools, lit shelves of bottles, pendant lamps, booths."""
    wall = mix(tint[0] if tint else rgb("5c3a34"), rgb("4a342c"), 0.5)
    wood = rgb("5a3826")
    shelves: list[Panel] = []
    for x0 in (-3.4, -1.2, 1.0):
        shelves.append(upright(x0, 4.4, x0 + 2.0, 4.4, 1.1, 2.9, rgb("3a2620"), _BACK, glow=0.15))
        for row in range(3):
            y = 1.2 + row * 0.56
            shelves.append(
                upright(x0 + 0.05, 4.38, x0 + 1.95, 4.38, y - 0.06, y - 0.02, rgb("ffcf88"), _BACK, glow=0.9, edge=0.1)
            )
            x = x0 + 0.1
            while x < x0 + 1.86:
                w, h = dice.between(0.07, 0.11), dice.between(0.24, 0.40)
                colour = rgb(dice.pick(("c8843c", "3f7a4c", "e0b060", "7a3034", "cfd8dc", "4a6a8c")))
                body, neck = h * dice.between(0.52, 0.66), w * 0.32
                shelves.append(upright(x, 4.34, x + w, 4.34, y, y + body, colour, _BACK, glow=0.35, edge=0.25))
                shelves.append(
                    upright(x + neck, 4.34, x + w - neck, 4.34, y + body, y + h, colour, _BACK, glow=0.35, edge=0.2)
                )
                x += w + dice.between(0.05, 0.17)
    counter = (
        *box((-0.2, 3.0), (7.0, 1.02, 0.55), wood),
        *box((-0.2, 2.96), (7.2, 0.07, 0.75), mix(wood, rgb("c08850"), 0.4), base=1.02),
    )
    things: list[Thing] = [
        shell(9.0, 4.5, -6.5, 3.3, wall, mix(wall, BLACK, 0.35), rgb("4a2e22")),
        Thing((0.0, 0.0, 4.4), tuple(shelves), backdrop=True),
        Thing((0.0, 0.0, 3.0), counter),
        *(stool((x, 2.25), rgb("8a2c34")) for x in (-3.0, -2.0, -1.0, 1.2, 2.2, 3.0)),
        *(hanging_lamp((x, 2.05, 2.8), rgb("ffc070"), drop=1.1) for x in (-2.6, -0.2, 2.2)),
    ]
    for z in (-3.6, -1.4):
        things.append(table((3.5, z), (1.0, 0.75, 0.9), wood))
        things.append(Thing((4.1, 0.0, z), box((4.2, z - 1.0), (1.2, 1.2, 0.3), rgb("6a2a30"))))
        things.append(hanging_lamp((3.5, 1.8, z), rgb("ffb060"), drop=1.3))
        things.append(chair((-3.4, z), wood, yaw=1.5))
        things.append(table((-2.9, z), (0.8, 0.74, 0.8), wood))
    for x, code in ((-2.4, "ff4f8a"), (0.2, "3fd0ff"), (2.4, "ffb43b")):
        sign = upright(x - 0.5, -6.46, x + 0.5, -6.46, 1.7, 1.84, rgb(code), (0.0, 0.0, 1.0), glow=1.0)
        bow = upright(x - 0.36, -6.46, x + 0.36, -6.46, 2.0, 2.12, rgb(code), (0.0, 0.0, 1.0), glow=1.0)
        things.append(
            Thing((x, 1.8, -6.4), (sign, bow), (), (Lamp((x, 1.9, -6.3), rgb(code), 2.0, 0.5),), backdrop=True)
        )
    return Layout(
        "bar", (0.0, 0.0, 1.0), 0.0, 16.0, 1.0, Cover.ROOF, Ground.BOARDS, rgb("5e4030"), tuple(things), (), (),
        (-3.6, -5.8, 3.6, 2.1), ((-3.4, 0.0, 1.6), (3.4, 0.0, 1.2), (-3.2, 0.0, -4.8), (0.0, 0.0, -5.6)),
    )  # fmt: skip


def office(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return an office: desk with a lamp, blinds, filing cabinets, a door with frosted glass."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("7c7464", "6c7470", "80705c"))), rgb("847a68"), 0.4)
    wood = rgb("5c3e2a")
    desk = (
        *box((-0.5, 2.1), (2.1, 0.72, 0.9), wood), *box((-0.5, 2.1), (2.2, 0.06, 1.0), mix(wood, WHITE,
            0.12), base=0.72),
        *box((-1.0, 2.0), (0.5, 0.05, 0.36), rgb("e4dcc8"), base=0.78, yaw=0.2, edge=0.4),
        *box((-0.1, 2.3), (0.24, 0.12, 0.18), rgb("201c22"), base=0.78, edge=0.4),
    )  # fmt: skip
    cabinets = [p for i in range(3) for p in _cabinet(2.9, 3.0 - i * 0.62)]
    door = (
        upright(-4.0 + 0.02, 0.4, -4.0 + 0.02, 1.4, 0.0, 2.1, rgb("4a3426"), (1.0, 0.0, 0.0)),
        upright(-4.0 + 0.03, 0.52, -4.0 + 0.03, 1.28, 1.0, 1.95, rgb("d8dcc8"), (1.0, 0.0, 0.0), glow=0.55),
    )
    walls = (
        *window(-2.8, -0.4, 3.58, 0.95, 2.5, blinds=True), *window(0.5, 2.1, 3.58, 0.95, 2.5, blinds=True),
        *door, *picture(0.4, -3.98, 1.3, 1.2, 0.8, rgb("6a7484"), (0.0, 0.0, 1.0)),
        *picture(-1.4, -3.98, 1.4, 0.5, 0.6, rgb("b0a080"), (0.0, 0.0, 1.0)),
    )  # fmt: skip
    things = (
        shell(8.0, 3.6, -4.0, 3.0, wall, mix(wall, WHITE, 0.2), mix(wood, wall, 0.3)),
        Thing((0.0, 0.0, 3.5), walls, backdrop=True),
        Thing((3.0, 0.0, 2.4), tuple(cabinets)),
        Thing((-0.5, 0.0, 2.1), desk),
        Thing(
            (0.35, 0.0, 2.05),
            box((0.35, 2.1), (0.05, 0.4, 0.05), rgb("8a7434"), base=0.78),
            (),
            (Lamp((0.25, 1.12, 2.05), rgb("ffd488"), 1.8, 0.9),),
        ),
        Thing((0.25, 1.1, 2.05), box((0.25, 2.05), (0.42, 0.12, 0.2), rgb("2f6a4c"), base=1.12, edge=0.7)),
        chair((-0.5, 3.0), rgb("4a2c24"), yaw=3.14),
        chair((1.2, 0.9), rgb("6a4a34"), yaw=-0.8),
        plant((-3.3, 3.0), dice),
        Thing((3.5, 0.0, -1.6), box((3.6, -1.6), (0.6, 2.1, 1.6), mix(wood, BLACK, 0.2))),
        hanging_lamp((0.3, 2.35, 0.6), rgb("ffe0b0"), drop=0.5),
    )
    return Layout(
        "office", (0.0, 0.0, 0.4), 0.0, 20.0, 0.3, Cover.ROOF, Ground.BOARDS, rgb("6a5242"), things, (), (),
        (-3.2, -3.4, 2.5, 1.4), ((-2.6, 0.0, 1.9), (2.4, 0.0, 0.9), (-3.0, 0.0, -1.5), (2.6, 0.0, -2.8)),
    )  # fmt: skip


def _cabinet(x: float, z: float) -> tuple[Panel, ...]:
    steel = rgb("5c6a5c")
    made = list(box((x + 0.45, z), (0.62, 1.35, 0.56), steel))
    for i in range(4):
        y = 0.08 + i * 0.32
        made.append(
            upright(
                x + 0.13, z - 0.24, x + 0.13, z + 0.24, y, y + 0.27, mix(steel, WHITE, 0.08), (-1.0, 0.0, 0.0), edge=0.6
            )
        )
    return tuple(made)


def corridor(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a long corridor with doors and ceiling lights."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("8c9894", "9a9484", "848ca0"))), rgb("9c9890"), 0.4)
    half, high, back, front = 1.7, 2.8, 26.0, -14.0
    panels: list[Panel] = []
    things: list[Thing] = [
        shell(half * 2, back, front, high, wall, mix(wall, WHITE, 0.35), mix(wall, rgb("4a5a5c"), 0.45))
    ]
    for i in range(9):
        z = front + 2.2 + i * 4.2
        for side in (-1.0, 1.0):
            x = side * (half - 0.02)
            panels.append(upright(x, z, x, z + 1.0, 0.0, 2.1, rgb(dice.pick(("6a4a36", "5a5248"))), (-side, 0.0, 0.0)))
            panels.append(
                upright(
                    x - side * 0.01,
                    z + 0.28,
                    x - side * 0.01,
                    z + 0.72,
                    1.3,
                    1.85,
                    rgb("dcd8b8"),
                    (-side, 0.0, 0.0),
                    glow=0.5,
                )
            )
        panels.append(level(-0.35, z - 0.9, 0.35, z + 0.5, high - 0.01, rgb("f4f4e0"), glow=1.0, down=True))
        things.append(Thing((0.0, high, z), (), (), (Lamp((0.0, high - 0.1, z), rgb("f4f0d4"), 1.5, 0.35),)))
    panels += window(-0.7, 0.7, back - 0.02, 0.7, 2.3)
    things.insert(1, Thing((0.0, 0.0, 6.0), tuple(panels), backdrop=True))
    return Layout(
        "corridor", (0.0, 0.0, 0.0), 0.0, 7.0, 0.1, Cover.ROOF, Ground.TILES, mix(wall, rgb("5a6064"),
            0.55), tuple(things), (), (),
        (-1.2, -12.0, 1.2, 22.0), ((-1.2, 0.0, 5.0), (1.2, 0.0, 8.0), (-1.2, 0.0, 12.0)),
    )  # fmt: skip
