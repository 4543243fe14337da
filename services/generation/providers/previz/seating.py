"""Who sits where in a car, and from where a camera sees them: the car stays, the camera goes around it."""

import math
from collections.abc import Sequence
from typing import Final

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import tokens
from services.generation.providers.previz.geometry import clamp
from services.generation.providers.previz.places.layout import Layout, Seat
from services.generation.providers.previz.poses import POSES, Pose
from services.generation.providers.previz.scene import PrevizScene

_REAR: Final = frozenset({"back", "backseat", "rear", "taxi", "cab", "limousine"})
_SEAT: Final = 0.20
_QUIET: Final = ("stand", "sit", "look", "walk", "run", "lean", "talk", "listen", "think")
_ROOMY: Final = frozenset(
    ("raise", "spread", "flail", "balance", "strike", "wave", "dance_high", "dance_side", "hang", "loose", "pump_ahead",
     "pump_behind", "swing_ahead", "swing_behind")
)  # fmt: skip
_FROM: Final = {"front": 176.0, "three-quarter": 145.0, "profile": 100.0, "back": 14.0}
"""Degrees from the car's heading to the camera's, for a lead on the left."""


def drives(scene: PrevizScene, pose: str, age: float, *, first: bool) -> bool:
    """Return whether someone has the wheel: who is told to drive, else the first if grown up and with idle hands."""
    return pose == "drive" or (first and age >= 17 and pose.startswith(_QUIET) and not _in_the_rear(scene))


def _in_the_rear(scene: PrevizScene) -> bool:
    told = tokens(f"{scene.location.name} {scene.location.description} {scene.description} {scene.action}")
    return not _REAR.isdisjoint(told)


def in_a_seat(pose: Pose, stature: float) -> Pose:
    """Return a gesture made sitting in a car: the arms keep theirs, where the roof lets them."""
    return pose._replace(
        right_arm="lap" if pose.right_arm in _ROOMY else pose.right_arm,
        left_arm="lap" if pose.left_arm in _ROOMY else pose.left_arm,
        right_leg="sit",
        left_leg="sit",
        seat=_SEAT,
        lean=clamp(pose.lean, -8.0, 8.0),
        sway=0.0,
        twist=clamp(pose.twist, -12.0, 12.0),
        nod=clamp(pose.nod, -10.0, 20.0),
        weight=0.0,
        recline=0.0,
        lift=clamp(1.65 - stature, 0.0, 0.6) * 0.6,  # children sit on something, to see out
    )


def behind_the_wheel(pose: str, stature: float) -> Pose:
    """Return the gesture of a driver: hands on the wheel, unless they do something else."""
    name = "drive" if pose.startswith(_QUIET) else pose
    return in_a_seat(POSES[name], stature)


def seats_for(scene: PrevizScene, layout: Layout, poses: Sequence[str]) -> list[Seat]:
    """Return a seat for each person; who drives gets the first. More people than seats share the last."""
    rear = _in_the_rear(scene) and "drive" not in poses[:1]
    free = list(layout.seats[2:] + layout.seats[:2] if rear else layout.seats)
    driver = poses.index("drive") if "drive" in poses else -1
    taken: list[Seat] = []
    for i in range(len(poses)):
        wheel = layout.seats[0]
        others = [seat for seat in free if seat != wheel] if driver >= 0 else free
        seat = wheel if i == driver else (others or [layout.seats[-1]])[0]
        if seat in free:
            free.remove(seat)
        taken.append(seat)
    return taken


def camera_yaw(scene: PrevizScene, lead: Seat, dice: Dice) -> float:
    """Return the yaw of the camera: mostly ahead of the lead, outside their own window."""
    asked = {"over-the-shoulder": "shoulder", "reverse": "shoulder", "pov": "back"}.get(scene.coverage, "three-quarter")
    facing = scene.facing or asked
    if asked == "shoulder" and len(scene.characters) > 1:
        facing = asked
    if lead.yaw:
        # Benches face each other across a window, and the camera looks towards it.
        pair = len(scene.characters) == 2 and facing == "three-quarter"
        degrees = (97.0 if pair else _FROM.get(facing, 156.0)) + dice.between(-5.0, 5.0)
        sides = (lead.yaw + math.radians(degrees), lead.yaw - math.radians(degrees))
        return max(sides, key=math.cos)
    degrees = _FROM.get(facing, 52.0) + dice.between(-5.0, 5.0)
    side = -1.0 if lead.at[0] > 0 else 1.0
    if facing == "shoulder" or (facing == "profile" and len(scene.characters) < 2):
        side = -side  # from the other seat, unless somebody large would sit there
    return lead.yaw + side * math.radians(degrees)


def column(scene: PrevizScene, yaw: float, seats: Sequence[Seat], per_metre: float) -> float | None:
    """Return the lead's column that puts the middle of everyone in the middle of the frame; None for one alone.

    Args:
        scene: with known words.
        yaw: of the camera.
        seats: taken, the lead's first.
        per_metre: frame widths per metre at the lead.
    """
    across = bool(seats) and seats[0].yaw != 0.0 and scene.coverage in {"over-the-shoulder", "reverse"}
    if len(seats) < 2 or across:
        return None  # over a shoulder across a compartment, the usual columns hold
    (x0, _, z0), rights = seats[0].at, [0.0]
    rights += [(s.at[0] - x0) * math.cos(yaw) - (s.at[2] - z0) * math.sin(yaw) for s in seats[1:]]
    return clamp(0.5 - (max(rights) + min(rights)) / 2 * per_metre, 0.16, 0.84)
