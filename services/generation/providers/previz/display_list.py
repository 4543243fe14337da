"""The drawing itself, as data: what to paint, in what order, for any backend.

Coordinates are pixels of the frame (x right, y down). A list is a value: two equal lists give equal pictures, and
`DisplayList.digest` is the same on every machine.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.generation.providers.previz.geometry import Point

RGB = tuple[float, float, float]
"""Red, green, blue in sRGB, 0 to 255 each."""


class Blend(StrEnum):
    """How paint meets what lies under it (W3C compositing names)."""

    NORMAL = "normal"
    SCREEN = "screen"
    MULTIPLY = "multiply"
    OVERLAY = "overlay"
    SOFT_LIGHT = "soft-light"


class Role(StrEnum):
    """What a mark stands for; the guide passes keep some of these and drop the others."""

    BODY = "body"
    LINE = "line"
    EFFECT = "effect"


class Path(NamedTuple):
    """Outline as verbs M, L (2 numbers), Q (4), C (6), Z (0) and their coordinates in pixels."""

    verbs: str
    xy: tuple[float, ...]


class Solid(NamedTuple):
    """One colour. alpha is 0 to 1."""

    colour: RGB
    alpha: float = 1.0


class Stop(NamedTuple):
    """A colour at a place (0 to 1) of a gradient."""

    at: float
    colour: RGB
    alpha: float = 1.0


class Linear(NamedTuple):
    """A gradient from one point to another, in pixels."""

    start: Point
    end: Point
    stops: tuple[Stop, ...]


class Radial(NamedTuple):
    """A gradient from a centre outwards, in pixels."""

    centre: Point
    radius: float
    stops: tuple[Stop, ...]


Paint = Solid | Linear | Radial


class DepthPlane(NamedTuple):
    """Inverse depth (1/m) of a flat surface: a*x + b*y + c at pixel (x, y). Perspective makes this exact."""

    a: float
    b: float
    c: float


class Tag(NamedTuple):
    """Where a mark belongs.

    Attributes:
        depth: distance from the camera in metres, or the plane it lies in.
        owner: the id of the character it is part of; empty for the set.
    """

    depth: float | DepthPlane = math.inf
    owner: str = ""


class Shape(NamedTuple):
    """A filled or stroked outline.

    Attributes:
        width: of the stroke in pixels.
        blur: standard deviation of a Gaussian in pixels; 0 is sharp.
    """

    path: Path
    fill: Paint | None
    stroke: Solid | None
    width: float
    blur: float
    blend: Blend
    role: Role
    tag: Tag


class Begin(NamedTuple):
    """Opens a group that is painted inside `clip` and outside `without`, then blurred and faded as one."""

    clip: Path | None = None
    without: Path | None = None
    opacity: float = 1.0
    blur: float = 0.0
    blend: Blend = Blend.NORMAL


class End(NamedTuple):
    """Closes the group opened last."""


Op = Shape | Begin | End


class Finish(NamedTuple):
    """One step of the work on the finished pixels, such as grain; see `finishing.py` for names and units."""

    name: str
    amount: float = 1.0
    colours: tuple[RGB, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplayList:
    """A whole picture.

    Attributes:
        width, height: of the frame in pixels.
        seed: of the grain and the paper.
    """

    width: int
    height: int
    seed: int
    ops: tuple[Op, ...]
    finishes: tuple[Finish, ...] = ()

    def digest(self) -> str:
        """Return a SHA-256 of the list; numbers count to 1/256, so that no last bit of a sine matters."""
        state = hashlib.sha256(f"{self.width}x{self.height}/{self.seed}/{self.finishes!r}".encode())
        for op in self.ops:
            state.update(_stable(op).encode())
        return state.hexdigest()


def _stable(value: object) -> str:
    if isinstance(value, float):
        return "inf" if math.isinf(value) else str(round(value * 256))
    if isinstance(value, tuple):
        return f"{type(value).__name__}({','.join(map(_stable, value))})"
    return str(value)


def polygon(points: Iterable[Point], *, closed: bool = True) -> Path:
    """Return straight lines through the points."""
    flat = [coordinate for point in points for coordinate in point]
    count = len(flat) // 2
    if count == 0:
        return Path("", ())
    return Path("M" + "L" * (count - 1) + ("Z" if closed else ""), tuple(flat))


def rectangle(left: float, top: float, right: float, bottom: float) -> Path:
    """Return an upright rectangle."""
    return Path("MLLLZ", (left, top, right, top, right, bottom, left, bottom))


_KAPPA = 0.5523  # control length for a quarter circle by one cubic


def ellipse(x: float, y: float, rx: float, ry: float) -> Path:
    """Return an upright ellipse about (x, y)."""
    kx, ky = rx * _KAPPA, ry * _KAPPA
    right = (x + rx, y + ky, x + kx, y + ry, x, y + ry)
    bottom = (x - kx, y + ry, x - rx, y + ky, x - rx, y)
    left = (x - rx, y - ky, x - kx, y - ry, x, y - ry)
    top = (x + kx, y - ry, x + rx, y - ky, x + rx, y)
    return Path("MCCCCZ", (x + rx, y, *right, *bottom, *left, *top))


def spline(points: Sequence[Point], *, closed: bool = True, tension: float = 0.5) -> Path:
    """Return a Catmull-Rom curve through the points as cubics.

    Args:
        points: at least two.
        closed: joins the last point to the first.
        tension: 0 is straight, 0.5 the usual roundness.
    """
    n = len(points)
    if n < 3:
        return polygon(points, closed=closed)
    flat: list[float] = [*points[0]]
    by = tension / 3.0
    spans = n if closed else n - 1
    for i in range(spans):
        p1, p2 = points[i], points[(i + 1) % n]
        p0 = points[i - 1] if closed or i else p1
        p3 = points[(i + 2) % n] if closed or i + 2 < n else p2
        flat += (
            p1[0] + (p2[0] - p0[0]) * by,
            p1[1] + (p2[1] - p0[1]) * by,
            p2[0] - (p3[0] - p1[0]) * by,
            p2[1] - (p3[1] - p1[1]) * by,
            *p2,
        )
    return Path("M" + "C" * spans + ("Z" if closed else ""), tuple(flat))


def joined(paths: Iterable[Path]) -> Path:
    """Return one path with every outline of the given paths."""
    verbs, xy = "", list[float]()
    for path in paths:
        verbs += path.verbs
        xy += path.xy
    return Path(verbs, tuple(xy))


def shifted(path: Path, dx: float, dy: float) -> Path:
    """Return the path moved by (dx, dy) pixels."""
    xy = list(path.xy)
    xy[0::2] = [x + dx for x in path.xy[0::2]]
    xy[1::2] = [y + dy for y in path.xy[1::2]]
    return Path(path.verbs, tuple(xy))


def reversed_path(path: Path) -> Path:
    """Return one outline of M, L, C and Z run the other way: filled together with another, it is left out of it."""
    closed = path.verbs.endswith("Z")
    steps = path.verbs[1:-1] if closed else path.verbs[1:]
    xy = path.xy[::-1]
    flat = [0.0] * len(xy)
    flat[0::2], flat[1::2] = xy[1::2], xy[0::2]
    return Path("M" + steps[::-1] + ("Z" if closed else ""), tuple(flat))


def points_of(path: Path) -> list[Point]:
    """Return every coordinate pair, control points included: their bounds hold the outline."""
    return list(zip(path.xy[0::2], path.xy[1::2], strict=True))
