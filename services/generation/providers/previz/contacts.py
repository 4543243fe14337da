"""Hands that meet something: the other person's hand or chest, an aim, a flute at the lips, the ground."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Vec3, add, along, blend, length, scaled, sub, unit
from services.generation.providers.previz.grasping import Reach, pointing, reaching, sign_of, spine_at
from services.generation.providers.previz.poses import POSES
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.skeleton import HAND, Skeleton

_FAR_M: Final = 12.0


def in_contact(scene: PrevizScene, people: Sequence[Standing]) -> list[Standing]:
    """Return everyone, with the arms of those whose gesture touches or aims at something brought to it.

    Args:
        scene: with known words.
        people: in place, faces turned.
    """
    if scene.shot_size == "insert":
        return list(people)
    made = list(people)
    for i, person in enumerate(people):
        other = _other(people, i)
        touch = _TOUCHES.get(person.actor.pose_name)
        if touch is not None and person.actor.pose == POSES[person.actor.pose_name]:
            made[i] = person._replace(bones=touch(person, other))
    return made


def _other(people: Sequence[Standing], index: int) -> Standing | None:
    """Return whom somebody deals with: the lead, or for the lead the next one."""
    if len(people) < 2:
        return None
    return people[0] if index else people[1]


def _aims(person: Standing, other: Standing | None) -> Skeleton:
    """Stretch the arm with the gun towards the other's chest, or straight ahead."""
    bones, side = person.bones, person.actor.holding
    if other is None:
        return pointing(bones, side, along(bones[f"shoulder_{side}"], bones.ahead, _FAR_M))
    target = blend(other.bones["chest"], other.bones["neck"], 0.3)
    return pointing(bones, side, target, gap=0.28)


def _points(person: Standing, other: Standing | None) -> Skeleton:
    """Strike out at the other's jaw; without another the gesture stays."""
    if other is None:
        return person.bones
    side = "l" if person.actor.mirrored else "r"
    return pointing(person.bones, side, other.bones["chin"])


def _shakes(person: Standing, other: Standing | None) -> Skeleton:
    """Bring the right hand to the middle between the two."""
    bones = person.bones
    if other is None:
        return bones
    high = 0.5 * (bones["waist"][1] + other.bones["waist"][1]) + 0.06
    middle = blend(bones["chest"], other.bones["chest"], 0.5)
    meet = (middle[0], high, middle[2])
    towards = unit(sub(meet, bones["shoulder_r"]))
    fingers = unit((towards[0], 0.1, towards[2]))
    wrist = along(meet, fingers, -0.62 * HAND * bones.stature)
    return reaching(bones, {"r": Reach(wrist, fingers, (0.0, -1.0, 0.0))})


def _pushes(person: Standing, other: Standing | None) -> Skeleton:
    """Lay both palms on the other's chest."""
    bones = person.bones
    if other is None:
        return bones
    reaches: dict[str, Reach] = {}
    towards = unit(sub(bones["chest"], other.bones["chest"]))
    chest = along(blend(other.bones["chest"], other.bones["neck"], 0.35), towards, 0.15)
    for side in "rl":
        wrist = along(chest, bones.across, 0.10 * sign_of(side))
        reaches[side] = Reach(wrist, add((0.0, 0.9, 0.0), scaled(towards, -0.4)))
    return reaching(bones, reaches)


def _holds_out(person: Standing, other: Standing | None) -> Skeleton:
    """Hold something up to the other, between the two."""
    bones, side = person.bones, person.actor.holding
    if other is None:
        return bones
    shoulder = bones[f"shoulder_{side}"]
    towards = unit(sub(blend(other.bones["waist"], other.bones["chest"], 0.5), shoulder))
    wrist = along(shoulder, towards, 0.25 * bones.stature)
    return reaching(bones, {side: Reach(wrist, add(towards, (0.0, 0.7, 0.0)), (0.0, -1.0, 0.0))})


def _waltzes(person: Standing, other: Standing | None) -> Skeleton:
    """Hold the one on a side hand in hand and the other's back or shoulder with the other arm."""
    bones = person.bones
    if other is None:
        return bones
    theirs = other.bones
    taller = bones.stature > theirs.stature or (bones.stature == theirs.stature and person.actor.id < other.actor.id)
    # Leading: the left hand out, the right on the back; following: the right out, the left on the shoulder.
    out, in_ = ("l", "r") if taller else ("r", "l")
    middle = blend(bones["neck"], theirs["neck"], 0.5)
    aside = scaled(bones.across, sign_of(out))
    meet = add(along(middle, aside, 0.50), (0.0, -0.06, 0.0))
    fingers = unit(add(aside, (0.0, 0.6, 0.0)))
    held = Reach(along(meet, fingers, -0.5 * HAND * bones.stature), fingers)
    if taller:
        spot = spine_at(theirs, theirs["chest"][1])
        spot = add(add(spot, scaled(theirs.ahead, -0.14)), scaled(bones.across, 0.06))
        around = Reach(spot, scaled(bones.across, -1.0))
    else:
        spot = add(theirs["shoulder_r"], (0.0, 0.01, 0.0))
        spot = along(spot, unit(sub(bones["chest"], theirs["chest"])), 0.13)
        around = Reach(spot, add(scaled(theirs.ahead, -1.0), (0.0, 0.25, 0.0)))
    return reaching(bones, {out: held, in_: around})


def _plays_the_flute(person: Standing, other: Standing | None) -> Skeleton:
    """Bring both hands to a flute that goes across from the lips, to the side of the hand that holds it."""
    del other
    bones, side = person.bones, person.actor.holding
    mouth, axis = flute_line(person)
    far, near = side, "l" if side == "r" else "r"
    grasp = HAND * bones.stature * 0.6
    reaches: dict[str, Reach] = {}
    for hand, at, lean in ((far, 0.46, -0.10), (near, 0.26, -0.45)):
        fingers = unit(add(add((0.0, 1.0, 0.0), scaled(axis, lean)), scaled(bones.ahead, -0.25)))
        on = along(mouth, axis, at * bones.stature / 1.7)
        low = add(scaled(bones.across, sign_of(hand) * 0.5), (0.0, -1.0, 0.0))
        reaches[hand] = Reach(along(on, fingers, -grasp), fingers, low)
    return reaching(bones, reaches)


def flute_line(person: Standing) -> tuple[Vec3, Vec3]:
    """Return where a flute meets the lips and the direction that it goes from there, level but for a little."""
    bones = person.bones
    head = person.actor.build.head * bones.stature
    mouth = along(along(bones["head"], bones.crown, -0.29 * head), bones.face, 0.42 * head)
    across = scaled(bones.across, sign_of(person.actor.holding))
    return mouth, unit(add(add(across, (0.0, -0.10, 0.0)), scaled(bones.ahead, 0.12)))


def _on_all_fours(person: Standing, other: Standing | None) -> Skeleton:
    """Put both hands on the ground ahead of the shoulders, one before the other."""
    del other
    bones = person.bones
    ground = min(bones["ankle_r"][1], bones["ankle_l"][1], bones["knee_r"][1]) - 0.03 * bones.stature
    reaches: dict[str, Reach] = {}
    for side, ahead in (("r", 0.16), ("l", 0.02)):
        x, _, z = along(bones[f"shoulder_{side}"], bones.ahead, ahead * bones.stature / 1.7)
        reaches[side] = Reach((x, ground + 0.02 * bones.stature, z), bones.ahead, scaled(bones.ahead, -1.0))
    return reaching(bones, reaches)


_TOUCHES: Final[dict[str, Callable[[Standing, Standing | None], Skeleton]]] = {
    "aim": _aims, "fight": _points, "shake": _shakes, "push": _pushes, "waltz": _waltzes, "flute": _plays_the_flute,
    "crawl": _on_all_fours, "propose": _holds_out,
}  # fmt: skip


def angle_between(a: Vec3, b: Vec3) -> float:
    """Return the angle between two directions in degrees."""
    cosine = sum(p * q for p, q in zip(a, b, strict=True)) / (length(a) * length(b))
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
