"""Blocking: where the camera stands and where people stand, so that heads are framed by rule."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.generation.providers.previz.camera import SENSOR_MM, Camera
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Vec3, add, clamp, heading, right_of, scaled
from services.generation.providers.previz.places.layout import Layout
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.skeleton import Skeleton, placed, posed
from services.generation.providers.previz.vocabulary import SIZES, Size

SAFE: Final = 0.05
"""Title-safe margin: this share of the frame stays free at every edge."""

_PITCH: Final = {
    "eye-level": 0.0,
    "dutch": 0.0,
    "low-angle": 9.0,
    "high-angle": -21.0,
    "birds-eye": -52.0,
    "worms-eye": 30.0,
}
_LOWEST_M: Final = 0.14
_DUTCH_DEG: Final = 11.0


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


class Stage(NamedTuple):
    """The camera and everyone in place, the lead first in `people` order of the scene."""

    camera: Camera
    people: tuple[Standing, ...]
    lead: int


def stage(scene: PrevizScene, actors: Sequence[Actor], layout: Layout) -> Stage:
    """Return camera and people for a normalised scene.

    Args:
        scene: with known vocabulary words.
        actors: in the scene's order.
        layout: of the location; its mark is where the lead stands.
    """
    dice = Dice("staging", scene.seed, scene.location.id)
    size = SIZES[scene.shot_size]
    skeletons = [posed(a.build, a.pose, mirrored=a.mirrored) for a in actors]
    spots = _spots(scene, len(actors), dice)
    lead = 0
    yaw = _yaw(scene, layout, dice)
    subject = skeletons[lead]["head"] if actors else (0.0, 1.6, 0.0)
    stature = actors[lead].build.stature if actors else 1.72
    mark = add(layout.mark, (0.0, subject[1], 0.0))
    camera = _camera(scene, size, dice, mark, stature, spots[lead].x if actors else 0.5, yaw)
    camera = _moved(scene, camera, mark, dice)
    people = [
        _placed(
            camera,
            scene,
            spot,
            actor,
            skeleton,
            layout.mark[1],
            size,
            actors[lead],
            exact=index == lead,
            mark=layout.mark,
        )
        for index, (spot, actor, skeleton) in enumerate(zip(spots, actors, skeletons, strict=True))
    ]
    return Stage(camera, tuple(_looking(people, spots)), lead)


def focal_pixels(scene: PrevizScene) -> float:
    """Return the focal length in pixels: f = lens / 36 mm x the frame's long side."""
    size = SIZES[scene.shot_size]
    lens = scene.lens_mm or size.lens_mm
    if scene.angle == "worms-eye":
        lens = min(lens, 20.0 if scene.lens_mm is None else lens)
    return clamp(lens, 10.0, 300.0) / SENSOR_MM * max(scene.width, scene.height)


def share_of(scene: PrevizScene, size: Size) -> float:
    """Return the height of a standing subject in frame heights; a narrow frame can't hold a wide close-up."""
    aspect = scene.width / scene.height
    return min(size.share, max(size.low, 6.6 * aspect * 0.80))


def _yaw(scene: PrevizScene, layout: Layout, dice: Dice) -> float:
    yaw = layout.yaw + math.radians(dice.between(-layout.sweep, layout.sweep))
    if scene.coverage == "reverse":
        yaw += math.pi - 2 * (yaw - layout.yaw)
    return yaw


def _camera(scene: PrevizScene, size: Size, dice: Dice, eyes: Vec3, stature: float, x: float, yaw: float) -> Camera:
    """Return the camera that sees the lead's eyes at the size's place, at column x."""
    f = focal_pixels(scene)
    depth = f * stature / (share_of(scene, size) * scene.height)
    roll = math.radians(_DUTCH_DEG) * dice.sign() if scene.angle == "dutch" else 0.0
    target = (x * scene.width, _eye_row(scene, size) * scene.height)
    level = scene.angle in {"eye-level", "dutch"}
    centre_y = scene.height / 2
    if level:
        horizon = clamp(0.45 * 0.5 + 0.55 * _eye_row(scene, size), 0.30, 0.56)
        centre_y = horizon * scene.height
    pitch = math.radians(_PITCH[scene.angle])
    lowest = eyes[1] * 0 + _LOWEST_M
    camera = _aimed(scene, f, yaw, pitch, roll, centre_y, eyes, depth, target)
    for _ in range(24):
        if camera.position[1] >= lowest or pitch <= 0.01:
            break
        pitch *= 0.88
        camera = _aimed(scene, f, yaw, pitch, roll, centre_y, eyes, depth, target)
    return camera


def _eye_row(scene: PrevizScene, size: Size) -> float:
    rows = size.eyes
    if scene.angle == "worms-eye":
        rows = min(rows, 0.30) if size.share < 2 else rows
    if scene.angle == "birds-eye":
        rows = max(rows, 0.36)
    if scene.coverage == "establishing":
        rows = max(rows, 0.5)
    return rows


def _aimed(
    scene: PrevizScene, f: float, yaw: float, pitch: float, roll: float, centre_y: float, eyes: Vec3, depth: float,
    target: tuple[float, float],
) -> Camera:  # fmt: skip
    """Return the camera at the one place from which the eyes fall on the target pixel at a depth."""
    here = Camera(scene.width, scene.height, (0.0, 0.0, 0.0), yaw, pitch, roll, f, centre_y)
    sx, sy = here.unrolled(target)
    x, y = (sx - here.centre_x) / f * depth, (centre_y - sy) / f * depth
    offset = add(add(scaled(here.right, x), scaled(here.up, y)), scaled(here.forward, depth))
    position = (eyes[0] - offset[0], eyes[1] - offset[1], eyes[2] - offset[2])
    return Camera(scene.width, scene.height, position, yaw, pitch, roll, f, centre_y)


def _moved(scene: PrevizScene, camera: Camera, subject: Vec3, dice: Dice) -> Camera:
    """Return the camera of an end frame: where the movement has taken it."""
    if scene.frame_role != "end":
        return camera
    side = dice.fork("movement").sign()
    flat, right = heading(camera.yaw), right_of(camera.yaw)
    depth = camera.depth(subject)
    shifts: dict[str, tuple[float, float, float, float, float, float]] = {
        # metres ahead, right, up (in subject depths), degrees of yaw and pitch, factor of the focal length
        "push-in": (0.30, 0, 0, 0, 0, 1.0), "pull-out": (-0.45, 0, 0, 0, 0, 1.0), "zoom": (0, 0, 0, 0, 0, 1.4),
        "pan": (0, 0, 0, 9 * side, 0, 1.0), "whip-pan": (0, 0, 0, 13 * side, 0, 1.0), "tilt": (0, 0, 0, 0, 5, 1.0),
        "truck": (0, 0.14 * side, 0, 0, 0, 1.0), "pedestal": (0, 0, 0.12, 0, 0, 1.0),
        "tracking": (0.10, 0.05 * side, 0, 0, 0, 1.0), "crane": (-0.18, 0, 0.34, 0, -13, 1.0),
        "steadicam": (0.12, 0.06 * side, 0, 3 * side, 0, 1.0), "handheld": (0.03, 0.02 * side, 0.01, 1.5 * side, 0.8, 1.0),
        "dolly-zoom": (0.42, 0, 0, 0, 0, 0.58), "orbit": (0, 0, 0, 0, 0, 1.0),
    }  # fmt: skip
    if scene.movement == "orbit":
        return _orbited(camera, subject, math.radians(32) * side)
    if scene.movement not in shifts:
        return camera
    ahead, across, up, yaw, pitch, zoom = shifts[scene.movement]
    at = add(camera.position, add(scaled(flat, ahead * depth), scaled(right, across * depth)))
    at = (at[0], max(_LOWEST_M, at[1] + up * depth), at[2])
    narrow = min(1.0, scene.width / scene.height)
    return Camera(
        camera.width, camera.height, at, camera.yaw + math.radians(yaw * narrow), camera.pitch + math.radians(pitch),
        camera.roll, camera.focal * zoom, camera.centre_y,
    )  # fmt: skip


def _orbited(camera: Camera, subject: Vec3, by: float) -> Camera:
    c, s = math.cos(by), math.sin(by)
    dx, dz = camera.position[0] - subject[0], camera.position[2] - subject[2]
    at = (subject[0] + dx * c + dz * s, camera.position[1], subject[2] + dz * c - dx * s)
    return Camera(
        camera.width, camera.height, at, camera.yaw + by, camera.pitch, camera.roll, camera.focal, camera.centre_y
    )


_COLUMNS: Final[dict[str, float]] = {
    "center": 0.5, "symmetry": 0.5, "balanced": 0.5, "rule-of-thirds": 0.36, "golden-ratio": 0.39, "left-heavy": 0.32,
    "right-heavy": 0.68, "short-side": 0.64, "leading-lines": 0.5, "frame-in-frame": 0.5, "negative-space": 0.28,
    "foreground-occlusion": 0.60,
}  # fmt: skip
_TURNS: Final = {"front": 6.0, "three-quarter": 38.0, "profile": 84.0, "back": 168.0, "": 30.0}


def _spots(scene: PrevizScene, count: int, dice: Dice) -> list[Spot]:
    """Return a place for each person by coverage and composition."""
    if count == 0:
        return []
    if count == 1:
        return [_alone(scene, dice)]
    mirror = dice.happens(0.5)
    tight = SIZES[scene.shot_size].share > 2.2
    if scene.coverage in {"over-the-shoulder", "reverse"}:
        row = [Spot(0.64, 1.0, -30, 1), Spot(0.17, 0.60 if not tight else 0.74, 148, 0)]
        row += [Spot(0.86 - 0.09 * i, 1.6 + 0.3 * i, -30, 0) for i in range(count - 2)]
    elif count == 2:
        row = [Spot(0.345, 1.0, 42, 1), Spot(0.665, 1.10 if not tight else 1.35, -40, 0)]
        if scene.coverage == "single":
            row = [Spot(0.36, 1.0, 26), Spot(0.74, 1.75 if tight else 1.5, -26, 0)]
        if scene.coverage == "pov":
            row = [Spot(0.40, 1.0, 6), Spot(0.72, 1.45, -6)]
    elif count == 3:
        row = [Spot(0.50, 1.0, 8), Spot(0.21, 1.28, 36, 0), Spot(0.80, 1.40, -36, 0)]
    else:
        row = _many(count, dice)
    row = [_turned_by_request(scene, spot, index) for index, spot in enumerate(row)]
    return [Spot(1 - s.x, s.near, -s.turn, s.look) for s in row] if mirror else row


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


def _turned_by_request(scene: PrevizScene, spot: Spot, index: int) -> Spot:
    if index or not scene.facing:
        return spot
    sign = 1.0 if spot.turn >= 0 else -1.0
    look = spot.look if scene.facing in {"three-quarter", "profile"} else None
    return spot._replace(turn=sign * _TURNS[scene.facing], look=look)


def _alone(scene: PrevizScene, dice: Dice) -> Spot:
    x = _COLUMNS[scene.composition]
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


def _placed(
    camera: Camera, scene: PrevizScene, spot: Spot, actor: Actor, skeleton: Skeleton, ground: float, size: Size,
    lead: Actor, *, exact: bool, mark: Vec3,
) -> Standing:  # fmt: skip
    """Return a person at a spot of the picture, moved only as far as the safe area asks."""
    if exact:
        return Standing(actor, placed(skeleton, mark, _body_yaw(camera, spot.turn, mark)))
    base = camera.focal * lead.build.stature / (share_of(scene, size) * scene.height)
    best: Standing | None = None
    for ease in (1.0, 0.75, 0.5, 0.25, 0.0):
        depth = base * (1.0 + (spot.near - 1.0) * ease)
        at = _ground_point(camera, spot.x, depth, skeleton["head"][1] + ground, ground)
        best = Standing(actor, placed(skeleton, at, _body_yaw(camera, spot.turn, at)))
        moved = _into_safety(camera, best, ground)
        if moved is not None:
            return moved
    return best if best is not None else Standing(actor, placed(skeleton, mark, 0.0))


def _ground_point(camera: Camera, x: float, depth: float, height: float, ground: float) -> Vec3:
    """Return the ground under a head that is seen at column x (frame widths) and a depth in metres."""
    flat, right = heading(camera.yaw), right_of(camera.yaw)
    cp, sp = math.cos(camera.pitch), math.sin(camera.pitch)
    run = (depth - (height - camera.position[1]) * sp) / cp
    across = (x * camera.width - camera.centre_x) / camera.focal * depth
    at = add(camera.position, add(scaled(flat, run), scaled(right, across)))
    return (at[0], ground, at[2])


def head_box(camera: Camera, person: Standing) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of the bare head in pixels."""
    centre = person.bones["head"]
    x, y = camera.project(centre)
    r = person.actor.build.head * person.actor.build.stature * camera.scale(camera.depth(centre))
    return (x - r * 0.36, y - r * 0.5, x + r * 0.36, y + r * 0.5)


def _into_safety(camera: Camera, person: Standing, ground: float) -> Standing | None:
    """Return the person moved sideways into the safe area, or None if the head is too high or too low."""
    left, top, right, bottom = head_box(camera, person)
    w, h = camera.width, camera.height
    if top < SAFE * h or bottom > (1 - SAFE) * h or camera.depth(person.bones["head"]) < 0.4:
        return None
    by = max(0.0, SAFE * w - left) - max(0.0, right - (1 - SAFE) * w)
    if abs(by) < 0.5:
        return person
    metres = by / camera.scale(camera.depth(person.bones["head"]))
    shift = scaled(right_of(camera.yaw), metres)
    joints = {name: add(p, shift) for name, p in person.bones.joints.items()}
    bones = person.bones
    return Standing(person.actor, Skeleton(joints, bones.across, bones.ahead, bones.face, bones.crown, bones.stature))


def _body_yaw(camera: Camera, turn: float, at: Vec3) -> float:
    """Return the world yaw of a body turned by degrees from facing the camera; positive faces the screen's right."""
    to_camera = math.atan2(camera.position[0] - at[0], camera.position[2] - at[2])
    return to_camera - math.radians(turn)


def _looking(people: list[Standing], spots: Sequence[Spot]) -> list[Standing]:
    """Turn faces to whom they look at."""
    done: list[Standing] = []
    for person, spot in zip(people, spots, strict=True):
        if spot.look is None or spot.look >= len(people):
            done.append(person)
            continue
        target, own = people[spot.look].bones["head"], person.bones["head"]
        yaw = math.atan2(target[0] - own[0], target[2] - own[2])
        body = math.atan2(person.bones.ahead[0], person.bones.ahead[2])
        bones = person.bones
        by = clamp((yaw - body + math.pi) % math.tau - math.pi, -math.radians(50), math.radians(50)) * 0.8
        done.append(Standing(person.actor, _face_turned(bones, body + by)))
    return done


def _face_turned(bones: Skeleton, yaw: float) -> Skeleton:
    level = math.hypot(bones.face[0], bones.face[2])
    face = (math.sin(yaw) * level, bones.face[1], math.cos(yaw) * level)
    return Skeleton(bones.joints, bones.across, bones.ahead, face, bones.crown, bones.stature)
