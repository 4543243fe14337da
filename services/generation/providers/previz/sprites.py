"""Things drawn by kind: plants, lamps, rocks. Shapes come from a seed, sizes from the camera."""

import math
from collections.abc import Callable
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import brighter, mix, rgb
from services.generation.providers.previz.display_list import Path, ellipse, joined, polygon, spline
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
    b.mass([pen.at(*p) for p in sides], bark, tension=0.3)
    leaf = pen.lit(s.colour)
    for x, y, size, tone in (
        (-0.22, 0.60, 0.62, 0.72),
        (0.24, 0.62, 0.60, 0.80),
        (0.0, 0.76, 0.80, 0.95),
        (-0.10, 0.84, 0.5, 1.12),
    ):
        points = blob(pen, lean + x * w, y * h, w * size, h * 0.44 * (0.8 + size * 0.3), 7, 0.10)
        b.mass(points, brighter(leaf, tone))


def _bush(pen: Pen) -> None:
    s = pen.sprite
    leaf = pen.lit(s.colour)
    for x, size, tone in ((-0.24, 0.6, 0.78), (0.25, 0.62, 0.86), (0.0, 0.8, 1.0)):
        points = blob(pen, x * s.width, s.height * size * 0.46, s.width * size, s.height * size, 6, 0.10)
        pen.brush.mass(points, brighter(leaf, tone))


def _flowers(pen: Pen) -> None:
    s, b, k = pen.sprite, pen.brush, pen.brush.k
    bloom = mix(pen.lit(s.colour), s.colour, 0.4)
    stems: list[Path] = []
    heads: list[Path] = []
    eyes: list[Path] = []
    for _ in range(9):
        x, y = pen.dice.between(-0.5, 0.5) * s.width, pen.dice.between(0.45, 1.0) * s.height
        stems.append(_line(pen, x * 0.8, 0.0, x, y))
        r = max(1.1, k * pen.dice.between(0.035, 0.06))
        c = pen.at(x, y)
        heads.append(_petals(c, r) if r > 2.5 else _disc(c, r))
        if r > 2.5:
            eyes.append(_disc(c, r * 0.32))
    b.canvas.stroke(joined(stems), pen.lit(rgb("55803c")), max(0.6, k * 0.010))
    b.canvas.tint(joined(heads), bloom)
    if eyes:
        b.canvas.tint(joined(eyes), rgb("f8dc7a"))


def _petals(c: Point, r: float) -> Path:
    turns = [math.tau * i / 10 for i in range(10)]
    return spline(
        [
            (c[0] + r * (1.15 if i % 2 else 0.62) * math.cos(t), c[1] + r * (1.0 if i % 2 else 0.55) * math.sin(t))
            for i, t in enumerate(turns)
        ]
    )


def _rock(pen: Pen) -> None:
    s = pen.sprite
    points = [(-0.5, 0.0), (-0.44, 0.45), (-0.2, 0.86), (0.1, 1.0), (0.36, 0.70), (0.5, 0.30), (0.48, 0.0)]
    shape = [
        pen.at(x * s.width * pen.dice.between(0.9, 1.1), y * s.height * pen.dice.between(0.85, 1.1)) for x, y in points
    ]
    pen.brush.mass(shape, pen.lit(s.colour), tension=0.15)


def _line(pen: Pen, x0: float, y0: float, x1: float, y1: float) -> Path:
    return polygon([pen.at(x0, y0), pen.at(x1, y1)], closed=False)


def _disc(c: Point, r: float) -> Path:
    return ellipse(c[0], c[1], r, r)


def _pine(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    leaf = pen.lit(s.colour)
    b.canvas.solid_line(
        _line(pen, 0.0, 0.0, 0.0, s.height * 0.3), pen.lit(rgb("5a4434")), max(1.0, b.k * s.height * 0.03)
    )
    for i in range(4):
        low, wide = s.height * (0.14 + 0.20 * i), s.width * (0.5 - 0.105 * i)
        top = low + s.height * (0.34 - 0.02 * i)
        points = [
            (-wide, low),
            (-wide * 0.4, low + s.height * 0.03),
            (0.0, low - s.height * 0.01),
            (wide * 0.4, low + s.height * 0.03),
            (wide, low),
            (wide * 0.3, (low + top) / 2),
            (0.0, top),
            (-wide * 0.3, (low + top) / 2),
        ]
        b.mass([pen.at(*p) for p in points], brighter(leaf, 0.82 + 0.09 * i), tension=0.15)


def _palm(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    lean = pen.dice.between(-0.22, 0.22) * s.height
    bark = pen.lit(rgb("8a6a4a"))
    w = 0.13
    trunk = [
        (-w * 1.4, 0.0),
        (lean * 0.35 - w, s.height * 0.45),
        (lean - w * 0.7, s.height * 0.86),
        (lean + w * 0.7, s.height * 0.86),
        (lean * 0.35 + w, s.height * 0.45),
        (w * 1.4, 0.0),
    ]
    b.mass([pen.at(*p) for p in trunk], bark, tension=0.4)
    leaf = pen.lit(s.colour)
    for i in range(9):
        a = math.pi * (i / 8.0) * 1.3 - 0.15 * math.pi
        r = s.width * 0.5 * pen.dice.between(0.8, 1.1)
        x, y = lean + r * math.cos(a), s.height * 0.86 + r * 0.62 * math.sin(a) - r * 0.30
        mx, my = lean + r * 0.55 * math.cos(a), s.height * 0.90 + r * 0.55 * math.sin(a)
        top = s.height * 0.86
        points = [pen.at(lean, top), pen.at(mx, my + 0.16), pen.at(x, y), pen.at(mx, my - 0.18)]
        b.mass(points, brighter(leaf, 0.8 + 0.05 * (i % 5)), tension=0.6, ink=0.4)


def _grass(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    colour = pen.lit(s.colour)
    for i in range(9):
        x = (i / 8 - 0.5) * s.width
        tip = x * 1.5 + pen.dice.between(-0.1, 0.1)
        h = s.height * pen.dice.between(0.6, 1.0)
        w = max(0.012, s.width * 0.02)
        blade = [
            pen.at(x - w, 0.0),
            pen.at((x + tip) / 2 - w * 0.6, h * 0.6),
            pen.at(tip, h),
            pen.at((x + tip) / 2 + w * 0.6, h * 0.55),
            pen.at(x + w, 0.0),
        ]
        b.canvas.body(spline(blade), brighter(colour, 0.75 + 0.06 * i))


def _reed(pen: Pen) -> None:
    _grass(pen)
    s, b = pen.sprite, pen.brush
    for _ in range(3):
        x = pen.dice.between(-0.3, 0.3) * s.width
        b.canvas.solid_line(_line(pen, x, 0.0, x * 1.3, s.height), pen.lit(rgb("7a7a44")), max(0.7, b.k * 0.012))
        top = [
            pen.at(x * 1.3 + dx, s.height + dy) for dx, dy in ((-0.03, -0.02), (0.0, 0.18), (0.03, -0.02), (0.0, -0.06))
        ]
        b.canvas.body(spline(top), pen.lit(rgb("6a4630")))


def _fern(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    leaf = pen.lit(s.colour)
    for i in range(8):
        a = math.pi * (0.10 + 0.80 * i / 7)
        r = pen.dice.between(0.8, 1.05)
        x, y = math.cos(a) * s.width * 0.55 * r, math.sin(a) * s.height * r
        w = 0.10 * s.width
        points = [
            pen.at(0.0, 0.0),
            pen.at(x * 0.5 - w * math.sin(a), y * 0.62),
            pen.at(x, y * 0.92),
            pen.at(x * 0.55 + w * math.sin(a), y * 0.45),
        ]
        b.mass(points, brighter(leaf, 0.78 + 0.07 * (i % 5)), ink=0.5)


def _lotus(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    pad = [
        pen.at(s.width * 0.5 * math.cos(t), s.height * 0.10 * math.sin(t)) for t in (0.3, 1.2, 2.1, 3.0, 3.9, 4.8, 5.7)
    ]
    b.mass(pad, pen.lit(rgb("4a7a54")), ink=0.4)
    bloom = mix(pen.lit(s.colour), s.colour, 0.3)
    for a in (-0.9, 0.9, -0.45, 0.45, 0.0):
        tip = (math.sin(a) * s.width * 0.20, s.height * 0.85 * math.cos(a * 0.7))
        points = [
            pen.at(0.0, 0.0),
            pen.at(tip[0] * 0.7 - 0.04, tip[1] * 0.55),
            pen.at(*tip),
            pen.at(tip[0] * 0.7 + 0.04, tip[1] * 0.55),
        ]
        b.mass(points, brighter(bloom, 1.0 if a else 1.1), ink=0.4)


def _flame(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    w, h = s.width / 2, s.height
    for size, colour in ((1.0, s.colour), (0.6, rgb("fff0b0"))):
        points = [
            (-w * size, h * 0.15),
            (-w * 0.7 * size, h * 0.5 * size),
            (w * 0.1, h * size),
            (w * 0.8 * size, h * 0.45 * size),
            (w * size, h * 0.15),
            (0.0, 0.0),
        ]
        b.canvas.tint(spline([pen.at(*p) for p in points]), colour, 0.95)


def _statue(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    h = s.height
    robe = [
        (-0.30, 0.0),
        (-0.24, h * 0.35),
        (-0.26, h * 0.66),
        (-0.17, h * 0.78),
        (0.0, h * 0.82),
        (0.17, h * 0.78),
        (0.30, h * 0.60),
        (0.22, h * 0.35),
        (0.32, 0.0),
    ]
    b.mass([pen.at(*p) for p in robe], pen.lit(s.colour))
    head = [(0.11 * math.cos(t), h * 0.90 + 0.14 * math.sin(t)) for t in (0.2, 1.2, 2.2, 3.2, 4.2, 5.2)]
    b.mass([pen.at(*p) for p in head], pen.lit(s.colour))


def _spray(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    for i in range(7):
        x = (i / 6 - 0.5) * s.width
        arc = [pen.at(0.0, 0.0), pen.at(x * 0.4, s.height), pen.at(x, 0.0), pen.at(x * 1.2, -0.5)]
        b.canvas.stroke(spline(arc, closed=False), s.colour, max(0.8, b.k * 0.012), 0.6)


def _wire(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    far = b.camera.project((s.at[0] + s.width, s.at[1] + 0.4, s.at[2] + 1.5))
    near = pen.at(0.0, 0.0)
    sag = ((near[0] + far[0]) / 2, (near[1] + far[1]) / 2 + s.height * b.k)
    b.canvas.stroke(spline([near, sag, far], closed=False), b.look.line, max(0.6, b.k * 0.012), 0.6)


def _antenna(pen: Pen) -> None:
    s, b = pen.sprite, pen.brush
    w = max(0.8, b.k * 0.03)
    b.canvas.solid_line(_line(pen, 0.0, 0.0, 0.0, s.height), pen.lit(s.colour), w)
    for i in range(4):
        y, x = s.height * (0.6 + 0.11 * i), s.width * (0.5 - 0.09 * i)
        b.canvas.solid_line(_line(pen, -x, y, x, y), pen.lit(s.colour), w * 0.7)


def _dead(pen: Pen) -> None:
    """Draw a leafless tree: a trunk that forks three times."""
    s, b = pen.sprite, pen.brush
    bark = pen.lit(s.colour)

    def branch(x: float, y: float, lean: float, long: float, wide: float, forks: int) -> None:
        tip = (x + long * math.sin(lean) * s.width / s.height * 1.6, y + long * math.cos(lean))
        b.canvas.solid_line(_line(pen, x, y, *tip), bark, max(0.7, b.k * wide))
        if forks:
            for turn in (-0.55, 0.5):
                by = turn * pen.dice.between(0.6, 1.2)
                branch(*tip, lean + by, long * pen.dice.between(0.58, 0.74), wide * 0.55, forks - 1)

    branch(0.0, 0.0, pen.dice.between(-0.1, 0.1), s.height * 0.38, s.height * 0.035, 3)


def _people(pen: Pen, count: int, tall: float, *, legs: bool) -> None:
    """Draw people far off as shapes: shoulders (and legs) in one path, heads in another."""
    s, b = pen.sprite, pen.brush
    bodies, heads = [], []
    for i in range(count):
        x = ((i + 0.5) / count - 0.5) * s.width + pen.dice.between(-0.09, 0.09)
        h = tall * pen.dice.between(0.90, 1.04)
        foot, half = (h * 0.42 if legs else 0.0), 0.21
        side = [(-half, foot), (-half, h * 0.74), (-0.11, h * 0.82), (0.11, h * 0.82), (half, h * 0.74), (half, foot)]
        if legs:
            side += [(0.14, 0.0), (0.03, 0.0), (0.0, foot), (-0.03, 0.0), (-0.14, 0.0)]
        bodies.append(polygon([pen.at(x + px, py) for px, py in side]))
        heads.append(_disc(pen.at(x, h * 0.91), b.k * 0.115))
    lit = pen.lit(s.colour)
    b.canvas.body(joined(bodies), lit)
    b.canvas.tint(joined(heads), mix(lit, pen.lit(rgb("a8785c")), 0.5))


def _gull(pen: Pen) -> None:
    """Draw a gull on the wing."""
    s, b = pen.sprite, pen.brush
    w, lift = s.width / 2, pen.dice.between(0.2, 0.5)
    wings = [
        pen.at(-w, lift),
        pen.at(-w * 0.4, lift * 0.9),
        pen.at(0.0, 0.0),
        pen.at(w * 0.4, lift * 0.9),
        pen.at(w, lift),
    ]
    b.canvas.stroke(spline(wings, closed=False), pen.lit(s.colour), max(1.2, b.k * 0.09))


def _crowd(pen: Pen) -> None:
    """Draw a row of seated spectators."""
    _people(pen, max(2, round(pen.sprite.width / 0.55)), pen.sprite.height, legs=False)


def _passers(pen: Pen) -> None:
    """Draw two or three people who stand about."""
    _people(pen, pen.dice.count(2, 3), pen.sprite.height, legs=True)


_KINDS: Final[dict[str, Callable[[Pen], None]]] = {
    "tree": _tree, "bush": _bush, "flowers": _flowers, "rock": _rock, "pine": _pine, "palm": _palm, "grass": _grass,
    "reed": _reed, "fern": _fern, "lotus": _lotus, "flame": _flame, "statue": _statue, "spray": _spray, "wire": _wire,
    "antenna": _antenna, "dead": _dead, "crowd": _crowd, "passers": _passers,
    "gull": _gull,
}  # fmt: skip
