"""Collects marks into a display list."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from services.generation.providers.previz.display_list import (
    RGB,
    Begin,
    Blend,
    End,
    Linear,
    Op,
    Paint,
    Path,
    Radial,
    Role,
    Shape,
    Solid,
    Tag,
    polygon,
)
from services.generation.providers.previz.geometry import Point


class Canvas:
    """A list of marks under way; `tag` says to whom the next ones belong.

    Args:
        width: of the frame in pixels.
        height: as `width`.
    """

    __slots__ = ("height", "ops", "tag", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.ops: list[Op] = []
        self.tag = Tag()

    @property
    def unit(self) -> float:
        """Pixels per 1/576 of the frame's height, so that lines and blurs keep their look at any size."""
        return self.height / 576.0

    def body(self, path: Path, paint: Paint | RGB) -> None:
        """Paint an opaque surface; the guide passes see it."""
        self.ops.append(Shape(path, _paint(paint), None, 0.0, 0.0, Blend.NORMAL, Role.BODY, self.tag))

    def tint(
        self,
        path: Path,
        paint: Paint | RGB,
        alpha: float = 1.0,
        *,
        blur: float = 0.0,
        blend: Blend = Blend.NORMAL,
    ) -> None:
        """Paint light, shade or texture; alpha (0 to 1) applies to plain colours only."""
        self.ops.append(Shape(path, _paint(paint, alpha), None, 0.0, blur, blend, Role.EFFECT, self.tag))

    def line(self, path: Path, colour: RGB, width: float, alpha: float = 1.0) -> None:
        """Draw a contour that the line-art pass keeps; width in pixels."""
        self.ops.append(Shape(path, None, Solid(colour, alpha), width, 0.0, Blend.NORMAL, Role.LINE, self.tag))

    def stroke(
        self,
        path: Path,
        colour: RGB,
        width: float,
        alpha: float = 1.0,
        *,
        blur: float = 0.0,
        blend: Blend = Blend.NORMAL,
    ) -> None:
        """Draw a line that is light, rain or texture rather than contour."""
        self.ops.append(Shape(path, None, Solid(colour, alpha), width, blur, blend, Role.EFFECT, self.tag))

    def solid_line(self, path: Path, colour: RGB, width: float) -> None:
        """Draw a thin opaque object, such as a wire or a cane, as a stroke that the guide passes see."""
        self.ops.append(Shape(path, None, Solid(colour, 1.0), width, 0.0, Blend.NORMAL, Role.BODY, self.tag))

    def polygon(self, points: Iterable[Point], paint: Paint | RGB) -> None:
        """Paint an opaque surface with straight edges."""
        self.body(polygon(points), paint)

    @contextmanager
    def group(
        self,
        clip: Path | None = None,
        *,
        without: Path | None = None,
        opacity: float = 1.0,
        blur: float = 0.0,
        blend: Blend = Blend.NORMAL,
    ) -> Iterator[None]:
        """Paint what follows inside `clip` and outside `without`, blurred and faded as one."""
        self.ops.append(Begin(clip, without, opacity, blur, blend))
        yield
        self.ops.append(End())

    def splice(self, ops: Sequence[Op]) -> None:
        """Append marks made on another canvas."""
        self.ops.extend(ops)


def _paint(paint: Paint | RGB, alpha: float = 1.0) -> Paint:
    return paint if isinstance(paint, Solid | Linear | Radial) else Solid(paint, alpha)
