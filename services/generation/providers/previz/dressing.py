"""What is worn on trunk, neck and head: lapels, belts, drapes, scarves, ties, hats, glasses, beards."""

import math
from collections.abc import Sequence

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB, ellipse, spline
from services.generation.providers.previz.garments import Wearer, draw_trunk
from services.generation.providers.previz.geometry import Point, Vec3, add, blend, dot, scaled
from services.generation.providers.previz.hats import draw_hat
from services.generation.providers.previz.head import HeadView
from services.generation.providers.previz.lofts import Oval
from services.generation.providers.previz.wardrobe import Garment


class Front:
    """The front of the trunk as a sheet: (across, up) to pixels, for what is sewn on it."""

    def __init__(self, w: Wearer, thick: float) -> None:
        self._w = w
        self._thick = thick
        b = w.bones
        self.ahead = -dot(b.ahead, w.brush.camera.forward)

    def at(self, across: float, up: float) -> Point:
        """Return the pixel of a point of the front.

        Args:
            across: -1 at the person's left edge of the chest, 1 at the right.
            up: 0 at the waist, 1 at the neck.
        """
        w, b, m = self._w, self._w.bones, self._w.build
        spine: Vec3 = blend(b["waist"], b["chest"], up * 2) if up < 0.5 else blend(b["chest"], b["neck"], up * 2 - 1)
        wide = (m.waist + (m.shoulder * 0.86 - m.waist) * min(1.0, max(0.0, up) * 1.5)) + self._thick
        if up > 0.86:
            wide *= max(0.45, 1.0 - (up - 0.86) * 3.0)
        deep = (m.depth + self._thick) * math.sqrt(max(0.0, 1.0 - across * across * 0.96))
        if up > 0.8:
            deep *= max(0.5, 1.0 - (up - 0.8) * 2.2)
        p = add(spine, add(scaled(b.across, across * wide * w.s), scaled(b.ahead, deep * w.s)))
        return w.brush.camera.project(p)


def draw_torso(w: Wearer, actor: Actor) -> None:
    """Draw the trunk with what covers it."""
    outfit, build, brush = actor.outfit, actor.build, w.brush
    top, outer = outfit.top, outfit.outer
    skin = brush.cloth(build.skin)
    if top.kind == "bare":
        draw_trunk(w, top, thick=0.002, to=1.0)
    elif top.kind == "choli":
        draw_trunk(w, top._replace(colour=build.skin), thick=0.0, to=0.9)
        _bodice(w, top)
    else:
        draw_trunk(w, top, thick=0.006, to=1.05 if outer is None or outer.hem > 0.45 else 0.3)
    front = Front(w, 0.008)
    if front.ahead > -0.1:
        _opening(w, front, top, skin)
    if outer is not None:
        _outer(w, actor, outer)
    if outfit.belt is not None:
        _belt(w, outfit.belt, 0.024 if outer is not None else 0.012)


def _edge(o: Oval, side: float) -> Point:
    """Return the outermost point of a ring on the screen's left (-1) or right (1)."""
    return (o.centre[0] + side * o.reach((1.0, 0.0)), o.centre[1])


def _bodice(w: Wearer, top: Garment) -> None:
    rings = w.trunk(0.006)[1:5]
    left, right = [], []
    for o in rings:
        left.append(_edge(o, -1.0))
        right.append(_edge(o, 1.0))
    low = rings[-1]
    hem = (low.centre[0] + low.deep[0] * 0.5, low.centre[1] + abs(low.deep[1]) * 0.8 + 2)
    w.brush.part([*left, hem, *reversed(right)], w.brush.cloth(top.colour), tension=0.4)
    w.brush.stripe([left[-1], hem, right[-1]], w.brush.cloth(top.trim), 0.010)


def _opening(w: Wearer, front: Front, top: Garment, skin: RGB) -> None:
    """Draw neckline and seams of a top."""
    brush = w.brush
    if brush.small or top.kind == "bare":
        return
    deep = {"dress": 0.66, "blouse": 0.72, "choli": 0.70, "shirt": 0.82, "tunic": 0.78}.get(top.kind, 0.90)
    wide = 0.40 if top.kind in {"dress", "choli", "blouse"} else 0.24
    neck = [
        front.at(-wide, 0.97),
        front.at(-wide * 0.7, deep + 0.08),
        front.at(0.0, deep),
        front.at(wide * 0.7, deep + 0.08),
        front.at(wide, 0.97),
    ]
    if top.kind not in {"sweater", "armour"}:
        brush.mark([*neck, front.at(0.0, 1.06)], brush.dark(skin, 0.12))
        brush.stripe(
            neck,
            brush.cloth(top.trim) if top.kind in {"choli", "tunic"} else brush.dark(brush.cloth(top.colour), 0.3),
            0.006,
        )
    if top.kind in {"shirt", "tunic"}:
        brush.crease([front.at(0.02, deep), front.at(0.02, 0.5), front.at(0.02, 0.05)], 0.6, 0.6)
    for x in (-0.5, 0.5):
        brush.crease([front.at(x, 0.42), front.at(x * 0.8, 0.28), front.at(x * 0.9, 0.12)], 0.5, 0.35)


def _outer(w: Wearer, actor: Actor, outer: Garment) -> None:
    brush = w.brush
    if outer.kind in {"cloak", "apron"}:
        return
    colour = brush.cloth(outer.colour)
    thick = 0.020 if outer.kind == "coat" else 0.013
    to = 1.15 if outer.hem > 0.45 else 0.5
    front = Front(w, thick)
    draw_trunk(w, outer, thick=thick, to=to)
    if front.ahead < -0.05 or brush.small:
        if not brush.small:
            brush.crease([brush.camera.project(w.bones["neck"]), brush.camera.project(w.bones["waist"])], 0.5, 0.4)
        return
    low = 0.30 if outer.kind != "coat" else 0.42
    inner = [front.at(-0.26, 1.0), front.at(0.03, low), front.at(0.26, 1.0), front.at(0.0, 1.05)]
    top = actor.outfit.top
    brush.mark(_straight(inner), brush.cloth(top.colour))
    _neckcloth(w, actor, front, low)
    light, dark = mix(colour, (255, 255, 255), 0.10), brush.dark(colour, 0.35)
    for sign, tone in ((-1.0, light if brush.side < 0 else dark), (1.0, dark if brush.side < 0 else light)):
        lapel = [
            front.at(0.27 * sign, 1.02), front.at(0.62 * sign, 0.86), front.at(0.46 * sign, 0.79),
            front.at(0.56 * sign, 0.73), front.at(0.05, low), front.at(0.18 * sign, 0.78),
        ]  # fmt: skip
        brush.part(lapel, tone, tension=0.0, shade=0.0, rim=0.0, ink=0.8)
    brush.crease([front.at(0.05, low), front.at(0.05, 0.0), front.at(0.05, -0.25)], 0.9, 0.75)
    for up in (low - 0.10, low - 0.32):
        p = front.at(-0.06, up)
        r = max(1.0, brush.k * 0.010)
        brush.canvas.tint(ellipse(p[0], p[1], r, r), brush.cloth(outer.trim))


def _straight(points: Sequence[Point]) -> list[Point]:
    """Repeat corners, so that a spline keeps them."""
    return [p for p in points for _ in (0, 1)]


def _neckcloth(w: Wearer, actor: Actor, front: Front, low: float) -> None:
    piece = actor.outfit.neckwear
    if piece is None or piece.kind not in {"tie", "bowtie"}:
        return
    colour = w.brush.cloth(piece.colour)
    if piece.kind == "tie":
        shape = [
            front.at(-0.07, 0.97),
            front.at(0.07, 0.97),
            front.at(0.05, 0.9),
            front.at(0.10, low + 0.15),
            front.at(0.02, low - 0.02),
            front.at(-0.08, low + 0.15),
            front.at(-0.05, 0.9),
        ]
    else:
        shape = [
            front.at(-0.24, 1.0),
            front.at(0.0, 0.965),
            front.at(0.24, 1.0),
            front.at(0.24, 0.91),
            front.at(0.0, 0.945),
            front.at(-0.24, 0.91),
        ]
    w.brush.part(shape, colour, tension=0.1, shade=0.3, rim=0.0)


def _belt(w: Wearer, colour: RGB, thick: float) -> None:
    b, m = w.bones, w.build
    a = w.ring(blend(b["waist"], b["pelvis"], 0.02), m.waist + thick, m.depth * 0.85 + thick)
    c = w.ring(blend(b["waist"], b["pelvis"], 0.34), m.waist + 0.004 + thick, m.depth * 0.88 + thick)
    left = [_edge(o, -1.0) for o in (a, c)]
    right = [_edge(o, 1.0) for o in (c, a)]
    sag = abs(a.deep[1]) * 0.7
    mids = [((left[1][0] + right[0][0]) / 2, (left[1][1] + right[0][1]) / 2 + sag)]
    tops = [((left[0][0] + right[1][0]) / 2, (left[0][1] + right[1][1]) / 2 + sag)]
    w.brush.part(
        [left[0], left[1], *mids, right[0], right[1], *tops], w.brush.cloth(colour), tension=0.3, shade=0.4, rim=0.4
    )


def draw_over_torso(w: Wearer, actor: Actor) -> None:
    """Draw cloaks, sari ends, veils over the shoulder, bags and garlands."""
    outfit, brush = actor.outfit, w.brush
    front = Front(w, 0.026)
    if outfit.drape is not None:
        _drape(w, front, outfit.drape)
    outer = outfit.outer
    if outer is not None and outer.kind == "apron" and front.ahead > 0:
        shape = [
            front.at(-0.5, 0.75),
            front.at(0.5, 0.75),
            front.at(0.8, 0.0),
            front.at(0.8, -0.8),
            front.at(-0.8, -0.8),
            front.at(-0.8, 0.0),
        ]
        brush.part(shape, brush.cloth(outer.colour), tension=0.1)
    if outer is not None and outer.kind == "cloak":
        rings = [*w.trunk(0.03, to=1.0)[1:], *w.skirt(0.05, outer.hem, outer.flare)[1:]]
        left = [(o.centre[0] - o.wide[0] * 1.12, o.centre[1]) for o in rings]
        right = [(o.centre[0] + o.wide[0] * 1.12, o.centre[1]) for o in rings]
        if front.ahead < 0:
            brush.part([*left, *reversed(right)], brush.cloth(outer.colour), tension=0.4)
        else:
            for edge in (left, right):
                inner = [(p[0] * 0.62 + o.centre[0] * 0.38, p[1]) for p, o in zip(edge, rings, strict=True)]
                brush.part([*edge, *reversed(inner)], brush.cloth(outer.colour), tension=0.4)
    neck = outfit.neckwear
    if neck is not None and neck.kind in {"garland", "necklace"} and front.ahead > -0.1:
        _strung(w, front, neck)
    if outfit.jewels is not None and (neck is None or neck.kind != "necklace") and front.ahead > -0.1:
        _strung(w, front, Garment("necklace", outfit.jewels, outfit.jewels))
    if outfit.bag is not None:
        strap = [front.at(-0.62, 0.96), front.at(0.0, 0.45), front.at(0.8, -0.1)]
        brush.stripe(strap, brush.cloth(outfit.bag), 0.022)


def _drape(w: Wearer, front: Front, drape: Garment) -> None:
    """Draw a sari's end or a veil: from one hip across the chest and over the other shoulder."""
    brush = w.brush
    colour = brush.cloth(mix(drape.colour, (255, 255, 255), 0.06))
    s = -1.0 if front.ahead > 0 else 1.0
    if front.ahead > -0.15:
        band = [
            front.at(0.95, -0.05), front.at(0.30, 0.30), front.at(-0.35, 0.66), front.at(-0.86, 0.94),
            front.at(-0.52, 1.01), front.at(0.02, 0.74), front.at(0.60, 0.44), front.at(0.98, 0.20),
        ]  # fmt: skip
        brush.part(band, colour, tension=0.4, rim=0.4)
        brush.stripe(band[:4], brush.cloth(drape.trim), 0.014)
        for t in (0.06, -0.06):
            brush.crease([front.at(0.9, 0.08 + t), front.at(0.2, 0.45 + t), front.at(-0.5, 0.86 + t)], 0.5, 0.4)
    a = front.at(-0.88, 0.95)
    k = brush.k
    fall = [
        (a[0], a[1]),
        (a[0] + 0.10 * k * -s, a[1] + 0.02 * k),
        (a[0] + 0.13 * k * -s, a[1] + 0.62 * k),
        (a[0] + 0.01 * k, a[1] + 0.68 * k),
        (a[0] - 0.03 * k * -s, a[1] + 0.3 * k),
    ]
    if front.ahead < 0.5:
        brush.part(fall, colour, tension=0.3)
        brush.stripe(fall[2:4], brush.cloth(drape.trim), 0.02)


def _strung(w: Wearer, front: Front, piece: Garment) -> None:
    low = 0.25 if piece.kind == "garland" else 0.74
    chain = [
        front.at(-0.34, 0.98),
        front.at(-0.24, (low + 0.98) / 2 - 0.06),
        front.at(0.0, low),
        front.at(0.24, (low + 0.98) / 2 - 0.06),
        front.at(0.34, 0.98),
    ]
    colour = w.brush.cloth(piece.colour)
    w.brush.stripe(chain, colour, 0.030 if piece.kind == "garland" else 0.010)
    if piece.kind == "garland" and not w.brush.small:
        w.brush.stripe(chain, mix(colour, rgb("fff0c0"), 0.5), 0.010)


def draw_collar(w: Wearer, actor: Actor) -> None:
    """Draw shirt collars and scarves around the neck."""
    brush, piece = w.brush, actor.outfit.neckwear
    front = Front(w, 0.014)
    if piece is not None and piece.kind == "scarf":
        colour = brush.cloth(piece.colour)
        p = brush.camera.project(w.bones["neck"])
        k = brush.k * w.s
        ring = [
            (p[0] - 0.066 * k, p[1] - 0.012 * k),
            (p[0] - 0.075 * k, p[1] + 0.022 * k),
            (p[0], p[1] + 0.048 * k),
            (p[0] + 0.075 * k, p[1] + 0.022 * k),
            (p[0] + 0.066 * k, p[1] - 0.012 * k),
            (p[0], p[1] + 0.004 * k),
        ]
        brush.part(ring, colour)
        if front.ahead > 0:
            end = [front.at(-0.05, 0.95), front.at(-0.34, 0.93), front.at(-0.40, 0.36), front.at(-0.12, 0.34)]
            brush.part(end, brush.dark(colour, 0.15), tension=0.2)
    elif actor.outfit.top.kind == "shirt" and front.ahead > 0 and not brush.small:
        for sign in (-1.0, 1.0):
            flap = [
                front.at(0.08 * sign, 1.03),
                front.at(0.34 * sign, 1.02),
                front.at(0.30 * sign, 0.88),
                front.at(0.02 * sign, 0.95),
            ]
            brush.part(flap, brush.cloth(actor.outfit.top.colour), tension=0.0, shade=0.0, rim=0.0, ink=0.7)


def draw_face_marks(w: Wearer, actor: Actor, view: HeadView) -> None:
    """Draw beard, glasses, scar and bindi."""
    if view.ahead < 0.0 or view.pixels < 14 * w.brush.canvas.unit:
        return
    brush = w.brush
    if actor.build.beard:
        _beard(brush, view, actor)
    if actor.outfit.glasses:
        _glasses(brush, view, dark=actor.outfit.glasses == "sunglasses")
    if actor.scar and view.pixels > 30 * brush.canvas.unit:
        brush.canvas.line(
            spline([view.skin(0.12, 0.16), view.skin(0.15, 0.0), view.skin(0.13, -0.16)], closed=False),
            rgb("8a3a38"),
            view.pixels * 0.014,
            0.8,
        )
    if actor.outfit.top.kind == "choli" and actor.build.feminine:
        p = view.skin(0.0, 0.17, 0.01)
        r = view.pixels * 0.022
        brush.canvas.tint(ellipse(p[0], p[1], r, r), brush.cloth(rgb("c01830")))


def _beard(brush: Brush, view: HeadView, actor: Actor) -> None:
    colour = brush.cloth(mix(actor.hair.colour, actor.build.skin, 0.12))
    if actor.build.beard == "moustache":
        tash = [
            (-0.12, -0.275),
            (-0.06, -0.225),
            (0.0, -0.215),
            (0.06, -0.225),
            (0.12, -0.275),
            (0.05, -0.262),
            (0.0, -0.258),
            (-0.05, -0.262),
        ]
        brush.mark([view.skin(x, y, 0.02) for x, y in tash], colour)
        return
    jaw = [
        (-0.30, -0.06), (-0.285, -0.28), (-0.22, -0.43), (-0.10, -0.51), (0.0, -0.53), (0.10, -0.51), (0.22, -0.43),
        (0.285, -0.28), (0.30, -0.06), (0.22, -0.16), (0.13, -0.225), (0.0, -0.225), (-0.13, -0.225), (-0.22, -0.16),
    ]  # fmt: skip
    points = [view.skin(x, max(y, -0.5), 0.02 if y > -0.5 else 0.06) for x, y in jaw]
    if actor.build.beard == "stubble":
        brush.mark(points, colour, 0.26, blur=view.pixels * 0.02)
    else:
        brush.part(points, colour, shade=0.6, ink=0.6)
        brush.canvas.line(
            spline([view.skin(-0.07, -0.29, 0.02), view.skin(0.07, -0.29, 0.02)], closed=False),
            rgb("6a3030"),
            view.pixels * 0.016,
            0.8,
        )


def _glasses(brush: Brush, view: HeadView, *, dark: bool) -> None:
    frame = rgb("1c1820")
    for sign in (-1.0, 1.0):
        ring = [
            (0.045, 0.02),
            (0.07, 0.07),
            (0.16, 0.075),
            (0.235, 0.045),
            (0.225, -0.04),
            (0.15, -0.075),
            (0.07, -0.055),
        ]
        points = [view.skin(sign * x, y, 0.03) for x, y in ring]
        brush.canvas.tint(spline(points), frame if dark else (220, 232, 240), 0.92 if dark else 0.22)
        brush.canvas.line(spline(points), frame, max(0.8, view.pixels * 0.014), 0.95)
    bridge = [view.skin(-0.045, 0.03, 0.05), view.skin(0.045, 0.03, 0.05)]
    brush.canvas.line(spline(bridge, closed=False), frame, max(0.8, view.pixels * 0.014), 0.95)


def draw_headgear(w: Wearer, actor: Actor, view: HeadView) -> None:
    """Draw hat, veil over the hair, feather and earrings."""
    outfit, brush = actor.outfit, w.brush
    if outfit.drape is not None and outfit.drape.kind == "veil":
        draw_hat(brush, view, outfit.drape)
    if outfit.hat is not None:
        draw_hat(brush, view, outfit.hat)
    if actor.plume:
        draw_hat(brush, view, Garment("plume", rgb("14788c"), rgb("d9a638")))
    if outfit.jewels is not None and view.pixels > 20 * brush.canvas.unit:
        for sign in (-1.0, 1.0):
            if math.cos(view.azimuth - sign * math.pi / 2) > -0.35:
                p = view.at(sign * 0.36, -0.17, -0.03)
                r = view.pixels * 0.03
                brush.canvas.tint(ellipse(p[0], p[1], r * 0.8, r * 1.3), brush.cloth(outfit.jewels))
