"""Plots as SVG, in the colours of the page. Pure."""

import html
from collections.abc import Sequence
from typing import Final

_WIDTH, _HEIGHT = 520, 132
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 14, 12, 26
#: A plot never zooms in closer than this: differences that nobody sees should look small.
_LEAST_SPAN: Final = 0.1
_MANY: Final = 60
_LONGEST: Final = 18


def over_the_film(points: Sequence[tuple[str, float]], what: str, bound: float | None = None) -> str:
    """Values by shot, in story order; the lowest stands out. Empty for fewer than two.

    Args:
        points: shot and value, values up to 1.
        what: is measured, for those who can't see it.
        bound: drawn as a line where it lies within the plot.
    """
    if len(points) < 2:  # noqa: PLR2004 - a line
        return ""
    floor = _floor(min(value for _, value in points))
    step = (_WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
    x = [_LEFT + index * step for index in range(len(points))]
    y = [_y(value, floor) for _, value in points]
    worst = min(range(len(points)), key=lambda index: points[index][1])
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    dots = "".join(
        _dot(a, b, code, value, is_worst=index == worst)
        for index, (a, b, (code, value)) in enumerate(zip(x, y, points, strict=True))
        if index == worst or len(points) <= _MANY
    )
    middle = (1.0 + floor) / 2
    axis = "".join(_axis(value, floor) for value in (1.0, middle, floor))
    within = bound is not None and floor < bound < 1.0
    limit = _rule("bound", _y(bound, floor)) if within and bound is not None else ""
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='{_text(what)} by shot'>{axis}{limit}"
        f"<polyline class='line' points='{line}'/>{dots}{_names(points, x, worst)}</svg>"
    )


def _floor(least: float) -> float:
    return min(1.0 - _LEAST_SPAN, int(least * 20 - (least < 0)) / 20)


def _y(value: float, floor: float) -> float:
    return _TOP + (1.0 - value) / (1.0 - floor) * (_HEIGHT - _TOP - _BOTTOM)


def _axis(value: float, floor: float) -> str:
    y = _y(value, floor)
    return f"{_rule('axis', y)}<text x='{_LEFT - 8}' y='{y + 4:.1f}' text-anchor='end'>{value:.2f}</text>"


def _rule(kind: str, y: float) -> str:
    return f"<line class='{kind}' x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"


def _dot(x: float, y: float, code: str, value: float, *, is_worst: bool) -> str:
    kind, radius = ("worst", 4.5) if is_worst else ("dot", 2.5)
    named = f"<title>{_text(code)}: {value:.3f}</title>"
    return f"<circle class='{kind}' cx='{x:.1f}' cy='{y:.1f}' r='{radius}'>{named}</circle>"


def _names(points: Sequence[tuple[str, float]], x: Sequence[float], worst: int) -> str:
    """The first, the last and the worst shot along the axis; the ends give way to the worst beside them."""
    shown = [(worst, "worst")]
    far = (_WIDTH - _LEFT - _RIGHT) / 5
    shown += [(end, "") for end in (0, len(points) - 1) if abs(x[end] - x[worst]) > far]
    return "".join(
        f"<text class='{kind}' x='{x[index]:.1f}' y='{_HEIGHT - 8}' text-anchor='{_anchor(index, len(points))}'>"
        f"{_text(_short(points[index][0]))}</text>"
        for index, kind in shown
    )


def _short(name: str) -> str:
    """A slate of any length, cut so that three of them have room; the dot tells it whole."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _anchor(index: int, count: int) -> str:
    return "start" if index == 0 else "end" if index == count - 1 else "middle"


def _text(value: object) -> str:
    return html.escape(str(value))
