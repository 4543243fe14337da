"""Hands: a palm, a wedge of fingers and a thumb, enough to read as a gesture."""

import math
from collections.abc import Callable
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Point
from services.generation.providers.previz.skeleton import Skeleton

# Outlines: (along the fingers in hand lengths, towards the thumb in hand lengths).
_FIST: Final = (
    (-0.05, 0.20), (0.30, 0.34), (0.85, 0.34), (1.05, 0.12), (1.05, -0.16), (0.80, -0.33), (0.25, -0.28),
        (-0.05, -0.20),
)  # fmt: skip
_OPEN: Final = (
    (-0.08, 0.19), (0.30, 0.29), (0.62, 0.27), (0.92, 0.17), (1.06, 0.05), (1.04, -0.08), (0.85, -0.22), (0.45, -0.28),
    (0.0, -0.20),
)  # fmt: skip
_THUMB: Final = ((0.12, 0.20), (0.30, 0.40), (0.52, 0.46), (0.60, 0.38), (0.46, 0.26), (0.30, 0.18))


def draw_hand(brush: Brush, bones: Skeleton, side: str, colour: RGB, *, fist: bool = False) -> None:
    """Draw one hand.

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
    at = _frame(brush, bones, side, size, fist=fist)
    brush.part([at(*p) for p in (_FIST if fist else _OPEN)], colour, shade=0.8)
    if size > 7:
        brush.part([at(*p) for p in _THUMB], colour, shade=0.5, rim=0.0)
    if size > 20:
        start = 0.35 if fist else 0.52
        for out in (-0.12, 0.0, 0.11):
            brush.crease([at(start, out), at(0.78, out * 1.05), at(0.97, out * 0.8)], 0.45, 0.55)


def _frame(brush: Brush, bones: Skeleton, side: str, size: float, *, fist: bool) -> Callable[[float, float], Point]:
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
