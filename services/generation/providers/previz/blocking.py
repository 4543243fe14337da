"""Where people go on the picture, by coverage and composition."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.geometry import clamp
from services.generation.providers.previz.poses import BEHIND, EMBRACES, HELD, MEETINGS
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.vocabulary import SIZES


class Spot(NamedTuple):
    """Where one person goes on the picture.

    Attributes:
        x: column of the head in frame widths. near: depth as a multiple of the lead's depth.
        turn: degrees that the body turns from facing the camera; positive faces the screen's right.
        look: index of the person looked at, or None.
    """

    x: float
    near: float
    turn: float
    look: int | None = None


_COLUMNS: Final[dict[str, float]] = {
    "center": 0.5, "symmetry": 0.5, "balanced": 0.5, "rule-of-thirds": 0.36, "golden-ratio": 0.39, "left-heavy": 0.32,
    "right-heavy": 0.68, "short-side": 0.64, "leading-lines": 0.5, "frame-in-frame": 0.5, "negative-space": 0.28,
    "foreground-occlusion": 0.60,
}  # fmt: skip
_TURNS: Final = {"front": 6.0, "three-quarter": 38.0, "profile": 84.0, "back": 168.0, "": 30.0}


def spots_of(scene: PrevizScene, poses: Sequence[str], share: float, dice: Dice) -> list[Spot]:
    """Return a place for each person by coverage and composition.

    Args:
        scene: with known words.
        poses: gesture of each person.
        share: height of the lead in frame heights.
        dice: settles sides.
    """
    count = len(poses)
    if count == 0:
        return []
    if count == 1:
        return [_lying_across(_alone(scene, dice), poses[0])]
    mirror = dice.happens(0.5)
    if scene.shot_size == "insert":
        # Seen from the side, so that an arm that reaches out goes across the frame.
        row = [Spot(0.5, 1.0, 78)] + [Spot(0.9, 1.0, -78)] * (count - 1)
        return [Spot(1 - s.x, s.near, -s.turn, s.look) for s in row] if mirror else row
    per_metre = share / 1.7 * scene.height / scene.width
    tight = share > 2.2
    close = EMBRACES - BEHIND - HELD
    if scene.coverage in {"over-the-shoulder", "reverse"} and count == 2 and close & set(poses):
        row = _held_close(scene, share, per_metre)
    elif scene.coverage in {"over-the-shoulder", "reverse"} and not EMBRACES & set(poses):
        row = [Spot(0.64, 1.0, -30, 1), Spot(0.17, 0.62 if not tight else 0.76, 148, 0)]
        row += [Spot(0.86 - 0.09 * i, 1.6 + 0.3 * i, -30, 0) for i in range(count - 2)]
    elif count == 2:
        row = _pair(scene, poses, per_metre, dice, tight=tight)
    elif count == 3:
        gap = clamp(1.35 * per_metre, 0.17, 0.30)
        row = [
            Spot(0.50, 1.0, 8),
            Spot(0.5 - gap, 1.2 if not tight else 1.5, 40, 0),
            Spot(0.5 + gap, 1.28 if not tight else 1.6, -40, 0),
        ]
    else:
        row = _many(count, dice)
    row = [_lying_across(spot, pose) for spot, pose in zip(row, poses, strict=True)]
    if not EMBRACES & set(poses):
        row = [_turned_by_request(scene, spot, index) for index, spot in enumerate(row)]
    return [Spot(1 - s.x, s.near, -s.turn, s.look) for s in row] if mirror else row


def _pair(scene: PrevizScene, poses: Sequence[str], per_metre: float, dice: Dice, *, tight: bool) -> list[Spot]:
    """Return two places, as far apart as what they do brings people."""
    middle = 0.5 + dice.between(-0.06, 0.06)
    if EMBRACES & set(poses):
        # Chests touch, and each looks over the other's shoulder: one of them shows the face. From behind, both do.
        gap = clamp(0.27 * per_metre, 0.03, 0.30)
        turn = 44.0 if (BEHIND | HELD) & set(poses) else 88.0 if "kiss" in poses else 78.0
        gap = -gap if poses[0] in HELD else gap
        return [Spot(middle - gap / 2, 1.0, turn), Spot(middle + gap / 2, 1.0, turn if turn < 60 else turn - 180.0)]
    if scene.coverage == "pov":
        return [Spot(0.40, 1.0, 6), Spot(0.72, 1.45, -6)]
    if scene.coverage == "single":
        return [Spot(0.36, 1.0, 26), Spot(0.74, 1.75 if tight else 1.5, -26, 0)]
    if {"shake", "waltz", "push"} & set(poses):
        gap = clamp((0.46 if "waltz" in poses else 0.80) * per_metre, 0.10, 0.44)
        return [Spot(middle - gap / 2, 1.0, 70, 1), Spot(middle + gap / 2, 1.0, -70, 0)]
    close = {"hold_hands", "fight", "guard", "strike"} & set(poses)
    gap = clamp((0.95 if close else 1.25) * per_metre, 0.12, 0.34)
    if MEETINGS & set(poses):
        return [Spot(middle - gap / 2, 1.0, 62, 1), Spot(middle + gap / 2, 1.0 if not tight else 1.15, -62, 0)]
    return [Spot(middle - gap / 2, 1.0, 46, 1), Spot(middle + gap / 2, 1.06 if not tight else 1.3, -46, 0)]


def _held_close(scene: PrevizScene, share: float, per_metre: float) -> list[Spot]:
    """Return two places chest to chest: the lead's face beside the head of the one seen from behind."""
    lens = scene.lens_mm or SIZES[scene.shot_size].lens_mm
    away = lens / 36.0 * max(scene.width, scene.height) / scene.height * 1.72 / share
    gap = clamp(0.26 * per_metre, 0.05, 0.30)
    return [Spot(0.54 + gap / 2, 1.0, -14), Spot(0.54 - gap / 2, max(0.7, 1.0 - 0.27 / away), 172)]


def _many(count: int, dice: Dice) -> list[Spot]:
    """Return a loose wedge with the lead in front."""
    row = [Spot(0.46, 1.0, 10)]
    others = count - 1
    for i in range(others):
        t = (i + 0.5) / others
        x = 0.12 + 0.76 * t
        if abs(x - 0.46) < 0.12:
            x += 0.13 if t >= 0.45 else -0.13
        row.append(Spot(x, 1.30 + 0.42 * (i % 3) + dice.between(0, 0.15), (0.5 - x) * 90, 0))
    return row


def _lying_across(spot: Spot, pose: str) -> Spot:
    """Return the place of who lies or crawls: along the frame, since knees before the lens hide the rest."""
    if pose in {"reach", "aim"} and spot.look is None and abs(spot.turn) < 50.0:
        return spot._replace(turn=math.copysign(56.0, spot.turn))  # an arm that goes across the frame reads
    if pose not in {"lie", "crawl"}:
        return spot
    return spot._replace(turn=82.0 if spot.turn >= 0 else -82.0)


def _turned_by_request(scene: PrevizScene, spot: Spot, index: int) -> Spot:
    if index or not scene.facing:
        return spot
    sign = 1.0 if spot.turn >= 0 else -1.0
    look = spot.look if scene.facing in {"three-quarter", "profile"} else None
    return spot._replace(turn=sign * _TURNS[scene.facing], look=look)


def _alone(scene: PrevizScene, dice: Dice) -> Spot:
    x = 0.5 if scene.shot_size == "insert" else _COLUMNS[scene.composition]
    if scene.composition == "balanced":
        x = 0.44
    flipped = dice.happens(0.5) and scene.composition not in {"left-heavy", "right-heavy"}
    x = 1 - x if flipped else x
    facing = scene.facing or {"over-the-shoulder": "back", "pov": "front"}.get(scene.coverage, "")
    turn = _TURNS[facing]
    # look room: turn towards the wider side, except where the short side is asked for
    right = x <= 0.5 if abs(x - 0.5) > 0.02 else dice.happens(0.5)
    if scene.composition == "short-side":
        right = not right
    if scene.coverage == "over-the-shoulder":
        x = 0.30 if right else 0.70
    return Spot(x, 1.0, turn if right else -turn)
