"""Heads: a skull of horizontal slices seen from any side, and a face that says little and reads well."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.build import Build
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.colours import WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB, ellipse, polygon, spline
from services.generation.providers.previz.expressions import Expression
from services.generation.providers.previz.geometry import Point, Vec3, clamp, cross, dot, unit
from services.generation.providers.previz.skeleton import Skeleton

# y, half width, front, back; in head heights, from the middle of the head
_SLICES: Final = (
    (-0.50, 0.106, 0.300, -0.120),
    (-0.455, 0.180, 0.345, -0.050),
    (-0.36, 0.246, 0.350, 0.040),
    (-0.25, 0.288, 0.342, 0.150),
    (-0.12, 0.318, 0.336, 0.290),
    (0.02, 0.337, 0.335, 0.400),
    (0.15, 0.350, 0.358, 0.445),
    (0.28, 0.337, 0.342, 0.440),
    (0.38, 0.284, 0.270, 0.370),
    (0.46, 0.180, 0.160, 0.240),
    (0.50, 0.021, 0.020, 0.060),
)


class Slice(NamedTuple):
    """A horizontal cut of the skull: half width, middle and half depth (z ahead), in head heights."""

    wide: float
    middle: float
    deep: float


class HeadView:
    """One head in front of one camera. Points are (x: the person's right, y: up, z: ahead) in head heights.

    Attributes:
        pixels: height of the head on the screen.
        ahead: 1 when the face looks into the camera, -1 when away.
        turned: over 0 when the face looks to the right of the screen.
    """

    __slots__ = ("_origin", "_x", "_y", "_z", "ahead", "azimuth", "jaw", "pixels", "turned", "young")

    def __init__(self, camera: Camera, bones: Skeleton, build: Build) -> None:
        face, crown = bones.face, bones.crown
        side = unit(cross(crown, face))
        crown = unit(cross(face, side))
        centre = bones["head"]
        size = build.head * build.stature
        depth = camera.depth(centre)
        k = camera.scale(depth) * size
        c, s = math.cos(camera.roll), math.sin(camera.roll)

        def axis(v: Vec3) -> Point:
            x, y = dot(v, camera.right) * k, -dot(v, camera.up) * k
            return (x * c - y * s, x * s + y * c)

        self._origin = camera.project(centre)
        self._x, self._y, self._z = axis(side), axis(crown), axis(face)
        self.pixels = k
        self.jaw = build.jaw
        self.young = build.young
        self.ahead = -dot(face, camera.forward)
        self.turned = dot(face, camera.right)
        to_camera = (-camera.forward[0], -camera.forward[1], -camera.forward[2])
        self.azimuth = math.atan2(dot(to_camera, side), dot(to_camera, face))

    def at(self, x: float, y: float, z: float) -> Point:
        """Return the pixel of a point of the head."""
        o, a, b, c = self._origin, self._x, self._y, self._z
        return (o[0] + a[0] * x + b[0] * y + c[0] * z, o[1] + a[1] * x + b[1] * y + c[1] * z)

    def cut(self, y: float) -> Slice:
        """Return the slice of the skull at a height."""
        low = _SLICES[0]
        for high in _SLICES:
            if y <= high[0]:
                span = high[0] - low[0]
                t = 0.0 if span <= 0 else (y - low[0]) / span
                w, f, b = (low[i] + (high[i] - low[i]) * t for i in (1, 2, 3))
                jaw = self.jaw if y < -0.15 else 1.0
                if self.young > 0.0 and y < 0.2:
                    # Round cheeks over a small chin.
                    w *= 1.0 + self.young * (0.15 if y > -0.40 else -0.04)
                return Slice(w * jaw, (f - b) / 2, (f + b) / 2)
            low = high
        return Slice(_SLICES[-1][1], 0.0, 0.02)

    def skin(self, x: float, y: float, lift: float = 0.0) -> Point:
        """Return the pixel of the face's surface at (x, y), `lift` head heights above the skin."""
        if self.young > 0.0:
            y -= 0.07 * self.young * clamp((y + 0.5) / 0.3, 0.0, 1.0)  # a child's face sits low on a large skull
        cut = self.cut(y)
        t = clamp(x / cut.wide, -1.0, 1.0) if cut.wide > 1e-6 else 0.0
        return self.at(x, y, cut.middle + cut.deep * math.sqrt(1.0 - t * t) + lift)

    def around(self, azimuth: float, y: float, swell: float = 0.0) -> Point:
        """Return the pixel of the skull's surface at an azimuth (0 ahead, pi/2 the person's right)."""
        cut = self.cut(clamp(y, -0.5, 0.5))
        w, d = cut.wide + swell, cut.deep + swell
        top = y + (swell if y > 0.4 else 0.0)
        return self.at(w * math.sin(azimuth), top, cut.middle + d * math.cos(azimuth))

    def silhouette(self, low: float = -0.5, high: float = 0.5, swell: float = 0.0) -> list[Point]:
        """Return the outline of the skull between two heights: up the screen's left, down its right."""
        heights = [low, *(s[0] for s in _SLICES if low < s[0] < high), high]
        left = [self.around(self.azimuth + self._left(), y, swell) for y in heights]
        right = [self.around(self.azimuth - self._left(), y, swell) for y in reversed(heights)]
        return left + right

    def sees(self, x: float) -> bool:
        """Return whether the camera sees a point of the face at half width x, at the height of the eyes."""
        azimuth = math.asin(clamp(x / self.cut(0.02).wide, -1.0, 1.0)) * 0.9
        return math.cos(azimuth - self.azimuth) > 0.22

    def sees_side(self, sign: float) -> bool:
        """Return whether the camera sees the ear of the person's right (1) or left (-1)."""
        return math.cos(self.azimuth - sign * math.pi / 2) >= -0.30

    def _left(self) -> float:
        """Return the turn from the camera's direction to the outline on the screen's left."""
        # Facing us, a person's right is on the screen's left; the turn keeps its sign all around.
        return math.pi / 2


def draw_head(brush: Brush, view: HeadView, build: Build, expression: Expression, eyes: RGB) -> None:
    """Draw skull, ears and face; hair and hats come after."""
    skin = brush.cloth(build.skin)
    ears(brush, view, skin)
    outline = view.silhouette()
    if view.ahead > -0.2:
        outline = _profiled(view, outline, build)
    path = brush.part(outline, skin, tension=0.5, rim=0.9)
    if view.ahead > -0.15 and view.pixels > 13 * brush.canvas.unit:
        with brush.canvas.group(path):
            _planes(brush, view)
        Face(brush, view, build, expression, skin, eyes).draw()


def ears(brush: Brush, view: HeadView, skin: RGB) -> None:
    """Draw the ears that the camera sees."""
    if view.pixels < 26 * brush.canvas.unit:
        return
    for sign in (-1.0, 1.0):
        if not view.sees_side(sign):
            continue
        ring = [(0.0, 0.10), (-0.07, 0.09), (-0.085, 0.0), (-0.05, -0.10), (0.0, -0.13), (0.02, -0.02)]
        points = [view.at(sign * 0.335, y - 0.01, z - 0.02) for z, y in ring]
        brush.part([(p[0], p[1]) for p in _fat(points, view, sign)], brush.dark(skin, 0.12), shade=0.6)


def _fat(points: Sequence[Point], view: HeadView, sign: float) -> list[Point]:
    """Widen an ear seen edge-on, so that it stays a shape."""
    shift = view.at(sign * 0.05, 0.0, 0.0)
    origin = view.at(0.0, 0.0, 0.0)
    dx, dy = shift[0] - origin[0], shift[1] - origin[1]
    return [(p[0] + dx * (0.3 + 0.7 * (i in {1, 2, 3})), p[1] + dy * 0.5) for i, p in enumerate(points)]


def _profiled(view: HeadView, outline: list[Point], build: Build) -> list[Point]:
    """Return the outline with nose, lips and chin where the face is seen from the side."""
    side = abs(view.turned)
    if side < 0.72:
        return outline
    by = clamp((side - 0.72) / 0.2, 0.0, 1.0)
    bumps = (
        (-0.475, 0.345, 0.02), (-0.41, 0.335, -0.010), (-0.335, 0.365, 0.018), (-0.285, 0.362, 0.020),
        (-0.245, 0.372, 0.02), (-0.195, 0.355, 0.0), (-0.165, max(0.39, 0.44 * build.nose), 0.0),
        (-0.125, max(0.395, 0.455 * build.nose), 0.0),
        (0.02, 0.365, 0.0), (0.075, 0.345, 0.0), (0.14, 0.372, 0.0), (0.25, 0.36, 0.0),
    )  # fmt: skip
    profile = [view.at(0.0, y, (z + more * 0.5) * by + (1 - by) * 0.33) for y, z, more in bumps]
    keep = [p for p in outline if not _in_front(view, p)]
    head_up = [view.at(0.0, 0.36, 0.31), view.at(0.0, 0.455, 0.17)]
    chin = [view.at(0.0, -0.5, 0.25)]
    crown_first = [*reversed(head_up), *reversed(profile), *chin]
    return _stitched(view, keep, crown_first)


def _in_front(view: HeadView, p: Point) -> bool:
    o = view.at(0.0, 0.0, 0.0)
    f = view.at(0.0, 0.0, 1.0)
    dx, dy = f[0] - o[0], f[1] - o[1]
    return (p[0] - o[0]) * dx + (p[1] - o[1]) * dy > 0.03 * (dx * dx + dy * dy)


def _stitched(view: HeadView, back: list[Point], front: list[Point]) -> list[Point]:
    """Join the back of the head (chin to crown) with the profile (crown to chin)."""
    chin = view.at(0.0, -0.5, 0.0)
    top = view.at(0.0, 0.5, 0.0)
    ax, ay = top[0] - chin[0], top[1] - chin[1]
    ordered = sorted(back, key=lambda p: (p[0] - chin[0]) * ax + (p[1] - chin[1]) * ay)
    return ordered + front


def _planes(brush: Brush, view: HeadView) -> None:
    """Shade the planes that make a face: sockets, side of the nose, under the lip and the jaw."""
    px = view.pixels
    if px < 26 * brush.canvas.unit:
        band = [
            view.skin(x, y)
            for x, y in ((-0.24, 0.05), (0.0, 0.07), (0.24, 0.05), (0.22, -0.02), (0.0, 0.0), (-0.22, -0.02))
        ]
        brush.shadow(band, 0.30)
        return
    soft = px * 0.012
    for sign in (-1.0, 1.0):
        socket = [(0.05, 0.055), (0.13, 0.095), (0.235, 0.06), (0.225, -0.005), (0.13, -0.03), (0.06, 0.0)]
        brush.shadow([view.skin(sign * x, y) for x, y in socket], 0.26, blur=soft)
    away = brush.side if view.ahead > 0 else -brush.side
    dark = -1.0 if view.at(1, 0, 0)[0] * away > view.at(-1, 0, 0)[0] * away else 1.0
    nose = [(0.02, 0.06), (dark * 0.055, -0.05), (dark * 0.085, -0.145), (0.0, -0.175), (0.0, -0.05)]
    brush.shadow([view.skin(x, y, 0.02) for x, y in nose], 0.30, blur=soft * 0.8)
    under = [(-0.05, -0.185), (0.05, -0.185), (0.035, -0.225), (-0.035, -0.225)]
    brush.shadow([view.skin(x, y) for x, y in under], 0.22, blur=soft)
    lip = [(-0.075, -0.335), (0.075, -0.335), (0.05, -0.375), (-0.05, -0.375)]
    brush.shadow([view.skin(x, y) for x, y in lip], 0.26, blur=soft)
    cheek = [(dark * 0.14, -0.08), (dark * 0.28, 0.0), (dark * 0.27, -0.2), (dark * 0.16, -0.40), (dark * 0.12, -0.25)]
    brush.shadow([view.skin(x, y) for x, y in cheek], 0.20, blur=soft * 1.6)


class Face:
    """Eyes, brows, nose and mouth; fewer and simpler the smaller the head."""

    def __init__(
        self, brush: Brush, view: HeadView, build: Build, expression: Expression, skin: RGB, eyes: RGB
    ) -> None:
        self._brush = brush
        self._view = view
        self._build = build
        self._mood = expression
        self._skin = skin
        self._eyes = eyes
        self._large = view.pixels / brush.canvas.unit
        self._ink = mix(brush.look.line, brush.light.haze, (1 - brush.fade) * 0.6)

    def draw(self) -> None:
        """Draw what the camera sees of the face."""
        for sign in (-1.0, 1.0):
            if self._view.sees(sign * 0.135):
                self._eye(sign)
                self._brow(sign)
        if self._large > 38:
            self._nose()
        if self._large > 22:
            self._mouth()
        self._age_lines()

    def _line(self, points: Sequence[Point], width: float, alpha: float = 0.9) -> None:
        thick = max(self._view.pixels * width * self._brush.look.features, 0.7 * self._brush.canvas.unit)
        self._brush.canvas.line(spline(points, closed=False), self._ink, thick, alpha * self._brush.fade)

    def _at(self, sign: float, x: float, y: float, lift: float = 0.0) -> Point:
        """Return the pixel of a point of one side of the face."""
        return self._view.skin(sign * x, y, lift)

    def _eye(self, sign: float) -> None:
        m = self._mood
        open_ = 0.040 * m.eyes * (1.0 + 0.55 * self._build.young)
        upper = [
            self._at(sign, 0.068, -0.004),
            self._at(sign, 0.105, open_ * 0.85),
            self._at(sign, 0.150, open_),
            self._at(sign, 0.205, 0.012 + m.slant * 0.01),
        ]
        if self._large < 48:
            self._line(upper[:1] + upper[2:], 0.022)
            return
        lower = [
            self._at(sign, 0.195, -0.004),
            self._at(sign, 0.150, -open_ * 0.55),
            self._at(sign, 0.105, -open_ * 0.50),
        ]
        self._eyeball(sign, upper, lower, open_)
        self._line(upper, 0.019 if not self._build.feminine or self._build.young > 0.5 else 0.024)
        if self._build.feminine and self._build.young < 0.5:
            self._line([upper[3], self._at(sign, 0.228, 0.032 + m.slant * 0.012)], 0.016)
        if self._large > 80:
            fold = ((0.10, open_ + 0.022), (0.15, open_ + 0.032), (0.205, open_ * 0.4 + 0.034))
            self._line([self._at(sign, x, y) for x, y in fold], 0.007, 0.5)
            self._line(lower, 0.007, 0.55)

    def _eyeball(self, sign: float, upper: Sequence[Point], lower: Sequence[Point], opening: float) -> None:
        v, brush = self._view, self._brush
        almond = polygon([*upper, *lower])
        brush.canvas.tint(almond, mix(brush.cloth((236, 230, 222)), self._skin, 0.22))
        with brush.canvas.group(almond):
            c = self._at(sign, 0.138 + self._mood.gaze * 0.02 * sign, opening * 0.22, 0.01)
            r = v.pixels * 0.037 * (1.0 + 0.42 * self._build.young)
            squeeze = max(0.35, abs(v.ahead))
            brush.canvas.tint(ellipse(c[0], c[1], r * squeeze, r), brush.cloth(self._eyes))
            brush.canvas.tint(ellipse(c[0], c[1], r * 0.5 * squeeze, r * 0.5), (14, 10, 16))
            if self._large > 90:
                glint = (c[0] + brush.side * r * 0.35, c[1] - r * 0.4)
                brush.canvas.tint(ellipse(*glint, r * 0.2, r * 0.2), WHITE, 0.9)
            lid = [*upper, self._at(sign, 0.15, opening * 0.35), self._at(sign, 0.1, opening * 0.3)]
            brush.shadow(lid, 0.5)

    def _brow(self, sign: float) -> None:
        v, m = self._view, self._mood
        inner, mid, outer = 0.105 + m.brow_in * 0.035, 0.135 + m.brow * 0.02, 0.095 + m.brow_out * 0.03
        points = [v.skin(sign * x, y, 0.012) for x, y in ((0.050, inner), (0.140, mid), (0.235, outer))]
        self._line(points, 0.022 * self._build.brow, 0.88)

    def _nose(self) -> None:
        v, n = self._view, self._build.nose
        turn = clamp(v.turned * 1.6, -1.0, 1.0)
        # The far side of the nose is what the eye looks for: on the side that the face is turned to.
        right_is_screen_right = v.at(1, 0, 0)[0] > v.at(-1, 0, 0)[0]
        s = 1.0 if (turn >= 0) == right_is_screen_right else -1.0
        tip = v.skin(s * 0.035, -0.155 * n, 0.075 * n)
        if abs(v.turned) < 0.72:
            self._line([v.skin(s * 0.035, 0.02, 0.02), v.skin(s * 0.038, -0.08, 0.045), tip], 0.009, 0.42)
            self._line([v.skin(-s * 0.045, -0.165, 0.02), v.skin(0.0, -0.185, 0.05), tip], 0.012, 0.72)
        else:
            self._line([v.skin(0.06, -0.15, 0.02), v.skin(0.045, -0.185, 0.02), v.skin(0.02, -0.175, 0.05)], 0.011, 0.7)

    def _mouth(self) -> None:
        v, m = self._view, self._mood
        wide = (0.088 if self._build.feminine else 0.098) * m.mouth_wide * (1.0 - 0.20 * self._build.young)
        curve = m.smile * 0.026
        y = -0.285
        corners = [v.skin(-wide, y + curve), v.skin(wide, y + curve)]
        mid = v.skin(0.0, y - curve * 0.4, 0.012)
        gap = m.mouth_open * 0.07
        lips = brush_lips(self._brush, self._skin, feminine=self._build.feminine)
        if self._large > 60:
            lower = [
                corners[0],
                v.skin(-0.035, y - 0.045 - gap, 0.015),
                v.skin(0.035, y - 0.045 - gap, 0.015),
                corners[1],
                mid,
            ]
            upper = [
                corners[0],
                v.skin(-0.03, y + 0.026, 0.015),
                v.skin(0.0, y + 0.018, 0.018),
                v.skin(0.03, y + 0.026, 0.015),
                corners[1],
                mid,
            ]
            strong = (0.85 if self._build.feminine else 0.45) * (1.0 - 0.65 * self._build.young)
            self._brush.canvas.tint(spline(lower), lips, strong)
            self._brush.canvas.tint(spline(upper), self._brush.dark(lips, 0.35), strong)
        if gap > 0.004:
            hole = [corners[0], v.skin(0.0, y + 0.008, 0.01), corners[1], v.skin(0.0, y - gap, 0.01)]
            self._brush.canvas.tint(spline(hole), rgb("3a141c"), 0.92)
        else:
            self._line(
                [corners[0], v.skin(-0.03, y + 0.004, 0.014), mid, v.skin(0.03, y + 0.004, 0.014), corners[1]], 0.014
            )

    def _age_lines(self) -> None:
        if not self._build.wrinkles or self._large < 60:
            return
        v = self._view
        for sign in (-1.0, 1.0):
            if self._view.sees(sign * 0.12):
                self._line(
                    [v.skin(sign * 0.075, -0.14), v.skin(sign * 0.115, -0.23), v.skin(sign * 0.115, -0.29)], 0.008, 0.5
                )
                self._line(
                    [v.skin(sign * 0.08, -0.055), v.skin(sign * 0.14, -0.075), v.skin(sign * 0.19, -0.05)], 0.007, 0.4
                )
        for y in (0.20, 0.25):
            self._line([v.skin(-0.11, y), v.skin(0.0, y + 0.012), v.skin(0.11, y)], 0.006, 0.35)


def brush_lips(brush: Brush, skin: RGB, *, feminine: bool) -> RGB:
    """Return the colour of the lips."""
    return mix(skin, brush.cloth(rgb("a8323c" if feminine else "8c4a40")), 0.55 if feminine else 0.40)
