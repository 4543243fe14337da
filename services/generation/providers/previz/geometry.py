"""Vectors, smooth curves and hulls. World units are metres: x right, y up, z ahead of the set's main axis."""

import math
from collections.abc import Iterable, Sequence

Vec3 = tuple[float, float, float]
Point = tuple[float, float]

UP: Vec3 = (0.0, 1.0, 0.0)


def add(a: Vec3, b: Vec3) -> Vec3:
    """Return a + b."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def sub(a: Vec3, b: Vec3) -> Vec3:
    """Return a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scaled(a: Vec3, by: float) -> Vec3:
    """Return a times a number."""
    return (a[0] * by, a[1] * by, a[2] * by)


def along(a: Vec3, direction: Vec3, by: float) -> Vec3:
    """Return a moved by a distance along a direction."""
    return (a[0] + direction[0] * by, a[1] + direction[1] * by, a[2] + direction[2] * by)


def dot(a: Vec3, b: Vec3) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vec3, b: Vec3) -> Vec3:
    """Return the vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def length(a: Vec3) -> float:
    """Return the Euclidean length."""
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


def unit(a: Vec3) -> Vec3:
    """Return the direction of a; up when a has no length."""
    size = length(a)
    return UP if size < 1e-9 else (a[0] / size, a[1] / size, a[2] / size)


def blend(a: Vec3, b: Vec3, t: float) -> Vec3:
    """Return the point a fraction t of the way from a to b."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def clamp(value: float, low: float, high: float) -> float:
    """Return value moved into [low, high]."""
    return low if value < low else min(value, high)


def smoothstep(low: float, high: float, value: float) -> float:
    """Return 0 below low, 1 above high and a smooth step between (Hermite, 3t^2 - 2t^3)."""
    t = clamp((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def heading(yaw: float) -> Vec3:
    """Return the level direction of a yaw in radians; 0 looks along +z, positive turns towards +x."""
    return (math.sin(yaw), 0.0, math.cos(yaw))


def right_of(yaw: float) -> Vec3:
    """Return the level direction to the right of a yaw."""
    return (math.cos(yaw), 0.0, -math.sin(yaw))


def turn_x(v: Vec3, angle: float) -> Vec3:
    """Rotate about x: positive tips +y towards +z (a bow)."""
    c, s = math.cos(angle), math.sin(angle)
    return (v[0], v[1] * c - v[2] * s, v[1] * s + v[2] * c)


def turn_y(v: Vec3, angle: float) -> Vec3:
    """Rotate about y: positive turns +z towards +x."""
    c, s = math.cos(angle), math.sin(angle)
    return (v[0] * c + v[2] * s, v[1], v[2] * c - v[0] * s)


def turn_z(v: Vec3, angle: float) -> Vec3:
    """Rotate about z: positive tips +y towards +x (a sway to the right)."""
    c, s = math.cos(angle), math.sin(angle)
    return (v[0] * c + v[1] * s, v[1] * c - v[0] * s, v[2])


def mean(points: Sequence[Vec3]) -> Vec3:
    """Return the centre of gravity of at least one point."""
    n = len(points)
    xs, ys, zs = zip(*points, strict=True)
    return (sum(xs) / n, sum(ys) / n, sum(zs) / n)


def bounds(points: Iterable[Point]) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of at least one point."""
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def hull(points: Iterable[Point]) -> list[Point]:
    """Return the convex hull, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered

    def half(run: Iterable[Point]) -> list[Point]:
        chain: list[Point] = []
        for p in run:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return half(ordered) + half(reversed(ordered))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
