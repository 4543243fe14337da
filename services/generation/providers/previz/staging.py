"""Blocking: where the camera stands and where people stand, so that heads are framed by rule."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from services.generation.providers.previz.blocking import Spot, spots_of
from services.generation.providers.previz.camera import SENSOR_MM, Camera
from services.generation.providers.previz.cast import Actor
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.contacts import in_contact
from services.generation.providers.previz.embracing import beside, close_to, in_arms, raised
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Point, Vec3, add, clamp, heading, right_of, scaled
from services.generation.providers.previz.grasping import shifted_by
from services.generation.providers.previz.held import held_named
from services.generation.providers.previz.looking import looking
from services.generation.providers.previz.movement import moved
from services.generation.providers.previz.places.layout import Layout, Seat
from services.generation.providers.previz.poses import BEHIND, EMBRACES, HELD
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.seating import camera_yaw, column, seats_for
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
_NEAREST_M: Final = 0.6
_ROWS: Final = (0.40, 0.30, 0.55, 0.22, 0.70)
_DUTCH_DEG: Final = 11.0
_INSERT_M: Final = {
    "key": 8.6, "ring": 9.0, "watch": 9.0, "cigarette": 8.6, "object": 8.4, "gun": 5.8, "paper": 5.2, "book": 4.9,
    "bottle": 5.2, "knife": 5.6, "flute": 4.6, "sword": 3.8, "case": 3.6, "lantern": 4.2, "umbrella": 3.4, "pot": 3.4,
    "basket": 3.8, "garland": 4.4, "cane": 3.6, "flower": 5.0,
}  # fmt: skip
"""Height of the standing lead in frame heights that shows a hand and the whole thing in it."""


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
    head = actors[0].build.head if actors else 0.142
    share = share_of(scene, size, head)
    spots = spots_of(scene, [a.pose_name for a in actors], share, dice)
    seats = seats_for(scene, layout, [a.pose_name for a in actors]) if layout.seats else []
    yaw = camera_yaw(scene, (seats or layout.seats)[0], dice) if layout.seats else _yaw(scene, layout, dice)
    people: list[Standing] = []
    eyes, stature, x = add(layout.mark, (0.0, 1.6 if not layout.seats else 1.1, 0.0)), 1.72, 0.5
    if actors:
        at = seats[0].at if seats else add(layout.mark, (0.0, raised(scene, actors, skeletons, share), 0.0))
        facing = seats[0].yaw if seats else yaw + math.pi - math.radians(spots[0].turn)
        people = [Standing(actors[0], placed(skeletons[0], at, facing))]
        if _in_a_pair(scene, actors, layout):
            people = [beside(people[0], heading(yaw))]
        eyes, stature, x = _focus(scene, actors[0], people[0].bones), actors[0].build.stature, spots[0].x
        x = column(scene, yaw, seats, share / stature * scene.height / scene.width) or x
    low = (
        bool(actors) and share > 0.3 and skeletons[0]["head"][1] < 0.4 * stature
    )  # lies or crawls: head over empty floor
    target = _target(scene, size, x, _crown(actors) + _taller(actors, skeletons, spots), share, head, 0.62 * low)
    f = focal_pixels(scene, share, stature)
    base = f * stature / (share * scene.height)
    camera = _camera(scene, f, dice, eyes, base, target, yaw)
    for i, (actor, bones, spot) in list(enumerate(zip(actors, skeletons, spots, strict=True)))[1:]:
        there = _into_safety(camera, _sitting(actor, bones, seats[i])) if seats else None
        if scene.shot_size == "insert" and i == 1:
            there = _handing(people[0], actor, bones)
        if _in_a_pair(scene, actors, layout) and scene.coverage not in {"over-the-shoulder", "reverse"}:
            there = _in_frame(camera, close_to(people[0], actor, _facing(people[0], actor, bones), heading(yaw)))
        people.append(there or _placed(camera, spot, actor, bones, base, layout))
    people = in_contact(scene, in_arms(camera, looking(camera, people, spots)))
    if scene.frame_role == "end":
        camera = _after_movement(scene, camera, eyes, people, dice)
    return Stage(camera, tuple(people), 0)


def _in_a_pair(scene: PrevizScene, actors: Sequence[Actor], layout: Layout) -> bool:
    """Return whether two stand in each other's arms."""
    if layout.seats or scene.shot_size == "insert":
        return False
    return len(actors) == 2 and all(a.pose_name in EMBRACES for a in actors)


def _facing(lead: Standing, actor: Actor, bones: Skeleton) -> Skeleton:
    """Return the second of a pair turned to the first, or the same way in an embrace from behind."""
    yaw = math.atan2(lead.bones.ahead[0], lead.bones.ahead[2])
    back = {lead.actor.pose_name, actor.pose_name} & (BEHIND | HELD)
    ground = min(p[1] for p in lead.bones.joints.values()) - min(p[1] for p in bones.joints.values())
    return placed(bones, (0.0, ground if lead.bones["toe_r"][1] > 0.2 else 0.0, 0.0), yaw if back else yaw + math.pi)


def _in_frame(camera: Camera, person: Standing) -> Standing | None:
    """Return a person raised or lowered until the head is in the safe area, as by a box; None if it does not help."""
    h, (_, top, _, bottom) = camera.height, head_box(camera, person)
    over = max(0.0, SAFE * h - top) - max(0.0, bottom - (1 - SAFE) * h)
    if abs(over) > 0.5:
        down = over / camera.scale(camera.depth(person.bones["head"])) / math.cos(camera.pitch)
        person = Standing(person.actor, shifted_by(person.bones, (0.0, -down, 0.0)))
    return _into_safety(camera, person)


def _sitting(actor: Actor, bones: Skeleton, seat: Seat) -> Standing:
    return Standing(actor, placed(bones, seat.at, seat.yaw))


def _handing(lead: Standing, actor: Actor, bones: Skeleton) -> Standing:
    """Return the second person of an insert, whose hand meets the lead's; faces are out of frame there."""
    own = lead.bones
    yaw = math.atan2(own.ahead[0], own.ahead[2])
    there = placed(bones, (0.0, 0.0, 0.0), yaw + math.pi)
    meet = add(own[f"hand_{lead.actor.holding}"], scaled(heading(yaw), 0.09))
    hand = there[f"hand_{actor.holding}"]
    return Standing(actor, placed(bones, (meet[0] - hand[0], meet[1] - hand[1], meet[2] - hand[2]), yaw + math.pi))


def _after_movement(
    scene: PrevizScene, camera: Camera, subject: Vec3, people: Sequence[Standing], dice: Dice
) -> Camera:
    """Return the end frame's camera: as much of the movement as keeps every head in frame."""
    side = dice.fork("movement").sign()
    for strength in (1.0, 0.75, 0.5, 0.3, 0.15):
        after = moved(camera, scene.movement, subject, side, strength)
        if all(_is_safe(after, head_box(after, p)) for p in people):
            return after
    return camera


def _is_safe(camera: Camera, box: tuple[float, float, float, float]) -> bool:
    w, h = camera.width, camera.height
    left, top, right, bottom = box
    return left >= SAFE * w - 1 and top >= SAFE * h - 1 and right <= (1 - SAFE) * w + 1 and bottom <= (1 - SAFE) * h + 1


def focal_pixels(scene: PrevizScene, share: float, stature: float) -> float:
    """Return the focal length in pixels: f = lens / 36 mm x the frame's long side.

    A worm's-eye view takes a wide lens unless one is asked for; no lens comes nearer to a face than 0.6 m.
    """
    size = SIZES[scene.shot_size]
    lens = scene.lens_mm or size.lens_mm
    if scene.angle == "worms-eye" and scene.lens_mm is None:
        lens = min(lens, 22.0)
    f = clamp(lens, 10.0, 300.0) / SENSOR_MM * max(scene.width, scene.height)
    return max(f, _NEAREST_M * share * scene.height / stature)


def share_of(scene: PrevizScene, size: Size, head: float = 0.142) -> float:
    """Return the height of the standing lead in frame heights.

    Args:
        scene: gives the frame.
        size: asked for.
        head: height of the lead's head in statures; a frame that can't hold it takes the size's widest version.
    """
    if scene.shot_size == "insert":
        return clamp(_INSERT_M.get(held_named(scene.prop_in_focus), 6.8), size.low, size.high)
    aspect = scene.width / scene.height
    room = 1.0 - 2.0 * SAFE - 0.03
    return min(size.share, max(size.low, min(room / head, room * aspect / (0.72 * head))))


def _yaw(scene: PrevizScene, layout: Layout, dice: Dice) -> float:
    straight = scene.composition in {"symmetry", "leading-lines"}
    sweep = 0.0 if straight else dice.between(-layout.sweep, layout.sweep)
    yaw = layout.yaw + math.radians(sweep)
    if scene.coverage == "reverse":
        yaw += math.pi - 2 * (yaw - layout.yaw)
    return yaw


def _camera(scene: PrevizScene, f: float, dice: Dice, eyes: Vec3, depth: float, target: Point, yaw: float) -> Camera:
    """Return the camera that sees the lead's head on a pixel at a depth, from the angle asked for."""
    roll = math.radians(_DUTCH_DEG) * dice.sign() if scene.angle == "dutch" else 0.0
    level = scene.angle in {"eye-level", "dutch"}
    centre_y = scene.height / 2
    if level:
        horizon = clamp(0.45 * 0.5 + 0.55 * target[1] / scene.height, 0.30, 0.56)
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


def _target(scene: PrevizScene, size: Size, x: float, crown: float, share: float, head: float, lowest: float) -> Point:
    """Return the pixel of the lead's head: where size and composition put it, but inside the safe area."""
    w, h = scene.width, scene.height
    if scene.shot_size == "insert":
        return (x * w, 0.5 * h)  # a hand, not a head
    tall = head * share * h * 1.01
    row = max(_eye_row(scene, size) + crown * share, lowest) * h
    half = min(tall * 0.37, w * (0.5 - SAFE))
    return (
        clamp(x * w, SAFE * w + half, (1 - SAFE) * w - half),
        clamp(row, SAFE * h + tall / 2, (1 - SAFE) * h - tall / 2),
    )


def _focus(scene: PrevizScene, lead: Actor, bones: Skeleton) -> Vec3:
    """Return what the shot is about: the lead's head, or in an insert the hand with the prop."""
    if scene.shot_size != "insert":
        return bones["head"]
    return bones[f"hand_{lead.holding}"]


def _taller(actors: Sequence[Actor], skeletons: Sequence[Skeleton], spots: Sequence[Spot]) -> float:
    """Return how much lower the lead goes in the frame so that taller company fits, in statures of the lead."""
    if len(actors) < 2:
        return 0.0
    lead = skeletons[0]["head"][1]
    over = max((s["head"][1] - lead) / max(p.near, 0.5) for s, p in zip(skeletons[1:], spots[1:], strict=True))
    return clamp(over / actors[0].build.stature, 0.0, 0.09)


def _crown(actors: Sequence[Actor]) -> float:
    """Return the extra headroom for what the lead wears on the head, in statures."""
    if not actors:
        return 0.0
    lead = actors[0]
    tall = 0.022 if lead.outfit.hat is not None else 0.0
    return max(tall, 0.045 if lead.plume else 0.0) * 0.8


def _eye_row(scene: PrevizScene, size: Size) -> float:
    rows = size.eyes
    if scene.angle == "worms-eye":
        rows = min(rows, 0.30) if size.share < 2 else rows
    if scene.angle == "birds-eye":
        rows = max(rows, 0.36)
    if scene.shot_size == "insert":
        return 0.5
    if scene.coverage == "establishing":
        rows = max(rows, 0.5)
    if scene.angle in {"low-angle", "worms-eye"} and size.share < 0.6:
        rows = 0.62  # sky over small figures, not ground under them
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


def _placed(camera: Camera, spot: Spot, actor: Actor, skeleton: Skeleton, base: float, layout: Layout) -> Standing:
    """Return a person at a spot of the picture, moved only as far as the free floor and the safe area ask.

    Args:
        camera: sees them.
        spot: where they should be.
        base: depth of the lead in metres.
        actor: who.
        skeleton: as `actor`.
        layout: gives the floor.
    """
    ground = layout.mark[1]
    height = skeleton["head"][1] + ground
    depths = [base * (1.0 + (spot.near - 1.0) * ease) for ease in (1.0, 0.75, 0.5, 0.25, 0.0)]
    depths += [base * more for more in (1.5, 2.2, 3.2, 4.6, 6.5, 9.0, 13.0)]
    floor = [_on_floor(_ground_point(camera, spot.x, depth, height, ground), layout) for depth in depths]
    # Where the floor ends too soon, the rest of the way goes over its edge; a steep camera is met by row instead.
    beyond = [_ground_point(camera, spot.x, depth, height, ground) for depth in depths]
    rows = [p for p in (_ground_at_row(camera, spot.x, row, height, ground) for row in _ROWS) if p is not None]
    for at in (*floor, *rows, *beyond):
        safe = _into_safety(camera, _under(camera, spot, actor, skeleton, at))
        if safe is not None:
            return safe
    return _on_a_box(camera, spot, actor, skeleton, base)


def _ground_at_row(camera: Camera, x: float, row: float, height: float, ground: float) -> Vec3 | None:
    """Return the ground under a head of a given height that is seen at (x, row), in frame sizes; None if nowhere."""
    sx, sy = camera.unrolled((x * camera.width, row * camera.height))
    u, v = (sx - camera.centre_x) / camera.focal, (camera.centre_y - sy) / camera.focal
    ray = add(add(scaled(camera.right, u), scaled(camera.up, v)), camera.forward)
    if abs(ray[1]) < 0.02:
        return None
    depth = (height - camera.position[1]) / ray[1]
    if not 0.5 < depth < 60.0:
        return None
    return (camera.position[0] + ray[0] * depth, ground, camera.position[2] + ray[2] * depth)


def _on_a_box(camera: Camera, spot: Spot, actor: Actor, skeleton: Skeleton, base: float) -> Standing:
    """Return a person raised or lowered to the lens, as crews do with boxes and trenches when a frame is tight."""
    person = Standing(actor, skeleton)
    for more in (1.2, 1.8, 2.6):
        depth = base * max(spot.near, more)
        sx, sy = camera.unrolled((clamp(spot.x, 0.3, 0.7) * camera.width, 0.45 * camera.height))
        across, up = (sx - camera.centre_x) / camera.focal * depth, (camera.centre_y - sy) / camera.focal * depth
        offset = add(add(scaled(camera.right, across), scaled(camera.up, up)), scaled(camera.forward, depth))
        head = add(camera.position, offset)
        person = _under(camera, spot, actor, skeleton, (head[0], head[1] - skeleton["head"][1], head[2]))
        safe = _into_safety(camera, person)
        if safe is not None:
            return safe
    return person


def _under(camera: Camera, spot: Spot, actor: Actor, skeleton: Skeleton, at: Vec3) -> Standing:
    """Return a person whose head, not whose feet, is above a point: who leans or lies has them apart."""
    yaw = _body_yaw(camera, spot.turn, at)
    head = placed(skeleton, at, yaw)["head"]
    return Standing(actor, placed(skeleton, (2 * at[0] - head[0], at[1], 2 * at[2] - head[2]), yaw))


def _on_floor(at: Vec3, layout: Layout) -> Vec3:
    x0, z0, x1, z1 = layout.free
    return (clamp(at[0], x0, x1), at[1], clamp(at[2], z0, z1))


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


def _into_safety(camera: Camera, person: Standing) -> Standing | None:
    """Return the person moved sideways into the safe area, or None if the head is too high or too low."""
    left, top, right, bottom = head_box(camera, person)
    w, h = camera.width, camera.height
    if right - left > (1 - 2 * SAFE) * w:
        return None
    if top < SAFE * h or bottom > (1 - SAFE) * h or camera.depth(person.bones["head"]) < 0.4:
        return None
    by = max(0.0, SAFE * w - left) - max(0.0, right - (1 - SAFE) * w)
    if abs(by) < 0.5:
        return person
    metres = by / camera.scale(camera.depth(person.bones["head"])) / math.cos(camera.roll)
    shift = scaled(right_of(camera.yaw), metres)
    bones = person.bones
    joints = {name: add(p, shift) for name, p in bones.joints.items()}
    moved_bones = Skeleton(joints, bones.across, bones.ahead, bones.face, bones.crown, bones.stature)
    shifted = Standing(person.actor, moved_bones)
    return shifted if _is_safe(camera, head_box(camera, shifted)) else None


def _body_yaw(camera: Camera, turn: float, at: Vec3) -> float:
    """Return the world yaw of a body turned by degrees from facing the camera; positive faces the screen's right."""
    to_camera = math.atan2(camera.position[0] - at[0], camera.position[2] - at[2])
    return to_camera - math.radians(turn)
