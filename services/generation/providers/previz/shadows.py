"""Shadows that people cast on the ground: their limbs, seen from the sun."""

import math
from typing import Final

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.display_list import (
    Blend,
    Path,
    joined,
    polygon,
    rectangle,
    spline,
)
from services.generation.providers.previz.geometry import Point, Vec3, bounds, clamp
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.skeleton import Skeleton
from services.generation.providers.previz.style import Look

_CHAINS: Final = (
    (("hip_r", "knee_r", "ankle_r"), 0.10), (("hip_l", "knee_l", "ankle_l"), 0.10),
    (("shoulder_r", "elbow_r", "wrist_r"), 0.065), (("shoulder_l", "elbow_l", "wrist_l"), 0.065),
    (("pelvis", "waist", "chest", "neck"), 0.21), (("head", "head"), 0.14),
)  # fmt: skip


def draw_shadow(canvas: Canvas, camera: Camera, light: Light, look: Look, bones: Skeleton, ground: float) -> None:
    """Darken the ground where a person stands, and where the sun throws the person's shadow."""
    _contact(canvas, camera, bones, ground, look)
    if light.flat or light.key_level < 0.3:
        return
    x, y, z = light.to_sun
    flat = math.hypot(x, z)
    steep = max(y, 0.22 * max(flat, 0.1))
    paths: list[tuple[Path, float]] = []
    spots: list[Point] = []
    for chain, wide in _CHAINS:
        points = [_thrown(bones[j], (x / steep, z / steep), ground) for j in chain]
        if chain[0] == chain[1]:
            points[1] = (points[1][0] + x * 0.12, ground, points[1][2] + z * 0.12)
        seen = camera.line(points)
        if len(seen) > 1:
            depth = max(camera.depth(points[0]), 0.5)
            paths.append((polygon(seen, closed=False), camera.scale(depth) * wide * bones.stature * 0.62))
            spots += seen
    if not spots:
        return
    # A group costs what it covers: keep it to the shadow and the frame.
    margin = 12 * canvas.unit + max(wide for _, wide in paths)
    left, top, right, bottom = bounds(spots)
    left, top = max(left - margin, -margin), max(top - margin, -margin)
    right, bottom = min(right + margin, canvas.width + margin), min(bottom + margin, canvas.height + margin)
    if left >= right or top >= bottom:
        return
    level = 0.42 * light.shade_level + 0.12
    soft = 0.0 if look.cel else 2.2 * canvas.unit * look.blur
    clip = rectangle(left, top, right, bottom)
    with canvas.group(clip, opacity=clamp(level, 0, 0.7), blend=Blend.MULTIPLY, blur=soft):
        for path, wide in paths:
            canvas.stroke(path, light.shade, max(wide, 1.0))


def _contact(canvas: Canvas, camera: Camera, bones: Skeleton, ground: float, look: Look) -> None:
    spots = [bones[j] for j in ("ankle_r", "toe_r", "ankle_l", "toe_l")]
    if min(p[1] for p in spots) - ground > 0.12 * bones.stature:
        return
    ovals = []
    for side in ("r", "l"):
        a, b = bones[f"ankle_{side}"], bones[f"toe_{side}"]
        x, z = (a[0] + b[0]) / 2, (a[2] + b[2]) / 2
        r = 0.10 * bones.stature
        ring = [(x + r * math.sin(t), ground, z + r * 0.8 * math.cos(t)) for t in (0.0, 0.9, 1.8, 2.7, 3.6, 4.5, 5.4)]
        seen = camera.outline(ring)
        if len(seen) > 2:
            ovals.append(spline(seen))
    if ovals:
        canvas.tint(joined(ovals), (10.0, 8.0, 20.0), 0.42, blur=3.0 * canvas.unit * look.blur)


def _thrown(p: Vec3, slope: tuple[float, float], ground: float) -> Vec3:
    tall = max(0.0, p[1] - ground)
    return (p[0] - slope[0] * tall, ground + 0.005, p[2] - slope[1] * tall)
