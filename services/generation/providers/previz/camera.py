"""A film camera: world metres to pixels."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.generation.providers.previz.display_list import DepthPlane
from services.generation.providers.previz.geometry import Point, Vec3, blend, dot

SENSOR_MM: Final = 36.0
NEAR_M: Final = 0.12


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera is, where it looks and through which lens.

    Attributes:
        width, height: of the frame in pixels.
        position: in world metres.
        yaw: radians; 0 looks along +z, positive to the right.
        pitch: radians; positive looks up.
        roll: radians; positive leans the picture clockwise.
        focal: focal length in pixels.
        centre_y: row of the optical axis in pixels (a shift lens; the middle of the frame without shift).
    """

    width: int
    height: int
    position: Vec3
    yaw: float
    pitch: float
    roll: float
    focal: float
    centre_y: float
    right: Vec3 = field(init=False)
    up: Vec3 = field(init=False)
    forward: Vec3 = field(init=False)

    def __post_init__(self) -> None:
        sy, cy = math.sin(self.yaw), math.cos(self.yaw)
        sp, cp = math.sin(self.pitch), math.cos(self.pitch)
        object.__setattr__(self, "right", (cy, 0.0, -sy))
        object.__setattr__(self, "up", (-sy * sp, cp, -cy * sp))
        object.__setattr__(self, "forward", (sy * cp, sp, cy * cp))

    @property
    def centre_x(self) -> float:
        """Column of the optical axis in pixels."""
        return self.width / 2.0

    def view(self, point: Vec3) -> Vec3:
        """Return (right, up, depth) of a world point as the camera sees it, in metres."""
        # Written out: a frame asks for ten thousand points.
        px, py, pz = self.position
        x, y, z = point[0] - px, point[1] - py, point[2] - pz
        r, u, f = self.right, self.up, self.forward
        return (x * r[0] + z * r[2], x * u[0] + y * u[1] + z * u[2], x * f[0] + y * f[1] + z * f[2])

    def depth(self, point: Vec3) -> float:
        """Return the distance of a world point along the optical axis, in metres."""
        at, f = self.position, self.forward
        return (point[0] - at[0]) * f[0] + (point[1] - at[1]) * f[1] + (point[2] - at[2]) * f[2]

    def scale(self, depth: float) -> float:
        """Return pixels per metre at a depth."""
        return self.focal / max(depth, NEAR_M)

    def on_screen(self, view: Vec3) -> Point:
        """Return the pixel of a point in camera space; depths nearer than `NEAR_M` count as `NEAR_M`."""
        k = self.focal / max(view[2], NEAR_M)
        p = (self.width * 0.5 + view[0] * k, self.centre_y - view[1] * k)
        return self.rolled(p) if self.roll else p

    def project(self, point: Vec3) -> Point:
        """Return the pixel of a world point."""
        return self.on_screen(self.view(point))

    def rolled(self, p: Point) -> Point:
        """Return an upright pixel after the camera's roll about the middle of the frame."""
        if not self.roll:
            return p
        c, s = math.cos(self.roll), math.sin(self.roll)
        mx, my = self.width / 2.0, self.height / 2.0
        x, y = p[0] - mx, p[1] - my
        return (mx + x * c - y * s, my + x * s + y * c)

    def unrolled(self, p: Point) -> Point:
        """Return where a pixel would be without roll."""
        if not self.roll:
            return p
        c, s = math.cos(self.roll), math.sin(self.roll)
        mx, my = self.width / 2.0, self.height / 2.0
        x, y = p[0] - mx, p[1] - my
        return (mx + x * c + y * s, my - x * s + y * c)

    def outline(self, points: Sequence[Vec3]) -> list[Point]:
        """Return the pixels of a flat outline, cut at the near plane; empty if all of it is behind the camera."""
        seen = list(map(self.view, points))
        if min(v[2] for v in seen) >= NEAR_M:
            return list(map(self.on_screen, seen))
        kept: list[Vec3] = []
        for i, b in enumerate(seen):
            a = seen[i - 1]
            if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
                kept.append(blend(a, b, (NEAR_M - a[2]) / (b[2] - a[2])))
            if b[2] >= NEAR_M:
                kept.append(b)
        return [self.on_screen(v) for v in kept] if len(kept) > 2 else []

    def line(self, points: Iterable[Vec3]) -> list[Point]:
        """Return the pixels of an open line, without what is behind the camera."""
        kept: list[Vec3] = []
        last: Vec3 | None = None
        for v in map(self.view, points):
            if last is not None and (last[2] >= NEAR_M) != (v[2] >= NEAR_M):
                kept.append(blend(last, v, (NEAR_M - last[2]) / (v[2] - last[2])))
            if v[2] >= NEAR_M:
                kept.append(v)
            last = v
        return [self.on_screen(v) for v in kept]

    @property
    def horizon(self) -> float:
        """Row of the horizon in the middle column before roll, in pixels; may lie outside the frame."""
        return self.centre_y + self.focal * math.tan(self.pitch)

    def sky_point(self, azimuth: float, elevation: float) -> Point | None:
        """Return the pixel of a direction (radians), or None if it is not ahead."""
        flat = math.cos(elevation)
        direction = (math.sin(azimuth) * flat, math.sin(elevation), math.cos(azimuth) * flat)
        z = dot(direction, self.forward)
        if z < 0.05:
            return None
        x, y = dot(direction, self.right), dot(direction, self.up)
        return self.rolled((self.centre_x + self.focal * x / z, self.centre_y - self.focal * y / z))

    def plane(self, point: Vec3, normal: Vec3) -> DepthPlane:
        """Return the inverse depth of a flat surface as a function of the pixel.

        A point at depth z on the ray of pixel (x, y) is z * (u, v, 1) in camera space, so n.p = k gives
        1/z = (nx*u + ny*v + nz) / k: linear in the pixel.
        """
        n = (dot(normal, self.right), dot(normal, self.up), dot(normal, self.forward))
        k = dot(n, self.view(point))
        if abs(k) < 1e-6:
            return DepthPlane(0.0, 0.0, 0.0)
        f = self.focal * k
        c, s = math.cos(self.roll), math.sin(self.roll)
        a, b = (n[0] * c + n[1] * s) / f, (n[0] * s - n[1] * c) / f
        axis_x, axis_y = self.rolled((self.centre_x, self.centre_y))
        return DepthPlane(a, b, n[2] / k - a * axis_x - b * axis_y)
