"""Interiors."""

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.layout import Ground, Lamp, Layout, Panel, Thing
from services.generation.providers.previz.places.solids import box, level, upright


def shell(wide: float, back: float, front: float, high: float, wall: RGB, ceiling: RGB) -> Thing:
    """Return four walls and a ceiling, seen from inside only."""
    x = wide / 2
    panels = (
        upright(-x, back, x, back, 0.0, high, wall, (0.0, 0.0, -1.0)),
        upright(-x, front, x, front, 0.0, high, wall, (0.0, 0.0, 1.0)),
        upright(-x, front, -x, back, 0.0, high, mix(wall, (0.0, 0.0, 0.0), 0.1), (1.0, 0.0, 0.0)),
        upright(x, front, x, back, 0.0, high, mix(wall, (0.0, 0.0, 0.0), 0.05), (-1.0, 0.0, 0.0)),
        level(-x, front, x, back, high, ceiling, down=True),
    )
    return Thing((0.0, 0.0, back), panels, backdrop=True)


def room(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a plain lived-in room with a window."""
    wall = tint[0] if tint else rgb(dice.pick(("b49a84", "8c9c94", "a8928c", "9a94a8")))
    wall = mix(wall, rgb("b8a894"), 0.45)
    window: list[Panel] = []
    for x in (-1.9, 1.1):
        window.append(upright(x, 3.98, x + 1.3, 3.98, 0.9, 2.3, rgb("dcecf4"), (0.0, 0.0, -1.0), glow=0.6))
    things = (
        shell(8.0, 4.0, -5.0, 3.0, wall, mix(wall, (255.0, 255.0, 255.0), 0.3)),
        Thing((0.0, 0.0, 3.97), tuple(window), backdrop=True),
        Thing((-2.6, 0.0, 2.6), box((-2.6, 2.6), (1.8, 0.75, 0.8), rgb("6e4a32"))),
        Thing((2.9, 0.0, 2.9), box((2.9, 2.9), (0.9, 2.0, 0.5), rgb("5a4032"))),
        Thing(
            (0.0, 2.6, 1.5),
            box((0.0, 1.5), (0.5, 0.2, 0.5), rgb("e0c890"), base=2.3, glow=1.0),
            (),
            (Lamp((0.0, 2.25, 1.5), rgb("ffd090"), 2.2),),
        ),
    )
    return Layout("room", (0.0, 0.0, 0.0), 0.0, 22.0, 0.9, True, Ground.BOARDS, rgb("8a6a4c"), things)
