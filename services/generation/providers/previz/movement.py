"""Where a camera movement has taken the camera by the end frame."""

import math
from dataclasses import replace
from typing import Final

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.geometry import Vec3, add, heading, right_of, scaled

_LOWEST_M: Final = 0.14

# ahead, right, up (in subject depths), degrees of yaw and pitch, growth of the focal length
_MOVES: Final[dict[str, tuple[float, float, float, float, float, float]]] = {
    "push-in": (0.30, 0, 0, 0, 0, 0), "pull-out": (-0.45, 0, 0, 0, 0, 0), "zoom": (0, 0, 0, 0, 0, 0.4),
    "pan": (0, 0, 0, 9, 0, 0), "whip-pan": (0, 0, 0, 13, 0, 0), "tilt": (0, 0, 0, 0, 5, 0), "truck": (0,
        0.16, 0, 0, 0, 0),
    "pedestal": (0, 0, 0.12, 0, 0, 0), "tracking": (0.10, 0.06, 0, 0, 0, 0), "crane": (-0.18, 0, 0.34, 0, -13, 0),
    "steadicam": (0.12, 0.07, 0, 3, 0, 0), "handheld": (0.03, 0.02, 0.01, 1.5, 0.8, 0), "dolly-zoom": (0.42,
        0, 0, 0, 0, -0.42),
}  # fmt: skip
_ORBIT_DEG: Final = 32.0


def moved(camera: Camera, movement: str, subject: Vec3, side: float, strength: float) -> Camera:
    """Return the camera after a movement.

    Args:
        camera: of the start frame.
        movement: of the vocabulary; unknown and static ones stay.
        subject: world point that the movement is about.
        side: -1 or 1, for movements that have one.
        strength: 0 (none) to 1 (all of it).
    """
    if movement == "orbit":
        return _orbited(camera, subject, math.radians(_ORBIT_DEG) * side * strength)
    if movement not in _MOVES:
        return camera
    ahead, across, up, yaw, pitch, growth = (value * strength for value in _MOVES[movement])
    depth = camera.depth(subject)
    step = add(scaled(heading(camera.yaw), ahead * depth), scaled(right_of(camera.yaw), across * side * depth))
    at = add(camera.position, step)
    narrow = min(1.0, camera.width / camera.height)
    return replace(
        camera,
        position=(at[0], max(_LOWEST_M, at[1] + up * depth), at[2]),
        yaw=camera.yaw + math.radians(yaw * side * narrow),
        pitch=camera.pitch + math.radians(pitch),
        focal=camera.focal * (1.0 + growth),
    )


def _orbited(camera: Camera, subject: Vec3, by: float) -> Camera:
    c, s = math.cos(by), math.sin(by)
    dx, dz = camera.position[0] - subject[0], camera.position[2] - subject[2]
    at = (subject[0] + dx * c + dz * s, camera.position[1], subject[2] + dz * c - dx * s)
    return replace(camera, position=at, yaw=camera.yaw + by)
