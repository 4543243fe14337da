"""A gesture given to a body: joints in world metres, feet on the ground."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.generation.providers.previz.build import Build
from services.generation.providers.previz.geometry import (
    Vec3,
    add,
    along,
    blend,
    heading,
    right_of,
    scaled,
    turn_x,
    turn_y,
    turn_z,
    unit,
)
from services.generation.providers.previz.poses import ARMS, LEGS, Limb, Pose

THIGH: Final = 0.245
SHIN: Final = 0.235
ANKLE: Final = 0.045
UPPER_ARM: Final = 0.165
FOREARM: Final = 0.145
HAND: Final = 0.085
FOOT: Final = 0.105
SPINE: Final = (0.085, 0.105, 0.110)
NECK: Final = 0.032


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Joints of one person.

    Attributes:
        joints: world points by name; sides end in "_r" and "_l" (the person's own right and left).
        across, ahead: level directions to the person's right and front, at the shoulders.
        face: direction of the face. crown: direction from chin to crown.
        stature: metres, standing.
    """

    joints: dict[str, Vec3]
    across: Vec3
    ahead: Vec3
    face: Vec3
    crown: Vec3
    stature: float

    def __getitem__(self, joint: str) -> Vec3:
        return self.joints[joint]


def posed(build: Build, pose: Pose, *, mirrored: bool = False) -> Skeleton:
    """Return the joints of a pose in the person's own frame: standing on (0, 0, 0), facing +z, right at +x.

    Args:
        build: proportions.
        pose: the gesture.
        mirrored: swaps left and right.
    """
    local = _Poser(build, pose).joints()
    lowest = min(
        local["ankle_r"][1] - ANKLE, local["ankle_l"][1] - ANKLE, local["toe_r"][1] - 0.012, local["toe_l"][1] - 0.012
    )
    if pose.recline > 60:
        lowest = min(p[1] for p in local.values()) - 0.05
    elif pose.right_leg == "cross_floor":
        lowest = local["pelvis"][1] - 0.075
    elif pose.right_leg == "kneel":
        lowest = min(local["knee_r"][1] - 0.04, local["ankle_l"][1] - ANKLE)
    rise = -lowest if pose.seat is None else pose.seat + 0.055 - local["pelvis"][1]
    rise += pose.lift / build.stature
    flip = -1.0 if mirrored else 1.0
    s = build.stature

    def settle(p: Vec3) -> Vec3:
        return (p[0] * s * flip, (p[1] + rise) * s, p[2] * s)

    joints = {_swapped(name) if mirrored else name: settle(p) for name, p in local.items()}
    turn_head = turn_y((0.0, 0.0, 1.0), math.radians(pose.twist * 0.5 + pose.turn) * flip)
    nod = math.radians(pose.nod + pose.lean * 0.35)
    face = unit((turn_head[0] * math.cos(nod), -math.sin(nod), turn_head[2] * math.cos(nod)))
    crown = turn_z(turn_x((0.0, 1.0, 0.0), nod), math.radians(pose.tilt) * flip)
    if pose.recline:
        tip = -math.radians(pose.recline)
        face, crown = turn_x(face, tip), turn_x(crown, tip)
    twist = math.radians(pose.twist) * flip
    return Skeleton(joints, turn_y((1.0, 0.0, 0.0), twist), turn_y((0.0, 0.0, 1.0), twist), face, crown, s)


def placed(skeleton: Skeleton, at: Vec3, yaw: float, *, look: float | None = None) -> Skeleton:
    """Return the skeleton standing somewhere.

    Args:
        skeleton: in its own frame.
        at: world point under the feet.
        yaw: direction that the person faces.
        look: world yaw that the face is turned to, as far as a neck can; None keeps the pose's.
    """
    right, ahead = right_of(yaw), heading(yaw)

    def turn(v: Vec3) -> Vec3:
        level = add(scaled(right, v[0]), scaled(ahead, v[2]))
        return (level[0], v[1], level[2])

    joints = {name: add(at, turn(p)) for name, p in skeleton.joints.items()}
    face, crown = turn(skeleton.face), turn(skeleton.crown)
    if look is not None:
        now = math.atan2(face[0], face[2])
        most = math.radians(62)
        by = (look - yaw + math.pi) % math.tau - math.pi
        by = max(-most, min(most, by)) + yaw - now
        face, crown = turn_y(face, by), turn_y(crown, by)
    return Skeleton(joints, turn(skeleton.across), turn(skeleton.ahead), face, crown, skeleton.stature)


def _swapped(name: str) -> str:
    if name.endswith("_r"):
        return name[:-1] + "l"
    return name[:-1] + "r" if name.endswith("_l") else name


class _Poser:
    """Forward kinematics in statures, in the person's own frame, pelvis at the origin."""

    def __init__(self, build: Build, pose: Pose) -> None:
        self._build = build
        self._pose = pose
        self._shift = pose.weight * 0.022
        self._drop = math.radians(pose.weight * 5.0)

    def joints(self) -> dict[str, Vec3]:
        b, p = self._build, self._pose
        lean, sway = math.radians(p.lean + b.stoop), math.radians(p.sway)
        # The back curves: the weight's side carries the ribs back over the foot (contrapposto).
        counter = -self._drop * 0.9
        pelvis: Vec3 = (self._shift, 0.0, 0.0)
        points: dict[str, Vec3] = {"pelvis": pelvis}
        spot = pelvis
        for name, size, part in zip(("waist", "chest", "neck"), SPINE, (0.35, 0.85, 1.15), strict=True):
            up = turn_z(turn_x((0.0, 1.0, 0.0), lean * part), (sway + counter) * part)
            spot = along(spot, up, size)
            points[name] = spot
        nod = math.radians(p.nod) * 0.6 + lean
        neck_up = turn_z(turn_x((0.0, 1.0, 0.0), nod), sway + math.radians(p.tilt) * 0.5)
        points["chin"] = along(spot, neck_up, NECK)
        points["head"] = along(spot, neck_up, NECK * 0.62 + b.head * 0.5)
        self._arms(points, lean, sway + counter)
        self._legs(points)
        if p.recline:
            tip = -math.radians(p.recline)
            return {name: turn_x(v, tip) for name, v in points.items()}
        return points

    def _arms(self, points: dict[str, Vec3], lean: float, sway: float) -> None:
        b, p = self._build, self._pose
        twist = math.radians(p.twist)

        def frame(v: Vec3) -> Vec3:
            return turn_z(turn_x(turn_y(v, twist), lean * 0.8), sway)

        root = blend(points["chest"], points["neck"], 0.86)
        for side, sign, arm in (("r", 1.0, p.right_arm), ("l", -1.0, p.left_arm)):
            shoulder = add(root, frame((sign * (b.shoulder - 0.018), -0.016, 0.0)))
            points[f"shoulder_{side}"] = shoulder
            self._limb(points, ("elbow", "wrist", "hand"), side, shoulder, ARMS[arm], frame, sign)

    def _limb(
        self,
        points: dict[str, Vec3],
        names: tuple[str, str, str],
        side: str,
        root: Vec3,
        limb: Limb,
        frame: Callable[[Vec3], Vec3],
        sign: float,
    ) -> None:
        upper, lower = (unit(frame((d[0] * sign, d[1], d[2]))) for d in limb)
        elbow = along(root, upper, UPPER_ARM)
        wrist = along(elbow, lower, FOREARM)
        points[f"{names[0]}_{side}"] = elbow
        points[f"{names[1]}_{side}"] = wrist
        points[f"{names[2]}_{side}"] = along(wrist, lower, HAND)

    def _legs(self, points: dict[str, Vec3]) -> None:
        b, p = self._build, self._pose
        tilt = self._drop
        for side, sign, leg in (("r", 1.0, p.right_leg), ("l", -1.0, p.left_leg)):
            hip = add(points["pelvis"], turn_z((sign * b.hip * 0.56, -0.012, 0.0), -tilt))
            upper, lower = (unit((d[0] * sign, d[1], d[2])) for d in LEGS[leg])
            if p.weight * sign > 0.3:
                # The bearing leg leans in, so that the foot stands under the head.
                upper, lower = (unit((d[0] - sign * 0.09 * abs(p.weight), d[1], d[2])) for d in (upper, lower))
            knee = along(hip, upper, THIGH * b.leg)
            ankle = along(knee, lower, SHIN * b.leg)
            points[f"hip_{side}"], points[f"knee_{side}"], points[f"ankle_{side}"] = hip, knee, ankle
            # Who kneels lies on the back of the foot.
            toes = unit((sign * 0.1, -0.06, -1.0)) if leg == "kneel" else _foot(lower, sign)
            points[f"toe_{side}"] = add(ankle, scaled(toes, FOOT))


def _foot(shin: Vec3, sign: float) -> Vec3:
    """Return where the toes point: level under an upright shin, dropped when the heel lifts."""
    back = max(0.0, -shin[2] - 0.2)
    drop = -0.30 - back * 1.1
    if shin[2] > 0.3:
        drop = 0.25
    return unit((sign * 0.22, drop, max(0.15, 1.0 - back * 0.7)))
