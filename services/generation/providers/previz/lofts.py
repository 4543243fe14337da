"""Outlines of round bodies: rings along a spine, seen by a camera."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from services.generation.providers.previz.camera import NEAR_M, Camera
from services.generation.providers.previz.geometry import Point, Vec3, cross, dot, hull, length, unit


class Ring(NamedTuple):
    """An ellipse in space: centre and two half axes, in metres."""

    centre: Vec3
    wide: Vec3
    deep: Vec3


class Oval(NamedTuple):
    """A ring on the screen, in pixels."""

    centre: Point
    wide: Point
    deep: Point
    depth: float

    def reach(self, n: Point) -> float:
        """Return how far the oval extends along a unit direction (support function of an ellipse)."""
        w = n[0] * self.wide[0] + n[1] * self.wide[1]
        d = n[0] * self.deep[0] + n[1] * self.deep[1]
        return math.sqrt(w * w + d * d)


def ball_ring(centre: Vec3, radius: float, axis: Vec3) -> Ring:
    """Return a round ring about an axis."""
    n = unit(axis)
    side = cross(n, (0.0, 0.0, 1.0))
    if length(side) < 0.05:
        side = cross(n, (1.0, 0.0, 0.0))
    wide = unit(side)
    deep = cross(n, wide)
    return Ring(
        centre,
        (wide[0] * radius, wide[1] * radius, wide[2] * radius),
        (deep[0] * radius, deep[1] * radius, deep[2] * radius),
    )


def seen(camera: Camera, ring: Ring) -> Oval:
    """Return a ring as the camera sees it (weak perspective inside the ring)."""
    view = camera.view(ring.centre)
    k = camera.focal / max(view[2], NEAR_M)
    c, s = math.cos(camera.roll), math.sin(camera.roll)

    def axis(v: Vec3) -> Point:
        x, y = dot(v, camera.right) * k, -dot(v, camera.up) * k
        return (x * c - y * s, x * s + y * c)

    return Oval(camera.on_screen(view), axis(ring.wide), axis(ring.deep), view[2])


def outline(ovals: Sequence[Oval], *, start_cap: float = 0.6, end_cap: float = 0.6) -> list[Point]:
    """Return a closed outline around ovals strung along a line.

    Args:
        ovals: at least two, in order.
        start_cap: how much of the first and the last oval bulges beyond the ends; 0 is cut flat.
        end_cap: as `start_cap`.
    """
    first, last = ovals[0].centre, ovals[-1].centre
    run = sum(_gap(a, b) for a, b in pairwise(ovals))
    widest = max(max(math.hypot(*o.wide), math.hypot(*o.deep)) for o in ovals)
    if run < widest * 0.9 or math.hypot(last[0] - first[0], last[1] - first[1]) < widest * 0.25:
        return wrapped(ovals)
    left: list[Point] = []
    right: list[Point] = []
    for i, o in enumerate(ovals):
        before, after = ovals[max(0, i - 1)].centre, ovals[min(len(ovals) - 1, i + 1)].centre
        t = _direction(before, after)
        n = (-t[1], t[0])
        h = o.reach(n)
        left.append((o.centre[0] + n[0] * h, o.centre[1] + n[1] * h))
        right.append((o.centre[0] - n[0] * h, o.centre[1] - n[1] * h))
    points = list(left)
    points += _cap(ovals[-2], ovals[-1], end_cap)
    points += reversed(right)
    points += _cap(ovals[1], ovals[0], start_cap)
    return points


def wrapped(ovals: Sequence[Oval], steps: int = 12) -> list[Point]:
    """Return the convex outline around ovals, whatever their order."""
    points: list[Point] = []
    for o in ovals:
        for i in range(steps):
            a = math.tau * i / steps
            c, s = math.cos(a), math.sin(a)
            x = o.centre[0] + o.wide[0] * c + o.deep[0] * s
            points.append((x, o.centre[1] + o.wide[1] * c + o.deep[1] * s))
    return hull(points)


def limb(camera: Camera, joints: Sequence[Vec3], radii: Sequence[float]) -> list[Oval]:
    """Return round rings at the joints of a limb.

    Args:
        camera: that looks.
        joints: at least two, in order.
        radii: one per joint, in metres.
    """
    ovals: list[Oval] = []
    for i, joint in enumerate(joints):
        a, b = joints[max(0, i - 1)], joints[min(len(joints) - 1, i + 1)]
        ovals.append(seen(camera, ball_ring(joint, radii[i], (b[0] - a[0], b[1] - a[1], b[2] - a[2]))))
    return ovals


def _cap(inner: Oval, end: Oval, by: float) -> list[Point]:
    if by <= 0.0:
        return []
    t = _direction(inner.centre, end.centre)
    out = max(end.reach(t), min(math.hypot(*end.wide), math.hypot(*end.deep)) * by)
    return [(end.centre[0] + t[0] * out, end.centre[1] + t[1] * out)]


def _gap(a: Oval, b: Oval) -> float:
    return math.hypot(b.centre[0] - a.centre[0], b.centre[1] - a.centre[1])


def _direction(a: Point, b: Point) -> Point:
    dx, dy = b[0] - a[0], b[1] - a[1]
    size = math.hypot(dx, dy)
    return (0.0, 1.0) if size < 1e-6 else (dx / size, dy / size)
