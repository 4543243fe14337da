"""Hands: a palm, fingers and a thumb, as few of them as the size needs to read as a gesture."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.colours import WHITE, mix
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Point, clamp
from services.generation.providers.previz.skeleton import Skeleton

Place = Callable[[float, float], Point]
"""From a hand's own sheet (along the fingers, towards the thumb; both in hand lengths) to pixels."""

_FIST: Final = (
    (-0.05, 0.20), (0.30, 0.34), (0.85, 0.34), (1.05, 0.12), (1.05, -0.16), (0.80, -0.33), (0.25, -0.28),
        (-0.05, -0.20),
)  # fmt: skip
_OPEN: Final = (
    (-0.08, 0.19), (0.30, 0.29), (0.62, 0.27), (0.92, 0.17), (1.06, 0.05), (1.04, -0.08), (0.85, -0.22), (0.45, -0.28),
    (0.0, -0.20),
)  # fmt: skip
_THUMB: Final = ((0.12, 0.20), (0.30, 0.40), (0.52, 0.46), (0.60, 0.38), (0.46, 0.26), (0.30, 0.18))

_PALM: Final = (
    (-0.10, 0.17), (0.10, 0.24), (0.34, 0.32), (0.54, 0.31), (0.58, 0.10), (0.56, -0.14), (0.46, -0.30), (0.22, -0.30),
    (0.02, -0.22), (-0.10, -0.17),
)  # fmt: skip
#: From knuckle to tip, and half the width: index to little finger.
_LONG: Final = (
    ((0.46, 0.23), (1.00, 0.20), 0.083), ((0.50, 0.08), (1.07, 0.07), 0.086), ((0.48, -0.08), (1.01, -0.07), 0.082),
    ((0.42, -0.22), (0.86, -0.21), 0.072),
)  # fmt: skip
_CURLED: Final = (
    ((0.36, 0.25), (0.66, 0.25), 0.100), ((0.38, 0.08), (0.70, 0.08), 0.102), ((0.38, -0.09), (0.69, -0.09), 0.098),
    ((0.36, -0.25), (0.62, -0.24), 0.086),
)  # fmt: skip
_THUMBS: Final = {
    "open": ((0.06, 0.12), (0.20, 0.34), (0.40, 0.52), (0.58, 0.60), (0.64, 0.52), (0.52, 0.42), (0.36, 0.26)),
    "pinch": (
        (0.02, 0.08), (0.18, 0.34), (0.44, 0.45), (0.68, 0.36), (0.86, 0.25), (0.88, 0.15), (0.78, 0.13), (0.60, 0.22),
        (0.44, 0.26), (0.30, 0.14),
    ),
    "grip": (
        (0.04, 0.10), (0.16, 0.36), (0.40, 0.47), (0.62, 0.46), (0.68, 0.36), (0.58, 0.29), (0.36, 0.28), (0.24, 0.16),
    ),
}  # fmt: skip


def is_close(brush: Brush, bones: Skeleton) -> bool:
    """Return whether a hand is large enough for fingers of its own."""
    return bones.stature * brush.k * 0.085 > 44 * brush.canvas.unit


def draw_hand(brush: Brush, bones: Skeleton, side: str, colour: RGB, *, fist: bool = False) -> None:
    """Draw one hand that holds nothing, or is too small to show how.

    Args:
        brush: draws.
        bones: gives wrist and finger tips.
        side: "r" or "l".
        colour: of skin or glove, as lit.
        fist: closes the fingers.
    """
    size = bones.stature * brush.k * 0.085
    if size < 2.5:
        return
    if is_close(brush, bones):
        place = sheet_of(brush, bones, side)
        draw_palm(brush, place, colour, size, "grip" if fist else "open")
        draw_fingers(brush, place, colour, size, "grip" if fist else "open")
        return
    at = _frame(brush, bones, side, size, fist=fist)
    brush.part([at(*p) for p in (_FIST if fist else _OPEN)], colour, shade=0.8)
    if size > 7:
        brush.part([at(*p) for p in _THUMB], colour, shade=0.5, rim=0.0)
    if size > 20:
        start = 0.35 if fist else 0.52
        for out in (-0.12, 0.0, 0.11):
            brush.crease([at(start, out), at(0.78, out * 1.05), at(0.97, out * 0.8)], 0.45, 0.55)


def draw_palm(brush: Brush, place: Place, colour: RGB, size: float, hold: str) -> None:
    """Draw what of a large hand is behind a thing that it holds: the palm, and in a pinch the fingers."""
    if hold == "grip":
        brush.part([place(*p) for p in _PALM], colour, shade=0.8)
        return
    for finger in reversed(_LONG):
        _finger(brush, place, finger, colour, size)
    brush.part([place(*p) for p in _PALM], colour, shade=0.8, ink=0.8)
    # The palm runs into the fingers: its edge must not cut them off.
    brush.mark([place(*p) for p in ((0.36, 0.24), (0.60, 0.23), (0.62, -0.10), (0.52, -0.20), (0.36, -0.22))], colour)


def draw_fingers(brush: Brush, place: Place, colour: RGB, size: float, hold: str) -> None:
    """Draw what of a large hand is in front of a thing that it holds: the thumb, and in a grip the fingers."""
    if hold == "grip":
        for finger in reversed(_CURLED):
            _finger(brush, place, finger, colour, size, nail=False)
    brush.mass([place(*p) for p in _THUMBS[hold]], mix(colour, WHITE, 0.04), ink=0.9)
    if hold == "pinch" and size > 120 * brush.canvas.unit:
        _nail(brush, place, (0.83, 0.195), (0.74, 0.245), 0.042, colour)


def _finger(
    brush: Brush, place: Place, finger: tuple[Point, Point, float], colour: RGB, size: float, *, nail: bool = True
) -> None:
    (a0, o0), (a1, o1), r = finger
    tip = [(a1 + r * 0.9 * math.cos(t), o1 + r * 0.86 * math.sin(t)) for t in (1.5, 0.9, 0.0, -0.9, -1.5)]
    mid = ((a0 + a1) / 2, (o0 + o1) / 2)
    ring = [(a0, o0 + r), (mid[0], mid[1] + r * 0.94), *tip, (mid[0], mid[1] - r * 0.94), (a0, o0 - r)]
    brush.mass([place(*p) for p in ring], colour, ink=0.9)
    if size < 90 * brush.canvas.unit:
        return
    for along in (0.52, 0.80) if nail else (0.70,):
        a, o = a0 + (a1 - a0) * along, o0 + (o1 - o0) * along
        brush.crease([place(a, o + r * 0.5), place(a + 0.012, o), place(a, o - r * 0.5)], 0.4, 0.62)


def _nail(brush: Brush, place: Place, tip: Point, root: Point, r: float, colour: RGB) -> None:
    (a, o), (b, p) = tip, root
    n = math.hypot(a - b, o - p) or 1.0
    x, y = -(o - p) / n * r, (a - b) / n * r
    ring: Sequence[Point] = ((a + x, o + y), (a - x, o - y), (b - x * 0.9, p - y * 0.9), (b + x * 0.9, p + y * 0.9))
    brush.mark([place(*q) for q in ring], mix(colour, WHITE, 0.34), 0.9)


def sheet_of(brush: Brush, bones: Skeleton, side: str) -> Place:
    """Return the place of a large hand's points: fingers shorten as they turn into the picture, widths stay."""
    size = bones.stature * brush.k * 0.085
    a, b = brush.camera.project(bones[f"wrist_{side}"]), brush.camera.project(bones[f"hand_{side}"])
    elbow = brush.camera.project(bones[f"elbow_{side}"])
    dx, dy = b[0] - a[0], b[1] - a[1]
    run = math.hypot(dx, dy)
    if run < size * 0.35:
        dx, dy = a[0] - elbow[0], a[1] - elbow[1]
    turn = math.hypot(dx, dy) or 1.0
    dx, dy, fore = dx / turn * size, dy / turn * size, clamp(run / size, 0.62, 1.0)
    n = (-dy, dx)
    inward = brush.camera.project(bones["chest"])[0] > a[0]
    # A level forearm has the thumb on top, an upright one has it inside.
    right = n[1] < 0 if abs(n[1]) > abs(n[0]) else (n[0] > 0) == inward
    x, y = n if right else (-n[0], -n[1])

    def at(along: float, out: float) -> Point:
        along *= fore
        return (a[0] + dx * along + x * out, a[1] + dy * along + y * out)

    return at


def _frame(brush: Brush, bones: Skeleton, side: str, size: float, *, fist: bool) -> Place:
    """Return a map from the hand's own sheet (along the fingers, towards the thumb) to pixels."""
    a, b = brush.camera.project(bones[f"wrist_{side}"]), brush.camera.project(bones[f"hand_{side}"])
    elbow = brush.camera.project(bones[f"elbow_{side}"])
    dx, dy = b[0] - a[0], b[1] - a[1]
    run = math.hypot(dx, dy)
    if run < size * 0.45:
        # Seen end on: keep a hand's length along the forearm's direction on the screen.
        dx, dy = a[0] - elbow[0], a[1] - elbow[1]
        run = math.hypot(dx, dy) or 1.0
        dx, dy, run = dx / run * size * 0.6, dy / run * size * 0.6, size * 0.6
    if fist:
        dx, dy, run = dx * 0.62, dy * 0.62, run * 0.62
    inward = brush.camera.project(bones["chest"])[0] > a[0]
    n = (-dy / run, dx / run)
    if (n[0] > 0) != inward:
        n = (-n[0], -n[1])

    def at(along: float, out: float) -> Point:
        return (a[0] + dx * along + n[0] * size * out, a[1] + dy * along + n[1] * size * out)

    return at
