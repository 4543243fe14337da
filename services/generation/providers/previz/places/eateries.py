"""Where people eat: a diner, a café or restaurant."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.fittings import BACK, CHROME, IRON, curtain, disc, floor_patch
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import chair, hanging_lamp, plant, stool
from services.generation.providers.previz.places.rooms import picture, shell
from services.generation.providers.previz.places.solids import box, drum, upright


def diner(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a diner: booths under a long window, a chrome counter with stools, a chequered floor, pie and coffee."""
    vinyl = tint[0] if tint else rgb(dice.pick(("b8303c", "2c7c84", "c85c34")))
    wall, back = rgb("d8d0bc"), 4.4
    glass = [
        upright(-1.6, back - 0.02, 4.8, back - 0.02, 0.95, 2.45, rgb("6c747c"), BACK),
        upright(-1.5, back - 0.03, 4.7, back - 0.03, 1.05, 2.35, rgb("a8c4d8"), BACK, glow=0.45),
        *(
            upright(x, back - 0.04, x + 0.08, back - 0.04, 1.05, 2.35, rgb("6c747c"), BACK, edge=0.2)
            for x in (0.55, 2.65)
        ),
        upright(-4.8, back - 0.02, 4.8, back - 0.02, 0.55, 0.70, vinyl, BACK, edge=0.3),
        upright(-4.8, back - 0.02, 4.8, back - 0.02, 2.66, 2.78, rgb("ff5c74"), BACK, glow=1.0, edge=0.2),
        upright(-4.8, back - 0.02, 4.8, back - 0.02, 2.84, 2.90, rgb("58d8e0"), BACK, glow=1.0, edge=0.2),
        *_outside(back - 0.035),
    ]
    things = [
        shell(9.6, back, -6.0, 3.1, wall, mix(wall, WHITE, 0.3), mix(wall, vinyl, 0.25)),
        Thing((0.0, 0.0, back), tuple(glass), backdrop=True),
        Thing((-3.3, 0.0, 0.5), _chrome_counter(-3.3, vinyl)),
        _shelves(-4.75, dice),
    ]
    things += [stool((-2.35, z), vinyl, 0.70) for z in (-4.0, -3.0, -2.0, -1.0, 1.1, 2.0, 2.9)]
    for x in (-0.6, 1.5, 3.6):
        things += _booth(x, back - 0.95, vinyl)
        things.append(hanging_lamp((x, 1.95, back - 0.95), rgb("ffd090"), drop=0.9))
    checks: tuple[tuple[tuple[tuple[float, float, float], ...], RGB], ...] = ()
    for i in range(-4, 8):
        for j in range(-6, 7):
            if (i + j) % 2:
                checks += floor_patch(i * 0.6, j * 0.6, i * 0.6 + 0.6, j * 0.6 + 0.6, rgb("3c3a40"))
    return Layout(
        "diner", (0.3, 0.0, 0.0), 0.0, 14.0, 0.5, Cover.ROOF, Ground.TILES, rgb("d4ccbc"), tuple(things), checks, (),
        (-1.7, -5.0, 3.4, 2.2), ((-1.5, 0.0, 2.0), (3.4, 0.0, 0.6)),
    )  # fmt: skip


def _outside(z: float) -> list[Panel]:
    """Return the parking lot behind the glass: a road's edge and a parked car, painted flat."""
    ground = upright(-1.5, z, 4.7, z, 1.05, 1.35, rgb("5c646c"), BACK, glow=0.1, edge=0.0)
    hull = ((1.0, 1.2), (1.05, 1.42), (1.4, 1.5), (1.65, 1.72), (2.2, 1.72), (2.45, 1.5), (2.6, 1.45), (2.62, 1.2))
    car = Panel(tuple((x, y, z - 0.001) for x, y in hull), rgb("7c3c40"), BACK, 0.1, 0.4)
    return [ground, car, *(disc((x, 1.2, z - 0.002), 0.11, rgb("1c1a20")) for x in (1.35, 2.3))]


def _chrome_counter(x: float, vinyl: RGB) -> tuple[Panel, ...]:
    n = (1.0, 0.0, 0.0)
    front = x + 0.36
    strips = [upright(front, -5.0, front, 3.4, y, y + 0.05, CHROME, n, edge=0.3) for y in (0.2, 0.36, 0.52, 0.68, 0.84)]
    things = [
        *box((x, -0.8), (0.7, 0.98, 8.4), vinyl),
        *strips,
        *box((x + 0.04, -0.8), (0.86, 0.07, 8.6), CHROME, base=0.98),
    ]
    for z in (-2.4, 0.9, 2.5):
        things += drum((x + 0.15, z), 0.05, 0.17, rgb("c83c34"), base=1.05, sides=8)
        things += drum((x + 0.15, z + 0.16), 0.045, 0.14, rgb("f4f0e4"), base=1.05, sides=8)
    things += drum((x + 0.05, 2.0), 0.19, 0.26, rgb("dce8ec"), base=1.05, sides=12)
    return tuple(things)


def _shelves(x: float, dice: Dice) -> Thing:
    """Return the wall behind the counter: shelves, cups, a coffee machine, blank menu boards."""
    n = (1.0, 0.0, 0.0)
    parts: list[Panel] = [
        *box((x + 0.25, 1.8), (0.5, 0.6, 0.7), CHROME, base=1.1),
        *box((x + 0.25, -0.8), (0.5, 1.1, 8.4), rgb("c4c0b4")),
    ]
    for y in (1.75, 2.15):
        parts.append(upright(x + 0.02, -5.0, x + 0.02, 1.2, y, y + 0.05, CHROME, n, edge=0.3))
        z = -4.9
        while z < 1.0:
            h, wide = dice.between(0.10, 0.24), dice.between(0.09, 0.16)
            paint = rgb(dice.pick(("f4f0e4", "c83c34", "e0b04c", "8cb4b8")))
            parts.append(upright(x + 0.03, z, x + 0.03, z + wide, y + 0.05, y + 0.05 + h, paint, n, edge=0.3))
            z += wide + dice.between(0.06, 0.2)
    menu = rgb("f8ecc4")
    parts += [upright(x + 0.02, z, x + 0.02, z + 1.6, 2.45, 2.98, menu, n, glow=0.8) for z in (-4.5, -2.6, -0.7, 1.2)]
    return Thing((x, 0.0, 0.0), tuple(parts), backdrop=True)


def _booth(x: float, z: float, vinyl: RGB) -> list[Thing]:
    """Return a table between two high-backed seats."""
    made = []
    for s in (-1.0, 1.0):
        back = (
            *box((x + s * 0.92, z), (0.18, 1.22, 1.5), vinyl),
            *box((x + s * 0.92, z), (0.2, 0.06, 1.52), CHROME, base=1.20),
        )
        made.append(
            Thing((x + s * 0.92, 0.0, z), (*back, *box((x + s * 0.62, z), (0.5, 0.46, 1.46), mix(vinyl, BLACK, 0.12))))
        )
    table = (
        *drum((x, z), 0.06, 0.72, CHROME, sides=8),
        *box((x, z), (0.72, 0.05, 1.36), rgb("ece8dc"), base=0.72),
        *drum((x, z + 0.5), 0.04, 0.15, rgb("c83c34"), base=0.77, sides=8),
    )
    made.append(Thing((x, 0.0, z), table))
    return made


def cafe(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a café or restaurant: laid round tables, candles, a shop window with a blind, a counter."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("8c5c4c", "5c7468", "a88c64"))), rgb("b09878"), 0.35)
    wood, back = rgb("5c3c28"), 4.6
    blind = rgb(dice.pick(("a83c3c", "2f6a5c", "c8943c")))
    fixed = [
        upright(-3.2, back - 0.02, 1.4, back - 0.02, 0.6, 2.5, wood, BACK),
        *(
            upright(x, back - 0.03, x + 1.34, back - 0.03, 0.7, 2.4, rgb("c4d8e0"), BACK, glow=0.65)
            for x in (-3.1, -1.6, -0.1)
        ),
        *curtain(-3.3, 1.5, back - 0.05, 0.6, 1.25, rgb("ece4d0"), fold=0.2),
        *curtain(-3.4, 1.6, back - 0.08, 2.15, 2.62, blind, fold=0.4),
        upright(2.0, back - 0.02, 3.2, back - 0.02, 0.0, 2.3, wood, BACK),
        upright(2.15, back - 0.03, 3.05, back - 0.03, 0.8, 2.2, rgb("c4d8e0"), BACK, glow=0.65),
        *picture(3.9, back - 0.02, 1.4, 0.6, 0.8, rgb("b08c5c")),
    ]
    things: list[Thing] = [
        shell(9.2, back, -5.5, 3.0, wall, mix(wall, WHITE, 0.4), mix(wall, BLACK, 0.3)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
        Thing((4.0, 0.0, 0.6), _cake_counter(4.0, 0.6, wood)),
        plant((-4.1, 4.0), dice),
    ]
    for x, z in ((-2.4, 2.9), (0.5, 3.2), (2.3, 2.3), (-3.2, 0.8), (-3.0, -2.2), (2.6, -3.0), (0.0, -4.0)):
        spin = dice.fork("table", x, z)
        things += _laid(x, z, wood)
        turn = spin.between(0, math.tau)
        for k in range(2 if z > 2 else 3):
            a = turn + k * (math.pi if z > 2 else 2.1)
            things.append(chair((x + 0.72 * math.sin(a), z + 0.72 * math.cos(a)), wood, yaw=a + math.pi))
    things += [hanging_lamp((x, 2.15, z), rgb("ffcf88"), drop=0.7) for x, z in ((-2.4, 2.9), (0.5, 3.2), (2.3, 2.3))]
    return Layout(
        "cafe", (0.0, 0.0, 0.0), 0.0, 15.0, 0.5, Cover.ROOF, Ground.BOARDS, rgb("8c6844"), tuple(things), (), (),
        (-2.2, -4.6, 2.6, 1.6), ((-1.0, 0.0, 2.0), (3.0, 0.0, -1.2)),
    )  # fmt: skip


def _laid(x: float, z: float, wood: RGB) -> list[Thing]:
    """Return a round table with a cloth, two plates, glasses and a candle."""
    cloth = rgb("f0e8d8")
    parts = [
        *drum((x, z), 0.05, 0.5, wood, sides=8),
        *drum((x, z), 0.44, 0.34, mix(cloth, BLACK, 0.08), base=0.42, taper=0.92, sides=14),
        *drum((x, z), 0.41, 0.02, cloth, base=0.75, sides=16),
        *drum((x, z), 0.03, 0.14, rgb("f4ecd4"), base=0.77, sides=6),
    ]
    for dx, dz in ((-0.22, -0.05), (0.22, 0.05)):
        parts += drum((x + dx, z + dz), 0.11, 0.015, WHITE, base=0.77, sides=10, edge=0.6)
        parts += drum((x + dx * 0.6, z + dz + 0.18), 0.03, 0.16, rgb("c8dce4"), base=0.77, sides=6)
    flame = Sprite("flame", (x, 0.91, z), 0.05, 0.11, rgb("ffc050"), 1)
    return [Thing((x, 0.0, z), tuple(parts), (flame,), (Lamp((x, 0.97, z), rgb("ffc878"), 0.8, 0.6),))]


def _cake_counter(x: float, z: float, wood: RGB) -> tuple[Panel, ...]:
    parts = [
        *box((x, z), (0.7, 1.0, 4.0), wood),
        *box((x - 0.04, z), (0.8, 0.06, 4.1), mix(wood, WHITE, 0.25), base=1.0),
        *box((x, z + 1.1), (0.5, 0.55, 0.8), CHROME, base=1.06),
        *drum((x - 0.1, z + 0.85), 0.04, 0.2, IRON, base=1.5, sides=6),
    ]
    for i, code in enumerate(("c87c4c", "e8c8a0", "8c4c3c")):
        parts += drum((x - 0.1, z - 0.2 - i * 0.5), 0.17, 0.14, rgb(code), base=1.1, sides=12)
    return tuple(parts)
