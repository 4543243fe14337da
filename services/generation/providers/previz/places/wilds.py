"""Bare country: dunes, snowfield, cave, graveyard."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.fittings import BACK, FRONT, IRON, bars, torch
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Layout, Panel, Sprite, Thing, Water
from services.generation.providers.previz.places.solids import box, drum, level, upright
from services.generation.providers.previz.places.woods import around, path


def dunes(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a sea of sand: crests with a sunlit and a shaded flank, one behind the other."""
    sand = mix(rgb("dcb478"), tint[0], 0.2) if tint else rgb(dice.pick(("dcb478", "d8a868", "e0c088")))
    things = [ridge(dice.fork("far"), 400.0, 26.0, mix(sand, rgb("b88c64"), 0.35))]
    for i, z in enumerate((150.0, 100.0, 66.0, 42.0, 26.0)):
        tall = 4.0 + z * 0.085
        things += [_dune(dice.fork("dune", i, side), z * side, tall, sand) for side in (1.0, -1.0)]
    for i in range(8):
        spin = dice.fork("ripple", i)
        x, z = around(spin, 4.0, 22.0)
        at = (x, 0.0, z)
        things.append(Thing(at, (), (Sprite("grass", at, 0.5, 0.35, rgb("9c8a54"), spin.count(0, 999)),)))
    return Layout("dunes", (0.0, 0.0, 0.0), 0.0, 36.0, 0.9, Cover.SKY, Ground.SAND, sand, tuple(things), ())


def _dune(dice: Dice, z: float, tall: float, sand: RGB) -> Thing:
    """Return a chain of crests across the view; each has a flank in the light and one in the shade."""
    lit, shade = mix(sand, WHITE, 0.16), mix(sand, rgb("7c4c34"), 0.42)
    panels: list[Panel] = []
    facing = BACK if z > 0 else FRONT
    x, reach = -abs(z) * 1.9 - 20.0, abs(z) * 1.9 + 20.0
    while x < reach:
        wide, high = tall * dice.between(4.0, 7.0), tall * dice.between(0.45, 1.0)
        peak, foot = x + wide * dice.between(0.45, 0.62), x + wide * dice.between(0.30, 0.45)
        rise = [(x + (peak - x) * t, high * t * t * (3 - 2 * t), z) for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
        fall = [(peak + (x + wide - peak) * t, high * (1 - t) ** 1.3, z) for t in (0.25, 0.5, 0.75, 1.0)]
        panels.append(Panel((*rise, *fall), lit, facing, 0.0, 0.12, both=True))
        near = z - math.copysign(0.1, z)
        crest = [(px, py, near) for px, py, _ in (rise[-1], *fall)]
        flank = [(peak - wide * 0.05, high * 0.55, near), (foot + wide * 0.12, high * 0.2, near), (foot, 0.0, near)]
        panels.append(Panel((*crest, *reversed(flank)), shade, facing, 0.0, 0.0, both=True))
        x += wide * dice.between(0.6, 0.8)
    return Thing((0.0, 0.0, z), tuple(panels), backdrop=True)


def plain(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return open ground with a few stones under a far ridge: for places whose words say nothing that is known."""
    ground = mix(rgb("a49c88"), tint[0], 0.3) if tint else rgb(dice.pick(("a49c88", "989c90", "a8947c")))
    things = [ridge(dice.fork("far"), 260.0, 16.0, mix(ground, rgb("74808c"), 0.55))]
    for i in range(16):
        spin = dice.fork("stone", i)
        x, z = around(spin, 4.0, 34.0)
        at, h = (x, 0.0, z), spin.between(0.12, 0.5)
        things.append(Thing(at, (), (Sprite("rock", at, h * 2, h, mix(ground, BLACK, 0.2), spin.count(0, 999)),)))
    return Layout("plain", (0.0, 0.0, 0.0), 0.0, 30.0, 0.2, Cover.SKY, Ground.SAND, ground, tuple(things))


def snowfield(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return snow to the horizon: drifts, bare trees, white pines, mountains far off."""
    snow = mix(rgb("eef2f8"), tint[0], 0.08) if tint else rgb("eef2f8")
    things = [
        ridge(dice.fork("peaks"), 600.0, 120.0, rgb("a8b8cc"), peaks=True, snow=True),
        ridge(dice.fork("wood"), 210.0, 9.0, rgb("8c9cac"), peaks=True),
        ridge(dice.fork("rise"), 120.0, 5.0, mix(snow, rgb("a8bcd4"), 0.3)),
    ]
    for i in range(34):
        spin = dice.fork("drift", i)
        x, z = around(spin, 3.5, 44.0)
        at, h = (x, 0.0, z), spin.between(0.15, 0.55)
        paint = mix(snow, rgb("b4c8e0"), spin.between(0.05, 0.3))
        things.append(Thing(at, (), (Sprite("rock", at, h * 7.0, h, paint, spin.count(0, 999)),)))
    for i in range(20):
        spin = dice.fork("tree", i)
        x, z = around(spin, 8.0, 60.0)
        at, h = (x, 0.0, z), spin.between(3.0, 7.5)
        kind, paint = ("dead", rgb("4c4440")) if spin.happens(0.5) else ("pine", rgb("b4c8d0"))
        things.append(Thing(at, (), (Sprite(kind, at, h * 0.45, h, paint, spin.count(0, 999)),)))
    return Layout(
        "snowfield", (0.0, 0.0, 0.0), 0.0, 34.0, 0.3, Cover.SKY, Ground.SAND, snow, tuple(things),
        path(dice, "d0dae8"), (), (-16.0, -16.0, 16.0, 40.0),
    )  # fmt: skip


def cave(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a cave: ragged walls, stalactites and stalagmites, a pool, torches, the mouth far behind."""
    stone = mix(rgb("84786c"), tint[0], 0.3) if tint else rgb(dice.pick(("84786c", "787a80", "8c7868")))
    deep = mix(stone, BLACK, 0.62)
    things = [Thing((0.0, 0.0, 30.0), _mouth(deep), backdrop=True)]
    for i, (r, tone) in enumerate(((17.0, 0.55), (11.5, 0.30))):
        things.append(_walls(dice.fork("wall", i), r, mix(stone, BLACK, tone)))
    things.append(
        Thing((0.0, 7.0, 0.0), (level(-26.0, -26.0, 26.0, 30.0, 6.6, deep, down=True, edge=0.0),), backdrop=True)
    )
    for i in range(40):
        spin = dice.fork("drop", i)
        x, z = around(spin, 3.2, 13.0)
        things.append(_stalactite(spin, x, z, mix(stone, BLACK, spin.between(0.0, 0.35))))
    for i in range(22):
        spin = dice.fork("stump", i)
        x, z = around(spin, 3.0, 11.0)
        h = spin.between(0.4, 2.0)
        shade = mix(stone, BLACK, spin.between(0.0, 0.2))
        if spin.happens(0.5):
            things.append(Thing((x, 0.0, z), drum((x, z), h * 0.24, h, shade, sides=7, taper=0.05)))
        else:
            at = (x, 0.0, z)
            things.append(Thing(at, (), (Sprite("rock", at, h * 1.3, h * 0.7, shade, spin.count(0, 999)),)))
    things += [torch((x, 1.75, z)) for x, z in ((-3.3, 3.6), (3.7, 5.6), (-4.0, -4.0))]
    pool = tuple(
        (4.6 + 3.0 * math.cos(t), 0.0, 5.2 + 2.2 * math.sin(t)) for t in (i * math.tau / 16 for i in range(16))
    )
    return Layout(
        "cave", (0.0, 0.0, 0.0), 0.0, 18.0, 0.2, Cover.ROOF, Ground.ROCK, mix(stone, BLACK, 0.28), tuple(things), (),
        (Water(pool, rgb("1c3440")),), (-2.8, -6.0, 2.8, 7.0), ((-2.4, 0.0, 2.2), (2.4, 0.0, 2.0)),
    )  # fmt: skip


def _mouth(deep: RGB) -> tuple[Panel, ...]:
    """Return the dark end of the cave with its opening to the day."""
    arch = [(-8.4, 0.0), (-8.2, 1.6), (-7.4, 3.0), (-6.0, 3.7), (-4.6, 3.2), (-3.6, 1.9), (-3.4, 0.0)]
    opening = Panel(tuple((x, y, 24.0) for x, y in arch), rgb("c4d8e4"), BACK, 0.6, 0.3)
    return (
        upright(-40.0, 26.0, 40.0, 26.0, 0.0, 9.0, deep, BACK, edge=0.0),
        upright(-40.0, -22.0, 40.0, -22.0, 0.0, 9.0, deep, FRONT, edge=0.0),
        opening,
    )


def _walls(dice: Dice, radius: float, stone: RGB) -> Thing:
    """Return ragged rock about the mark, open where the mouth is."""
    panels = []
    steps = 26
    points = [(math.tau * i / steps, radius * dice.between(0.82, 1.15)) for i in range(steps)]
    for i, (a, r) in enumerate(points):
        b, s = points[(i + 1) % steps]
        if math.cos(a) > 0.82 and math.sin(a) < 0.15:
            continue
        low_a, low_b = (r * math.sin(a), 0.0, r * math.cos(a)), (s * math.sin(b), 0.0, s * math.cos(b))
        lean, high = dice.between(0.55, 0.8), dice.between(4.6, 6.6)
        mid_a, mid_b = (low_a[0] * 1.05, high * 0.45, low_a[2] * 1.05), (low_b[0] * 1.05, high * 0.45, low_b[2] * 1.05)
        top_a, top_b = (low_a[0] * lean, 6.6, low_a[2] * lean), (low_b[0] * lean, 6.6, low_b[2] * lean)
        inward = (-math.sin(a), 0.0, -math.cos(a))
        shade = mix(stone, BLACK, dice.between(0.0, 0.22))
        panels.append(Panel((low_a, mid_a, mid_b, low_b), shade, inward, 0.0, 0.15, both=True))
        panels.append(Panel((mid_a, top_a, top_b, mid_b), mix(shade, BLACK, 0.2), inward, 0.0, 0.15, both=True))
    return Thing((0.0, 0.0, radius), tuple(sorted(panels, key=lambda p: -p.corners[0][2])), backdrop=True)


def _stalactite(dice: Dice, x: float, z: float, stone: RGB) -> Thing:
    r, long, top = dice.between(0.22, 0.55), dice.between(1.2, 3.4), 6.6
    panels = []
    for i in range(6):
        a, b = math.tau * i / 6, math.tau * (i + 1) / 6
        ring: tuple[Vec3, ...] = (
            (x + r * math.sin(a), top, z + r * math.cos(a)),
            (x + r * math.sin(b), top, z + r * math.cos(b)),
            (x, top - long, z),
        )
        m = (a + b) / 2
        panels.append(Panel(ring, stone, (math.sin(m), 0.0, math.cos(m)), 0.0, 0.1))
    return Thing((x, 4.0, z), tuple(panels))


def cemetery(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a graveyard: leaning headstones and crosses in rows, a chapel tomb, bare trees, an iron fence."""
    stone = mix(rgb("a4a29c"), tint[0], 0.2) if tint else rgb("a4a29c")
    things = [ridge(dice.fork("hill"), 190.0, 15.0, rgb("64746c")), *_fence(24.0), *_fence(-20.0)]
    for row in range(-5, 9):
        for column in range(-5, 6):
            spin = dice.fork("grave", row, column)
            x, z = column * 2.3 + spin.between(-0.35, 0.35), 2.4 * row + spin.between(-0.4, 0.4) + 1.4
            if abs(x) < 1.3 or spin.happens(0.15):
                continue
            things.append(_grave(spin, x, z, mix(stone, rgb(spin.pick(("6c7468", "8c8484", "c4c0b8"))), 0.4)))
    for i in range(13):
        spin = dice.fork("tree", i)
        x, z = spin.sign() * spin.between(5.0, 26.0), spin.between(8.0, 30.0)
        at, h = (x, 0.0, z), spin.between(6.0, 9.5)
        things.append(Thing(at, (), (Sprite("dead", at, h * 0.7, h, rgb("3c3434"), spin.count(0, 999)),)))
    things.append(_tomb((-6.4, 17.0), stone))
    return Layout(
        "cemetery", (0.0, 0.0, 0.0), 0.0, 24.0, 0.2, Cover.SKY, Ground.GRASS, rgb("64784c"), tuple(things),
        path(dice, "8c8474"), (), (-1.2, -10.0, 1.2, 14.0), ((-2.0, 0.0, 4.6), (2.2, 0.0, 7.0), (6.5, 0.0, 15.0)),
    )  # fmt: skip


def _grave(dice: Dice, x: float, z: float, stone: RGB) -> Thing:
    """Return a headstone: round, pointed or a cross, a little out of the upright."""
    kind, lean, h = dice.pick(("round", "round", "point", "cross")), dice.between(-0.10, 0.10), dice.between(0.75, 1.25)
    w = 0.30
    if kind == "cross":
        outline = [(-0.09, 0.0), (-0.09, h * 0.62), (-w, h * 0.62), (-w, h * 0.8), (-0.09, h * 0.8), (-0.09, h * 1.15)]
        outline += [(-px, py) for px, py in reversed(outline)]
    elif kind == "round":
        arc = [(w * math.cos(t), h * 0.72 + w * math.sin(t)) for t in (math.pi - math.pi * i / 8 for i in range(9))]
        outline = [(-w, 0.0), *arc, (w, 0.0)]
    else:
        outline = [(-w, 0.0), (-w, h * 0.75), (0.0, h), (w, h * 0.75), (w, 0.0)]

    def face(dz: float, paint: RGB) -> Panel:
        corners = tuple((x + px + lean * py, py, z + dz) for px, py in outline)
        return Panel(corners, paint, BACK if dz <= 0 else FRONT, 0.0, 0.7, both=True)

    parts = [face(0.12, mix(stone, BLACK, 0.35)), face(0.0, stone)]
    if kind != "cross":
        for i in range(3):
            y = h * (0.62 - 0.11 * i)
            mark = upright(
                x - 0.16 + lean * y,
                z - 0.01,
                x + 0.16 + lean * y,
                z - 0.01,
                y,
                y + 0.03,
                mix(stone, BLACK, 0.4),
                BACK,
                edge=0.0,
            )
            parts.append(mark)
    return Thing((x, 0.0, z), (*box((x, z + 0.06), (0.8, 0.12, 0.32), mix(stone, BLACK, 0.2)), *parts))


def _fence(z: float) -> list[Thing]:
    made = []
    for i in range(-5, 6):
        x = i * 4.4
        rods = bars(x, x + 4.4, z, 0.0, 1.7, IRON, gap=0.36)
        made.append(Thing((x, 0.0, z), (*rods, *box((x, z), (0.4, 2.0, 0.4), rgb("8c8680"))), backdrop=True))
    return made


def _tomb(at: tuple[float, float], stone: RGB) -> Thing:
    x, z = at
    roof = Panel(
        ((x - 2.2, 2.9, z - 1.9), (x, 4.1, z - 1.9), (x + 2.2, 2.9, z - 1.9)), mix(stone, WHITE, 0.1), BACK, 0.0, 0.7
    )
    door = upright(x - 0.55, z - 1.77, x + 0.55, z - 1.77, 0.0, 2.2, rgb("3c3c40"), BACK)
    columns = [p for dx in (-1.3, 1.3) for p in drum((x + dx, z - 1.95), 0.16, 2.9, mix(stone, WHITE, 0.08))]
    return Thing((x, 0.0, z), (*box(at, (3.8, 2.9, 3.4), stone), door, *columns, roof))
