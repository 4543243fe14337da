"""A thing alone in an insert: it lies or stands on a table, since nobody holds it."""

import math
from typing import Final

from services.generation.providers.previz import colours
from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import BLACK, WHITE, mix, rgb
from services.generation.providers.previz.display_list import Blend, Linear, Stop, Tag, ellipse, polygon, rectangle
from services.generation.providers.previz.geometry import Point
from services.generation.providers.previz.held import HOLDS, draw_thing, held_named, outline_of, reach_of
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.style import Look

_STANDS: Final = frozenset({"cup", "glass", "bottle", "candle", "pot", "basket", "lantern"})
_SQUASH: Final = 0.46
"""How much depth a table top shows at an insert's usual view from above."""
_AWAY_M: Final = 0.8


def draw_still(canvas: Canvas, camera: Camera, light: Light, look: Look, scene: PrevizScene) -> None:
    """Draw a table top and on it the thing that an insert is about.

    Args:
        canvas: to draw with.
        camera: of the frame.
        light: as `canvas`.
        look: as `canvas`.
        scene: names the thing.
    """
    kind = held_named(scene.prop_in_focus) or "object"
    colour = colours.find(scene.prop_in_focus) or rgb(HOLDS[kind].colour)
    w, h = float(canvas.width), float(canvas.height)
    canvas.tag = Tag(_AWAY_M)
    wood = light.cloth(rgb("7a5638"), _AWAY_M)
    top = h * 0.40
    board = Linear((0.0, top), (0.0, h), (Stop(0.0, mix(wood, WHITE, 0.06)), Stop(1.0, mix(wood, BLACK, 0.35))))
    canvas.body(rectangle(-9.0, top, w + 9.0, h + 9.0), board)
    canvas.line(rectangle(-9.0, top, w + 9.0, h + 30.0), look.line, 1.2 * canvas.unit, 0.7)
    for i in range(5):
        y = top + (h - top) * (0.12 + 0.21 * i)
        canvas.stroke(rectangle(-9.0, y, w + 9.0, y), mix(wood, BLACK, 0.4), 1.0 * canvas.unit, 0.35)
    low, high, wide = reach_of(kind)
    standing = kind in _STANDS
    tall = (high - low) if standing else max((high - low) * _SQUASH, wide * 0.5)
    k = min(0.46 * h / max(tall, 0.03), 0.5 * w / max(wide, high - low))
    brush = Brush(canvas, camera, light, look, camera.focal / k, Dice("still", scene.seed))
    x, y = w * 0.5, h * (0.86 if standing else 0.68)
    turn = 0.5 + Dice("still", scene.seed).between(0.0, 0.5)
    c, s = math.cos(turn), math.sin(turn)

    def at(a: float, b: float) -> Point:
        if standing:
            return (x + b * k, y - (a - low) * k)
        a -= (low + high) / 2
        return (x + (b * c + a * s) * k, y - (a * c - b * s) * k * _SQUASH)

    soft = 5.0 * canvas.unit * look.blur
    off = (-brush.side * 0.022 * h, 0.020 * h)
    shadow = polygon([(px + off[0], py + off[1]) for px, py in (at(a, b) for a, b in outline_of(kind))])
    if standing:
        half = wide * 0.62
        shadow = ellipse(x - brush.side * half * k * 0.30, y + 4 * canvas.unit, half * k, max(half * 0.34, 0.012) * k)
    canvas.tint(shadow, mix(light.shade, BLACK, 0.4), 0.6, blur=soft, blend=Blend.MULTIPLY)
    draw_thing(brush, at, kind, brush.cloth(colour))
    canvas.tag = Tag()
