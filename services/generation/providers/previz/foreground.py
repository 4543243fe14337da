"""Out-of-focus things close to the lens: they give depth and frame the shot, and never cover a head."""

import math
from collections.abc import Sequence
from typing import Final

from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import brighter, mix, rgb, times
from services.generation.providers.previz.display_list import (
    RGB,
    Blend,
    Path,
    Radial,
    Stop,
    ellipse,
    joined,
    polygon,
    rectangle,
    spline,
)
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.style import Look

Box = tuple[float, float, float, float]

_GREEN: Final = frozenset({"forest", "meadow", "riverbank", "mountain", "temple", "beach", "vehicle", "cemetery"})
_BARE: Final = frozenset({"desert", "dunes", "snowfield", "plain", "cave"})


def draw_foreground(
    canvas: Canvas,
    light: Light,
    look: Look,
    kit: str,
    composition: str,
    heads: Sequence[Box],
    dice: Dice,
    *,
    indoors: bool,
) -> None:
    """Draw what stands close to the lens.

    Args:
        canvas: to draw with.
        light: as `canvas`.
        look: as `canvas`.
        kit: of the set, decides what it is.
        composition: decides how much.
        heads: boxes in pixels that stay free.
        dice: settles the rest.
        indoors: no plants.
    """
    base = rgb("4a5a34") if kit in _GREEN else rgb("3a3440")
    dark = brighter(mix(times(base, light.fill), light.shade, 0.55), 0.62)
    blur = 7.0 * canvas.unit * max(0.15, look.blur)
    if composition == "frame-in-frame":
        _surround(canvas, dark, blur * 0.6, heads, arch=kit in {"temple", "forest", "meadow"})
        return
    wanted = composition == "foreground-occlusion"
    if kit in _BARE and not wanted:
        return  # neither leaves nor posts grow there
    if not wanted and not dice.happens(0.34):
        return
    w = canvas.width
    reach = 0.24 if wanted else 0.13
    left_free = all(box[0] > (reach + 0.02) * w for box in heads)
    right_free = all(box[2] < (1 - reach - 0.02) * w for box in heads)
    if not left_free and not right_free:
        return
    left = left_free and (not right_free or dice.happens(0.5))
    if kit in _GREEN and not indoors:
        _branch(canvas, dark, light, blur * 0.55, reach, heads, dice, left=left)
    else:
        _post(canvas, dark, light, blur, reach, dice, left=left, lit=not indoors)


def _surround(canvas: Canvas, dark: RGB, blur: float, heads: Sequence[Box], *, arch: bool) -> None:
    """Draw a doorway or an arch around the picture."""
    w, h = canvas.width, canvas.height
    left = min([0.17 * w, *(box[0] - 0.03 * w for box in heads)])
    right = max([0.83 * w, *(box[2] + 0.03 * w for box in heads)])
    top = min([0.12 * h, *(box[1] - 0.04 * h for box in heads)])
    over = 80 * canvas.unit
    if arch:
        mid = (left + right) / 2
        opening = [
            (left, h + over),
            (left, top + 0.42 * h),
            (left + (mid - left) * 0.22, top + 0.14 * h),
            (mid, top),
            (right - (right - mid) * 0.22, top + 0.14 * h),
            (right, top + 0.42 * h),
            (right, h + over),
        ]
        edge = spline(
            [
                *opening,
                (right + over * 9, h + over),
                (right + over * 9, -over),
                (left - over * 9, -over),
                (left - over * 9, h + over),
            ],
            tension=0.2,
        )
        canvas.tint(edge, dark, 0.97, blur=blur)
        return
    for box in ((-over, -over, left, h + over), (right, -over, w + over, h + over), (-over, -over, w + over, top)):
        canvas.tint(rectangle(*box), dark, 0.97, blur=blur)


def _branch(
    canvas: Canvas, dark: RGB, light: Light, blur: float, reach: float, heads: Sequence[Box], dice: Dice, *, left: bool
) -> None:
    """Draw leaves that hang into a corner, and grass below it."""
    w, h, unit = canvas.width, canvas.height, canvas.unit
    flip = 1.0 if left else -1.0
    start = 0.0 if left else float(w)
    free_top = min([h, *(box[1] for box in heads)])
    deep = min(0.34 * h, free_top - 0.06 * h)
    leaves = []
    if deep > 0.05 * h:
        for _ in range(26):
            x, y = dice.unit() ** 1.4 * reach * 1.8 * w, dice.unit() ** 1.6 * deep
            if y > deep * (1.15 - x / (reach * 1.9 * w)):
                continue
            r, a = dice.between(12, 26) * unit, dice.between(0.2, 1.3)
            cx = start + flip * x
            leaves.append(_leaf(cx, y, r, a * flip))
        if leaves:
            canvas.tint(joined(leaves), dark, 0.94, blur=blur)
    blades = []
    for _ in range(22):
        x = start + flip * dice.unit() * reach * 1.5 * w
        tall, lean = dice.between(0.08, 0.24) * h, dice.between(-0.05, 0.08) * h * flip
        wide = dice.between(3, 7) * unit
        blades.append(
            spline(
                [
                    (x - wide, h + 9),
                    (x + lean * 0.4, h - tall * 0.6),
                    (x + lean, h - tall),
                    (x + lean * 0.5 + wide, h - tall * 0.5),
                    (x + wide, h + 9),
                ]
            )
        )
    canvas.tint(joined(blades), mix(dark, light.key, 0.06), 0.94, blur=blur)


def _leaf(x: float, y: float, r: float, a: float) -> Path:
    c, s = math.cos(a) * r, math.sin(a) * r
    return spline([(x - c, y - s), (x + s * 0.42, y - c * 0.42), (x + c, y + s), (x - s * 0.42, y + c * 0.42)])


def _post(
    canvas: Canvas, dark: RGB, light: Light, blur: float, reach: float, dice: Dice, *, left: bool, lit: bool
) -> None:
    """Draw a post or a door frame at the edge, with a lamp out of focus when lamps are on."""
    w, h, unit = canvas.width, canvas.height, canvas.unit
    wide = reach * 0.62 * w
    x0, x1 = (-30 * unit, wide) if left else (w - wide, w + 30 * unit)
    canvas.tint(polygon([(x0, h + 30), (x0, -30), (x1, -30), (x1, h + 30)]), dark, 0.95, blur=blur)
    if not lit or light.practicals < 0.4:
        return
    flip = 1.0 if left else -1.0
    edge = x1 if left else x0
    y = dice.between(0.10, 0.24) * h
    canvas.tint(
        rectangle(min(edge, edge + flip * 70 * unit), y, max(edge, edge + flip * 70 * unit), y + 20 * unit),
        dark,
        0.92,
        blur=blur * 0.8,
    )
    at, r = (edge + flip * 70 * unit, y + 24 * unit), 62 * unit
    warm = rgb("ffc873")
    stops = (Stop(0.0, rgb("ffe8b8"), 0.9), Stop(0.3, warm, 0.42), Stop(1.0, warm, 0.0))
    canvas.tint(ellipse(*at, r, r), Radial(at, r, stops), blend=Blend.SCREEN)
