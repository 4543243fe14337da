"""Places with an audience: boxing ring, stadium, theatre stage."""

import math
from typing import Final

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3, unit
from services.generation.providers.previz.places.fittings import (
    BACK,
    FRONT,
    IRON,
    Marks,
    curtain,
    floor_lamp_pool,
    floor_patch,
)
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.rooms import shell
from services.generation.providers.previz.places.solids import box, drum, level, upright

_SIDES: Final = ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))


def ring(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a boxing ring: canvas, ropes, corner posts, a rig of lamps, the crowd in the dark around it."""
    cloth = mix(rgb("d0d4d8"), tint[0], 0.2) if tint else rgb(dice.pick(("d0d4d8", "b8c8d8", "d8d0c0")))
    half = 3.3
    things = [shell(64.0, 32.0, -32.0, 13.0, rgb("1c1a22"), rgb("141218"))]
    things += _seated(dice, half + 3.0, 6, rise=0.5)
    for sx in (-1.0, 1.0):
        for sz in (-1.0, 1.0):
            pad = rgb("b8303c") if sx == sz else rgb("2c54a0")
            parts = (
                *drum((sx * half, sz * half), 0.08, 1.6, IRON, sides=8),
                *box((sx * (half - 0.1), sz * (half - 0.1)), (0.24, 1.15, 0.24), pad, base=0.35, yaw=math.pi / 4),
            )
            things.append(Thing((sx * half, 0.0, sz * half), parts))
    for nx, nz in _SIDES:
        ropes: list[Panel] = []
        for i, y in enumerate((0.45, 0.82, 1.19, 1.50)):
            colour = rgb(("e8e4dc", "c83844", "e8e4dc", "2c54a0")[i])
            a, b = (nx * half - nz * half, nz * half - nx * half), (nx * half + nz * half, nz * half + nx * half)
            ropes.append(upright(a[0], a[1], b[0], b[1], y, y + 0.05, colour, (-nx, 0.0, -nz), both=True, edge=0.4))
        things.append(Thing((nx * half, 0.8, nz * half), tuple(ropes)))
    rig: list[Panel] = []
    lamps: list[Lamp] = []
    for x, z, w, d in ((0.0, 2.4, 5.2, 0.2), (0.0, -2.4, 5.2, 0.2), (-2.5, 0.0, 0.2, 4.8), (2.5, 0.0, 0.2, 4.8)):
        rig += box((x, z), (w, 0.25, d), IRON, base=4.5)
    for x in (-2.0, -0.7, 0.7, 2.0):
        rig += box((x, 2.4), (0.55, 0.24, 0.36), rgb("fff4d8"), base=4.26, glow=1.0)
        lamps.append(Lamp((x, 4.3, 2.3), rgb("fff0cc"), 2.2, 0.8))
    things.append(Thing((0.0, 4.5, 2.6), tuple(rig), (), tuple(lamps)))
    skirt, pool = (
        floor_patch(-half - 0.6, -half - 0.6, half + 0.6, half + 0.6, rgb("7a2430")),
        floor_lamp_pool((0.0, 0.0), 1.3, mix(cloth, rgb("c83844"), 0.35)),
    )
    return Layout(
        "ring", (0.0, 0.0, 0.0), 0.0, 24.0, 0.3, Cover.ROOF, Ground.CARPET, rgb("26222a"), tuple(things),
        skirt + floor_patch(-half, -half, half, half, cloth) + pool, (), (-2.7, -2.7, 2.7, 2.7),
        ((-2.4, 0.0, 2.6), (2.5, 0.0, 2.4)),
    )  # fmt: skip


def _seated(dice: Dice, near: float, rows: int, *, rise: float) -> list[Thing]:
    """Return spectators in rising rows on four sides."""
    made = []
    for nx, nz in _SIDES:
        for row in range(rows):
            away, y = near + row * 1.25, row * rise
            count = math.ceil(away * 2 / 3.2)
            for i in range(count):
                along = -away + 1.6 + i * 3.2 + dice.between(-0.3, 0.3)
                at = (nx * away + nz * along, y, nz * away - nx * along)
                tone = mix(rgb("6a5a5c"), rgb("2a2834"), row / rows)
                made.append(Thing(at, (), (Sprite("crowd", at, 3.4, 1.35, tone, dice.count(0, 9999)),), backdrop=True))
    return sorted(made, key=lambda t: -math.hypot(t.at[0], t.at[2]))


def stadium(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a stadium seen from the pitch: stands in blocks of colour, floodlights, a goal, chalk lines."""
    seats = [*tint[:2], *(rgb(dice.pick(("3c5c9c", "a83c40", "c8a03c", "3c7c5c"))) for _ in range(2))][:2]
    seats.append(rgb("c8ccd0"))
    half, near, far = 30.0, -34.0, 38.0
    things: list[Thing] = []
    for (x0, z0), (x1, z1), inward in (
        ((-half, far), (half, far), BACK),
        ((-half, near), (half, near), FRONT),
        ((-half, near), (-half, far), (1.0, 0.0, 0.0)),
        ((half, near), (half, far), (-1.0, 0.0, 0.0)),
    ):
        things.append(_stand(dice, (x0, z0), (x1, z1), inward, seats))
    for x in (-33.0, 33.0):
        things += [_floodlight(x, z) for z in (near - 4.0, far + 6.0)]
    white = rgb("f0f2ec")
    posts = (
        *box((-3.66, 24.0), (0.12, 2.44, 0.12), white),
        *box((3.66, 24.0), (0.12, 2.44, 0.12), white),
        *box((0.0, 24.0), (7.44, 0.12, 0.12), white, base=2.44),
    )
    net = [
        upright(-3.6 + i * 0.6, 25.2, -3.6 + i * 0.6 + 0.02, 25.2, 0.0, 2.3, rgb("c8ccc8"), BACK, edge=0.0)
        for i in range(13)
    ]
    things.append(Thing((0.0, 0.0, 24.0), (*net, *posts)))
    lines: Marks = ()
    for i in range(8):
        z = near + 6.0 + i * 8.0
        lines += floor_patch(-24.0, z, 24.0, z + 4.0, rgb("5a8c44"))
    for x0, z0, x1, z1 in (
        (-20.0, 24.0, 20.0, 24.12),
        (-9.0, 16.0, 9.0, 16.12),
        (-9.0, 16.0, -8.88, 24.0),
        (8.88, 16.0, 9.0, 24.0),
        (-20.0, 1.9, 20.0, 2.02),
        (-20.0, near + 4, -19.88, 24.0),
        (19.88, near + 4, 20.0, 24.0),
    ):
        lines += floor_patch(x0, z0, x1, z1, white)
    return Layout(
        "stadium", (0.0, 0.0, 0.0), 0.0, 22.0, 0.4, Cover.SKY, Ground.GRASS, rgb("4c7c3c"), tuple(things), lines, (),
        (-14.0, -16.0, 14.0, 22.0),
    )  # fmt: skip


def _stand(dice: Dice, a: tuple[float, float], b: tuple[float, float], inward: Vec3, seats: list[RGB]) -> Thing:
    """Return a rising stand between two ground points: rows of seats in blocks, a wall before and a roof over them."""

    def at(t: float, back: float, y: float) -> Vec3:
        x, z = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
        return (x - inward[0] * back, y, z - inward[2] * back)

    def strip(t0: float, t1: float, back: float, low: float, high: float, colour: RGB, edge: float) -> Panel:
        corners = (at(t0, back, low), at(t0, back + 0.8, high), at(t1, back + 0.8, high), at(t1, back, low))
        return Panel(corners, colour, unit((inward[0], 0.4, inward[2])), 0.0, edge, both=True)

    panels = [
        Panel((at(0, 14, 0.0), at(0, 14, 13.0), at(1, 14, 13.0), at(1, 14, 0.0)), rgb("70747c"), inward, both=True)
    ]
    blocks = 7
    for row in range(8, -1, -1):
        for block in range(blocks):
            colour = seats[(block + (row > 4)) % len(seats)]
            shade = mix(colour, BLACK if row % 2 else WHITE, 0.10)
            t0, t1 = (block + 0.05) / blocks, (block + 0.95) / blocks
            panels.append(strip(t0, t1, 1.0 + row * 1.4, 1.3 + row * 1.15, 2.3 + row * 1.15, shade, 0.35))
    panels.append(strip(0, 1, 0.0, 0.0, 1.2, rgb("d0d0cc"), 0.5))
    for i in range(9):  # hoardings in plain colours
        code = dice.pick(("c83844", "2c6cb0", "e8e8e4", "e0b040", "3c8c5c"))
        panels.append(strip((i + 0.03) / 9, (i + 0.97) / 9, -0.6, 0.05, 0.95, rgb(code), 0.3))
    panels.append(
        Panel(
            (at(0, 15, 14.5), at(0, 2, 16.0), at(1, 2, 16.0), at(1, 15, 14.5)),
            rgb("a8acb4"),
            (0.0, -1.0, 0.0),
            both=True,
        )
    )
    middle = at(0.5, 6.0, 0.0)
    return Thing(middle, tuple(panels), backdrop=True)


def _floodlight(x: float, z: float) -> Thing:
    parts = [*box((x, z), (0.7, 24.0, 0.7), rgb("8c9098"))]
    face = -0.5 if z > 0 else 0.5
    n = BACK if z > 0 else FRONT
    parts += box((x, z), (6.0, 3.6, 0.6), rgb("4c5058"), base=23.0)
    for i in range(5):
        for j in range(3):
            a = x - 2.8 + i * 1.15
            parts.append(
                upright(
                    a, z + face, a + 0.9, z + face, 23.3 + j * 1.1, 24.1 + j * 1.1, rgb("fffbe8"), n, glow=1.0, edge=0.2
                )
            )
    return Thing((x, 0.0, z), tuple(parts), (), (Lamp((x, 24.8, z + face), rgb("fff8e0"), 11.0, 0.9),), backdrop=True)


def stage(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a theatre's stage seen from the house: curtains, footlights, a spot; behind the camera rows of seats."""
    velvet = tint[0] if tint else rgb(dice.pick(("a02430", "8c1c2c", "7a2040")))
    gold = rgb("c89c48")
    back = 4.2
    things = [
        shell(22.0, back + 0.3, -20.0, 9.0, rgb("241c20"), rgb("181418")),
        Thing(
            (0.0, 0.0, back),
            tuple(curtain(-6.0, 6.0, back, 0.0, 6.2, mix(velvet, BLACK, 0.30), fold=0.4)),
            backdrop=True,
        ),
    ]
    for side in (-1.0, 1.0):
        for i, (x, z) in enumerate(((3.1, 2.6), (3.9, 0.4))):
            a, b = sorted((side * x, side * (x + 2.6)))
            things.append(
                Thing(
                    (side * x, 1.0, z),
                    tuple(curtain(a, b, z, 0.0, 6.4, mix(velvet, WHITE, 0.10 + 0.08 * i), fold=0.26)),
                    backdrop=True,
                )
            )
    things.append(_swags(velvet, gold))
    for i in range(9):
        x = -3.6 + 0.9 * i
        parts = (
            *box((x, -2.55), (0.34, 0.20, 0.2), rgb("3a2c24"), edge=0.4),
            upright(x - 0.15, -2.44, x + 0.15, -2.44, 0.04, 0.18, rgb("ffe4a8"), FRONT, glow=1.0),
        )
        things.append(Thing((x, 0.0, -2.55), parts, (), (Lamp((x, 0.25, -2.4), rgb("ffdca0"), 0.9, 0.5),)))
    spot = Lamp((0.0, 5.6, 1.0), rgb("fff0cc"), 2.8, 0.7)
    things.append(
        Thing(
            (0.0, 5.6, 1.0),
            box((0.0, 1.0), (0.4, 0.3, 0.4), rgb("fff4d8"), base=5.5, glow=1.0),
            (),
            (spot,),
            backdrop=True,
        )
    )
    things += _house(velvet, gold)
    lines = floor_patch(-11.0, -20.0, 11.0, -2.8, rgb("2c1c20")) + floor_lamp_pool((0.0, 0.4), 1.9, rgb("d8b078"))
    return Layout(
        "stage", (0.0, 0.0, 0.0), 0.0, 14.0, 0.2, Cover.ROOF, Ground.BOARDS, rgb("9a6c44"), tuple(things), lines, (),
        (-3.4, -2.2, 3.4, 3.4), ((-2.4, 0.0, 2.4), (2.5, 0.0, 2.2), (-2.6, 0.0, -0.6)),
    )  # fmt: skip


def _swags(velvet: RGB, gold: RGB) -> Thing:
    """Return the pelmet in festoons over the stage."""
    panels: list[Panel] = []
    z, top = 0.2, 6.0
    for i in range(6):
        x0, x1 = -6.0 + 2.0 * i, -4.0 + 2.0 * i
        turns = [math.pi * j / 10 for j in range(11)]
        low = [(x1 - (x1 - x0) * j / 10, 3.75 - 0.62 * math.sin(t), z) for j, t in enumerate(turns)]
        panels.append(
            Panel(((x0, top, z), (x1, top, z), *low), mix(velvet, BLACK, 0.05 * (i % 2)), BACK, 0.0, 0.5, both=True)
        )
        hem = [(x, y + 0.12, z - 0.01) for x, y, z in reversed(low)]
        panels.append(Panel((*((x, y, z - 0.01) for x, y, z in low), *hem), gold, BACK, 0.0, 0.2, both=True))
    return Thing((0.0, 4.0, z), tuple(panels), backdrop=True)


def _house(velvet: RGB, gold: RGB) -> list[Thing]:
    """Return the auditorium behind the main camera: rows of seats, a balcony with small lamps."""
    made = []
    for row in range(8):
        z = -18.0 + row * 1.7
        parts: list[Panel] = []
        for i in range(14):
            x = -7.5 + i * 1.1 + (0.6 if i > 6 else 0.0)
            parts += box((x, z), (0.8, 1.0 + 0.22 * (7 - row), 0.3), mix(velvet, BLACK, 0.30), edge=0.5)[::2]
        made.append(Thing((0.0, 0.0, z), tuple(parts), backdrop=True))
    rail = [
        upright(-10.0, -17.0, 10.0, -17.0, 3.6, 4.6, mix(velvet, gold, 0.35), FRONT),
        level(-10, -20, 10, -17, 3.6, BLACK, down=True),
    ]
    lamps = tuple(Lamp((x, 4.2, -16.8), rgb("ffd494"), 1.0, 0.6) for x in (-8.0, -4.0, 0.0, 4.0, 8.0))
    made.append(Thing((0.0, 4.0, -17.0), tuple(rail), (), lamps, backdrop=True))
    return made
