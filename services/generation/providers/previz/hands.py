"""Hands: a palm, a wedge of fingers and a thumb, enough to read as a gesture."""

import math

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Point
from services.generation.providers.previz.skeleton import Skeleton


def draw_hand(brush: Brush, bones: Skeleton, side: str, colour: RGB, *, fist: bool = False) -> None:
    """Draw one hand.

    Args:
        brush: draws.
        bones: gives wrist and finger tips.
        side: "r" or "l".
        colour: of skin or glove, as lit.
        fist: closes the fingers.
    """
    a, b = brush.camera.project(bones[f"wrist_{side}"]), brush.camera.project(bones[f"hand_{side}"])
    elbow = brush.camera.project(bones[f"elbow_{side}"])
    size = bones.stature * brush.k * 0.085
    if size < 2.5:
        return
    dx, dy = b[0] - a[0], b[1] - a[1]
    run = math.hypot(dx, dy)
    if run < size * 0.45:
        # Seen end on: keep a hand's length along the forearm's direction on the screen.
        dx, dy = a[0] - elbow[0], a[1] - elbow[1]
        run = math.hypot(dx, dy) or 1.0
        dx, dy = dx / run * size * 0.6, dy / run * size * 0.6
        run = size * 0.6
    if fist:
        dx, dy, run = dx * 0.62, dy * 0.62, run * 0.62
    u = (dx / run, dy / run)
    inward = brush.camera.project(bones["chest"])[0] > a[0]
    n = (-u[1], u[0])
    if (n[0] > 0) != inward:
        n = (-n[0], -n[1])

    def at(t: float, out: float) -> Point:
        return (a[0] + dx * t + n[0] * size * out, a[1] + dy * t + n[1] * size * out)

    if fist:
        shape = [
            at(-0.05, 0.20),
            at(0.3, 0.34),
            at(0.85, 0.34),
            at(1.05, 0.12),
            at(1.05, -0.16),
            at(0.8, -0.33),
            at(0.25, -0.28),
            at(-0.05, -0.20),
        ]
    else:
        shape = [
            at(-0.08, 0.19),
            at(0.30, 0.29),
            at(0.62, 0.27),
            at(0.92, 0.17),
            at(1.06, 0.05),
            at(1.04, -0.08),
            at(0.85, -0.22),
            at(0.45, -0.28),
            at(0.0, -0.20),
        ]
    brush.part(shape, colour, shade=0.8)
    thumb = [at(0.12, 0.20), at(0.30, 0.40), at(0.52, 0.46), at(0.60, 0.38), at(0.46, 0.26), at(0.30, 0.18)]
    if size > 7:
        brush.part(thumb, colour, shade=0.5, rim=0.0)
    if size > 20:
        for out in (-0.12, 0.0, 0.11):
            start = 0.35 if fist else 0.52
            brush.crease([at(start, out), at(0.78, out * 1.05), at(0.97, out * 0.8)], 0.45, 0.55)
