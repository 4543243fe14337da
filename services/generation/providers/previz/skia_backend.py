"""Paints with Skia. Importing this module needs libGL and libEGL on the system."""

import math
from typing import Any, Final, NamedTuple

import numpy as np
import skia

from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.display_list import (
    RGB,
    Begin,
    Blend,
    DisplayList,
    Linear,
    Paint,
    Path,
    Shape,
    Solid,
    Stop,
)

_BLENDS: Final[dict[Blend, Any]] = {
    Blend.NORMAL: skia.BlendMode.kSrcOver,
    Blend.SCREEN: skia.BlendMode.kScreen,
    Blend.MULTIPLY: skia.BlendMode.kMultiply,
    Blend.OVERLAY: skia.BlendMode.kOverlay,
    Blend.SOFT_LIGHT: skia.BlendMode.kSoftLight,
}
_LINEAR: Final = skia.SamplingOptions(skia.FilterMode.kLinear)
_SHARP: Final = 0.05
"""A blur of less than this many pixels is none."""
_COARSE: Final = 1.2
"""Blur in pixels from which a group is painted on a canvas of coarser pixels."""
_COARSE_SHAPE: Final = 3.0
"""As `_COARSE`, for a single shape; only of normal blend, since Skia enlarges slowly with others."""
_TWICE: Final = 2.0
"""Blur in pixels from which such a group is softened twice, on fewer pixels."""
_MARGIN: Final = 3
"""Pixels of a coarse canvas beyond the frame, so that its edges don't show when softened."""


class SkiaBackend:
    """CPU raster through Skia."""

    __slots__ = ()

    name = "skia"

    def rasterise(self, drawing: DisplayList, *, antialias: bool = True) -> Pixels:
        """Return the painted marks on black; see `Backend`."""
        # Skia's own order of bytes, which its fast loops are written for.
        pixels = np.zeros((drawing.height, drawing.width, 4), np.uint8)
        surface = skia.Surface(pixels, skia.ColorType.kBGRA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
        canvas = surface.getCanvas()
        canvas.clear(skia.ColorBLACK)
        _Painter(drawing, canvas, antialias=antialias).paint()
        return pixels[:, :, 2::-1]


class _Layer(NamedTuple):
    """A group under way: its canvas and the state to go back to; `surface` is its own coarse one, or None."""

    canvas: Any
    before: int
    surface: Any = None
    by: float = 1.0
    rounds: int = 0


class _Painter:
    """Paints one drawing.

    Args:
        drawing: what to paint.
        canvas: Skia's, of the drawing's size.
        antialias: False keeps every edge hard.
    """

    def __init__(self, drawing: DisplayList, canvas: Any, *, antialias: bool) -> None:  # noqa: ANN401 - skia has no types
        self._drawing = drawing
        self._canvas = canvas
        self._antialias = antialias
        self._open: list[_Layer] = []
        # The drawing holds its paths while it is painted, so an id stands for one path.
        self._paths: dict[int, Any] = {}

    def paint(self) -> None:
        for op in self._drawing.ops:
            if isinstance(op, Shape):
                self._shape(op)
            elif isinstance(op, Begin):
                self._begin(op)
            else:
                self._end()

    def _shape(self, op: Shape) -> None:
        path = self._path(op.path)
        if op.blur >= _COARSE_SHAPE and op.blend is Blend.NORMAL and op.stroke is None:
            self._soft_shape(op, path)
            return
        blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, op.blur) if op.blur > _SHARP else None
        if op.fill is not None:
            self._canvas.drawPath(path, self._paint(op.fill, op.blend, blur))
        if op.stroke is not None:
            paint = self._paint(op.stroke, op.blend, blur)
            paint.setStyle(skia.Paint.kStroke_Style)
            paint.setStrokeWidth(op.width)
            paint.setStrokeCap(skia.Paint.kRound_Cap)
            paint.setStrokeJoin(skia.Paint.kRound_Join)
            self._canvas.drawPath(path, paint)

    def _soft_shape(self, op: Shape, path: Any) -> None:  # noqa: ANN401 - skia has no types
        """Paint a very soft shape as a small picture, enlarged: a true blur of many pixels takes ten times as long."""
        by, reach = op.blur / _deviation(1), 3.0 * op.blur
        seen = path.getBounds().makeOutset(reach, reach)
        if op.fill is None or not seen.intersect(self._canvas.getLocalClipBounds()):
            return
        surface = skia.Surface(math.ceil(seen.width() / by) + 2 * _MARGIN, math.ceil(seen.height() / by) + 2 * _MARGIN)
        small = surface.getCanvas()
        small.clear(skia.ColorTRANSPARENT)
        small.translate(_MARGIN, _MARGIN)
        small.scale(1.0 / by, 1.0 / by)
        small.translate(-seen.left(), -seen.top())
        small.drawPath(path, self._paint(op.fill, Blend.NORMAL, None))
        image = _softened(surface.makeImageSnapshot())
        self._canvas.save()
        self._canvas.translate(seen.left(), seen.top())
        self._canvas.scale(by, by)
        self._canvas.drawImage(image, -_MARGIN, -_MARGIN, _LINEAR)
        self._canvas.restore()

    def _begin(self, op: Begin) -> None:
        canvas = self._canvas
        before = int(canvas.save())
        if op.clip is not None:
            canvas.clipPath(self._path(op.clip), skia.ClipOp.kIntersect, self._antialias)
        if op.without is not None:
            canvas.clipPath(self._path(op.without), skia.ClipOp.kDifference, self._antialias)
        if op.blur >= _COARSE and op.opacity >= 1.0 and op.blend is Blend.NORMAL:
            self._begin_coarse(op.blur, before)
            return
        if op.opacity < 1.0 or op.blur > _SHARP or op.blend is not Blend.NORMAL:
            paint = skia.Paint(Alphaf=op.opacity, BlendMode=_BLENDS[op.blend])
            if op.blur > _SHARP:
                paint.setImageFilter(skia.ImageFilters.Blur(op.blur, op.blur, skia.TileMode.kClamp))
            canvas.saveLayer(None, paint)
        self._open.append(_Layer(canvas, before))

    def _begin_coarse(self, blur: float, before: int) -> None:
        """Paint what is out of focus on a coarse canvas: the blur hides it, and it costs a fraction."""
        rounds = 1 if blur < _TWICE else 2
        by = blur / _deviation(rounds)
        width, height = (math.ceil(side / by) + 2 * _MARGIN for side in (self._drawing.width, self._drawing.height))
        surface = skia.Surface(width, height)
        self._open.append(_Layer(self._canvas, before, surface, by, rounds))
        canvas = surface.getCanvas()
        canvas.clear(skia.ColorTRANSPARENT)
        canvas.translate(_MARGIN, _MARGIN)
        canvas.scale(1.0 / by, 1.0 / by)
        self._canvas = canvas

    def _end(self) -> None:
        layer = self._open.pop()
        if layer.surface is not None:
            image = layer.surface.makeImageSnapshot()
            for _ in range(layer.rounds):
                image = _softened(image)
            layer.canvas.scale(layer.by, layer.by)
            layer.canvas.drawImage(image, -_MARGIN, -_MARGIN, _LINEAR)
            self._canvas = layer.canvas
        layer.canvas.restoreToCount(layer.before)

    def _paint(self, paint: Paint, blend: Blend, blur: Any) -> Any:  # noqa: ANN401 - skia has no types
        made = skia.Paint(AntiAlias=self._antialias, BlendMode=_BLENDS[blend])
        if isinstance(paint, Solid):
            made.setColor(_colour(paint.colour, paint.alpha))
        elif isinstance(paint, Linear):
            made.setShader(
                skia.GradientShader.MakeLinear(
                    points=[skia.Point(*paint.start), skia.Point(*paint.end)],
                    colors=[_colour(s.colour, s.alpha) for s in paint.stops],
                    positions=_positions(paint.stops),
                )
            )
        else:
            made.setShader(
                skia.GradientShader.MakeRadial(
                    center=skia.Point(*paint.centre),
                    radius=max(paint.radius, 0.01),
                    colors=[_colour(s.colour, s.alpha) for s in paint.stops],
                    positions=_positions(paint.stops),
                )
            )
        if blur is not None:
            made.setMaskFilter(blur)
        made.setDither(not isinstance(paint, Solid))  # without it Skia takes a slower way, and gradients show bands
        return made

    def _path(self, path: Path) -> Any:  # noqa: ANN401 - skia has no types
        made = self._paths.get(id(path))
        if made is None:
            made = self._paths[id(path)] = _skia_path(path)
        return made


def _deviation(rounds: int) -> float:
    """Return the blur, in coarse pixels, of painting in them, softening and enlarging.

    The variances are 1/12 (a box), 1/2 for each round of `_softened`, and 1/6 (a triangle).
    """
    return math.sqrt(0.25 + 0.5 * rounds)


def _softened(image: Any) -> Any:  # noqa: ANN401 - skia has no types
    """Return an image blurred by (1, 2, 1) / 4 along both axes: moved by half a pixel there and back."""
    for shift in (0.5, -0.5):
        surface = skia.Surface(image.width(), image.height())
        surface.getCanvas().drawImage(image, shift, shift, _LINEAR)
        image = surface.makeImageSnapshot()
    return image


def _positions(stops: tuple[Stop, ...]) -> list[float]:
    return [s.at for s in stops]


def _colour(colour: RGB, alpha: float) -> int:
    r, g, b = (min(255, max(0, round(c))) for c in colour)
    return int(skia.Color(r, g, b, min(255, max(0, round(alpha * 255)))))


def _skia_path(path: Path) -> Any:  # noqa: ANN401 - skia has no types
    made = skia.PathBuilder()
    move, line, quad, cubic, close = made.moveTo, made.lineTo, made.quadTo, made.cubicTo, made.close
    xy, i = path.xy, 0
    for verb in path.verbs:
        if verb == "C":
            cubic(*xy[i : i + 6])
            i += 6
        elif verb == "L":
            line(xy[i], xy[i + 1])
            i += 2
        elif verb == "M":
            move(xy[i], xy[i + 1])
            i += 2
        elif verb == "Q":
            quad(*xy[i : i + 4])
            i += 4
        else:
            close()
    return made.detach()
