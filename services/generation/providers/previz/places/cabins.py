"""Cars that people sit in: the cabin with its doors, pillars, seats and bonnet, and the roads it is on."""

import itertools
import math
from typing import Final

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.heights import vehicle
from services.generation.providers.previz.places.layout import Lamp, Layout, Panel, Seat, Thing
from services.generation.providers.previz.places.props import turned
from services.generation.providers.previz.places.solids import box, level, upright
from services.generation.providers.previz.places.street import street

_FLOOR: Final = 0.16
DRIVER: Final[Vec3] = (-0.38, _FLOOR, 0.0)
"""The floor under the driver in the car's own frame: its nose points along +z, the wheel is on the left."""

_HALF: Final = 0.80
_BELT: Final = 0.88
_ROOF: Final = 1.54
_RIGHT: Final[Vec3] = (1.0, 0.0, 0.0)
_LEFT: Final[Vec3] = (-1.0, 0.0, 0.0)
_TRIM: Final = rgb("3a3438")
_LINING: Final = rgb("4c4648")
_SEATS: Final = tuple(
    Seat((x, _FLOOR, z), 0.0) for x, z in ((DRIVER[0], 0.0), (0.38, 0.0), (0.02, -0.92), (0.50, -0.92))
)


def car_in_town(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return the inside of a car in a city street."""
    return _inside(street(dice.fork("street"), ()), dice, tint)


def car_on_the_road(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return the inside of a car on a road between fields."""
    around = vehicle(dice.fork("road"), ())
    # The kit's own car would stand where this one drives.
    return _inside(around._replace(things=(around.things[0], *around.things[2:])), dice, tint)


def _inside(around: Layout, dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    colour = tint[0] if tint else rgb(dice.pick(("2c3a4c", "6a2c30", "30303a", "3c4a3c", "8a8478")))
    leather = rgb(dice.pick(("5a4436", "3c3a40", "6a5a4c", "4a3034")))
    things = tuple(t for t in around.things if t.backdrop or abs(t.at[0]) > 1.6 or t.at[2] > 7.0 or t.at[2] < -6.0)
    return around._replace(
        kit="car",
        mark=DRIVER,
        things=(*things, *cabin((0.0, 0.0, 0.0), 0.0, colour, leather)),
        free=(-0.5, -1.0, 0.5, 0.2),
        spots=tuple((x, y, z + 10.0) for x, y, z in around.spots),
        seats=_SEATS,
    )


def cabin(at: Vec3, yaw: float, colour: RGB, leather: RGB) -> tuple[Thing, ...]:
    """Return a car with open windows, in parts that may be left out where they hide a face.

    Args:
        at: world point on the ground under the middle of the front seats.
        yaw: radians, where the nose points.
        colour: of the body.
        leather: of the seats.
    """
    parts = [*_shell(colour), *_frame(colour), *_fittings(leather)]
    return tuple(turned(part, at, yaw) for part in parts)


def _shell(colour: RGB) -> list[Thing]:
    """Return doors, bonnet, boot and roof."""
    dark = mix(colour, BLACK, 0.25)
    made: list[Thing] = []
    for sign, out, inward in ((-1.0, _LEFT, _RIGHT), (1.0, _RIGHT, _LEFT)):
        x, y = _HALF * sign, _BELT
        outline: tuple[Vec3, ...] = (
            (x, 0.26, -2.25),
            (x, 0.70, -2.25),
            (x, y, -1.75),
            (x, y, 0.95),
            (x, 0.78, 2.0),
            (x, 0.60, 2.2),
            (x, 0.26, 2.2),
            (x, 0.16, 0.9),
            (x, 0.16, -0.9),
        )
        inner = sign * (_HALF - 0.03)
        panels = (
            upright(inner, -1.6, inner, 0.9, 0.2, y - 0.01, _TRIM, inward),
            upright(inner - sign * 0.04, -0.5, inner - sign * 0.04, 0.42, 0.62, 0.70, mix(_TRIM, WHITE, 0.16), inward),
            Panel(outline, colour, out, 0.0, 0.8),
            upright(x + sign * 0.01, -0.46, x + sign * 0.01, -0.45, 0.3, y, dark, out, edge=0.4),
            upright(x + sign * 0.01, 0.30, x + sign * 0.01, 0.46, 0.73, 0.76, rgb("b8b8bc"), out, edge=0.3),
            *_wheels(sign, out),
        )
        made.append(Thing((x, 0.5, -0.2), panels, stays=True))
    made += _ends(colour, dark)
    roof = (
        level(-0.70, -1.25, 0.70, 0.42, _ROOF, _LINING, down=True),
        level(-0.72, -1.27, 0.72, 0.44, _ROOF + 0.05, colour),
    )
    made.append(Thing((0.0, _ROOF, -0.4), roof))
    return made


def _ends(colour: RGB, dark: RGB) -> list[Thing]:
    """Return bonnet and boot."""
    lamp = rgb("fff0c8")
    bonnet = (
        Panel(
            ((-_HALF, _BELT, 0.95), (-_HALF, 0.78, 2.0), (_HALF, 0.78, 2.0), (_HALF, _BELT, 0.95)),
            colour,
            (0.0, 1.0, 0.1),
        ),
        upright(-_HALF, 2.2, _HALF, 2.2, 0.26, 0.62, dark, (0.0, 0.0, 1.0)),
        *(upright(s - 0.14, 2.21, s + 0.14, 2.21, 0.46, 0.6, lamp, (0.0, 0.0, 1.0), glow=1.0) for s in (-0.58, 0.58)),
        Panel(
            ((-_HALF, 0.78, 2.0), (-_HALF, 0.60, 2.2), (_HALF, 0.60, 2.2), (_HALF, 0.78, 2.0)), colour, (0.0, 0.7, 0.7)
        ),
    )
    tail = rgb("e03038")
    boot = (
        Panel(
            ((-_HALF, 0.70, -2.25), (-_HALF, _BELT, -1.75), (_HALF, _BELT, -1.75), (_HALF, 0.70, -2.25)),
            colour,
            (0.0, 1.0, -0.2),
        ),
        upright(-_HALF, -2.25, _HALF, -2.25, 0.26, 0.70, dark, (0.0, 0.0, -1.0)),
        *(upright(s - 0.12, -2.26, s + 0.12, -2.26, 0.5, 0.62, tail, (0.0, 0.0, -1.0), glow=1.0) for s in (-0.6, 0.6)),
    )
    return [Thing((0.0, 0.5, 1.2), bonnet, stays=True), Thing((0.0, 0.5, -1.9), boot, stays=True)]


def _frame(colour: RGB) -> list[Thing]:
    """Return pillars, rails and headers around the windows."""
    dark = mix(colour, rgb("2a262a"), 0.6)
    made: list[Thing] = []

    def bar(*corners: Vec3) -> None:
        x, y, z = (sum(c[i] for c in corners) / len(corners) for i in range(3))
        made.append(Thing((x, y, z), (Panel(corners, dark, _RIGHT, 0.0, 0.5, both=True),)))

    for s in (-1.0, 1.0):
        low, high = s * (_HALF - 0.01), s * 0.72
        bar((low, _BELT, 0.97), (high, _ROOF, 0.45), (high, _ROOF, 0.38), (low, _BELT, 0.86))
        bar((low, _BELT, -0.42), (high, _ROOF, -0.42), (high, _ROOF, -0.50), (low, _BELT, -0.52))
        bar((low, _BELT, -1.35), (high, _ROOF, -1.10), (high, _ROOF, -1.27), (low, _BELT, -1.74))
        bar(
            (high, _ROOF - 0.06, 0.42),
            (high, _ROOF + 0.05, 0.44),
            (high, _ROOF + 0.05, -1.27),
            (high, _ROOF - 0.06, -1.22),
        )
    bar(
        (-0.72, _ROOF - 0.05, 0.45), (-0.72, _ROOF + 0.05, 0.44), (0.72, _ROOF + 0.05, 0.44), (0.72, _ROOF - 0.05, 0.45)
    )
    bar(
        (-0.72, _ROOF - 0.05, -1.28),
        (-0.72, _ROOF + 0.05, -1.27),
        (0.72, _ROOF + 0.05, -1.27),
        (0.72, _ROOF - 0.05, -1.28),
    )
    return made


def _fittings(leather: RGB) -> list[Thing]:
    """Return dashboard, mirror and seats."""
    back = (0.0, 0.0, -1.0)
    clocks = rgb("ffb860")
    dash = (
        *box((0.0, 0.82), (1.54, 0.28, 0.34), _TRIM, base=0.60)[::2],  # its ends are behind the doors
        upright(-0.56, 0.645, -0.20, 0.645, 0.73, 0.84, rgb("1c1a1e"), back, edge=0.3),
        *(
            upright(x - 0.05, 0.64, x + 0.05, 0.64, 0.75, 0.82, clocks, back, glow=0.8, edge=0.2)
            for x in (-0.46, -0.30)
        ),
        upright(-0.08, 0.645, 0.12, 0.645, 0.68, 0.82, rgb("26303a"), back, glow=0.5, edge=0.3),
        upright(0.24, 0.645, 0.64, 0.645, 0.66, 0.79, mix(_TRIM, WHITE, 0.08), back, edge=0.5),
    )
    lamp = Lamp((-0.38, 0.79, 0.62), clocks, 0.55, 0.5)
    made = [Thing((0.0, 0.6, 0.72), dash, (), (lamp,), stays=True)]
    made.append(Thing((0.0, 1.45, 0.40), box((0.0, 0.40), (0.24, 0.065, 0.03), rgb("242026"), base=1.42)))
    for x in (-0.38, 0.38):
        made.append(Thing((x, 0.5, -0.30), box((x, -0.32), (0.52, 0.66, 0.15), leather, base=0.44), stays=True))
        made.append(Thing((x, 1.0, -0.31), box((x, -0.33), (0.25, 0.17, 0.10), mix(leather, BLACK, 0.12), base=1.13)))
    made.append(Thing((0.0, 0.5, -1.25), box((0.0, -1.34), (1.42, 0.62, 0.16), leather, base=0.40), stays=True))
    return made


def _wheels(sign: float, out: Vec3) -> list[Panel]:
    made: list[Panel] = []
    for z in (-1.35, 1.45):
        for radius, code, more in ((0.34, "1c1a20", 0.02), (0.19, "9c9ca4", 0.03)):
            x = sign * (_HALF + more)
            turns = (math.tau * i / 14 for i in range(14))
            ring = tuple((x, 0.34 + radius * math.sin(t), z + radius * math.cos(t)) for t in turns)
            made.append(Panel(ring, rgb(code), out, 0.0, 0.4))
    return made


def steering_wheel(right: Vec3, left: Vec3, ahead: Vec3) -> Thing:
    """Return a steering wheel in two hands.

    Args:
        right: a hand.
        left: the other hand.
        ahead: where the driver faces.
    """
    middle = tuple((a + b) / 2 for a, b in zip(right, left, strict=True))
    across = tuple(a - b for a, b in zip(right, left, strict=True))
    half = max(0.14, min(0.20, math.sqrt(sum(c * c for c in across)) / 2))
    size = math.sqrt(across[0] ** 2 + across[2] ** 2) or 1.0
    side = (across[0] / size, 0.0, across[2] / size)
    up = (ahead[0] * 0.42, 0.91, ahead[2] * 0.42)
    centre = (middle[0] - up[0] * 0.03, middle[1] - up[1] * 0.03, middle[2] - up[2] * 0.03)

    def at(turn: float, radius: float) -> Vec3:
        a, b = radius * math.cos(turn), radius * math.sin(turn)
        x, y, z = (centre[i] + side[i] * a + up[i] * b for i in range(3))
        return (x, y, z)

    def piece(*corners: Vec3) -> Panel:
        return Panel(corners, rgb("26222a"), ahead, 0.0, 0.25, both=True)

    turns = [math.tau * i / 16 for i in range(17)]
    rim = [
        piece(at(a, half), at(b, half), at(b, half + 0.028), at(a, half + 0.028)) for a, b in itertools.pairwise(turns)
    ]
    spokes = [
        piece(at(t - 0.12, half), at(t + 0.12, half), at(t + 0.5, 0.05), at(t - 0.5, 0.05))
        for t in (0.0, math.pi, -math.pi / 2)
    ]
    hub = piece(*(at(t, 0.06) for t in turns[:16:2]))
    return Thing((centre[0], centre[1], centre[2]), (*rim, *spokes, hub))
