"""Camera movements as small line drawings, the way storyboard artists mark them beside a frame."""

import functools
import math
from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw

Point = tuple[float, float]
Stroke = tuple[Point, ...]

_OVERSAMPLING: Final = 4
_WEIGHT: Final = 0.07
_HEAD: Final = 0.2


def _arc(centre: Point, radius: Point, start: float, end: float, steps: int = 24) -> Stroke:
    turns = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return tuple((centre[0] + radius[0] * math.cos(turn), centre[1] + radius[1] * math.sin(turn)) for turn in turns)


def _wave(y: float, height: float, waves: float) -> Stroke:
    return tuple((0.08 + 0.72 * s / 30, y + height * math.sin(2 * math.pi * waves * s / 30)) for s in range(31))


_BOX: Final = ((0.22, 0.28), (0.78, 0.28), (0.78, 0.72), (0.22, 0.72), (0.22, 0.28))
_SMALL_BOX: Final = ((0.38, 0.4), (0.62, 0.4), (0.62, 0.6), (0.38, 0.6), (0.38, 0.4))

#: Strokes in a unit square, y down: those that end in an arrow, then those that don't.
_ICONS: Final[Mapping[str, tuple[tuple[Stroke, ...], tuple[Stroke, ...]]]] = {
    "static": ((), (_BOX,)),
    "pan": ((((0.5, 0.5), (0.95, 0.5)), ((0.5, 0.5), (0.05, 0.5))), (((0.5, 0.3), (0.5, 0.7)),)),
    "tilt": ((((0.5, 0.5), (0.5, 0.05)), ((0.5, 0.5), (0.5, 0.95))), (((0.3, 0.5), (0.7, 0.5)),)),
    "zoom": (
        (((0.08, 0.14), (0.34, 0.37)), ((0.92, 0.14), (0.66, 0.37)), ((0.08, 0.86), (0.34, 0.63)),
         ((0.92, 0.86), (0.66, 0.63))),
        (_SMALL_BOX,),
    ),
    "push-in": ((((0.5, 0.95), (0.5, 0.42)),), (((0.2, 0.3), (0.2, 0.1), (0.8, 0.1), (0.8, 0.3)),)),
    "pull-out": ((((0.5, 0.42), (0.5, 0.95)),), (((0.2, 0.3), (0.2, 0.1), (0.8, 0.1), (0.8, 0.3)),)),
    "truck": ((((0.08, 0.4), (0.92, 0.4)),), (((0.08, 0.7), (0.92, 0.7)), ((0.08, 0.84), (0.92, 0.84)))),
    "pedestal": ((((0.5, 0.76), (0.5, 0.06)),), (((0.2, 0.86), (0.8, 0.86)),)),
    "tracking": ((((0.05, 0.36), (0.62, 0.36)), ((0.38, 0.66), (0.95, 0.66))), ()),
    "orbit": ((_arc((0.5, 0.52), (0.42, 0.3), 200, 510),), (((0.46, 0.52), (0.54, 0.52)),)),
    "crane": ((_arc((0.12, 0.95), (0.76, 0.8), 0, -84),), (((0.12, 0.95), (0.62, 0.42)),)),
    "handheld": ((((0.74, 0.44), (0.96, 0.5)),), (_wave(0.5, 0.2, 2.5),)),
    "steadicam": ((((0.76, 0.53), (0.96, 0.44)),), (_wave(0.5, 0.13, 1),)),
    "whip-pan": (
        (((0.4, 0.5), (0.96, 0.5)),),
        (((0.04, 0.3), (0.46, 0.3)), ((0.04, 0.5), (0.3, 0.5)), ((0.04, 0.7), (0.46, 0.7))),
    ),
    "dolly-zoom": ((((0.5, 0.97), (0.5, 0.66)), ((0.3, 0.5), (0.03, 0.5)), ((0.7, 0.5), (0.97, 0.5))), (_SMALL_BOX,)),
}  # fmt: skip


@functools.cache
def movement_icon(movement: str, size: int, colour: tuple[int, int, int]) -> Image.Image:
    """An icon with a transparent ground, `size` pixels square; empty for a movement without one."""
    big = size * _OVERSAMPLING
    image = Image.new("RGBA", (big, big), (*colour, 0))
    canvas = ImageDraw.Draw(image)
    width = max(round(big * _WEIGHT), 1)
    arrows, lines = _ICONS.get(movement, ((), ()))
    for stroke in (*arrows, *lines):
        points = [(x * big, y * big) for x, y in stroke]
        canvas.line(points, fill=(*colour, 255), width=width, joint="curve")
    for stroke in arrows:
        _head(canvas, stroke, big, width, (*colour, 255))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _head(canvas: ImageDraw.ImageDraw, stroke: Stroke, big: int, width: int, fill: tuple[int, ...]) -> None:
    (x0, y0), (x1, y1) = stroke[-2], stroke[-1]
    turn = math.atan2(y1 - y0, x1 - x0)
    for side in (turn + 2.5, turn - 2.5):
        tip = (x1 * big, y1 * big)
        canvas.line([tip, (tip[0] + _HEAD * big * math.cos(side), tip[1] + _HEAD * big * math.sin(side))], fill, width)
