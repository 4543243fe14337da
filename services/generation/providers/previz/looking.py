"""Faces: turned to whom they look at, and never quite away from the lens."""

import math
from collections.abc import Sequence

from services.generation.providers.previz.blocking import Spot
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import clamp
from services.generation.providers.previz.skeleton import Skeleton


def looking(camera: Camera, people: list[Standing], spots: Sequence[Spot]) -> list[Standing]:
    """Turn faces to whom they look at."""
    done: list[Standing] = []
    for person, spot in zip(people, spots, strict=True):
        if spot.look is None or spot.look >= len(people):
            done.append(_to_the_lens(camera, person, spot))
            continue
        target, own = people[spot.look].bones["head"], person.bones["head"]
        yaw = math.atan2(target[0] - own[0], target[2] - own[2])
        body = math.atan2(person.bones.ahead[0], person.bones.ahead[2])
        bones = person.bones
        by = clamp(_folded(yaw - body), -math.radians(50), math.radians(50)) * 0.8
        # Actors cheat to the lens: who is not seen from behind keeps at least a profile.
        lens = math.atan2(camera.position[0] - own[0], camera.position[2] - own[2])
        away = _folded(body + by - lens)
        if abs(spot.turn) < 100:
            away = clamp(away, -math.radians(76), math.radians(76))
        done.append(Standing(person.actor, _face_turned(bones, lens + away)))
    return done


def _to_the_lens(camera: Camera, person: Standing, spot: Spot) -> Standing:
    """Return a person who looks at nobody with at least a profile to the camera, unless seen from behind."""
    face, lens = person.bones.face, camera.yaw + math.pi
    away = _folded(math.atan2(face[0], face[2]) - lens)
    most = math.radians(82)
    if abs(spot.turn) >= 100 or abs(away) <= most or abs(away) > math.radians(125) or abs(face[1]) > 0.7:
        return person
    return person._replace(bones=_face_turned(person.bones, lens + math.copysign(most, away)))


def _folded(angle: float) -> float:
    """Return an angle in -pi to pi."""
    return (angle + math.pi) % math.tau - math.pi


def _face_turned(bones: Skeleton, yaw: float) -> Skeleton:
    level = math.hypot(bones.face[0], bones.face[2])
    face = (math.sin(yaw) * level, bones.face[1], math.cos(yaw) * level)
    return Skeleton(bones.joints, bones.across, bones.ahead, face, bones.crown, bones.stature)
