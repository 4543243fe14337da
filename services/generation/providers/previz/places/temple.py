"""Temple courtyard, palace, ruin: columns, steps, a spire, lamps."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.solids import box, drum, upright
from services.generation.providers.previz.places.woods import tree_thing


def temple(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a courtyard of stone: arcades on both sides, a shrine with a tiered spire at the end, oil lamps."""
    stone = mix(rgb("c49a70"), tint[0], 0.25) if tint else rgb(dice.pick(("c49a70", "b88c74", "c8ac84")))
    things = [ridge(dice.fork("hills"), 180.0, 15.0, rgb("6a8064"))]
    for i in range(14):
        spin = dice.fork("tree", i)
        side = spin.sign()
        things.append(tree_thing(spin, side * spin.between(13, 26), spin.between(-18, 36), ()))
    things.append(_shrine(stone))
    for side in (-1.0, 1.0):
        things += _arcade(side * 7.6, side, stone)
    things += _gate(stone)
    for i, (x, z) in enumerate(((-2.6, 9.5), (2.6, 9.5), (-4.6, 4.0), (4.6, 4.0), (-4.6, -3.0), (4.6, -3.0))):
        things.append(_lamp_stand((x, z), stone, tall=1.2 if i < 2 else 0.9))
    for x, z in ((-5.6, 7.5), (5.6, 7.5)):
        at = (x, 0.55, z)
        pot = drum((x, z), 0.4, 0.55, mix(stone, rgb("8a5238"), 0.5), taper=1.2, edge=0.6)
        things.append(Thing((x, 0.0, z), pot, (Sprite("flowers", at, 1.1, 0.8, rgb("f0902c"), 4),)))
    border: tuple[tuple[tuple[Vec3, ...], RGB], ...] = tuple(
        (((-w, 0.0, z0), (-w, 0.0, z1), (w, 0.0, z1), (w, 0.0, z0)), mix(stone, BLACK, dark))
        for w, z0, z1, dark in ((2.2, -4.0, 11.0, 0.20), (1.9, -3.7, 10.7, 0.05))
    )
    return Layout(
        "temple", (0.0, 0.0, 0.0), 0.0, 24.0, 0.22, Cover.SKY, Ground.STONE, mix(stone, rgb("b4a48c"), 0.5),
            tuple(things), border, (),
        (-5.8, -8.0, 5.8, 10.0), ((-3.6, 0.0, 8.0), (3.6, 0.0, 8.4), (-4.8, 0.0, 1.5)),
    )  # fmt: skip


def _shrine(stone: RGB) -> Thing:
    panels: list[Panel] = []
    for i, (w, h) in enumerate(((9.0, 0.3), (8.2, 0.6), (7.4, 0.9))):
        panels += box((0.0, 15.5), (w, 0.3, w * 0.82), mix(stone, WHITE, 0.05 * i), base=h - 0.3)
    panels += box((0.0, 16.0), (5.6, 3.6, 4.6), stone, base=0.9)
    door = mix(rgb("3c2018"), BLACK, 0.2)
    panels.append(_arch(0.0, 13.68, 1.5, 0.9, 3.4, door))
    glow = rgb("ffb858")
    panels.append(_arch(0.0, 13.66, 1.0, 0.9, 2.9, glow)._replace(glow=0.75))
    base, wide = 4.5, 5.9
    for i in range(7):
        panels += box((0.0, 16.0), (wide, 0.9, wide * 0.82), mix(stone, rgb("a8643c"), 0.10 * (i % 2)), base=base)
        base += 0.9
        wide *= 0.80
    panels += drum((0.0, 16.0), 0.5, 0.7, rgb("e0b048"), base=base, taper=0.1, sides=8)
    flag = ((0.0, base + 2.0, 16.0), (0.0, base + 2.9, 16.0), (1.7, base + 2.5, 16.2))
    panels += box((0.0, 16.0), (0.07, 2.9, 0.07), rgb("6a4a30"), base=base, edge=0.2)
    panels.append(Panel(flag, rgb("f08a24"), (0.0, 0.0, -1.0), 0.0, 0.6, both=True))
    return Thing((0.0, 0.0, 14.0), tuple(panels), (), (Lamp((0.0, 1.9, 13.5), rgb("ffb858"), 2.8, 0.8),), backdrop=True)


def _arch(x: float, z: float, wide: float, low: float, high: float, colour: RGB, *, along: bool = False) -> Panel:
    """Return a pointed arch as a flat shape, across x (or along z)."""
    spring = low + (high - low) * 0.62
    points = [(-wide, low), (-wide, spring)]
    for i in range(1, 6):
        t = i / 6
        points.append((-wide * math.cos(t * math.pi / 2) ** 0.8, spring + (high - spring) * math.sin(t * math.pi / 2)))
    points.append((0.0, high))
    points += [(-px, py) for px, py in reversed(points[:-1])]
    if along:
        return Panel(tuple((x, py, z + px) for px, py in points), colour, (-1.0 if x > 0 else 1.0, 0.0, 0.0), 0.0, 0.6)
    return Panel(tuple((x + px, py, z) for px, py in points), colour, (0.0, 0.0, -1.0), 0.0, 0.6)


def _arcade(x: float, side: float, stone: RGB) -> list[Thing]:
    """Return a wall with deep arches, columns before it and a roof."""
    shade, n = mix(stone, BLACK, 0.14), (-side, 0.0, 0.0)
    panels = [
        upright(x, -10.0, x, 13.0, 0.0, 4.2, stone, n),
        upright(x - side * 0.3, -10.0, x - side * 0.3, 13.0, 4.0, 4.5, mix(stone, WHITE, 0.12), n),
    ]
    panels += [
        _arch(x - side * 0.02, z, 1.0, 0.0, 3.3, mix(shade, rgb("3a2a3c"), 0.55), along=True) for z in range(-8, 13, 3)
    ]
    made = [Thing((x, 0.0, 1.0), tuple(panels), backdrop=True)]
    for z in range(-9, 14, 3):
        cx = x - side * 1.0
        shaft = (
            *box((cx, z - 0.5), (0.62, 0.35, 0.62), shade),
            *drum((cx, z - 0.5), 0.22, 2.7, stone, base=0.35, taper=0.88),
            *box((cx, z - 0.5), (0.66, 0.3, 0.66), mix(stone, WHITE, 0.1), base=3.05),
        )
        made.append(Thing((cx, 0.0, z - 0.5), shaft))
    return made


def _gate(stone: RGB) -> list[Thing]:
    """Return the wall and gate behind the main camera, for reverse shots."""
    wall = upright(-9.0, -11.0, 9.0, -11.0, 0.0, 4.4, stone, (0.0, 0.0, 1.0))
    gate = _arch(0.0, -10.98, 1.8, 0.0, 4.0, rgb("cfe0ea"))._replace(normal=(0.0, 0.0, 1.0), glow=0.3)
    towers = (*box((-3.2, -11.4), (1.4, 6.0, 1.4), stone), *box((3.2, -11.4), (1.4, 6.0, 1.4), stone))
    return [Thing((0.0, 0.0, -11.0), (wall, gate), backdrop=True), Thing((0.0, 0.0, -11.6), towers, backdrop=True)]


def _lamp_stand(at: tuple[float, float], stone: RGB, *, tall: float) -> Thing:
    brass = rgb("b8863c")
    panels = (
        *drum(at, 0.24, 0.12, mix(stone, BLACK, 0.2)),
        *drum(at, 0.05, tall, brass, base=0.12, sides=6),
        *drum(at, 0.16, 0.10, brass, base=tall + 0.1, taper=1.4),
    )
    x, z = at
    flame = Sprite("flame", (x, tall + 0.2, z), 0.12, 0.24, rgb("ffc050"), 1)
    return Thing((x, 0.0, z), panels, (flame,), (Lamp((x, tall + 0.32, z), rgb("ffb050"), 1.9, 0.85),))
