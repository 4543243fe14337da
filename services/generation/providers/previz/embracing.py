"""Two people in each other's arms: where they stand, where their hands lie, and whose arm covers whom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import Tag
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Vec3, add, blend, clamp, dot, scaled, sub, unit
from services.generation.providers.previz.grasping import Reach, reaching, shifted_by, sign_of, spine_at
from services.generation.providers.previz.hands import draw_hand
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.lofts import limb, outline
from services.generation.providers.previz.poses import BEHIND, EMBRACES, HELD
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.skeleton import Skeleton
from services.generation.providers.previz.style import Look

_BREAST_M: Final = 0.15
"""From the spine to what a hand meets in front, clothes and all."""
_BACK_M: Final = 0.08
"""From the spine to a wrist that lies beside it on a back."""
_PAST_M: Final = 0.085
"""How far each of two who embrace stands aside, so that heads go past each other."""


def embraced(people: Sequence[Standing]) -> bool:
    """Return whether these people are a pair in each other's arms."""
    return len(people) == 2 and all(p.actor.pose_name in EMBRACES for p in people)


def near_side(bones: Skeleton, forward: Vec3) -> float:
    """Return 1 when the person's right is on the camera's side, -1 when the left is."""
    return 1.0 if dot(bones.across, forward) < 0 else -1.0


def beside(lead: Standing, forward: Vec3) -> Standing:
    """Return who leads an embrace, the head moved aside to the camera, so that the face shows past the other's."""
    if lead.actor.pose_name == "kiss":
        return lead
    near = near_side(lead.bones, forward)
    by = -0.030 if lead.actor.pose_name in HELD else 0.035
    return Standing(lead.actor, _head_aside(lead.bones, scaled(lead.bones.across, near), by))


def close_to(lead: Standing, actor: Actor, other: Skeleton, forward: Vec3) -> Standing:
    """Return the second of an embrace in the arms of the first.

    Args:
        lead: in place, as `beside` returns it.
        actor: who is placed.
        other: as `actor`, at the origin, turned the way that `facing_of` says.
        forward: where the camera looks, level.
    """
    own, name = lead.bones, lead.actor.pose_name
    near = near_side(own, forward)
    aside = scaled(own.across, near)
    if name in BEHIND | HELD:
        gap = 0.21 + 0.05 * own.stature / 1.7
        by = add(scaled(own.ahead, gap if name in BEHIND else -gap), scaled(aside, -0.05 if name in BEHIND else 0.05))
        moved = shifted_by(other, _level(sub(add(own["chest"], by), other["chest"])))
        return Standing(actor, _head_aside(moved, aside, -0.03 if name in BEHIND else 0.055))
    if name == "kiss":
        meet = add(own["head"], scaled(own.ahead, 0.90 * lead.actor.build.head * own.stature))
        return Standing(actor, shifted_by(other, _level(sub(meet, other["head"]))))
    size = 0.5 * (lead.actor.build.depth * own.stature + actor.build.depth * other.stature)
    by = add(scaled(own.ahead, 2.0 * size + 0.045), scaled(aside, -_PAST_M))
    moved = shifted_by(other, _level(sub(add(own["chest"], by), other["chest"])))
    return Standing(actor, _head_aside(moved, aside, -0.035))


def _level(v: Vec3) -> Vec3:
    return (v[0], 0.0, v[2])


def _head_aside(bones: Skeleton, aside: Vec3, by: float) -> Skeleton:
    """Return the neck bent aside, the crown leaning back over, in metres of someone of 1.7 m."""
    by *= bones.stature / 1.7
    joints = dict(bones.joints)
    joints["head"] = add(joints["head"], scaled(aside, by))
    joints["chin"] = add(joints["chin"], scaled(aside, by * 0.6))
    return replace(bones, joints=joints, crown=unit(add(bones.crown, scaled(aside, -by * 3.0))))


def in_arms(camera: Camera, people: Sequence[Standing]) -> list[Standing]:
    """Return everyone, the arms of a pair that embraces around each other, and who is hidden behind whom noted."""
    if not embraced(people):
        return list(people)
    a, b = people
    shorter = a.bones.stature <= b.bones.stature
    made = [_around(a, b.bones, high=shorter), _around(b, a.bones, high=not shorter)]
    first, second = sorted(made, key=lambda p: -camera.depth(p.bones["pelvis"]))
    hidden = frozenset(side for side in "rl" if not _before(camera, second.bones, side, first.bones))
    kept = second if second.actor.pose_name in HELD else second._replace(beneath=hidden)
    return [kept if p is second else p for p in made]


def _around(person: Standing, other: Skeleton, *, high: bool) -> Standing:
    """Return one person with both arms around the other."""
    name, own = person.actor.pose_name, person.bones
    if name in HELD:
        return person
    behind = name in BEHIND
    reaches: dict[str, Reach] = {}
    for side in "rl":
        sign = sign_of(side)
        drop = 0.0 if high and not behind else -0.085
        drop += 0.03 if side == "r" else -0.06
        top = other["neck"][1] - 0.035 * other.stature
        spine = spine_at(other, clamp(own[f"shoulder_{side}"][1] + drop * own.stature, other["waist"][1], top))
        if behind:
            out = add(scaled(other.ahead, _BREAST_M), scaled(other.across, sign * 0.06))
            fingers = add(scaled(other.across, -sign), (0.0, 0.18, 0.0))
        else:
            # Face to face, a right arm goes around the other's left side.
            out = add(scaled(other.ahead, -_BACK_M), scaled(other.across, -sign * 0.115))
            fingers = add(scaled(other.across, sign), scaled(other.ahead, -0.30))
            fingers = add(fingers, (0.0, 0.25 if high else -0.1, 0.0))
        reaches[side] = Reach(add(spine, out), fingers)
    return Standing(person.actor, reaching(own, reaches))


def _before(camera: Camera, bones: Skeleton, side: str, other: Skeleton) -> bool:
    """Return whether a forearm is on the camera's side of somebody's trunk."""
    wrist = bones[f"wrist_{side}"]
    return camera.depth(wrist) < camera.depth(spine_at(other, wrist[1]))


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


def held_arms(camera: Camera, people: Sequence[Standing]) -> Mapping[int, tuple[str, ...]]:
    """Return the arms, by index of the person, that lie over somebody who is drawn later."""
    if not embraced(people):
        return {}
    farther = max((0, 1), key=lambda i: camera.depth(people[i].bones["pelvis"]))
    person, other = people[farther], people[1 - farther]
    if person.actor.pose_name in HELD:
        return {}
    return {farther: tuple(side for side in "lr" if _before(camera, person.bones, side, other.bones))}


def draw_hold(canvas: Canvas, camera: Camera, light: Light, look: Look, people: Sequence[Standing]) -> None:
    """Draw arms and hands of an embrace over the body that they lie on; call when everyone is drawn."""
    for index, sides in held_arms(camera, people).items():
        actor, bones = people[index].actor, people[index].bones
        depth = camera.depth(bones["wrist_r"])
        if depth < 0.2:
            continue
        canvas.tag = Tag(depth, actor.id)
        brush = Brush(canvas, camera, light, look, depth, Dice("ink", actor.id))
        over = dot(bones.ahead, camera.forward) < -0.55
        for side in sides:
            _draw_arm(brush, actor, bones, side, whole=not over)
        canvas.tag = Tag()


def _draw_arm(brush: Brush, actor: Actor, bones: Skeleton, side: str, *, whole: bool) -> None:
    """Draw the hand and its forearm; whole: with the elbow and some of the upper arm, as seen from the side."""
    outfit, build = actor.outfit, actor.build
    cloth = outfit.outer if outfit.outer is not None and outfit.outer.sleeve > 0.5 else outfit.top
    skin = brush.cloth(build.skin)
    covered = cloth.sleeve > 0.95
    r = build.stature * build.limb * (0.027 if covered else 0.020)
    elbow, wrist = bones[f"elbow_{side}"], bones[f"wrist_{side}"]
    first = blend(elbow, bones[f"shoulder_{side}"], 0.5) if whole else blend(elbow, wrist, 0.30)
    joints = [first, elbow, blend(elbow, wrist, 0.5), wrist] if whole else [first, blend(elbow, wrist, 0.65), wrist]
    draw_hand(brush, bones, side, brush.cloth(outfit.gloves) if outfit.gloves else skin)
    rings = limb(brush.camera, joints, [r * 1.2, *[r * 1.06] * (len(joints) - 2), r * 0.82])
    brush.part(outline(rings, start_cap=0.9, end_cap=0.15), brush.cloth(cloth.colour) if covered else skin)
