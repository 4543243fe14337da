"""Paints with Skia. Importing this module needs libGL and libEGL on the system."""

from typing import Any, Final

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


class SkiaBackend:
    """CPU raster through Skia."""

    __slots__ = ()

    name = "skia"

    def rasterise(self, drawing: DisplayList, *, antialias: bool = True) -> Pixels:
        """Return the painted marks on black; see `Backend`."""
        surface = skia.Surface(drawing.width, drawing.height)
        canvas = surface.getCanvas()
        canvas.clear(skia.ColorBLACK)
        open_groups: list[int] = []
        for op in drawing.ops:
            if isinstance(op, Shape):
                _shape(canvas, op, antialias=antialias)
            elif isinstance(op, Begin):
                open_groups.append(_begin(canvas, op, antialias=antialias))
            else:
                canvas.restoreToCount(open_groups.pop())
        rows = surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)
        return np.ascontiguousarray(rows[:, :, :3], dtype=np.uint8)


def _shape(canvas: Any, op: Shape, *, antialias: bool) -> None:  # noqa: ANN401 - skia has no types
    path = _path(op.path)
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, op.blur) if op.blur > 0.05 else None
    if op.fill is not None:
        canvas.drawPath(path, _paint(op.fill, op.blend, blur, antialias=antialias))
    if op.stroke is not None:
        paint = _paint(op.stroke, op.blend, blur, antialias=antialias)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(op.width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        canvas.drawPath(path, paint)


def _begin(canvas: Any, op: Begin, *, antialias: bool) -> int:  # noqa: ANN401 - skia has no types
    before = int(canvas.save())
    if op.clip is not None:
        canvas.clipPath(_path(op.clip), skia.ClipOp.kIntersect, antialias)
    if op.without is not None:
        canvas.clipPath(_path(op.without), skia.ClipOp.kDifference, antialias)
    if op.opacity < 1.0 or op.blur > 0.05 or op.blend is not Blend.NORMAL:
        paint = skia.Paint(Alphaf=op.opacity, BlendMode=_BLENDS[op.blend])
        if op.blur > 0.05:
            paint.setImageFilter(skia.ImageFilters.Blur(op.blur, op.blur, skia.TileMode.kClamp))
        canvas.saveLayer(None, paint)
    return before


def _paint(paint: Paint, blend: Blend, blur: Any, *, antialias: bool) -> Any:  # noqa: ANN401 - skia has no types
    made = skia.Paint(AntiAlias=antialias, BlendMode=_BLENDS[blend])
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
        made.setDither(True)
    else:
        made.setShader(
            skia.GradientShader.MakeRadial(
                center=skia.Point(*paint.centre),
                radius=max(paint.radius, 0.01),
                colors=[_colour(s.colour, s.alpha) for s in paint.stops],
                positions=_positions(paint.stops),
            )
        )
        made.setDither(True)
    if blur is not None:
        made.setMaskFilter(blur)
    return made


def _positions(stops: tuple[Stop, ...]) -> list[float]:
    return [s.at for s in stops]


def _colour(colour: RGB, alpha: float) -> int:
    r, g, b = (min(255, max(0, round(c))) for c in colour)
    return int(skia.Color(r, g, b, min(255, max(0, round(alpha * 255)))))


def _path(path: Path) -> Any:  # noqa: ANN401 - skia has no types
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
