"""Clothes on a body: lofts around the joints, cut by garment."""

import math
from collections.abc import Sequence

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.build import Build
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Point, Vec3, add, along, blend, scaled
from services.generation.providers.previz.lofts import Oval, Ring, limb, outline, seen
from services.generation.providers.previz.skeleton import Skeleton
from services.generation.providers.previz.wardrobe import Garment


class Wearer:
    """A body with its measures, as garments need it."""

    def __init__(self, brush: Brush, bones: Skeleton, build: Build) -> None:
        self.brush = brush
        self.bones = bones
        self.build = build
        self.s = build.stature

    def ring(self, centre: Vec3, wide: float, deep: float) -> Oval:
        """Return a level ring around the trunk; half sizes in statures."""
        b = self.bones
        return seen(self.brush.camera, Ring(centre, scaled(b.across, wide * self.s), scaled(b.ahead, deep * self.s)))

    def trunk(self, thick: float, *, to: float = 0.0) -> list[Oval]:
        """Return rings from the neck down to the hips.

        Args:
            thick: thickness of the cloth in statures.
            to: how far the lowest ring goes below the waist towards the hips, 0 to 1 and beyond.
        """
        b, m = self.bones, self.build
        yoke = blend(b["chest"], b["neck"], 0.85)
        below = blend(b["waist"], b["pelvis"], to)
        rings = [
            self.ring(blend(b["chest"], b["neck"], 1.06), 0.036 + thick, 0.034 + thick),
            self.ring(blend(b["chest"], b["neck"], 0.97), m.shoulder * 0.54 + thick, m.depth * 0.68 + thick),
            self.ring(yoke, m.shoulder * 0.93 + thick, m.depth * 0.84 + thick),
            self.ring(blend(b["chest"], b["neck"], 0.30), m.shoulder * 0.86 + thick, m.depth + thick),
            self.ring(b["chest"], m.shoulder * 0.78 + thick, m.depth + thick),
            self.ring(b["waist"], m.waist + thick, m.depth * 0.84 + thick),
        ]
        if to > 0.0:
            rings.append(self.ring(below, m.waist + (m.hip - m.waist) * min(to, 1.0) + thick, m.depth * 0.95 + thick))
        return rings

    def leg_point(self, height: float) -> tuple[Vec3, float]:
        """Return the middle between the legs at a fraction down from hips (0) to ankles (1), and half their gap."""
        b = self.bones
        spots = []
        for side in ("r", "l"):
            hip, knee, ankle = b[f"hip_{side}"], b[f"knee_{side}"], b[f"ankle_{side}"]
            spots.append(blend(hip, knee, height * 2) if height < 0.5 else blend(knee, ankle, height * 2 - 1))
        right, left = spots
        gap = abs((right[0] - left[0]) * b.across[0] + (right[2] - left[2]) * b.across[2]) / 2
        return blend(right, left, 0.5), gap / self.s

    def leg_depth(self, height: float) -> float:
        """Return half the distance between the legs from front to back, in statures."""
        b = self.bones
        right, left = b["knee_r"], b["knee_l"]
        if height > 0.6:
            right, left = b["ankle_r"], b["ankle_l"]
        return (
            abs((right[0] - left[0]) * b.ahead[0] + (right[2] - left[2]) * b.ahead[2])
            / 2
            / self.s
            * min(1.0, height * 1.6)
        )

    def skirt(self, thick: float, hem: float, flare: float) -> list[Oval]:
        """Return rings of cloth around both legs, from the waist to a hem in statures above the ground."""
        b, m = self.bones, self.build
        rings = [
            self.ring(b["waist"], m.waist + thick, m.depth * 0.84 + thick),
            self.ring(b["pelvis"], m.hip + thick, m.depth * 0.98 + thick),
        ]
        end = min(0.97, max(0.12, (0.50 - hem) / 0.48))
        for part in (0.35, 0.7, 1.0):
            at, gap = self.leg_point(end * part)
            spread = flare * part
            wide = max(gap + 0.040 * m.limb, m.hip * 0.78) + thick + spread
            deep = self.leg_depth(end * part) + 0.050 * m.limb + thick + spread * 0.8
            rings.append(self.ring(at, wide, deep))
        return rings


def draw_trunk(w: Wearer, cloth: Garment, *, thick: float, to: float, bare: RGB | None = None) -> list[Point]:
    """Draw a bodice, shirt or jacket body, and return its outline."""
    brush = w.brush
    colour = brush.cloth(cloth.colour)
    rings = w.trunk(thick, to=to)
    if bare is not None:
        w.brush.part(outline(w.trunk(0.002, to=0.8), start_cap=0.0), bare, shade=0.9)
    points = outline(rings, start_cap=0.0, end_cap=0.25)
    brush.part(points, colour)
    return points


def draw_skirt(w: Wearer, cloth: Garment, thick: float = 0.008) -> None:
    """Draw cloth around the legs with folds and a border."""
    brush = w.brush
    rings = w.skirt(thick, cloth.hem, cloth.flare)
    colour = brush.cloth(cloth.colour)
    path = brush.part(outline(rings, start_cap=0.1, end_cap=0.7), colour, tension=0.4)
    with brush.canvas.group(path):
        _border(brush, rings, brush.cloth(cloth.trim), 0.16 if cloth.flare > 0.04 else 0.08)
        _folds(brush, rings)


def draw_coat_skirt(w: Wearer, cloth: Garment) -> None:
    """Draw the lower part of a coat."""
    brush = w.brush
    rings = w.skirt(0.022, cloth.hem, cloth.flare)
    path = brush.part(outline(rings, start_cap=0.1, end_cap=0.35), brush.cloth(cloth.colour), tension=0.36)
    with brush.canvas.group(path):
        front = _front_line(w, rings)
        brush.crease(front, 1.1, 0.8)
        _folds(brush, rings)


def _front_line(w: Wearer, rings: Sequence[Oval]) -> list[Point]:
    """Return the line down the front of nested rings, a little to the person's left."""
    a, c = w.bones.ahead, w.brush.camera
    toward = -(a[0] * c.forward[0] + a[1] * c.forward[1] + a[2] * c.forward[2])
    if toward < -0.3:
        return []
    return [
        (o.centre[0] + o.deep[0] * 0.92 - o.wide[0] * 0.16, o.centre[1] + o.deep[1] * 0.92 - o.wide[1] * 0.16)
        for o in rings
    ]


def _border(brush: Brush, rings: Sequence[Oval], colour: RGB, part: float) -> None:
    inner, hem = rings[-2], rings[-1]

    sag = max(abs(hem.deep[1]), 2.0)

    def at(o: Oval, t: float) -> Point:
        curve = sag * (1.0 - min(1.0, abs(t)) ** 2.2)
        return (o.centre[0] + o.reach((1.0, 0.0)) * t * 1.15, o.centre[1] + curve)

    drop = sag * 0.7 + 2
    low = [(x, y + drop) for x, y in (at(hem, t) for t in (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0))]
    dx, dy = (inner.centre[0] - hem.centre[0]) * part, (inner.centre[1] - hem.centre[1]) * part
    high = [(x + dx, y - drop + dy) for x, y in low]
    brush.mark([*low, *reversed(high)], colour, 1.0)
    brush.crease(high, 0.5, 0.5)


def _folds(brush: Brush, rings: Sequence[Oval]) -> None:
    if brush.small:
        return

    def down(t: float) -> list[Point]:
        return [(o.centre[0] + o.reach((1.0, 0.0)) * t, o.centre[1]) for o in rings[1:]]

    for t in (-0.60, -0.22, 0.2, 0.58):
        brush.crease([down(t * (0.7 + 0.3 * i / 3))[i] for i in range(len(rings) - 1)], 0.55, 0.42)
    a, b = down(0.1), down(0.42)
    brush.shadow([*a, *reversed(b)], 0.14, blur=2.0)


def draw_sleeve(w: Wearer, side: str, cloth: Garment, skin: RGB, *, thick: float, loose: float = 1.0) -> None:
    """Draw an arm: bare below a short sleeve, covered by a long one."""
    brush, b, m = w.brush, w.bones, w.build
    shoulder, elbow, wrist = b[f"shoulder_{side}"], b[f"elbow_{side}"], b[f"wrist_{side}"]
    s = w.s * m.limb
    joints = [shoulder, blend(shoulder, elbow, 0.5), elbow, blend(elbow, wrist, 0.45), wrist]
    bare = [0.025 * s, 0.027 * s, 0.0215 * s, 0.022 * s, 0.0148 * s]
    if cloth.sleeve < 0.95:
        _bent(brush, joints, bare, skin, shade=0.8, end_cap=0.6)
    if cloth.sleeve <= 0.05:
        return
    covered = joints if cloth.sleeve > 0.95 else [shoulder, blend(shoulder, elbow, 0.4), blend(shoulder, elbow, 0.75)]
    more = [
        0.003 + thick,
        0.004 + thick * 1.1 * loose,
        0.005 + thick * 1.2 * loose,
        0.005 + thick * 1.2 * loose,
        0.008 + thick * loose,
    ]
    radii = [r + add_ * w.s for r, add_ in zip(bare, more, strict=True)][: len(covered)]
    _bent(brush, covered, radii, brush.cloth(cloth.colour), end_cap=0.15)
    if cloth.sleeve > 0.95 and not brush.small:
        e = brush.camera.project(elbow)
        brush.crease([(e[0] - 3, e[1] - 2), (e[0] + 4, e[1] + 1)], 0.5, 0.5)


def draw_cuff(w: Wearer, side: str, cloth: Garment, thick: float) -> None:
    """Draw the end of a long sleeve over the wrist."""
    if cloth.sleeve <= 0.95:
        return
    brush, b = w.brush, w.bones
    elbow, wrist = b[f"elbow_{side}"], b[f"wrist_{side}"]
    radius = 0.0148 * w.s * w.build.limb + (0.009 + thick) * w.s
    rings = limb(brush.camera, [blend(elbow, wrist, 0.86), blend(elbow, wrist, 1.02)], [radius * 1.06, radius])
    (x0, y0), (x1, y1) = rings[0].centre, rings[1].centre
    if math.hypot(x1 - x0, y1 - y0) < 0.5 * radius * brush.k:
        return  # the arm points at the lens: the hand hides its cuff
    brush.part(outline(rings, start_cap=0.0, end_cap=0.1), brush.dark(brush.cloth(cloth.colour), 0.10), rim=0.6)


def _bent(
    brush: Brush, joints: Sequence[Vec3], radii: Sequence[float], colour: RGB, *, end_cap: float, shade: float = 1.0
) -> None:
    """Draw an arm; one that bends sharply on the screen in two parts, since a single outline would cross itself."""
    rings = limb(brush.camera, joints, radii)
    if len(rings) < 5 or not _folds_over(rings[0].centre, rings[2].centre, rings[4].centre, rings[2].reach((1.0, 0.0))):
        brush.part(outline(rings, start_cap=1.0 if end_cap < 0.5 else 0.6, end_cap=end_cap), colour, shade=shade)
        return
    upper = outline(limb(brush.camera, joints[:3], radii[:3]), start_cap=1.0, end_cap=1.0)
    lower = outline(limb(brush.camera, joints[2:], radii[2:]), start_cap=1.0, end_cap=end_cap)
    parts = [upper, lower] if rings[4].depth <= rings[0].depth else [lower, upper]
    for points in parts:
        brush.part(points, colour, shade=shade)


def _folds_over(a: Point, b: Point, c: Point, thick: float) -> bool:
    """Return whether a bend from a over b to c is sharp or short on the screen."""
    first, second = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    one, two = math.hypot(*first), math.hypot(*second)
    if min(one, two) < 1.6 * thick:
        return True
    return first[0] * second[0] + first[1] * second[1] < 0.35 * one * two


def draw_leg(w: Wearer, side: str, cloth: Garment, skin: RGB, shoes: Garment) -> None:
    """Draw a leg with its trouser, and the foot."""
    brush, b, m = w.brush, w.bones, w.build
    hip, knee, ankle = b[f"hip_{side}"], b[f"knee_{side}"], b[f"ankle_{side}"]
    s = w.s * m.limb
    draw_foot(w, side, shoes, skin)
    joints = [hip, blend(hip, knee, 0.45), knee, blend(knee, ankle, 0.4), ankle]
    bare = [0.058 * s, 0.052 * s, 0.036 * s, 0.038 * s, 0.022 * s]
    if cloth.kind not in {"trousers", "dhoti"}:
        brush.part(outline(limb(brush.camera, joints, bare)), skin, shade=0.8)
    if cloth.kind in {"trousers", "shorts", "dhoti"}:
        loose = {"trousers": 0.006, "shorts": 0.014, "dhoti": 0.022}[cloth.kind] * w.s
        low = loose * (1.9 if cloth.kind == "trousers" else 1.2)
        radii = [bare[0], bare[1] + loose, bare[2] + loose, bare[3] + loose, bare[4] + low]
        n = 3 if cloth.kind == "shorts" else 5
        drop = along(joints[-1], (0.0, -1.0, 0.0), 0.012 * w.s)
        covered = [*joints[:-1], drop][:n]
        brush.part(outline(limb(brush.camera, covered, radii[:n]), end_cap=0.1), brush.cloth(cloth.colour))
        if cloth.kind == "dhoti" and not brush.small:
            p, q = brush.camera.project(hip), brush.camera.project(ankle)
            brush.crease([p, ((p[0] + q[0]) / 2 + 4, (p[1] + q[1]) / 2), q], 0.5, 0.4)


def draw_foot(w: Wearer, side: str, shoes: Garment, skin: RGB) -> None:
    """Draw a shoe, or a bare foot."""
    brush, b = w.brush, w.bones
    ankle, toe = b[f"ankle_{side}"], b[f"toe_{side}"]
    heel = add(ankle, scaled(w.bones.ahead, -0.018 * w.s))
    heel = (heel[0], ankle[1] - 0.026 * w.s, heel[2])
    colour = skin if shoes.kind in {"bare", "sandals"} else brush.cloth(shoes.colour)
    s = w.s
    if shoes.kind == "boots":
        shin = blend(ankle, b[f"knee_{side}"], 0.42)
        brush.part(
            outline(limb(brush.camera, [shin, blend(shin, ankle, 0.6), ankle], [0.040 * s, 0.034 * s, 0.032 * s])),
            colour,
        )
    ball = blend(heel, toe, 0.72)
    spine = [heel, blend(heel, ball, 0.5), (ball[0], ball[1] - 0.002 * s, ball[2]), toe]
    brush.part(outline(limb(brush.camera, spine, [0.022 * s, 0.024 * s, 0.021 * s, 0.013 * s])), colour, rim=0.5)
    if shoes.kind == "sandals":
        brush.part(
            outline(limb(brush.camera, [blend(heel, ball, 0.7), ball], [0.024 * s, 0.023 * s])),
            brush.cloth(shoes.colour),
            rim=0,
        )
