"""Things drawn by kind: plants, lamps, rocks. Shapes come from a seed, sizes from the camera."""

import math
from collections.abc import Callable
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import brighter, mix, rgb
from services.generation.providers.previz.display_list import Path, ellipse, polygon
from services.generation.providers.previz.geometry import UP, Point
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.places.layout import Sprite
from services.generation.providers.previz.style import Look

Box = tuple[float, float, float, float]


def sprite_box(camera: Camera, sprite: Sprite) -> Box:
    """Return (left, top, right, bottom) of a sprite in pixels."""
    depth = camera.depth(sprite.at)
    x, y = camera.project(sprite.at)
    k = camera.scale(depth)
    w, h = sprite.width * k / 2, sprite.height * k
    return (x - w, y - h, x + w, y)


class Pen:
    """Draws one sprite: (x, y) in metres from its foot, y up."""

    def __init__(self, brush: Brush, sprite: Sprite) -> None:
        self.brush = brush
        self.sprite = sprite
        self.dice = Dice("sprite", sprite.kind, sprite.seed)
        self._foot = brush.camera.project(sprite.at)
        c, s = math.cos(brush.camera.roll), math.sin(brush.camera.roll)
        self._c, self._s = c, s

    def at(self, x: float, y: float) -> Point:
        """Return the pixel of a point of the sprite, in metres."""
        k = self.brush.k
        px, py = x * k, -y * k
        return (self._foot[0] + px * self._c - py * self._s, self._foot[1] + px * self._s + py * self._c)

    def lit(self, colour: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return a colour as lit from above and seen through the air."""
        return self.brush.light.surface(colour, UP, self.brush.depth)


def draw_sprite(canvas: Canvas, camera: Camera, light: Light, look: Look, sprite: Sprite) -> None:
    """Draw a sprite; an unknown kind is drawn as a bush."""
    depth = camera.depth(sprite.at)
    brush = Brush(canvas, camera, light, look, depth, Dice("ink", sprite.seed))
    _KINDS.get(sprite.kind, _bush)(Pen(brush, sprite))


def blob(pen: Pen, x: float, y: float, w: float, h: float, lobes: int, rough: float) -> list[Point]:
    """Return a leafy outline about (x, y), in pixels."""
    points = []
    for i in range(lobes * 2):
        a = math.tau * i / (lobes * 2)
        r = 1.0 + (rough if i % 2 else -rough) * pen.dice.between(0.4, 1.0)
        points.append(pen.at(x + w / 2 * r * math.cos(a), y + h / 2 * r * math.sin(a)))
    return points


def _tree(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    w, h = s.width, s.height
    bark = pen.lit(rgb("5a4434"))
    trunk = h * 0.05 + 0.06
    fork = h * pen.dice.between(0.34, 0.42)
    lean = pen.dice.between(-0.1, 0.1) * w
    sides = [
        (-trunk * 1.5, 0.0),
        (-trunk, h * 0.08),
        (lean - trunk * 0.7, fork),
        (lean - w * 0.16, h * 0.62),
        (lean, fork * 1.25),
        (lean + w * 0.18, h * 0.6),
        (lean + trunk * 0.7, fork),
        (trunk, h * 0.08),
        (trunk * 1.6, 0.0),
    ]
    b.part([pen.at(*p) for p in sides], bark, tension=0.3)
    leaf = pen.lit(s.colour)
    for x, y, size, tone in (
        (-0.22, 0.60, 0.62, 0.72),
        (0.24, 0.62, 0.60, 0.80),
        (0.0, 0.76, 0.80, 0.95),
        (-0.10, 0.84, 0.5, 1.12),
    ):
        points = blob(pen, lean + x * w, y * h, w * size, h * 0.44 * (0.8 + size * 0.3), 7, 0.10)
        b.part(points, brighter(leaf, tone), shade=0.9, rim=0.6, ink=0.7)


def _bush(pen: Pen) -> None:
    s = pen.sprite
    leaf = pen.lit(s.colour)
    for x, size, tone in ((-0.24, 0.6, 0.78), (0.25, 0.62, 0.86), (0.0, 0.8, 1.0)):
        points = blob(pen, x * s.width, s.height * size * 0.46, s.width * size, s.height * size, 6, 0.10)
        pen.brush.part(points, brighter(leaf, tone), shade=0.8, rim=0.5, ink=0.6)


def _flowers(pen: Pen) -> None:
    s, b, k = pen.sprite, pen.brush, pen.brush.k
    stem = pen.lit(rgb("4f7a3a"))
    bloom = mix(pen.lit(s.colour), s.colour, 0.35)
    for _ in range(7):
        x, y = pen.dice.between(-0.5, 0.5) * s.width, pen.dice.between(0.5, 1.0) * s.height
        b.canvas.stroke(_line(pen, x * 0.8, 0.0, x, y), stem, max(0.6, k * 0.008))
        r = max(0.9, k * 0.035)
        c = pen.at(x, y)
        b.canvas.tint(_disc(c, r), bloom)
        if r > 3:
            b.canvas.tint(_disc(c, r * 0.4), rgb("f8e08a"))


def _rock(pen: Pen) -> None:
    s = pen.sprite
    points = [(-0.5, 0.0), (-0.44, 0.45), (-0.2, 0.86), (0.1, 1.0), (0.36, 0.70), (0.5, 0.30), (0.48, 0.0)]
    shape = [
        pen.at(x * s.width * pen.dice.between(0.9, 1.1), y * s.height * pen.dice.between(0.85, 1.1)) for x, y in points
    ]
    pen.brush.part(shape, pen.lit(s.colour), tension=0.15)


def _line(pen: Pen, x0: float, y0: float, x1: float, y1: float) -> Path:
    return polygon([pen.at(x0, y0), pen.at(x1, y1)], closed=False)


def _disc(c: Point, r: float) -> Path:
    return ellipse(c[0], c[1], r, r)


_KINDS: Final[dict[str, Callable[[Pen], None]]] = {"tree": _tree, "bush": _bush, "flowers": _flowers, "rock": _rock}
