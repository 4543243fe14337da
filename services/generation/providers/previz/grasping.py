"""Arms that reach a point: two bones and a hand, with the lengths that they have."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from services.generation.providers.previz.geometry import Vec3, add, along, blend, dot, length, scaled, sub, unit
from services.generation.providers.previz.skeleton import FOREARM, HAND, UPPER_ARM, Skeleton


class Reach(NamedTuple):
    """What one arm reaches for.

    Attributes:
        wrist: world point for the wrist; beyond the arm's length the arm is stretched towards it.
        fingers: direction of the fingers from there.
        elbow: direction that the elbow gives way to; None is outwards and down.
    """

    wrist: Vec3
    fingers: Vec3
    elbow: Vec3 | None = None


def sign_of(side: str) -> float:
    """Return 1 for the right side ("r"), -1 for the left."""
    return 1.0 if side == "r" else -1.0


def reaching(bones: Skeleton, reaches: Mapping[str, Reach]) -> Skeleton:
    """Return a skeleton whose arms reach; the lengths of upper arm, forearm and hand are kept.

    Args:
        bones: in the world.
        reaches: by side, "r" or "l".
    """
    joints = dict(bones.joints)
    for side, reach in reaches.items():
        _bend(joints, bones, side, reach)
    return replace(bones, joints=joints)


def _bend(joints: dict[str, Vec3], bones: Skeleton, side: str, to: Reach) -> None:
    """Bend one arm by the law of cosines: the elbow lies on a circle around the line from shoulder to wrist."""
    shoulder, s = bones[f"shoulder_{side}"], bones.stature
    upper, lower = UPPER_ARM * s, FOREARM * s
    span = sub(to.wrist, shoulder)
    reach = max(min(length(span), (upper + lower) * 0.985), abs(upper - lower) * 1.05, 0.25 * upper)
    axis = unit(span)
    wrist = along(shoulder, axis, reach)
    a = (upper * upper - lower * lower + reach * reach) / (2.0 * reach)
    off = math.sqrt(max(0.0, upper * upper - a * a))
    hint = to.elbow or add(scaled(bones.across, sign_of(side)), (0.0, -0.35, 0.0))
    bend = unit(sub(hint, scaled(axis, dot(hint, axis))))
    joints[f"elbow_{side}"] = along(along(shoulder, axis, a), bend, off)
    joints[f"wrist_{side}"] = wrist
    joints[f"hand_{side}"] = along(wrist, unit(to.fingers), HAND * s)


def pointing(bones: Skeleton, side: str, target: Vec3, *, gap: float = 0.0) -> Skeleton:
    """Return a skeleton with one arm stretched out towards a world point, `gap` metres short of it at most."""
    span = sub(target, bones[f"shoulder_{side}"])
    aim, room = unit(span), length(span) - HAND * bones.stature - gap
    far = along(bones[f"shoulder_{side}"], aim, max(0.12, min((UPPER_ARM + FOREARM) * bones.stature, room)))
    return reaching(bones, {side: Reach(far, aim)})


def spine_at(bones: Skeleton, height: float) -> Vec3:
    """Return the point of the spine at a height in the world, from pelvis to neck."""
    steps = [bones[name] for name in ("pelvis", "waist", "chest", "neck")]
    for low, high in pairwise(steps):
        if height <= high[1]:
            rise = high[1] - low[1]
            t = (height - low[1]) / rise if rise > 1e-6 else 0.0
            return blend(low, high, min(1.0, max(0.0, t)))
    return steps[-1]


def shifted_by(bones: Skeleton, by: Vec3) -> Skeleton:
    """Return a skeleton moved in the world."""
    return replace(bones, joints={name: add(p, by) for name, p in bones.joints.items()})
