"""What a thing in a hand shows from close by: a screen, a fold, a blade, a dial. Never a letter that could be read."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB, Blend, polygon
from services.generation.providers.previz.geometry import Point

Place = Callable[[float, float], Point]
"""From metres along the thing (up) and across it to pixels."""

_STEEL: Final = rgb("c8ccd4")
_WOOD: Final = rgb("5a3c28")


def _ring(x: float, y: float, radius: float, deep: float = 1.0) -> list[Point]:
    turns = (math.tau * i / 14 for i in range(14))
    return [(x + radius * math.cos(t), y + radius * deep * math.sin(t)) for t in turns]


def _fill(
    brush: Brush, at: Place, points: Sequence[Point], colour: RGB, *, ink: float = 0.6, round_: float = 0.0
) -> None:
    brush.mass([at(*p) for p in points], colour, ink=ink, tension=round_)


def _paper(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the fold of a letter and lines of writing that nobody can read."""
    lower = polygon([at(0.03, -0.115), at(0.03, 0.11), at(-0.08, 0.12), at(-0.09, -0.11)])
    brush.canvas.tint(lower, brush.light.shade, 0.16, blend=Blend.MULTIPLY)
    brush.crease([at(0.03, -0.115), at(0.03, 0.11)], 0.6, 0.7)
    ink = mix(cloth, rgb("2a3050"), 0.55)
    for i in range(9):
        a = 0.115 - i * 0.021
        end = 0.075 if i % 4 != 3 else -0.01
        brush.canvas.stroke(
            polygon([at(a, -0.085), at(a + 0.001, end)], closed=False), ink, max(1.0, 0.004 * brush.k), 0.55
        )


def _photo(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw a white border and a faded picture: a house on a hill, somebody before it."""

    def patch(points: Sequence[Point], colour: RGB) -> None:
        brush.canvas.tint(polygon([at(*p) for p in points]), colour)

    patch(((-0.03, -0.075), (0.12, -0.075), (0.12, 0.075), (-0.03, 0.075)), mix(cloth, WHITE, 0.72))
    patch(((-0.022, -0.067), (0.112, -0.067), (0.112, 0.067), (-0.022, 0.067)), mix(cloth, WHITE, 0.32))
    patch(((-0.022, -0.067), (0.034, -0.067), (0.044, 0.0), (0.032, 0.067), (-0.022, 0.067)), mix(cloth, BLACK, 0.22))
    patch(((0.036, -0.046), (0.066, -0.046), (0.084, -0.022), (0.066, 0.002), (0.038, 0.002)), mix(cloth, BLACK, 0.50))
    patch(((-0.004, 0.026), (0.046, 0.028), (0.046, 0.040), (-0.004, 0.044)), mix(cloth, BLACK, 0.72))
    patch(_ring(0.053, 0.034, 0.0075), mix(cloth, BLACK, 0.60))


def _book(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the pages below the cover, the spine and a border."""
    _fill(brush, at, ((-0.115, -0.128), (-0.10, -0.14), (-0.10, 0.14), (-0.115, 0.132)), brush.cloth(rgb("e8dfc8")))
    spine = polygon([at(0.12, -0.14), at(0.12, -0.115), at(-0.10, -0.115), at(-0.10, -0.14)])
    brush.canvas.tint(spine, brush.light.shade, 0.4, blend=Blend.MULTIPLY)
    frame = [at(0.10, -0.10), at(0.10, 0.12), at(-0.08, 0.12), at(-0.08, -0.10), at(0.10, -0.10)]
    brush.canvas.stroke(polygon(frame, closed=False), mix(cloth, rgb("e8c060"), 0.6), max(1.0, 0.003 * brush.k), 0.9)


def _phone(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the lit screen and its glow."""
    del cloth
    screen = [at(0.092, -0.030), at(0.092, 0.030), at(-0.052, 0.030), at(-0.052, -0.030)]
    brush.canvas.tint(polygon(screen), rgb("bcd8f4"), 0.95)
    for a, b, code in ((0.07, 0.02, "7aa6d8"), (0.04, 0.0, "eef6ff"), (0.015, 0.012, "eef6ff")):
        bar = [at(a, -0.024), at(a, b), at(a - 0.014, b), at(a - 0.014, -0.024)]
        brush.canvas.tint(polygon(bar), rgb(code), 0.9)
    brush.canvas.tint(polygon(screen), rgb("9cc4f4"), 0.35, blur=0.02 * brush.k, blend=Blend.SCREEN)


def _knife(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the handle, and the edge of the blade."""
    _fill(brush, at, ((-0.07, -0.014), (0.05, -0.012), (0.05, 0.012), (-0.07, 0.016)), brush.cloth(_WOOD), round_=0.2)
    edge = [at(0.055, 0.006), at(0.19, 0.004), at(0.235, -0.012)]
    brush.canvas.stroke(polygon(edge, closed=False), mix(cloth, WHITE, 0.75), max(1.0, 0.004 * brush.k), 0.9)


def _gun(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw cylinder, grip, trigger and guard of a revolver."""
    dark, lit = mix(cloth, BLACK, 0.35), mix(cloth, WHITE, 0.22)
    grip = ((-0.02, -0.004), (0.025, 0.02), (0.006, 0.066), (-0.012, 0.112), (-0.05, 0.104), (-0.036, 0.04))
    _fill(brush, at, grip, brush.cloth(_WOOD), round_=0.3)
    _fill(brush, at, ((0.03, -0.022), (0.082, -0.022), (0.082, 0.024), (0.03, 0.024)), lit, round_=0.12)
    for b in (-0.008, 0.008):
        brush.crease([at(0.034, b), at(0.078, b)], 0.7, 0.8)
    guard = [at(0.07, 0.024), at(0.068, 0.048), at(0.04, 0.052), at(0.024, 0.028)]
    brush.canvas.solid_line(polygon(guard, closed=False), dark, max(1.2, 0.006 * brush.k))
    brush.canvas.solid_line(polygon([at(0.05, 0.024), at(0.045, 0.042)], closed=False), dark, max(1.0, 0.005 * brush.k))
    _fill(brush, at, ((-0.014, -0.02), (-0.03, -0.042), (-0.018, -0.046), (0.004, -0.022)), dark)


def _cup(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw rim, drink and steam."""
    rim = [at(0.045 + 0.010 * math.sin(t), 0.042 * math.cos(t)) for t in (math.tau * i / 14 for i in range(14))]
    brush.mass(rim, mix(cloth, WHITE, 0.25), ink=0.7)
    drink = [at(0.044 + 0.007 * math.sin(t), 0.036 * math.cos(t)) for t in (math.tau * i / 14 for i in range(14))]
    brush.mark(drink, rgb("4a2c1c"))
    for b in (-0.014, 0.012):
        wisp = [at(0.06 + 0.02 * i, b + 0.008 * (-1) ** i) for i in range(5)]
        brush.canvas.stroke(polygon(wisp, closed=False), WHITE, 0.008 * brush.k, 0.22, blur=0.006 * brush.k)


def _glass(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the air above the drink and the rim."""
    air = [at(0.05, -0.040), at(0.05, 0.040), at(0.012, 0.037), at(0.012, -0.037)]
    brush.canvas.tint(polygon(air), mix(cloth, WHITE, 0.72), 0.85)
    brush.canvas.stroke(
        polygon([at(0.04, -0.028), at(-0.04, -0.024)], closed=False), WHITE, max(1.0, 0.005 * brush.k), 0.7
    )


def _bottle(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw label and gleam."""
    label = [at(0.02, -0.036), at(0.02, 0.036), at(-0.09, 0.036), at(-0.09, -0.036)]
    brush.canvas.tint(polygon(label), brush.cloth(rgb("e6dcc0")), 0.95)
    brush.canvas.tint(polygon([at(-0.02, -0.036), at(-0.02, 0.036), at(-0.045, 0.036), at(-0.045, -0.036)]), cloth, 0.7)
    brush.canvas.stroke(
        polygon([at(0.15, -0.006), at(0.06, -0.02)], closed=False), WHITE, max(1.0, 0.005 * brush.k), 0.6
    )


def _key(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the hole in the bow, the collar and the teeth."""
    brush.mark([at(*p) for p in _ring(-0.012, 0.0, 0.008)], mix(cloth, BLACK, 0.75))
    for a, size in ((0.066, 0.022), (0.08, 0.016)):
        _fill(brush, at, ((a - 0.004, 0.0), (a - 0.004, size), (a + 0.004, size), (a + 0.004, 0.0)), cloth)


def _jewel(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the hole of a ring, its inner wall, its stone and its gleam."""
    hole = _ring(0.010, 0.0, 0.0125, 0.72)
    brush.mark([at(*p) for p in hole], mix(cloth, BLACK, 0.72))
    inner = [(a, b) for a, b in hole if a < 0.012]
    brush.canvas.stroke(
        polygon([at(*p) for p in inner], closed=False), mix(cloth, WHITE, 0.45), max(1.0, 0.0022 * brush.k), 0.9
    )
    stone = ((0.028, -0.009), (0.036, -0.011), (0.044, 0.0), (0.036, 0.011), (0.028, 0.009))
    _fill(brush, at, stone, mix(rgb("d8f0ff"), cloth, 0.15), ink=0.8)
    for t in (0.6, 2.2, 3.9, 5.4):
        ray = [at(0.036, 0.0), at(0.036 + 0.016 * math.sin(t), 0.016 * math.cos(t))]
        brush.canvas.stroke(polygon(ray, closed=False), WHITE, max(0.8, 0.0016 * brush.k), 0.75)


def _dial(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw face, hours and hands of a watch, and its chain."""
    brush.mark([at(*p) for p in _ring(0.022, 0.0, 0.026)], brush.cloth(rgb("f2ecda")))
    for i in range(12):
        t = math.tau * i / 12
        tick = [at(0.022 + r * math.cos(t), r * math.sin(t)) for r in (0.019, 0.024)]
        brush.canvas.stroke(polygon(tick, closed=False), rgb("2a2428"), max(0.8, 0.0014 * brush.k), 0.9)
    for a, b in ((0.016, 0.006), (0.006, -0.016)):
        brush.canvas.stroke(
            polygon([at(0.022, 0.0), at(0.022 + a, b)], closed=False), rgb("1c181c"), max(1.0, 0.002 * brush.k)
        )
    _fill(brush, at, ((0.052, -0.006), (0.062, -0.006), (0.062, 0.006), (0.052, 0.006)), cloth)
    for i in range(9):
        c = (0.064 - 0.004 * i * i * 0.5, 0.006 + 0.009 * i)
        brush.canvas.stroke(polygon([at(*p) for p in _ring(*c, 0.005)]), cloth, max(1.0, 0.002 * brush.k))


def _sword(brush: Brush, at: Place, cloth: RGB) -> None:
    """Draw the fuller of the blade and the wrapped grip."""
    brush.crease([at(0.12, 0.0), at(0.80, 0.0)], 0.9, 0.7)
    _fill(brush, at, ((-0.13, -0.015), (0.05, -0.015), (0.05, 0.015), (-0.13, 0.015)), brush.cloth(_WOOD))
    brush.canvas.stroke(
        polygon([at(0.12, -0.012), at(0.80, -0.008)], closed=False),
        mix(cloth, WHITE, 0.7),
        max(1.0, 0.004 * brush.k),
        0.8,
    )


DETAILS: Final[dict[str, Callable[[Brush, Place, RGB], None]]] = {
    "paper": _paper, "photo": _photo,
    "book": _book, "phone": _phone, "knife": _knife, "gun": _gun, "cup": _cup, "glass": _glass,
    "bottle": _bottle, "key": _key, "ring": _jewel, "watch": _dial, "sword": _sword,
}  # fmt: skip
"""What is drawn over the plain shape of a thing, by kind."""
