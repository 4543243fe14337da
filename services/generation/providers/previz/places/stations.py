"""Where journeys begin: a railway platform, an airport's departure hall."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.fittings import BACK, CHROME, IRON, bench, disc, floor_patch
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.rooms import shell
from services.generation.providers.previz.places.solids import box, drum, level, upright
from services.generation.providers.previz.places.woods import tree_thing


def platform(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a railway platform: a canopy on iron posts, tracks, a waiting train, benches, a clock."""
    brick = mix(tint[0], rgb("94604c"), 0.5) if tint else rgb(dice.pick(("94604c", "a07c5c", "8c6c64")))
    iron = rgb(dice.pick(("2f4a40", "34404c", "5a2c30")))
    things = [ridge(dice.fork("hill"), 220.0, 16.0, rgb("64785c"))]
    for i in range(10):
        spin = dice.fork("tree", i)
        things.append(tree_thing(spin, spin.between(10, 40), spin.between(-10, 60), ())._replace(backdrop=True))
    things.append(_station_house(-5.2, brick))
    things.append(_train(5.0, 5.0, rgb(dice.pick(("2c5c4c", "7c2c34", "2c4474")))))
    things += [_post(1.7, z, iron) for z in (-10.0, -5.0, 5.0, 10.0, 15.0, 20.0)]
    roof = (
        level(-5.2, -14.0, 2.5, 26.0, 3.75, mix(iron, WHITE, 0.3), down=True),
        level(-5.2, -14.0, 2.5, 26.0, 3.95, mix(iron, BLACK, 0.2)),
        *(level(-5.2, z, 2.5, z + 0.2, 3.73, iron, down=True, edge=0.3) for z in range(-13, 26, 3)),
        *_valance(2.5, iron),
    )
    things.append(Thing((0.0, 3.8, 20.0), roof, backdrop=True))
    for z in (-4.0, 3.2, 9.0, 16.0):
        lamp = Lamp((-0.6, 3.2, z), rgb("ffdca0"), 1.7, 0.6)
        things.append(
            Thing((-0.6, 3.2, z), drum((-0.6, z), 0.22, 0.3, rgb("fff0cc"), base=3.1, taper=0.6), (), (lamp,))
        )
    things += [bench((-3.6, z), 2.0, rgb("6c4a30"), yaw=-math.pi / 2) for z in (-3.0, 3.4, 8.6)]
    things.append(_clock((0.2, 6.4)))
    things.append(
        Thing(
            (-2.7, 0.0, 5.6),
            (
                *box((-2.7, 5.6), (0.8, 0.5, 0.5), rgb("7c4c30")),
                *box((-2.6, 5.6), (0.5, 0.3, 0.4), rgb("3c5060"), base=0.5),
            ),
        )
    )
    lines = floor_patch(2.6, -60.0, 40.0, 120.0, rgb("7c7468")) + floor_patch(2.6, -60.0, 3.1, 120.0, rgb("4c4844"))
    lines += floor_patch(2.1, -60.0, 2.35, 120.0, rgb("e8e0c0"))
    for i in range(44):
        lines += floor_patch(3.4, -22.0 + i * 1.1, 6.6, -21.7 + i * 1.1, rgb("5c4838"))
    for x in (4.1, 5.8):
        lines += floor_patch(x, -60.0, x + 0.12, 120.0, rgb("b8b8bc"))
    return Layout(
        "platform", (0.0, 0.0, 0.0), 0.0, 13.0, 1.0, Cover.SKY, Ground.STONE, rgb("9c968c"), tuple(things), lines, (),
        (-3.0, -14.0, 1.9, 30.0), ((-2.4, 0.0, 4.0), (-2.8, 0.0, 11.0)),
    )  # fmt: skip


def _station_house(x: float, brick: RGB) -> Thing:
    n = (1.0, 0.0, 0.0)
    parts = [
        upright(x, -16.0, x, 28.0, 0.0, 5.2, brick, n),
        upright(x + 0.02, -16.0, x + 0.02, 28.0, 0.0, 0.9, mix(brick, BLACK, 0.3), n),
    ]
    for i, z in enumerate(range(-14, 28, 3)):
        f = x + 0.03
        low = 0.0 if i % 3 == 1 else 1.1
        parts.append(upright(f, z - 0.1, f, z + 1.5, low, 2.75, rgb("d8d0b8"), n))
        paint, glow = (rgb("4c3428"), 0.0) if i % 3 == 1 else (rgb("f0dca4"), 0.8)
        parts.append(upright(f + 0.01, z, f + 0.01, z + 1.4, low, 2.65, paint, n, glow=glow))
    return Thing((x, 0.0, 6.0), tuple(parts), backdrop=True)


def _train(x: float, start: float, colour: RGB) -> Thing:
    """Return a train at the platform, its last carriage's end toward the camera."""
    side, n = x - 1.5, (-1.0, 0.0, 0.0)
    parts: list[Panel] = []
    for car in range(4):
        z0, z1 = start + car * 15.0, start + car * 15.0 + 14.4
        parts += box((x, (z0 + z1) / 2), (3.0, 2.9, z1 - z0), colour, base=0.6)
        parts += box((x, (z0 + z1) / 2), (2.7, 0.35, z1 - z0), rgb("5c5c60"), base=3.5)
        parts.append(
            upright(side - 0.01, z0, side - 0.01, z1, 1.45, 2.75, mix(colour, rgb("ecdcb4"), 0.75), n, edge=0.3)
        )
        for i in range(7):
            a = z0 + 0.5 + i * 2.0
            door = i in {0, 6}
            low, high = (0.7, 2.7) if door else (1.6, 2.55)
            glass = mix(colour, BLACK, 0.2) if door else rgb("f4dc9c")
            parts.append(upright(side - 0.02, a, side - 0.02, a + 1.3, low, high, glass, n, glow=0.0 if door else 0.75))
        for z in (z0 + 2.0, z1 - 2.0):
            parts += box((x, z), (2.4, 0.7, 2.4), rgb("26262c"), base=0.0, edge=0.4)
    end = start - 0.02
    parts += [
        upright(x - 1.0, end, x - 0.3, end, 1.6, 2.6, rgb("f4dc9c"), BACK, glow=0.6),
        upright(x + 0.3, end, x + 1.0, end, 1.6, 2.6, rgb("f4dc9c"), BACK, glow=0.6),
        *(disc((x + dx, 1.0, end), 0.13, rgb("e03c38"), glow=1.0) for dx in (-1.1, 1.1)),
        upright(x - 0.25, end, x + 0.25, end, 0.7, 2.7, mix(colour, BLACK, 0.3), BACK),
    ]
    return Thing((x, 0.0, start + 20.0), tuple(parts), backdrop=True)


def _post(x: float, z: float, iron: RGB) -> Thing:
    arms = [
        Panel(
            ((x, 2.9, z), (x + s * 1.1, 3.75, z), (x + s * 0.9, 3.75, z), (x, 3.2, z)), iron, BACK, 0.0, 0.4, both=True
        )
        for s in (-1.0, 1.0)
    ]
    return Thing(
        (x, 0.0, z), (*drum((x, z), 0.16, 0.5, iron), *drum((x, z), 0.09, 3.3, iron, base=0.5, sides=8), *arms)
    )


def _valance(x: float, iron: RGB) -> list[Panel]:
    """Return the toothed boards along the canopy's edge."""
    made = []
    for i in range(80):
        z = -14.0 + i * 0.5
        corners = ((x, 3.95, z), (x, 3.95, z + 0.5), (x, 3.5, z + 0.5), (x, 3.3, z + 0.25), (x, 3.5, z))
        made.append(
            Panel(corners, mix(iron, rgb("e8e0cc"), 0.7 if i % 2 else 0.6), (1.0, 0.0, 0.0), 0.0, 0.15, both=True)
        )
    return made


def _clock(at: tuple[float, float]) -> Thing:
    x, z = at
    parts = (
        upright(x - 0.03, z, x + 0.03, z, 3.1, 3.8, IRON, BACK, both=True),
        disc((x, 2.75, z), 0.42, IRON, sides=22),
        disc((x, 2.75, z - 0.02), 0.36, rgb("f8f0dc"), glow=0.5, sides=22),
        upright(x - 0.02, z - 0.03, x + 0.02, z - 0.03, 2.75, 3.03, BLACK, BACK, edge=0.0, both=True),
        Panel(
            ((x, 2.73, z - 0.03), (x, 2.77, z - 0.03), (x + 0.2, 2.68, z - 0.03), (x + 0.2, 2.64, z - 0.03)),
            BLACK,
            BACK,
            0.0,
            0.0,
            both=True,
        ),
    )
    return Thing((x, 2.8, z), parts)


def terminal(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a departure hall: a wall of glass with a jet outside, rows of linked seats, a board, a gate's desk."""
    wall = mix(tint[0], rgb("c8ccd0"), 0.6) if tint else rgb(dice.pick(("c8ccd0", "ccc8bc", "bcc4c8")))
    accent = rgb(dice.pick(("2c5c94", "b8503c", "2c7c74")))
    half, back, high = 11.0, 9.5, 5.6
    glass = [
        upright(-half, back - 0.02, half, back - 0.02, 0.35, high - 0.5, rgb("c4dcec"), BACK, glow=0.55),
        upright(-half, back - 0.03, half, back - 0.03, 0.35, 1.15, rgb("a8acac"), BACK, glow=0.2, edge=0.1),
        *_jet(back - 0.05, accent),
        *(
            upright(x - 0.06, back - 0.2, x + 0.06, back - 0.2, 0.0, high, rgb("6c747c"), BACK, edge=0.4)
            for x in (-11, -8.25, -5.5, -2.75, 0.0, 2.75, 5.5, 8.25, 11)
        ),
        upright(-half, back - 0.2, half, back - 0.2, 3.5, 3.62, rgb("6c747c"), BACK, edge=0.3),
    ]
    things = [
        shell(half * 2, back, -14.0, high, wall, mix(wall, WHITE, 0.5)),
        Thing((0.0, 0.0, back), tuple(glass), backdrop=True),
        _board(-3.4, 5.4, dice),
        _gate_desk(4.2, 6.6, accent),
    ]
    for z in (-9.0, -6.5, -4.0, 2.7, 4.9, 7.2):
        things += [_seats(x, z, accent) for x in (-3.4, 3.2)]
    for z in range(-12, 10, 3):
        strips = tuple(
            level(x - 0.9, z, x + 0.9, z + 0.3, high - 0.02, rgb("fcfcf0"), glow=1.0, down=True) for x in (-6, 0, 6)
        )
        things.append(Thing((0.0, high, z), strips, backdrop=True))
    for x in (-6.0, 6.4):
        things.append(Thing((x, 0.0, 6.0), drum((x, 6.0), 0.38, high, mix(wall, WHITE, 0.4), sides=14)))
    case = (
        *box((-1.7, 2.2), (0.42, 0.62, 0.26), accent, base=0.06),
        *box((-1.7, 2.2), (0.03, 0.4, 0.2), CHROME, base=0.68, edge=0.3),
    )
    things.append(Thing((-1.7, 0.0, 2.2), case))
    return Layout(
        "terminal", (0.0, 0.0, 0.0), 0.0, 17.0, 0.2, Cover.ROOF, Ground.TILES, mix(wall, rgb("8c949c"), 0.4),
        tuple(things), (), (), (-4.5, -12.0, 4.5, 8.2), ((-5.0, 0.0, 3.8), (5.2, 0.0, 3.6)),
    )  # fmt: skip


def _jet(z: float, accent: RGB) -> list[Panel]:
    """Return a jet as it stands on the apron behind the glass, painted flat."""

    def shape(points: tuple[tuple[float, float], ...], colour: RGB, off: float = 0.0, glow: float = 0.35) -> Panel:
        return Panel(tuple((x, y, z - off) for x, y in points), colour, BACK, glow, 0.5)

    body, made = rgb("f4f6f8"), []
    for x0 in (-7.6, 3.2):
        hull = (
            (x0, 2.35),
            (x0 + 0.5, 2.75),
            (x0 + 1.4, 2.95),
            (x0 + 6.0, 2.95),
            (x0 + 7.4, 2.6),
            (x0 + 6.0, 2.0),
            (x0 + 1.2, 1.95),
            (x0 + 0.3, 2.1),
        )
        tail = ((x0 + 5.7, 2.9), (x0 + 6.7, 4.3), (x0 + 7.4, 4.3), (x0 + 7.1, 2.7))
        wing = ((x0 + 2.6, 2.2), (x0 + 4.7, 1.5), (x0 + 5.2, 1.5), (x0 + 4.2, 2.25))
        made += [shape(tail, accent, 0.005), shape(hull, body, 0.01), shape(wing, mix(body, BLACK, 0.25), 0.03)]
        made.append(
            shape(((x0 + 0.35, 2.6), (x0 + 0.6, 2.78), (x0 + 0.95, 2.78), (x0 + 0.95, 2.6)), rgb("34465c"), 0.02, 0.0)
        )
        for i in range(11):
            a = x0 + 1.4 + i * 0.38
            made.append(shape(((a, 2.52), (a, 2.66), (a + 0.14, 2.66), (a + 0.14, 2.52)), rgb("34465c"), 0.02, 0.0))
        made.append(
            shape(
                ((x0 + 3.0, 1.45), (x0 + 3.0, 1.85), (x0 + 3.9, 1.85), (x0 + 3.9, 1.45)), mix(body, accent, 0.5), 0.04
            )
        )
        made += [disc((x0 + dx, 1.4, z - 0.02), 0.16, rgb("26282c")) for dx in (1.2, 4.2)]
    return made


def _board(x: float, z: float, dice: Dice) -> Thing:
    """Return a departures board: rows of amber bars, no letters."""
    parts = [
        *box((x, z), (3.6, 1.5, 0.16), rgb("1c2026"), base=2.55),
        *box((x - 1.5, z), (0.06, 1.6, 0.06), IRON, base=4.05),
        *box((x + 1.5, z), (0.06, 1.6, 0.06), IRON, base=4.05),
    ]
    for row in range(6):
        y, a = 2.66 + row * 0.22, x - 1.65
        for wide in (0.35, dice.between(0.6, 1.1), 0.3, dice.between(0.3, 0.5)):
            code = "ffc04c" if row % 3 else "9cd87c"
            parts.append(upright(a, z - 0.09, a + wide, z - 0.09, y, y + 0.10, rgb(code), BACK, glow=0.9, edge=0.0))
            a += wide + 0.18
    return Thing((x, 3.0, z), tuple(parts), (), (Lamp((x, 3.2, z - 0.2), rgb("ffc860"), 1.8, 0.3),))


def _gate_desk(x: float, z: float, accent: RGB) -> Thing:
    parts = (
        *box((x, z), (1.6, 1.1, 0.6), accent),
        *box((x, z), (1.7, 0.06, 0.7), rgb("e4e4e0"), base=1.1),
        *box((x + 0.4, z), (0.4, 0.3, 0.08), rgb("26282c"), base=1.16),
        *box((x, z + 0.3), (0.08, 2.9, 0.08), CHROME),
        *box((x, z + 0.3), (1.2, 0.6, 0.12), rgb("26282c"), base=2.5),
        upright(x - 0.5, z + 0.23, x - 0.05, z + 0.23, 2.6, 3.0, rgb("ffd04c"), BACK, glow=0.9),
    )
    return Thing((x, 0.0, z), parts)


def _seats(x: float, z: float, colour: RGB) -> Thing:
    """Return four linked seats that face the camera, and four back to back with them."""
    parts: list[Panel] = [*box((x, z), (2.5, 0.06, 0.08), CHROME, base=0.30, edge=0.3)]
    for i in range(4):
        a = x - 0.93 + i * 0.62
        parts += box((a, z - 0.26), (0.54, 0.08, 0.46), colour, base=0.40)
        parts += box((a, z), (0.54, 0.50, 0.08), mix(colour, BLACK, 0.12), base=0.46)
        parts += box((a, z + 0.26), (0.54, 0.08, 0.46), colour, base=0.40)
    for a in (x - 1.1, x + 1.1):
        parts += box((a, z), (0.06, 0.62, 0.7), CHROME, edge=0.3)
    return Thing((x, 0.0, z), tuple(parts))
