"""Guide passes for models that take one: depth, pose, line art, a mask per character.

They are derived from the same display list and joints as the frame, so they are registered to it exactly.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.display_list import (
    RGB,
    Begin,
    Blend,
    DepthPlane,
    DisplayList,
    Linear,
    Op,
    Paint,
    Role,
    Shape,
    Solid,
    Stop,
    Tag,
    ellipse,
    polygon,
    rectangle,
)
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Point, clamp
from services.generation.providers.previz.head import HeadView

_BLACK: Final[RGB] = (0.0, 0.0, 0.0)
_WHITE: Final[RGB] = (255.0, 255.0, 255.0)

KEYPOINTS: Final = (
    "nose", "neck", "shoulder_r", "elbow_r", "wrist_r", "shoulder_l", "elbow_l", "wrist_l", "hip_r",
        "knee_r", "ankle_r",
    "hip_l", "knee_l", "ankle_l", "eye_r", "eye_l", "ear_r", "ear_l",
)  # fmt: skip
"""The 18 points of the COCO layout that OpenPose control models are trained on, in its order."""

_BONES: Final = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13),
        (1, 0), (0, 14),
    (14, 16), (0, 15), (15, 17),
)  # fmt: skip
_COLOURS: Final[tuple[RGB, ...]] = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255),
    (255, 0, 170), (255, 0, 85),
)  # fmt: skip


class GuidePasses(NamedTuple):
    """PNG bytes, each of the frame's size and registered to it.

    Attributes:
        depth: inverse depth as grey: white is nearest, black is infinitely far.
        pose: OpenPose skeletons (COCO, 18 points) on black.
        lineart: white contours on black.
        masks: by character id: white where the character is seen, black elsewhere.
    """

    depth: bytes
    pose: bytes
    lineart: bytes
    masks: dict[str, bytes]


def depth_pass(drawing: DisplayList, nearest: float) -> DisplayList:
    """Return the drawing painted by inverse depth.

    Args:
        drawing: the frame.
        nearest: depth in metres that is white.
    """

    def paint(shape: Shape) -> Paint:
        depth = shape.tag.depth
        if isinstance(depth, DepthPlane):
            return _ramp(depth, nearest, drawing)
        return _grey(nearest / max(depth, 1e-6))

    return _only_bodies(drawing, paint)


def mask_pass(drawing: DisplayList, owner: str) -> DisplayList:
    """Return the drawing with one character white and everything else black, occlusion kept."""
    return _only_bodies(drawing, lambda shape: Solid(_WHITE if shape.tag.owner == owner else _BLACK))


def lineart_pass(drawing: DisplayList) -> DisplayList:
    """Return the drawing's contours in white on black; surfaces hide what is behind them."""
    ops = list(_only_bodies(drawing, lambda _: Solid(_BLACK), keep_lines=True).ops)
    return DisplayList(drawing.width, drawing.height, drawing.seed, tuple(ops))


def pose_pass(drawing: DisplayList, camera: Camera, people: Sequence[Standing]) -> DisplayList:
    """Return the skeletons of everyone, far ones first."""
    canvas = Canvas(drawing.width, drawing.height)
    canvas.body(rectangle(0, 0, drawing.width, drawing.height), _BLACK)
    thick = max(2.0, 4.0 * min(drawing.width, drawing.height) / 512.0)
    for person in sorted(people, key=lambda p: -camera.depth(p.bones["pelvis"])):
        points = keypoints(camera, person)
        for colour, (a, b) in zip(_COLOURS, _BONES, strict=False):
            start, end = points[a], points[b]
            if start is not None and end is not None:
                canvas.stroke(polygon([start, end], closed=False), colour, thick, 0.6)
        for colour, point in zip(_COLOURS, points, strict=True):
            if point is not None:
                canvas.tint(ellipse(*point, thick, thick), colour)
    return DisplayList(drawing.width, drawing.height, drawing.seed, tuple(canvas.ops))


def keypoints(camera: Camera, person: Standing) -> list[Point | None]:
    """Return the 18 points in `KEYPOINTS` order; points of the face are None where the head hides them."""
    view = HeadView(camera, person.bones, person.actor.build)
    face: dict[str, Point | None] = {
        "nose": view.skin(0.0, -0.12, 0.08) if view.ahead > -0.15 else None,
        "eye_r": view.skin(0.14, 0.01) if view.ahead > -0.05 and view.sees(0.14) else None,
        "eye_l": view.skin(-0.14, 0.01) if view.ahead > -0.05 and view.sees(-0.14) else None,
        "ear_r": view.at(0.33, -0.02, -0.02) if view.sees_side(1.0) else None,
        "ear_l": view.at(-0.33, -0.02, -0.02) if view.sees_side(-1.0) else None,
    }
    return [face[name] if name in face else camera.project(person.bones[name]) for name in KEYPOINTS]


def _only_bodies(drawing: DisplayList, paint: Callable[[Shape], Paint], *, keep_lines: bool = False) -> DisplayList:
    """Return surfaces only, repainted; groups keep their clips and lose blur and blend."""
    ops: list[Op] = []
    for op in drawing.ops:
        if isinstance(op, Begin):
            ops.append(Begin(op.clip, op.without))
        elif not isinstance(op, Shape):
            ops.append(op)
        elif op.role is Role.BODY:
            ops.append(_repainted(op, paint(op)))
        elif op.role is Role.LINE and keep_lines and op.stroke is not None:
            ops.append(op._replace(stroke=Solid(_WHITE), width=max(1.0, op.width)))
    return DisplayList(drawing.width, drawing.height, drawing.seed, tuple(ops))


def _repainted(shape: Shape, paint: Paint) -> Shape:
    if shape.fill is not None:
        return shape._replace(fill=paint, blend=Blend.NORMAL, blur=0.0, tag=Tag())
    solid = paint if isinstance(paint, Solid) else Solid(_BLACK)
    return shape._replace(stroke=solid, blend=Blend.NORMAL, blur=0.0, tag=Tag())


def _grey(share: float) -> Solid:
    value = 255.0 * clamp(share, 0.0, 1.0)
    return Solid((value, value, value))


def _ramp(plane: DepthPlane, nearest: float, drawing: DisplayList) -> Paint:
    """Return the plane's inverse depth as a gradient across the frame, clipped to black and white."""
    a, b, c = (v * nearest for v in plane)
    steep = a * a + b * b
    if steep < 1e-14:
        return _grey(c)
    # Along (a, b) the value runs from 0 to 1 between these two points of the line through the frame's middle.
    x, y = drawing.width / 2.0, drawing.height / 2.0
    here = a * x + b * y + c
    start = (x - a * here / steep, y - b * here / steep)
    end = (x + a * (1.0 - here) / steep, y + b * (1.0 - here) / steep)
    return Linear(start, end, (Stop(0.0, _BLACK), Stop(1.0, _WHITE)))
