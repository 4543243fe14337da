"""A person, drawn from the back to the front."""

import math
from collections.abc import Callable
from typing import NamedTuple

from services.generation.providers.previz import dressing
from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB, Tag, spline
from services.generation.providers.previz.garments import (
    Wearer,
    draw_coat_skirt,
    draw_cuff,
    draw_leg,
    draw_skirt,
    draw_sleeve,
)
from services.generation.providers.previz.geometry import Vec3, blend, dot
from services.generation.providers.previz.hair import draw_back_hair, draw_hair
from services.generation.providers.previz.hands import draw_fingers, draw_hand, draw_palm, is_close, sheet_of
from services.generation.providers.previz.head import HeadView, draw_head
from services.generation.providers.previz.held import PINCHED, draw_held, grip_of, held_by_the_edge
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.lofts import limb, outline
from services.generation.providers.previz.skeleton import Skeleton
from services.generation.providers.previz.style import Look


class Standing(NamedTuple):
    """An actor in place.

    beneath: sides of the arms that somebody farther away hides, though the rest of the body is nearer.
    """

    actor: Actor
    bones: Skeleton
    beneath: frozenset[str] = frozenset()


_FISTS = frozenset({"fight", "guard", "aim", "run", "strike", "drive", "flute"})


def draw_figure(canvas: Canvas, camera: Camera, light: Light, look: Look, person: Standing) -> None:
    """Draw one person with clothes, hair, hat and what the hands hold."""
    actor, bones = person.actor, person.bones
    depth = camera.depth(bones["chest"])
    if depth < 0.2:
        return
    canvas.tag = Tag(depth, actor.id)
    brush = Brush(canvas, camera, light, look, depth, Dice("ink", actor.id))
    for _, draw in sorted(_parts(brush, actor, bones, person.beneath), key=lambda part: -part[0]):
        draw()
    canvas.tag = Tag()


def _parts(
    brush: Brush, actor: Actor, bones: Skeleton, beneath: frozenset[str]
) -> list[tuple[float, Callable[[], None]]]:
    """Return what there is to draw, each with its depth; larger depths are drawn first."""
    w = Wearer(brush, bones, actor.build)
    view = HeadView(brush.camera, bones, actor.build)
    skin = brush.cloth(actor.build.skin)
    outfit = actor.outfit
    away = -1.0 if dot(bones.ahead, brush.camera.forward) < 0 else 1.0
    trunk = brush.camera.depth(blend(bones["chest"], bones["waist"], 0.5))
    parts: list[tuple[float, Callable[[], None]]] = []

    def put(depth: float, draw: Callable[[], None]) -> None:
        parts.append((depth, draw))

    def deep(*joints: str) -> float:
        return sum(brush.camera.depth(bones[j]) for j in joints) / len(joints)

    lower = deep("knee_r", "knee_l", "pelvis")
    skirted = outfit.lower.kind in {"skirt", "robe"}
    under = min(lower, trunk) - 0.03 if skirted else -1.0
    for side in ("r", "l"):
        leg = deep(f"hip_{side}", f"knee_{side}", f"knee_{side}", f"ankle_{side}")
        put(max(leg + 0.08, under), lambda side=side: draw_leg(w, side, outfit.lower, skin, outfit.shoes))  # type: ignore[misc]
        if side in beneath:
            continue
        arm = deep(f"elbow_{side}", f"wrist_{side}", f"wrist_{side}")
        put(arm - 0.075 if arm < trunk + 0.12 else arm + 0.05, lambda side=side: _arm(w, actor, side))  # type: ignore[misc]
    if skirted:
        put(min(lower, trunk) - 0.035, lambda: draw_skirt(w, outfit.lower))
    put(trunk, lambda: dressing.draw_torso(w, actor))
    if outfit.outer is not None and outfit.outer.hem < 0.45:
        coat = outfit.outer
        put(min(lower, trunk) - 0.045, lambda: draw_coat_skirt(w, coat))
    put(trunk - 0.05, lambda: dressing.draw_over_torso(w, actor))
    put(trunk - 0.010, lambda: _neck(w, actor))
    head = brush.camera.depth(bones["head"])
    nearest = min(d for d, _ in parts)
    front = min(head, trunk - 0.06) if away < 0 else trunk - 0.055
    in_hands_way = any(deep(f"wrist_{s}") < head - 0.12 for s in ("r", "l"))
    top = front if in_hands_way else min(front, nearest - 0.001)
    back = trunk + 0.14 if view.ahead > 0.1 else min(top, nearest) - 0.03
    if view.ahead > 0.1 or outfit.drape is None or outfit.drape.kind != "veil":
        put(back, lambda: draw_back_hair(brush, view, actor.hair))
    put(top - 0.001, lambda: _head(w, actor, view))
    return parts


def _arm(w: Wearer, actor: Actor, side: str) -> None:
    brush, outfit, build = w.brush, actor.outfit, actor.build
    skin = brush.cloth(build.skin)
    cloth = outfit.top
    thick = 0.004
    if outfit.outer is not None and outfit.outer.sleeve > 0.5:
        cloth, thick = outfit.outer, 0.011
    hand = brush.cloth(outfit.gloves) if outfit.gloves else skin
    holding = actor.holding == side and bool(actor.held)
    fist = actor.pose_name in _FISTS or holding
    pocketed = _arm_key(actor, side) == "pocket"
    close = holding and not pocketed and is_close(brush, w.bones)
    if not pocketed and not close:
        if holding:
            draw_held(brush, grip_of(brush, w.bones, side, build.head * w.s), actor.held, actor.held_colour)
        draw_hand(brush, w.bones, side, hand, fist=fist)
    draw_sleeve(w, side, cloth, skin, thick=thick, loose=1.8 if cloth.kind == "robe" else 1.0)
    if close:
        # What is held comes before the upper arm; the cuff closes over the wrist again.
        _close_hand(w, actor, side, hand)
        draw_cuff(w, side, cloth, thick)
    if outfit.jewels is not None and cloth.sleeve < 0.95 and not brush.small:
        a, b = w.bones[f"elbow_{side}"], w.bones[f"wrist_{side}"]
        r = 0.024 * w.s * build.limb
        ovals = limb(brush.camera, [blend(a, b, 0.84), blend(a, b, 0.96)], [r, r])
        (x0, y0), (x1, y1) = ovals[0].centre, ovals[1].centre
        if math.hypot(x1 - x0, y1 - y0) > 0.62 * r * brush.k:  # not where the arm points at the lens
            brush.part(outline(ovals, start_cap=0.1, end_cap=0.1), brush.cloth(outfit.jewels), rim=1.0)


def _close_hand(w: Wearer, actor: Actor, side: str, colour: RGB) -> None:
    """Draw a large hand with what it holds between palm, fingers and thumb."""
    brush, size = w.brush, w.bones.stature * w.brush.k * 0.085
    place = sheet_of(brush, w.bones, side)
    hold = "pinch" if actor.held in PINCHED else "grip"
    grip = grip_of(brush, w.bones, side, actor.build.head * w.s)
    grip = grip._replace(hand=place(0.84, 0.12) if hold == "pinch" else place(0.50, 0.05))
    (x0, y0), (x1, y1) = place(0.0, 0.0), place(1.0, 0.0)
    run = math.hypot(x1 - x0, y1 - y0) or 1.0
    if hold == "pinch" and y1 - y0 > 0.15 * run:
        # A hand that points down holds things out below it, or they would hide it.
        grip = grip._replace(up=((x1 - x0) / run, (y1 - y0) / run))
    grip = held_by_the_edge(grip, actor.held, ((x1 - x0) / run, (y1 - y0) / run))
    draw_palm(brush, place, colour, size, hold)
    draw_held(brush, grip, actor.held, actor.held_colour)
    draw_fingers(brush, place, colour, size, hold)


def _arm_key(actor: Actor, side: str) -> str:
    own = side if not actor.mirrored else ("l" if side == "r" else "r")
    return actor.pose.right_arm if own == "r" else actor.pose.left_arm


def _neck(w: Wearer, actor: Actor) -> None:
    b, build = w.bones, actor.build
    base: Vec3 = blend(b["chest"], b["neck"], 0.88)
    r = (0.028 if build.feminine else 0.035 - 0.010 * build.young) * w.s * (0.5 + 0.5 * build.limb)
    middle = blend(b["neck"], b["chin"], 0.35)
    slope = 1.2 + 0.55 * max(0.0, b.crown[1]) ** 4  # an upright neck runs into the shoulders
    ovals = limb(
        w.brush.camera, [base, b["neck"], middle, blend(b["chin"], b["head"], 0.35)], [r * slope, r * 1.25, r, r * 0.97]
    )
    skin = w.brush.dark(w.brush.cloth(build.skin), 0.22)
    w.brush.part(outline(ovals, start_cap=0.2, end_cap=0.2), skin, rim=0.7)
    dressing.draw_collar(w, actor)


def _head(w: Wearer, actor: Actor, view: HeadView) -> None:
    brush, drape = w.brush, actor.outfit.drape
    if drape is not None and drape.kind == "veil" and view.ahead > 0:
        lining = view.silhouette(low=-0.3, swell=0.075)
        brush.canvas.body(spline(lining), brush.dark(brush.cloth(drape.colour), 0.7))
    draw_head(brush, view, actor.build, actor.expression, actor.eyes)
    dressing.draw_face_marks(w, actor, view)
    draw_hair(brush, view, actor.hair)
    dressing.draw_headgear(w, actor, view)
