"""A city street between two rows of buildings."""

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.layout import Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.solids import box, upright

_WALLS = ("7a6468", "8a6a5c", "6a6884", "94745c", "6c7888", "8c8078", "745a54")
_LIT = ("ffd78a", "ffc46b", "ffe6b0", "bfe0ff")
_NEON = ("ff4f6d", "35d0c6", "ffb43b", "e86bff", "58a6ff")


def street(dice: Dice, tint: tuple[RGB, ...], *, half: float = 5.2, tall: float = 1.0) -> Layout:
    """Return a street along z; half: metres from the middle to the fronts; tall: factor on storeys."""
    things: list[Thing] = []
    for side in (-1.0, 1.0):
        row = dice.fork("row", side)
        z = -46.0
        while z < 80.0:
            run = row.between(6.0, 11.0)
            things.append(_building(row.fork(z), side, half + row.pick((0.0, 0.0, 0.5)), z, z + run, tint, tall))
            z += run + row.pick((0.0, 0.0, 0.0, 1.6))
    for i, z in enumerate(range(-38, 74, 14)):
        side = 1.0 if i % 2 else -1.0
        things.append(_lamp_post(side * (half - 1.3), float(z)))
    for end in (86.0, -52.0):
        things.append(_end(dice.fork("end", end), end))
    kerb = rgb("847c84")
    lines = []
    for side in (-1.0, 1.0):
        a, b = side * (half - 1.7), side * (half + 4)
        lines.append((((a, 0.0, -60.0), (a, 0.0, 90.0), (b, 0.0, 90.0), (b, 0.0, -60.0)), kerb))
    for z in range(-44, 80, 6):
        lines.append(
            (
                ((-0.07, 0.0, float(z)), (-0.07, 0.0, z + 2.6), (0.07, 0.0, z + 2.6), (0.07, 0.0, float(z))),
                rgb("b0a898"),
            )
        )
    return Layout(
        "street", (0.0, 0.0, 0.0), 0.0, 17.0, 0.10, False, Ground.ASPHALT, rgb("55525e"), tuple(things), tuple(lines)
    )


def _building(dice: Dice, side: float, x: float, z0: float, z1: float, tint: tuple[RGB, ...], tall: float) -> Thing:
    storeys = dice.count(3, 6) * tall
    height = 1.0 + 3.2 * storeys
    wall = rgb(dice.pick(_WALLS))
    if tint:
        wall = mix(wall, dice.pick(tint), 0.35)
    front = side * x
    panels: list[Panel] = list(box((front + side * 5.0, (z0 + z1) / 2), (10.0, height, z1 - z0), wall, edge=0.5))
    facing = (-side, 0.0, 0.0)
    panels += _windows(dice, front - side * 0.02, z0, z1, int(storeys), facing, wall)
    cornice = mix(wall, (0.0, 0.0, 0.0), 0.25)
    panels.append(upright(front - side * 0.03, z0, front - side * 0.03, z1, height - 0.5, height, cornice, facing))
    lamps: tuple[Lamp, ...] = ()
    if dice.happens(0.55):
        colour = rgb(dice.pick(_NEON))
        z, low = dice.between(z0 + 1, z1 - 1), dice.between(2.9, 4.4)
        panels += _sign(front, side, z, low, colour)
        lamps = (Lamp((front - side * 0.5, low + 0.8, z), colour, 2.6, 0.45),)
    return Thing((front, 0.0, (z0 + z1) / 2), tuple(panels), (), lamps)


def _windows(
    dice: Dice, x: float, z0: float, z1: float, storeys: int, facing: tuple[float, float, float], wall: RGB
) -> list[Panel]:
    made: list[Panel] = []
    columns = max(2, int((z1 - z0) / 2.0))
    pitch = (z1 - z0) / columns
    for floor in range(storeys):
        for i in range(columns):
            a, b = z0 + (i + 0.24) * pitch, z0 + (i + 0.76) * pitch
            low = 0.5 if floor == 0 else floor * 3.2 + 0.9
            high = low + (2.1 if floor == 0 else 1.8)
            lit = dice.happens(0.62 if floor == 0 else 0.34)
            colour = rgb(dice.pick(_LIT)) if lit else mix(wall, rgb("1c2438"), 0.62)
            made.append(upright(x, a, x, b, low, high, colour, facing, glow=0.9 if lit else 0.0, edge=0.4))
    return made


def _sign(front: float, side: float, z: float, low: float, colour: RGB) -> list[Panel]:
    """Return a hanging sign of bars: it shines, it says nothing."""
    out, tall = front - side * 0.9, 1.9
    made = [
        upright(
            front - side * 0.1,
            z,
            out,
            z,
            low,
            low + tall,
            mix(colour, rgb("141024"), 0.72),
            (0.0, 0.0, -1.0),
            both=True,
        )
    ]
    for i in range(3):
        y = low + 0.22 + 0.55 * i
        a, b = front - side * 0.28, front - side * 0.74
        made.append(
            upright(
                a,
                z - 0.02,
                b,
                z - 0.02,
                y,
                y + 0.32,
                mix(colour, (255.0, 255.0, 255.0), 0.3),
                (0.0, 0.0, -1.0),
                glow=1.0,
                both=True,
            )
        )
    return made


def _lamp_post(x: float, z: float) -> Thing:
    iron = rgb("2a2a34")
    arm = -1.0 if x > 0 else 1.0
    panels = (
        *box((x, z), (0.12, 4.6, 0.12), iron, edge=0.3),
        *box((x + arm * 0.45, z), (0.9, 0.08, 0.08), iron, base=4.6, edge=0.3),
    )
    return Thing((x, 0.0, z), panels, (), (Lamp((x + arm * 0.85, 4.5, z), rgb("ffd79a"), 2.4, 0.9),))


def _end(dice: Dice, z: float) -> Thing:
    panels: list[Panel] = []
    x = -60.0
    while x < 60.0:
        w, h = dice.between(6, 14), dice.between(8, 34)
        panels += box((x, z), (w, h, 6.0), rgb(dice.pick(_WALLS)), edge=0.2)
        x += w
    return Thing((0.0, 0.0, z), tuple(panels), (), (), backdrop=True)
