"""Camera, skeletons and display lists."""

import math
import subprocess
import sys

import pytest

from services.generation.providers.previz.build import build_of
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.display_list import DisplayList, Finish, ellipse, points_of, spline
from services.generation.providers.previz.geometry import hull
from services.generation.providers.previz.movement import moved
from services.generation.providers.previz.poses import POSES
from services.generation.providers.previz.scene import PrevizCharacter
from services.generation.providers.previz.skeleton import ANKLE, posed

CAMERA = Camera(1024, 576, (0.5, 1.4, -3.0), 0.3, -0.2, 0.15, 900.0, 288.0)


def test_a_point_on_the_axis_is_seen_at_the_axis() -> None:
    ahead = tuple(p + 5.0 * f for p, f in zip(CAMERA.position, CAMERA.forward, strict=True))
    x, y = CAMERA.project((ahead[0], ahead[1], ahead[2]))
    assert (round(x), round(y)) == (512, 288)


def test_twice_as_far_is_half_as_large() -> None:
    assert CAMERA.scale(8.0) == pytest.approx(CAMERA.scale(4.0) / 2)


def test_the_horizon_is_where_level_directions_are_seen() -> None:
    level = Camera(1024, 576, (0, 1.6, 0), 0.0, -0.2, 0.0, 900.0, 288.0)
    far = level.sky_point(0.0, 0.0)
    assert far is not None
    assert far[1] == pytest.approx(level.horizon)


def test_a_plane_gives_the_inverse_depth_of_its_points_at_any_roll() -> None:
    plane = CAMERA.plane((0.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    for point in ((0.0, 0.0, 4.0), (2.0, 0.0, 9.0), (-1.0, 0.0, 2.0)):
        x, y = CAMERA.project(point)
        assert plane.a * x + plane.b * y + plane.c == pytest.approx(1.0 / CAMERA.depth(point), rel=1e-6)


def test_what_is_behind_the_camera_is_cut_off() -> None:
    floor = ((-5.0, 0.0, -50.0), (-5.0, 0.0, 50.0), (5.0, 0.0, 50.0), (5.0, 0.0, -50.0))
    assert len(CAMERA.outline(floor)) >= 3
    assert CAMERA.outline([(x, y, z - 100) for x, y, z in floor]) == []


@pytest.mark.parametrize("name", sorted(POSES))
@pytest.mark.parametrize("mirrored", [False, True])
def test_every_pose_stands_on_the_ground_and_keeps_its_bones(name: str, mirrored: bool) -> None:
    build = build_of(PrevizCharacter(id="a", seed=3))
    bones, pose = posed(build, POSES[name], mirrored=mirrored), POSES[name]
    lowest = min(p[1] for p in bones.joints.values())
    if pose.seat is None:
        assert -0.02 <= lowest - pose.lift <= ANKLE * build.stature + 0.12
    for a, b in (("shoulder_r", "elbow_r"), ("elbow_l", "wrist_l"), ("hip_r", "knee_r"), ("knee_l", "ankle_l")):
        assert 0.1 < math.dist(bones[a], bones[b]) < 0.5
    assert bones["head"][1] > bones["pelvis"][1] - 0.3


def test_mirroring_swaps_the_sides() -> None:
    build = build_of(PrevizCharacter(id="a", seed=3))
    plain, mirrored = posed(build, POSES["point"]), posed(build, POSES["point"], mirrored=True)
    assert mirrored["hand_l"][0] == pytest.approx(-plain["hand_r"][0])
    assert mirrored["hand_l"][2] == pytest.approx(plain["hand_r"][2])


def test_a_dolly_zoom_keeps_the_size_of_its_subject() -> None:
    subject = (1.0, 1.2, 2.0)
    level = Camera(1024, 576, (0.5, 1.4, -3.0), 0.0, 0.0, 0.0, 900.0, 288.0)
    after = moved(level, "dolly-zoom", subject, 1.0, 1.0)
    assert after.scale(after.depth(subject)) == pytest.approx(level.scale(level.depth(subject)))
    assert after.focal < level.focal


@pytest.mark.parametrize("movement", ["push-in", "pan", "tilt", "truck", "pedestal", "crane", "orbit", "zoom"])
def test_a_movement_moves_the_camera(movement: str) -> None:
    assert moved(CAMERA, movement, (0.0, 1.5, 3.0), 1.0, 1.0) != CAMERA
    assert moved(CAMERA, "static", (0.0, 1.5, 3.0), 1.0, 1.0) == CAMERA


def test_a_hull_holds_all_points() -> None:
    assert sorted(hull([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2)])) == [(0, 0), (0, 2), (2, 0), (2, 2)]


def test_a_closed_spline_goes_through_its_points() -> None:
    points = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    assert set(points) <= set(points_of(spline(points)))


def test_a_digest_tells_lists_apart_and_ignores_the_last_bit() -> None:
    def drawing(x: float) -> DisplayList:
        canvas = Canvas(64, 64)
        canvas.body(ellipse(x, 20.0, 5.0, 5.0), (1.0, 2.0, 3.0))
        return DisplayList(64, 64, 0, tuple(canvas.ops), (Finish("grain"),))

    assert drawing(20.0).digest() == drawing(20.0 + 1e-12).digest()
    assert drawing(20.0).digest() != drawing(20.5).digest()


def test_a_drawing_is_the_same_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from services.generation.providers.previz.drawing import compose\n"
        "from services.generation.providers.previz.scene import *\n"
        "p = PrevizCharacter(id='a', seed=1, garments=('red coat',), action='walks')\n"
        "l = PrevizLocation(id='l', name='temple', landmarks=('well',))\n"
        "s = PrevizScene(seed=5, characters=(p,), location=l)\n"
        "print(compose(s).digest())"
    )
    digests = set()
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1
