"""Two people in each other's arms, seen over a shoulder: hands lie on the back that the camera sees."""

import math
from collections.abc import Sequence

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import Tag
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Vec3, add, along, blend, clamp, dot, length, scaled, sub, unit
from services.generation.providers.previz.hands import draw_hand
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.lofts import limb, outline
from services.generation.providers.previz.poses import EMBRACES
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.skeleton import FOREARM, HAND, UPPER_ARM, Skeleton
from services.generation.providers.previz.style import Look

_OUT: float = 0.075
"""How far a hand lies beside the spine, in statures of the one who is held."""


def pair_of(camera: Camera, people: Sequence[Standing]) -> tuple[Standing, Standing] | None:
    """Return (who holds, whose back is to the camera) of an embrace of two seen over a shoulder, else None."""
    if len(people) != 2 or not all(p.actor.pose_name in EMBRACES for p in people):
        return None
    for holder, held in (tuple(people), tuple(reversed(people))):
        if dot(held.bones.ahead, camera.forward) > 0.55:
            return holder, held
    return None


def hands_on_backs(camera: Camera, people: Sequence[Standing]) -> list[Standing]:
    """Return everyone, with the arms of who faces the camera around the one who does not."""
    pair = pair_of(camera, people)
    if pair is None:
        return list(people)
    holder, held = pair
    joints = dict(holder.bones.joints)
    for side, high in (("r", 0.55), ("l", -0.10)):
        _reach(joints, holder.bones, held.bones, side, high)
    bones = holder.bones
    around = Skeleton(joints, bones.across, bones.ahead, bones.face, bones.crown, bones.stature)
    return [Standing(p.actor, around) if p is holder else p for p in people]


def raised(scene: PrevizScene, actors: Sequence[Actor], skeletons: Sequence[Skeleton], share: float) -> float:
    """Return how many metres the lead of an embrace seen over a shoulder stands on a box, so that the face shows.

    Args:
        scene: with known words.
        actors: in the scene's order.
        skeletons: as `actors`, in their own frames.
        share: height of the lead in frame heights; nobody stands on a box where feet are seen.
    """
    if len(actors) != 2 or share < 1.35 or scene.coverage not in {"over-the-shoulder", "reverse"}:
        return 0.0
    if not all(a.pose_name in EMBRACES for a in actors):
        return 0.0
    return clamp(skeletons[1]["head"][1] - skeletons[0]["head"][1], 0.0, 0.22)


def _reach(joints: dict[str, Vec3], own: Skeleton, other: Skeleton, side: str, high: float) -> None:
    """Bend one arm so that its wrist lies on the other's back; lengths of the arm are kept.

    Args:
        joints: the arm's are replaced.
        own: who reaches.
        other: who is held.
        side: of the arm, "r" or "l".
        high: from the other's chest (0) to the neck (1), or down to the waist (-1).
    """
    sign = 1.0 if side == "r" else -1.0
    # Face to face, a right arm goes around the other's left side.
    spine = blend(other["chest"], other["neck" if high > 0 else "waist"], abs(high))
    out = scaled(other.across, -sign * _OUT * 1.5 * other.stature)
    target = add(add(spine, out), scaled(other.ahead, -0.085 * other.stature))
    shoulder, s = own[f"shoulder_{side}"], own.stature
    upper, lower = UPPER_ARM * s, FOREARM * s
    span = sub(target, shoulder)
    reach = min(length(span), (upper + lower) * 0.985)
    axis = unit(span)
    wrist = along(shoulder, axis, reach)
    a = (upper * upper - lower * lower + reach * reach) / (2.0 * reach)
    off = math.sqrt(max(0.0, upper * upper - a * a))
    hint = add(scaled(own.across, sign), (0.0, -0.35, 0.0))
    bend = unit(sub(hint, scaled(axis, dot(hint, axis))))
    joints[f"elbow_{side}"] = along(along(shoulder, axis, a), bend, off)
    joints[f"wrist_{side}"] = wrist
    inward = unit(add(scaled(other.across, sign), (0.0, 0.25 * (1.0 if high > 0 else -0.4), 0.0)))
    joints[f"hand_{side}"] = along(wrist, inward, HAND * s)


def draw_hold(canvas: Canvas, camera: Camera, light: Light, look: Look, people: Sequence[Standing]) -> None:
    """Draw forearms and hands of an embrace over the back that they lie on; call when everyone is drawn."""
    pair = pair_of(camera, people)
    if pair is None:
        return
    actor, bones = pair[0]
    depth = camera.depth(bones["wrist_r"])
    if depth < 0.2:
        return
    canvas.tag = Tag(depth, actor.id)
    brush = Brush(canvas, camera, light, look, depth, Dice("ink", actor.id))
    outfit, build = actor.outfit, actor.build
    cloth = outfit.outer if outfit.outer is not None and outfit.outer.sleeve > 0.5 else outfit.top
    skin = brush.cloth(build.skin)
    covered = cloth.sleeve > 0.95
    r = build.stature * build.limb * (0.026 if covered else 0.019)
    for side in ("l", "r"):
        elbow, wrist = bones[f"elbow_{side}"], bones[f"wrist_{side}"]
        joints = [blend(elbow, wrist, t) for t in (0.30, 0.65, 1.0)]
        draw_hand(brush, bones, side, brush.cloth(outfit.gloves) if outfit.gloves else skin)
        rings = limb(camera, joints, [r * 1.1, r, r * 0.85])
        brush.part(outline(rings, start_cap=0.7, end_cap=0.15), brush.cloth(cloth.colour) if covered else skin)
    canvas.tag = Tag()
