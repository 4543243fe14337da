"""Draws a lit, inked body part: fill, form shadow, edge light, contour."""

from collections.abc import Sequence

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, times
from services.generation.providers.previz.display_list import (
    RGB,
    Blend,
    Linear,
    Path,
    Stop,
    joined,
    polygon,
    reversed_path,
    shifted,
    spline,
)
from services.generation.providers.previz.geometry import Point, bounds, clamp, dot
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.style import Look

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


class Brush:
    """A hand that knows the light and the style, for one object at one depth.

    Args:
        canvas: takes the marks.
        camera: sees the object; light: falls on it; look: the style.
        depth: of the object in metres.
        dice: of the hand's small errors.
    """

    __slots__ = ("camera", "canvas", "depth", "dice", "fade", "k", "light", "look", "side", "small")

    def __init__(self, canvas: Canvas, camera: Camera, light: Light, look: Look, depth: float, dice: Dice) -> None:
        self.canvas = canvas
        self.camera = camera
        self.light = light
        self.look = look
        self.depth = depth
        self.dice = dice
        self.k = camera.scale(depth)
        self.fade = clamp(1.0 - (depth - 4.0) / (light.visibility * 1.6), 0.15, 1.0)
        across = dot(light.to_sun, camera.right)
        self.side = 1.0 if across >= 0 else -1.0
        self.small = self.k * 1.7 < 46 * canvas.unit

    def cloth(self, colour: RGB) -> RGB:
        """Return a costume's colour in this light at this depth."""
        return self.light.cloth(colour, self.depth)

    def dark(self, colour: RGB, by: float = 0.4) -> RGB:
        """Return a colour in shade."""
        return mix(colour, times(colour, self.light.shade), by)

    def part(
        self,
        points: Sequence[Point],
        colour: RGB,
        *,
        shade: float = 1.0,
        rim: float = 1.0,
        tension: float = 0.5,
        ink: float = 1.0,
    ) -> Path:
        """Draw a closed part and return its outline.

        Args:
            points: on the outline.
            colour: as lit (see `cloth`).
            shade: factors on form shadow, edge light and contour; 0 leaves it out.
            rim: as `shade`.
            ink: as `shade`.
            tension: roundness of the outline; 0 is straight.
        """
        path = spline(points, tension=tension) if tension else polygon(points)
        self.canvas.body(path, colour)
        box = bounds(points)
        if not self.small or box[2] - box[0] > 12 * self.canvas.unit:
            self._model(path, box, shade, rim)
        self.contour(path, ink)
        return path

    def mass(self, points: Sequence[Point], colour: RGB, *, ink: float = 0.6, tension: float = 0.5) -> Path:
        """Draw a closed part of the set: light and shade by one gradient, no edge light; cheap for many."""
        path = spline(points, tension=tension) if tension else polygon(points)
        left, top, right, bottom = bounds(points)
        lit, dark = mix(colour, self.light.key, 0.10 * self.light.key_level), self.dark(colour, 0.75)
        start, end = ((right, top), (left, bottom)) if self.side > 0 else ((left, top), (right, bottom))
        stops: tuple[Stop, ...]
        if self.look.cel:
            stops = (Stop(0.0, lit), Stop(0.56, lit), Stop(0.57, dark), Stop(1.0, dark))
        else:
            stops = (Stop(0.0, lit), Stop(0.45, colour), Stop(1.0, dark))
        self.canvas.body(path, Linear(start, end, stops))
        if not self.small:
            self.contour(path, ink)
        return path

    def _model(self, path: Path, box: Box, shade: float, rim: float) -> None:
        """Lay form shadow and edge light, inside the outline."""
        before = len(self.canvas.ops)
        with self.canvas.group(path):
            self._form(path, box, shade)
            self._edge(path, box, rim)
        if len(self.canvas.ops) == before + 2:
            del self.canvas.ops[before:]

    def _form(self, path: Path, box: Box, amount: float) -> None:
        level = self.light.shade_level * self.look.shade * amount
        if level < 0.04:
            return
        wide = box[2] - box[0]
        off = -self.side * wide * 0.48
        soft = 0.0 if self.look.cel else min(wide * 0.07, 7 * self.canvas.unit) * self.look.blur
        moved = shifted(path, off, min(wide * 0.06, 4.0))
        self.canvas.tint(moved, self.light.shade, clamp(level, 0, 0.92), blur=soft, blend=Blend.MULTIPLY)

    def _edge(self, path: Path, box: Box, amount: float) -> None:
        level = self.light.rim_level * self.look.rim * amount * self.fade
        wide, tall = box[2] - box[0], box[3] - box[1]
        if level < 0.05 or wide < 4:
            return
        thick = clamp(self.k * 0.009, 0.8, 5.0 * self.canvas.unit)
        dx = -self.side * min(thick, wide * 0.12)
        dy = min(thick * 0.45, tall * 0.08)
        sliver = joined([path, reversed_path(shifted(path, dx, dy))])
        self.canvas.tint(sliver, self.light.rim, clamp(level, 0, 0.95))

    def contour(self, path: Path, amount: float = 1.0) -> None:
        """Ink a closed or open outline."""
        look, unit = self.look, self.canvas.unit
        if look.line_width <= 0.0 or amount <= 0.0:
            return
        width = clamp(self.k * 0.0056, 0.6 * unit, 2.1 * unit) * look.line_width * amount
        colour = mix(look.line, self.light.haze, (1.0 - self.fade) * 0.7)
        self.canvas.line(path, colour, width, 0.86 * self.fade)
        if look.passes > 1 and not self.small:
            stray = look.wobble * unit
            dx, dy = self.dice.between(-stray, stray), self.dice.between(-stray, stray)
            self.canvas.line(shifted(path, dx, dy), colour, width * 0.55, 0.40 * self.fade)

    def crease(self, points: Sequence[Point], width: float = 0.6, alpha: float = 0.5) -> None:
        """Draw an inner line, such as a fold or a seam; left out where it would be clutter."""
        if self.small or (self.look.line_width <= 0.0 and alpha < 0.6):
            return
        unit = self.canvas.unit
        thick = clamp(self.k * 0.0056 * width, 0.5 * unit, 2.4 * unit) * max(0.4, self.look.line_width)
        path = spline(points, closed=False)
        self.canvas.line(path, self.look.line, thick, alpha * self.fade)

    def stripe(self, points: Sequence[Point], colour: RGB, wide: float) -> None:
        """Draw a band of cloth or metal along a line, `wide` metres across."""
        thick = max(self.k * wide, 0.8 * self.canvas.unit)
        self.canvas.stroke(spline(points, closed=False), colour, thick)

    def mark(self, points: Sequence[Point], colour: RGB, alpha: float = 1.0, *, blur: float = 0.0) -> None:
        """Paint a soft patch without contour."""
        self.canvas.tint(spline(points), colour, alpha, blur=blur * self.look.blur)

    def shadow(self, points: Sequence[Point], alpha: float, *, blur: float = 0.0) -> None:
        """Darken a patch with the shade of the light."""
        level = clamp(alpha * (0.45 + self.light.shade_level) * self.look.shade, 0.0, 0.9)
        soft = 0.0 if self.look.cel else blur * self.look.blur
        self.canvas.tint(spline(points), self.light.shade, level, blur=soft, blend=Blend.MULTIPLY)


def inside(points: Sequence[Point], factor: float) -> list[Point]:
    """Return an outline shrunk about its middle."""
    left, top, right, bottom = bounds(points)
    x, y = (left + right) / 2, (top + bottom) / 2
    return [(x + (p[0] - x) * factor, y + (p[1] - y) * factor) for p in points]
