"""Rooms of a home by what is done in them: bathroom, kitchen, bedroom."""

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.fittings import (
    BACK,
    CHROME,
    IRON,
    bed,
    curtain,
    disc,
    wall_tiles,
)
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.props import chair, hanging_lamp, plant, table, turned
from services.generation.providers.previz.places.rooms import picture, shell, window
from services.generation.providers.previz.places.solids import box, drum, upright

_SPOTS: tuple[Vec3, ...] = ((-2.0, 0.0, 1.4), (2.0, 0.0, 1.2), (-2.2, 0.0, -1.6), (2.2, 0.0, -1.8))


def bathroom(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a bathroom: tiles, a tub on feet, a sink under a mirror, a toilet, towels."""
    wall = mix(tint[0], WHITE, 0.5) if tint else rgb(dice.pick(("c4d4d4", "d0d4cc", "c8d0dc")))
    lower, white = mix(wall, WHITE, 0.45), rgb("f0f0ec")
    back = 2.5
    towel = rgb(dice.pick(("b8605c", "4c7a84", "c89848")))
    fixed = [
        *wall_tiles(-2.6, 2.6, back, 1.5, mix(wall, BLACK, 0.22)),
        upright(-2.6, back - 0.03, 2.6, back - 0.03, 1.5, 1.58, mix(wall, rgb("3c6068"), 0.6), BACK, edge=0.3),
        upright(-1.78, back - 0.05, -0.82, back - 0.05, 1.15, 2.05, rgb("8a7448"), BACK),
        upright(-1.72, back - 0.06, -0.88, back - 0.06, 1.21, 1.99, rgb("dcecf2"), BACK, glow=0.35),
        Panel(
            ((-1.6, 1.3, back - 0.07), (-1.3, 1.9, back - 0.07), (-1.18, 1.9, back - 0.07), (-1.48, 1.3, back - 0.07)),
            WHITE,
            BACK,
            0.3,
            0.0,
        ),
        upright(-0.3, back - 0.04, 0.25, back - 0.04, 1.30, 1.34, CHROME, BACK, edge=0.4),
        *curtain(-0.26, 0.2, back - 0.06, 0.80, 1.33, towel, fold=0.16),
        *window(0.95, 1.85, back - 0.02, 1.65, 2.3),
    ]
    sink = (
        *drum((-1.3, back - 0.34), 0.12, 0.72, white, sides=10),
        *drum((-1.3, back - 0.34), 0.30, 0.16, white, base=0.72, taper=1.35, sides=14),
        *box((-1.3, back - 0.12), (0.05, 0.16, 0.05), CHROME, base=0.88),
    )
    toilet = (
        *drum((2.1, 1.0), 0.16, 0.30, white, taper=1.3),
        *drum((2.1, 1.0), 0.24, 0.10, white, base=0.30, taper=1.1, sides=12),
        *box((2.36, 1.0), (0.18, 0.55, 0.46), white, base=0.36),
    )
    bulb = box((-1.3, back - 0.08), (0.5, 0.09, 0.08), rgb("fff0cc"), base=2.12, glow=1.0)
    things = (
        shell(5.2, back, -3.6, 2.7, wall, mix(wall, WHITE, 0.5), lower),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
        Thing((-1.3, 2.1, back - 0.1), bulb, (), (Lamp((-1.3, 2.1, back - 0.2), rgb("ffe8c0"), 1.5, 0.7),)),
        Thing((-1.3, 0.0, back - 0.34), sink),
        Thing((2.1, 0.0, 1.0), toilet),
        _tub((1.25, 1.82), white),
        plant((-2.2, 1.7), dice),
    )
    return Layout(
        "bathroom", (0.0, 0.0, 0.0), 0.0, 14.0, 0.4, Cover.ROOF, Ground.TILES, mix(wall, rgb("8c9898"), 0.5), things,
        (), (), (-2.0, -3.0, 2.0, 1.2), _SPOTS,
    )  # fmt: skip


def _tub(at: tuple[float, float], white: RGB) -> Thing:
    """Return a tub on claw feet, its long side to the room, with a tap and a shower's rail."""
    side = ((-0.90, 0.66), (-0.86, 0.40), (-0.68, 0.20), (0.62, 0.20), (0.80, 0.40), (0.84, 0.62))
    front = Panel(tuple((x, y, -0.36) for x, y in side), white, BACK, 0.0, 0.8, both=True)
    rim = upright(-0.94, -0.38, 0.88, -0.38, 0.60, 0.67, mix(white, BLACK, 0.07), BACK, edge=0.6)
    inside = Panel(
        ((-0.9, 0.66, -0.36), (-0.8, 0.66, 0.36), (0.76, 0.66, 0.36), (0.86, 0.66, -0.36)),
        mix(white, rgb("6c98a8"), 0.45),
        (0.0, 1.0, 0.0),
        0.0,
        0.6,
    )
    far = upright(-0.84, 0.38, 0.80, 0.38, 0.3, 0.70, white, BACK, edge=0.5)
    feet = [p for x in (-0.62, 0.56) for p in box((x, -0.3), (0.12, 0.20, 0.10), rgb("b8903c"), edge=0.5)]
    tap = (
        *box((0.72, 0.32), (0.05, 1.45, 0.05), CHROME, base=0.6, edge=0.4),
        *box((0.58, 0.32), (0.34, 0.04, 0.05), CHROME, base=2.02, edge=0.3),
        *drum((0.42, 0.32), 0.10, 0.06, CHROME, base=1.96),
    )
    return turned(Thing((0.0, 0.3, 0.0), (*tap, far, *feet, inside, front, rim)), (at[0], 0.0, at[1]), 0.0)


def kitchen(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a kitchen: counters, a sink under the window, a stove with a hood, hanging pans, a fridge, a table."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("d8c8a0", "b8c8b4", "c8c4b8"))), rgb("d0c4ac"), 0.4)
    front = rgb(dice.pick(("5c7a70", "7a8c94", "8c6844", "c8bc9c")))
    wood = rgb("7a5634")
    back = 3.2
    fixed = [
        *window(-0.9, 0.7, back - 0.02, 1.15, 2.25),
        *curtain(-1.05, -0.62, back - 0.06, 1.2, 2.3, rgb("c8605c")),
        *curtain(0.42, 0.85, back - 0.06, 1.2, 2.3, rgb("c8605c")),
        *wall_tiles(0.9, 3.0, back, 1.5, mix(wall, BLACK, 0.2)),
        *_cupboards(-2.9, -1.15, back, 1.55, 2.3, front),
        *_pans(1.0, back - 0.2, dice),
    ]
    low = (
        *box((-0.2, back - 0.32), (5.2, 0.86, 0.6), front),
        *box((-0.2, back - 0.34), (5.3, 0.05, 0.68), mix(wood, WHITE, 0.2), base=0.86),
    )
    doors = [
        upright(x, back - 0.63, x + 0.62, back - 0.63, 0.12, 0.78, mix(front, WHITE, 0.1), BACK, edge=0.6)
        for x in (-2.7, -2.0, -1.3, -0.6, 0.1, 0.8)
    ]
    tap = (
        *box((-0.1, back - 0.20), (0.05, 0.30, 0.05), CHROME, base=0.91),
        *box((-0.1, back - 0.28), (0.05, 0.05, 0.22), CHROME, base=1.18),
        *box((-0.1, back - 0.36), (0.7, 0.02, 0.36), rgb("7c868c"), base=0.905),
    )
    things = (
        shell(6.4, back, -4.4, 2.8, wall, mix(wall, WHITE, 0.35)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
        Thing((-0.2, 0.0, back - 0.3), (*low, *doors)),
        Thing((-0.1, 1.0, back - 0.34), tap),
        _stove((1.75, back - 0.34)),
        Thing((2.85, 0.0, 2.0), (*box((2.8, 2.0), (0.7, 1.85, 0.72), rgb("e8e8e0")), *_fridge(2.44, 2.0))),
        table((-1.9, 1.1), (1.5, 0.75, 0.85), wood),
        chair((-2.7, 0.9), wood, yaw=1.4),
        chair((-1.6, 1.85), wood, yaw=3.0),
        hanging_lamp((-1.9, 2.0, 1.1), rgb("ffd494"), drop=0.7),
    )
    return Layout(
        "kitchen", (0.0, 0.0, 0.0), 0.0, 15.0, 0.5, Cover.ROOF, Ground.TILES, rgb("a88c6c"), things, (), (),
        (-2.4, -3.6, 2.2, 1.9), _SPOTS,
    )  # fmt: skip


def _cupboards(x0: float, x1: float, back: float, low: float, high: float, colour: RGB) -> list[Panel]:
    made = [*box(((x0 + x1) / 2, back - 0.16), (x1 - x0, high - low, 0.32), colour, base=low)]
    half = (x1 - x0) / 3
    for i in range(3):
        a = x0 + half * i + 0.04
        made.append(
            upright(
                a, back - 0.33, a + half - 0.08, back - 0.33, low + 0.05, high - 0.05, mix(colour, WHITE, 0.1), BACK
            )
        )
    return made


def _pans(x: float, z: float, dice: Dice) -> list[Panel]:
    """Return pans and pots that hang from a rail."""
    made = [upright(x - 0.1, z + 0.1, x + 1.9, z + 0.1, 2.28, 2.33, IRON, BACK, edge=0.3)]
    for i in range(6):
        px, r = x + 0.08 + i * 0.34, dice.between(0.09, 0.15)
        copper = rgb(dice.pick(("b8683c", "3c3c44", "a8a8b0")))
        made.append(upright(px - 0.015, z, px + 0.015, z, 2.30 - 0.26, 2.30, copper, BACK, edge=0.2))
        made.append(disc((px, 2.04 - r, z), r, copper))
    return made


def _stove(at: tuple[float, float]) -> Thing:
    x, z = at
    enamel = rgb("e4e0d4")
    parts = (
        *box(at, (0.76, 0.90, 0.66), enamel),
        upright(x - 0.30, z - 0.335, x + 0.30, z - 0.335, 0.14, 0.58, rgb("2a2a30"), BACK),
        upright(x - 0.28, z - 0.34, x + 0.28, z - 0.34, 0.64, 0.67, CHROME, BACK, edge=0.3),
        *(disc((x - 0.27 + 0.135 * i, 0.78, z - 0.34), 0.035, rgb("2a2a30"), sides=8) for i in range(5)),
        *box(at, (0.7, 0.03, 0.6), rgb("26262c"), base=0.90),
        *drum((x - 0.16, z - 0.05), 0.13, 0.19, rgb("a8503c"), base=0.93, sides=12),
        *drum((x + 0.18, z + 0.05), 0.11, 0.13, CHROME, base=0.93, sides=12),
        *box((x, z + 0.08), (0.84, 0.26, 0.5), mix(enamel, BLACK, 0.15), base=1.62),
        *box((x, z + 0.18), (0.34, 0.9, 0.28), mix(enamel, BLACK, 0.2), base=1.88),
    )
    return Thing((x, 0.0, z - 0.1), parts)


def _fridge(x: float, z: float) -> tuple[Panel, ...]:
    inward = (-1.0, 0.0, 0.0)
    return (
        upright(x, z - 0.34, x, z + 0.34, 1.20, 1.23, rgb("a8a8a0"), inward, edge=0.3),
        upright(x - 0.01, z + 0.22, x - 0.01, z + 0.26, 0.85, 1.15, CHROME, inward),
        upright(x - 0.01, z + 0.22, x - 0.01, z + 0.26, 1.28, 1.55, CHROME, inward),
    )


def bedroom(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a bedroom: a double bed, bedside tables with lamps, a wardrobe, a curtained window, a rug."""
    wall = mix(tint[0] if tint else rgb(dice.pick(("a89c8c", "8c98a8", "b09898", "98a490"))), rgb("b4a898"), 0.35)
    wood = rgb(dice.pick(("6a4630", "7c5a40", "54382c")))
    cover = rgb(dice.pick(("5c6c94", "8c4c50", "6c7c5c", "a8845c")))
    drape = mix(cover, rgb("c8b8a0"), 0.35)
    back = 3.4
    fixed = [
        *window(1.15, 2.35, back - 0.02, 0.9, 2.2),
        *curtain(0.85, 1.35, back - 0.06, 0.1, 2.4, drape),
        *curtain(2.15, 2.65, back - 0.06, 0.1, 2.4, drape),
        *picture(-1.35, back - 0.02, 1.55, 1.1, 0.6, rgb(dice.pick(("5a7a8a", "8a6a4a", "6a7a54")))),
    ]
    things = (
        shell(6.6, back, -4.6, 2.8, wall, mix(wall, WHITE, 0.3)),
        Thing((0.0, 0.0, back), tuple(fixed), backdrop=True),
        bed((-1.35, 2.2), cover, wide=1.7, frame=wood),
        *(_bedside(x, back - 0.35, wood) for x in (-2.6, -0.1)),
        Thing((2.9, 0.0, 1.4), _wardrobe(wood)),
        chair((1.6, 2.4), wood, yaw=2.6),
    )
    rug = (((-1.9, 0.0, -0.9), (-1.9, 0.0, 1.1), (1.3, 0.0, 1.1), (1.3, 0.0, -0.9)), mix(cover, wall, 0.4))
    return Layout(
        "bedroom", (0.0, 0.0, 0.0), 0.0, 15.0, 0.7, Cover.ROOF, Ground.BOARDS, mix(wood, rgb("b08c64"), 0.5), things,
        (rug,), (), (-2.8, -3.8, 2.4, 0.9), _SPOTS,
    )  # fmt: skip


def _bedside(x: float, z: float, wood: RGB) -> Thing:
    """Return a small table with a shaded lamp."""
    shade = tuple(
        p._replace(glow=0.9) for p in drum((x, z), 0.20, 0.24, rgb("ffe0ac"), base=0.86, taper=0.65, sides=12)
    )
    parts = (
        *box((x, z), (0.48, 0.55, 0.42), wood),
        *drum((x, z), 0.05, 0.32, rgb("8c7048"), base=0.55, sides=8),
        *shade,
    )
    return Thing((x, 0.0, z), parts, (), (Lamp((x, 0.98, z), rgb("ffd494"), 1.7, 0.8),))


def _wardrobe(wood: RGB) -> tuple[Panel, ...]:
    x, inward = 2.6, (-1.0, 0.0, 0.0)
    door = mix(wood, WHITE, 0.1)
    return (
        *box((2.9, 1.4), (0.6, 2.1, 1.5), wood),
        upright(x - 0.01, 0.72, x - 0.01, 1.38, 0.15, 1.98, door, inward),
        upright(x - 0.01, 1.42, x - 0.01, 2.08, 0.15, 1.98, door, inward),
        upright(x - 0.02, 1.33, x - 0.02, 1.36, 0.95, 1.1, rgb("c8a048"), inward),
    )
