"""Paints the same list through SVG and resvg, which needs no system library."""

import io
from typing import Final

import numpy as np
import resvg_py
from PIL import Image

from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.display_list import (
    RGB,
    Begin,
    Blend,
    DisplayList,
    End,
    Linear,
    Paint,
    Path,
    Shape,
    Solid,
    Stop,
)

_SIZES: Final = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}


class ResvgBackend:
    """CPU raster through resvg; about ten times slower than Skia."""

    __slots__ = ()

    name = "resvg"

    def rasterise(self, drawing: DisplayList, *, antialias: bool = True) -> Pixels:
        """Return the painted marks on black; see `Backend`."""
        png = resvg_py.svg_to_bytes(
            svg_string=to_svg(drawing),
            background="#000000",
            skip_system_fonts=True,
            shape_rendering="geometric_precision" if antialias else "crisp_edges",
        )
        with Image.open(io.BytesIO(bytes(png))) as image:
            return np.ascontiguousarray(image.convert("RGB"), dtype=np.uint8)


def to_svg(drawing: DisplayList) -> str:
    """Return the marks of a drawing as an SVG document without text."""
    return _Writer().document(drawing)


class _Writer:
    """Collects definitions (gradients, clips, filters) and elements."""

    def __init__(self) -> None:
        self._definitions: list[str] = []
        self._elements: list[str] = []
        self._blurs: dict[str, str] = {}
        # A layer (True) is a group painted as one; a bare clip (False) is put on each shape inside it instead,
        # because SVG isolates groups and a blend mode inside one would have nothing to meet.
        self._open: list[tuple[bool, list[str]]] = []

    def document(self, drawing: DisplayList) -> str:
        for op in drawing.ops:
            if isinstance(op, Shape):
                self._shape(op)
            elif isinstance(op, Begin):
                self._begin(op)
            elif isinstance(op, End):
                self._end()
        w, h = drawing.width, drawing.height
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
            f"<defs>{''.join(self._definitions)}</defs>{''.join(self._elements)}</svg>"
        )

    def _shape(self, op: Shape) -> None:
        parts = [f'<path d="{_d(op.path)}"']
        if op.fill is None:
            parts.append('fill="none"')
        else:
            parts.append(self._paint(op.fill))
        if op.stroke is not None:
            parts.append(
                f'stroke="{_hex(op.stroke.colour)}" stroke-opacity="{op.stroke.alpha:.3f}" '
                f'stroke-width="{op.width:.2f}" stroke-linecap="round" stroke-linejoin="round"'
            )
        if op.blur > 0.05:
            parts.append(f'filter="url(#{self._blur(op.blur)})"')
        blend = f' style="mix-blend-mode:{op.blend.value}"' if op.blend is not Blend.NORMAL else ""
        clips = [clip for _, wrappers in self._inner_clips() for clip in wrappers]
        mark = " ".join(parts)
        if not clips:
            self._elements.append(f"{mark}{blend}/>")
            return
        first, *rest = clips
        opened = f"<g {first}{blend}>" + "".join(f"<g {r}>" for r in rest)
        self._elements.append(f"{opened}{mark}/>" + "</g>" * len(clips))

    def _begin(self, op: Begin) -> None:
        wrappers: list[str] = []
        if op.clip is not None:
            wrappers.append(f'clip-path="url(#{self._define("clipPath", _mark(op.clip))})"')
        if op.without is not None:
            everything = '<path d="M-9999-9999H19999V19999H-9999Z" fill="#fff"/>'
            mask = everything + f'<path d="{_d(op.without)}" fill="#000"/>'
            area = ' maskUnits="userSpaceOnUse" x="-9999" y="-9999" width="29998" height="29998"'
            wrappers.append(f'mask="url(#{self._define("mask", mask, area)})"')
        effects: list[str] = []
        if op.opacity < 1.0:
            effects.append(f'opacity="{op.opacity:.3f}"')
        if op.blur > 0.05:
            effects.append(f'filter="url(#{self._blur(op.blur)})"')
        if not effects and op.blend is Blend.NORMAL:
            self._open.append((False, wrappers))
            return
        blend = f' style="mix-blend-mode:{op.blend.value}"' if op.blend is not Blend.NORMAL else ""
        outer = [clip for _, clips in self._inner_clips() for clip in clips]
        nested = [*outer, *wrappers, " ".join(effects)]
        first, *rest = nested
        self._elements.append(f"<g {first}{blend}>" + "".join(f"<g {r}>" for r in rest))
        self._open.append((True, nested))

    def _inner_clips(self) -> list[tuple[bool, list[str]]]:
        """Return the bare clips that are open inside the innermost layer, outermost first."""
        found: list[tuple[bool, list[str]]] = []
        for entry in reversed(self._open):
            if entry[0]:
                break
            found.insert(0, entry)
        return found

    def _end(self) -> None:
        layer, wrappers = self._open.pop()
        if layer:
            self._elements.append("</g>" * len(wrappers))

    def _paint(self, paint: Paint) -> str:
        if isinstance(paint, Solid):
            return f'fill="{_hex(paint.colour)}" fill-opacity="{paint.alpha:.3f}"'
        stops = "".join(map(_stop, paint.stops))
        if isinstance(paint, Linear):
            (x1, y1), (x2, y2) = paint.start, paint.end
            where = f' gradientUnits="userSpaceOnUse" x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
            return f'fill="url(#{self._define("linearGradient", stops, where)})"'
        (x, y), r = paint.centre, max(paint.radius, 0.01)
        where = f' gradientUnits="userSpaceOnUse" cx="{x:.2f}" cy="{y:.2f}" r="{r:.2f}"'
        return f'fill="url(#{self._define("radialGradient", stops, where)})"'

    def _blur(self, blur: float) -> str:
        key = f"{blur:.1f}"
        if key not in self._blurs:
            margins = ' x="-50%" y="-50%" width="200%" height="200%"'
            body = f'<feGaussianBlur stdDeviation="{key}"/>'
            srgb = ' color-interpolation-filters="sRGB"'
            self._blurs[key] = self._define("filter", body, margins + srgb)
        return self._blurs[key]

    def _define(self, element: str, body: str, attributes: str = "") -> str:
        name = f"d{len(self._definitions)}"
        self._definitions.append(f'<{element} id="{name}"{attributes}>{body}</{element}>')
        return name


def _mark(path: Path) -> str:
    return f'<path d="{_d(path)}"/>'


def _stop(stop: Stop) -> str:
    return f'<stop offset="{stop.at:.4f}" stop-color="{_hex(stop.colour)}" stop-opacity="{stop.alpha:.3f}"/>'


def _hex(colour: RGB) -> str:
    r, g, b = (min(255, max(0, round(c))) for c in colour)
    return f"#{r:02x}{g:02x}{b:02x}"


def _d(path: Path) -> str:
    parts: list[str] = []
    i = 0
    for verb in path.verbs:
        n = _SIZES[verb]
        parts.append(verb + " ".join(f"{v:.2f}" for v in path.xy[i : i + n]))
        i += n
    return "".join(parts)
