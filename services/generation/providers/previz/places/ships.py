"""Vessels with a crew or passengers: a compartment of a train, a deck of a spaceship."""

import math
from typing import Final

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Seat, Thing
from services.generation.providers.previz.places.rooms import shell
from services.generation.providers.previz.places.solids import box, level, upright
from services.generation.providers.previz.places.woods import tree_thing

_BACK: Final[Vec3] = (0.0, 0.0, -1.0)


def compartment(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a compartment of a train: two benches face each other, the land passes a wide window."""
    wood = mix(rgb(dice.pick(("6a4630", "5a4034", "74543a"))), tint[0], 0.3) if tint else rgb("6a4630")
    cloth = rgb(dice.pick(("6a2c34", "2f4a44", "34405c", "5a4a2c")))
    outside = [ridge(dice.fork("far"), 180.0, 18.0, rgb("6a7a6c"))]
    for i in range(12):
        spin = dice.fork("tree", i)
        tree = tree_thing(spin, spin.between(-34, 34), spin.between(16, 46), ())
        outside.append(tree._replace(backdrop=True))
    wall, trim = mix(wood, rgb("c8b490"), 0.35), mix(wood, BLACK, 0.25)
    x, z, top = 1.5, 1.05, 2.3
    sides: list[Panel] = [
        upright(-x, z, x, z, 0.0, 0.86, wood, _BACK),
        upright(-x, z, x, z, 1.78, top, wall, _BACK),
        upright(-x, z, -0.95, z, 0.86, 1.78, wall, _BACK),
        upright(0.95, z, x, z, 0.86, 1.78, wall, _BACK),
        upright(-0.03, z, 0.03, z, 0.86, 1.78, trim, _BACK, edge=0.3),
        upright(-1.0, z - 0.02, 1.0, z - 0.02, 0.82, 0.90, trim, _BACK),
        level(-x, -3.4, x, z, top, mix(wall, WHITE, 0.3), down=True),
        level(-x, -3.4, x, z, 0.005, rgb("4a3c38")),
    ]
    things: list[Thing] = [*outside, Thing((0.0, 0.0, z), tuple(sides), backdrop=True)]
    for sign in (-1.0, 1.0):
        inward = (-sign, 0.0, 0.0)
        side = upright(sign * x, -3.4, sign * x, z, 0.0, top, wall, inward)
        things.append(Thing((sign * x, 1.0, -1.0), (side,), backdrop=True))
        back = box((sign * 1.36, 0.0), (0.18, 1.20, 2.0), cloth, base=0.30)
        things.append(Thing((sign * 1.36, 0.8, 0.0), back, stays=True))
        bench = box((sign * 1.05, 0.0), (0.56, 0.14, 2.0), mix(cloth, WHITE, 0.06), base=0.24)
        things.append(Thing((sign * 1.05, 0.3, 0.0), bench, stays=True))
        rack = level(sign * 1.0, -1.0, sign * x, z, 1.95, trim, down=True)
        things.append(Thing((sign * 1.25, 1.95, 0.0), (rack,)))
    things.append(Thing((0.0, 0.7, 0.98), box((0.0, 0.86), (0.5, 0.04, 0.36), trim, base=0.68), stays=True))
    lamp = Lamp((0.0, 2.2, -0.2), rgb("ffd494"), 0.9, 0.5)
    things.append(
        Thing((0.0, 2.2, -0.2), box((0.0, -0.2), (0.3, 0.06, 0.3), rgb("ffe0a8"), base=2.2, glow=0.9), (), (lamp,))
    )
    places = (
        (-0.82, 0.15, math.pi / 2),
        (0.82, 0.15, -math.pi / 2),
        (-0.82, -0.6, math.pi / 2),
        (0.82, -0.6, -math.pi / 2),
    )
    return Layout(
        "compartment", (0.0, 0.0, 0.0), 0.0, 14.0, 0.6, Cover.SKY, Ground.GRASS, rgb("7c8a54"), tuple(things), (), (),
        (-0.6, -1.0, 0.6, 0.8), (), tuple(Seat((px, 0.0, pz), yaw) for px, pz, yaw in places),
    )  # fmt: skip


def spaceship(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a deck of a spaceship: ribs with light strips, consoles, a window on stars and a planet."""
    steel = mix(rgb("7c8894"), tint[0], 0.3) if tint else rgb(dice.pick(("7c8894", "8a8c94", "6c7c84")))
    glow = rgb(dice.pick(("8fd8ff", "a8f0e0", "ffcf90")))
    dark, half, back, front, high = mix(steel, BLACK, 0.35), 2.6, 8.5, -7.0, 2.75
    panels: list[Panel] = [
        upright(-1.9, back - 0.02, 1.9, back - 0.02, 0.75, 2.35, mix(steel, BLACK, 0.5), _BACK),
        upright(-1.8, back - 0.03, 1.8, back - 0.03, 0.85, 2.25, rgb("070a18"), _BACK),
    ]
    for i in range(34):
        spin = dice.fork("star", i)
        px, py, size = spin.between(-1.75, 1.75), spin.between(0.9, 2.2), spin.between(0.012, 0.03)
        panels.append(
            upright(px, back - 0.04, px + size, back - 0.04, py, py + size, rgb("f4f6ff"), _BACK, glow=0.28, edge=0.0)
        )
    turns = [math.tau * i / 22 for i in range(22)]
    planet = tuple((0.8 + 0.52 * math.cos(t), 1.42 + 0.52 * math.sin(t), back - 0.05) for t in turns)
    panels.append(Panel(planet, rgb(dice.pick(("3c6a9c", "b0683c", "5a8a7c"))), _BACK, 0.2, 0.2))
    shade = tuple(
        (0.8 + 0.52 * math.cos(t), 1.42 + 0.52 * math.sin(t) * (1.0 if t < math.pi else 0.4), back - 0.06)
        for t in turns
    )
    panels.append(Panel((*shade[11:], shade[0]), rgb("0c1424"), _BACK, 0.0, 0.0))
    for sign in (-1.0, 1.0):
        x, inward = sign * (half - 0.03), (-sign, 0.0, 0.0)
        for low, deep in ((0.10, 0.06), (1.18, 0.05), (2.45, 0.10)):
            panels.append(upright(x, front, x, back, low, low + deep, glow, inward, glow=0.9, edge=0.2))
        panels.append(upright(x, front, x, back, 1.3, 2.3, mix(steel, WHITE, 0.08), inward, edge=0.4))
    panels += [
        level(-0.5, front + 2.6 * i, 0.5, front + 2.6 * i + 1.5, high - 0.01, glow, glow=1.0, down=True)
        for i in range(6)
    ]
    things: list[Thing] = [
        shell(half * 2, back, front, high, steel, mix(steel, BLACK, 0.3), dark),
        Thing((0.0, 0.0, back - 0.1), tuple(panels), backdrop=True),
    ]
    for i in range(6):
        z = front + 1.6 + i * 2.6
        for sign in (-1.0, 1.0):
            rib = box((sign * (half - 0.14), z), (0.28, high, 0.34), mix(steel, WHITE, 0.10))
            things.append(Thing((sign * (half - 0.14), 1.0, z), rib))
    for i, z in enumerate((-3.9, 1.5, 4.0)):
        things += [
            _console(sign * (half - 0.5), z, sign, dark, glow, dice.fork("console", i, sign)) for sign in (-1.0, 1.0)
        ]
    return Layout(
        "spaceship", (0.0, 0.0, 0.0), 0.0, 16.0, 0.2, Cover.ROOF, Ground.TILES, mix(steel, rgb("3c444c"), 0.6),
        tuple(things), (), (), (-1.7, -5.5, 1.7, 7.0), ((-1.6, 0.0, 5.6), (1.6, 0.0, 5.8), (-1.6, 0.0, -2.0)),
    )  # fmt: skip


def bridge(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a starship's bridge: a wide screen of stars and a planet, helm desks before it, the captain's chair."""
    deck = spaceship(dice, tint)
    steel = mix(rgb("8c98a4"), tint[0], 0.3) if tint else rgb(dice.pick(("8c98a4", "a09c98", "8098a0")))
    glow = rgb(dice.pick(("8fd8ff", "a8f0e0", "ffcf90")))
    half, back, front, high = 5.2, 7.4, -5.5, 3.7
    view: list[Panel] = [
        upright(-4.6, back - 0.04, 4.6, back - 0.04, 0.85, 3.35, mix(steel, BLACK, 0.55), _BACK),
        upright(-4.4, back - 0.05, 4.4, back - 0.05, 1.0, 3.2, rgb("0a1024"), _BACK),
    ]
    for i in range(90):
        spin = dice.fork("star", i)
        px, py, size = spin.between(-4.3, 4.3), spin.between(1.05, 3.1), spin.between(0.012, 0.04)
        view.append(
            upright(px, back - 0.06, px + size, back - 0.06, py, py + size, rgb("f4f6ff"), _BACK, glow=0.9, edge=0.0)
        )
    side = dice.sign()
    for radius, code, shift in ((0.92, dice.pick(("3c6a9c", "b0683c", "5a8a7c")), 0.0), (0.80, "0c1424", 0.30)):
        turns = [math.tau * i / 26 for i in range(26)]
        disc = tuple(
            (2.5 * side + shift * side + radius * math.cos(t), 2.05 + radius * math.sin(t), back - 0.07 - shift * 0.01)
            for t in turns
        )
        view.append(Panel(disc, rgb(code), _BACK, 0.45 if not shift else 0.0, 0.1))
    frame, z = mix(steel, BLACK, 0.4), back - 0.09
    view += [upright(x - 0.06, z, x + 0.06, z, 0.85, 3.35, frame, _BACK) for x in (-1.55, 1.55)]
    for sign in (-1.0, 1.0):
        x, inward = sign * (half - 0.03), (-sign, 0.0, 0.0)
        view += [upright(x, front, x, back, low, low + 0.08, glow, inward, glow=0.9, edge=0.2) for low in (0.12, 2.7)]
    view += [
        level(-3.4 + i, -1.5 - 0.4 * i, 3.4 - i, -1.2 - 0.4 * i, high - 0.02, glow, glow=1.0, down=True)
        for i in range(4)
    ]
    things: list[Thing] = [
        shell(half * 2, back, front, high, steel, mix(steel, BLACK, 0.4), mix(steel, BLACK, 0.35)),
        Thing((0.0, 0.0, back), tuple(view), backdrop=True),
        *(_helm(x, 4.6, steel, glow) for x in (-1.5, 1.5)),
        _command_chair((-1.35 * side, 2.1), steel, glow),
    ]
    for i, z in enumerate((-3.0, -1.0, 3.2, 5.2)):
        things += [
            _console(sign * (half - 0.5), z, sign, mix(steel, BLACK, 0.4), glow, dice.fork("desk", i, sign))
            for sign in (-1.0, 1.0)
        ]
    return deck._replace(
        kit="bridge", things=tuple(things), ground_colour=mix(steel, rgb("303840"), 0.65), free=(-3.2, -4.5, 3.2, 3.6),
        spots=((-2.9, 0.0, 3.4), (3.0, 0.0, 3.2)),
    )  # fmt: skip


def _helm(x: float, z: float, steel: RGB, glow: RGB) -> Thing:
    """Return a desk toward the screen with its chair, seen from behind."""
    dark = mix(steel, BLACK, 0.35)
    desk = (*box((x, z + 0.5), (1.6, 0.8, 0.6), dark), level(x - 0.7, z + 0.3, x + 0.7, z + 0.7, 0.82, glow, glow=0.8))
    seat = (
        *box((x, z - 0.3), (0.16, 0.42, 0.16), dark),
        *box((x, z - 0.3), (0.6, 0.12, 0.56), mix(steel, rgb("4c2c30"), 0.6), base=0.42),
        *box((x, z - 0.56), (0.58, 0.72, 0.10), mix(steel, rgb("4c2c30"), 0.6), base=0.54),
    )
    return Thing((x, 0.0, z), (*desk, *seat), (), (Lamp((x, 0.95, z + 0.5), glow, 1.2, 0.4),))


def _command_chair(at: tuple[float, float], steel: RGB, glow: RGB) -> Thing:
    x, z = at
    leather = rgb("3c2a2c")
    parts = [
        *box(at, (1.9, 0.16, 1.9), mix(steel, BLACK, 0.25)),
        *box((x, z), (0.34, 0.34, 0.34), steel, base=0.16),
        *box((x, z), (0.8, 0.14, 0.74), leather, base=0.5),
        *box((x, z + 0.36), (0.78, 1.05, 0.16), leather, base=0.6),
        *box((x, z + 0.36), (0.5, 0.22, 0.18), mix(leather, BLACK, 0.2), base=1.62),
    ]
    for s in (-1.0, 1.0):
        parts += box((x + s * 0.5, z), (0.22, 0.30, 0.84), steel, base=0.5)
        parts.append(level(x + s * 0.5 - 0.09, z - 0.36, x + s * 0.5 + 0.09, z + 0.2, 0.805, glow, glow=0.9))
        parts.append(
            upright(x + s * 0.5 - 0.09, z - 0.43, x + s * 0.5 + 0.09, z - 0.43, 0.58, 0.74, glow, _BACK, glow=0.9)
        )
    return Thing((x, 0.4, z), tuple(parts))


def _console(x: float, z: float, sign: float, dark: RGB, glow: RGB, dice: Dice) -> Thing:
    """Return a desk with two screens that face into the deck."""
    inward = (-sign, 0.0, 0.0)
    made = [*box((x, z), (0.7, 0.86, 1.5), dark), *box((x + sign * 0.22, z), (0.16, 0.62, 1.5), dark, base=0.86)]
    for dz in (-0.36, 0.36):
        screen = x + sign * 0.13
        made.append(
            upright(
                screen, z + dz - 0.3, screen, z + dz + 0.3, 0.94, 1.40, mix(glow, rgb("103040"), 0.35), inward, glow=0.8
            )
        )
        for i in range(3):
            low, long = 1.00 + 0.12 * i, dice.between(0.15, 0.5)
            bar = upright(
                screen - sign * 0.01,
                z + dz - 0.26,
                screen - sign * 0.01,
                z + dz - 0.26 + long,
                low,
                low + 0.04,
                WHITE,
                inward,
                glow=0.6,
                edge=0.0,
            )
            made.append(bar)
    return Thing((x, 0.6, z), tuple(made), (), (Lamp((x, 1.2, z), glow, 1.2, 0.35),))
