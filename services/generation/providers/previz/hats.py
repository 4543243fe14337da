"""Hats, veils and crowns on a head seen from any side."""

import math
from collections.abc import Callable
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.colours import mix
from services.generation.providers.previz.geometry import Point
from services.generation.providers.previz.head import HeadView
from services.generation.providers.previz.wardrobe import Garment


def draw_hat(brush: Brush, view: HeadView, hat: Garment) -> None:
    """Draw one piece of headgear; a kind without a drawing is left out."""
    draw = _HATS.get(hat.kind)
    if draw is not None:
        draw(brush, view, hat)


def _ring(view: HeadView, y: float, wide: float, deep: float, middle: float = 0.0, tip: float = 0.0) -> list[Point]:
    """Return a level ring around the head; `tip` lowers its front."""
    turns = [math.tau * i / 16 for i in range(16)]
    return [view.at(wide * math.sin(a), y - tip * math.cos(a), middle + deep * math.cos(a)) for a in turns]


def _fedora(brush: Brush, view: HeadView, hat: Garment) -> None:
    colour = brush.cloth(hat.colour)
    brim = _ring(view, 0.27, 0.54, 0.62, 0.02, 0.06)
    brush.part(brim, brush.dark(colour, 0.25))
    crown = [
        *_side(view, ((0.27, 0.365), (0.42, 0.35), (0.60, 0.29)), 1.0),
        view.at(0.0, 0.58, 0.05),
        *reversed(_side(view, ((0.27, 0.365), (0.42, 0.35), (0.60, 0.29)), -1.0)),
    ]
    brush.part(crown, colour, tension=0.4)
    band = [
        *_side(view, ((0.27, 0.37), (0.35, 0.362)), 1.0),
        *reversed(_side(view, ((0.27, 0.37), (0.35, 0.362)), -1.0)),
    ]
    brush.part(band, brush.dark(colour, 0.7), tension=0.0, shade=0.0, rim=0.0, ink=0.4)
    front = _front_half(view, 0.27, 0.54, 0.62, 0.06)
    if view.ahead > -0.2:
        back = [view.at(0.37 * math.sin(a), 0.29, 0.02 + 0.40 * math.cos(a)) for a in _span(view)]
        brush.part([*front, *reversed(back)], brush.dark(colour, 0.12), shade=0.5)
        shade = [view.skin(x, y) for x, y in ((-0.30, 0.24), (0.30, 0.24), (0.29, 0.06), (0.0, 0.02), (-0.29, 0.06))]
        brush.shadow(shade, 0.55, blur=view.pixels * 0.02)


def _span(view: HeadView) -> list[float]:
    return [view.azimuth + math.radians(a) for a in range(-90, 91, 22)]


def _front_half(view: HeadView, y: float, wide: float, deep: float, tip: float) -> list[Point]:
    return [view.at(wide * math.sin(a), y - tip * math.cos(a), 0.02 + deep * math.cos(a)) for a in _span(view)]


def _side(view: HeadView, rows: tuple[tuple[float, float], ...], sign: float) -> list[Point]:
    """Return the outline of a round hat on one side of the screen."""
    a = view.azimuth + sign * math.pi / 2
    return [view.at(w * math.sin(a), y, 1.08 * w * math.cos(a) - 0.02) for y, w in rows]


def _cap(brush: Brush, view: HeadView, hat: Garment) -> None:
    colour = brush.cloth(hat.colour)
    rows = ((0.20, 0.37), (0.36, 0.40), (0.48, 0.33))
    dome = [*_side(view, rows, 1.0), view.at(0.0, 0.56, -0.02), *reversed(_side(view, rows, -1.0))]
    brush.part(dome, colour)
    if view.ahead > -0.35:
        peak = [
            view.at(0.27, 0.22, 0.24),
            view.at(0.22, 0.17, 0.52),
            view.at(0.0, 0.16, 0.60),
            view.at(-0.22, 0.17, 0.52),
            view.at(-0.27, 0.22, 0.24),
        ]
        brush.part(peak, brush.dark(colour, 0.3), shade=0.4)


def _beanie(brush: Brush, view: HeadView, hat: Garment) -> None:
    rows = ((0.14, 0.365), (0.32, 0.375), (0.46, 0.29))
    dome = [*_side(view, rows, 1.0), view.at(0.0, 0.58, -0.04), *reversed(_side(view, rows, -1.0))]
    brush.part(dome, brush.cloth(hat.colour))
    fold = [
        *_side(view, ((0.12, 0.375), (0.24, 0.385)), 1.0),
        *reversed(_side(view, ((0.12, 0.375), (0.24, 0.385)), -1.0)),
    ]
    brush.part(fold, brush.dark(brush.cloth(hat.colour), 0.2), tension=0.2)


def _turban(brush: Brush, view: HeadView, hat: Garment) -> None:
    colour = brush.cloth(hat.colour)
    rows = ((0.18, 0.36), (0.30, 0.45), (0.46, 0.43), (0.60, 0.30))
    dome = [*_side(view, rows, 1.0), view.at(0.0, 0.66, -0.02), *reversed(_side(view, rows, -1.0))]
    brush.part(dome, colour)
    if view.pixels > 22 * brush.canvas.unit:
        for i in range(3):
            y = 0.24 + 0.13 * i
            points = [
                view.at(0.44 * math.sin(a), y + 0.10 * math.sin(a * 2 + i), 0.42 * math.cos(a)) for a in _span(view)
            ]
            brush.crease(points, 0.7, 0.6)


def _crown(brush: Brush, view: HeadView, hat: Garment) -> None:
    colour = brush.cloth(hat.colour)
    span = _span(view)
    low = [view.at(0.35 * math.sin(a), 0.24, 0.38 * math.cos(a) - 0.01) for a in span]
    high = [
        view.at(0.35 * math.sin(a), 0.38 + (0.20 if i % 2 == 0 else 0.0), 0.38 * math.cos(a) - 0.01)
        for i, a in enumerate(span)
    ]
    brush.part([*low, *reversed(high)], colour, tension=0.1)


def _hood(brush: Brush, view: HeadView, hat: Garment) -> None:
    _veil(brush, view, hat._replace(trim=mix(hat.colour, (0, 0, 0), 0.4)))


def _helmet(brush: Brush, view: HeadView, hat: Garment) -> None:
    rows = ((0.02, 0.38), (0.24, 0.40), (0.44, 0.32))
    dome = [*_side(view, rows, 1.0), view.at(0.0, 0.60, 0.0), *reversed(_side(view, rows, -1.0))]
    if view.ahead > 0.2:
        dome += [view.skin(x, y, 0.04) for x, y in ((-0.28, 0.10), (-0.1, 0.16), (0.1, 0.16), (0.28, 0.10))]
    brush.part(dome, brush.cloth(hat.colour), tension=0.3)


def _veil(brush: Brush, view: HeadView, hat: Garment) -> None:
    """Draw cloth over the crown that falls behind the shoulders and frames the face."""
    colour = brush.cloth(hat.colour)
    span = [view.azimuth + math.radians(a) for a in range(-90, 91, 15)]

    def edge(a: float) -> Point:
        turn = abs((a + math.pi) % math.tau - math.pi)
        y = 0.42 - max(0.0, turn - 0.35) * 0.30
        return view.at(0.375 * math.sin(a), y, 0.40 * math.cos(a) - 0.02)

    front = [edge(a) for a in span]
    if view.ahead < 0:
        front = [view.at(0.5 * math.sin(a), -1.0, 0.4 * math.cos(a) - 0.1) for a in span]
    rows = ((-0.62, 0.40), (-0.3, 0.42), (0.0, 0.415), (0.25, 0.40), (0.42, 0.31))
    left, right = _side(view, rows, 1.0), _side(view, rows, -1.0)
    dome = [*front, *left, view.at(0.0, 0.575, -0.03), *reversed(right)]
    brush.part(dome, colour, tension=0.36)
    if view.ahead > 0:
        brush.stripe(front, brush.cloth(hat.trim), 0.011)


def _plume(brush: Brush, view: HeadView, hat: Garment) -> None:
    stem = [(0.10, 0.36, 0.22), (0.14, 0.60, 0.12), (0.22, 0.86, 0.0)]
    a, b, c = (view.at(*p) for p in stem)
    brush.stripe([a, b, c], brush.cloth(hat.trim), 0.006)
    r = view.pixels * 0.13
    eye = [
        (c[0] + r * 0.75 * math.cos(t), c[1] + r * 1.15 * math.sin(t))
        for t in (0, 0.8, 1.57, 2.4, 3.14, 4.0, 4.71, 5.5)
    ]
    brush.part(eye, brush.cloth((60, 140, 80)), shade=0.3)
    for size, colour in ((0.62, hat.colour), (0.30, (30, 40, 110))):
        inner = [(c[0] + (p[0] - c[0]) * size, c[1] + (p[1] - c[1]) * size) for p in eye]
        brush.mark(inner, brush.cloth(colour))


_HATS: Final[dict[str, Callable[[Brush, HeadView, Garment], None]]] = {
    "fedora": _fedora, "cap": _cap, "beanie": _beanie, "turban": _turban, "crown": _crown, "hood": _hood,
    "helmet": _helmet, "veil": _veil, "plume": _plume,
}  # fmt: skip
