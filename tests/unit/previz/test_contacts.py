"""Hands that meet something, and bodies that touch the ground."""

import pytest

from services.generation.providers.previz.contacts import angle_between, flute_line
from services.generation.providers.previz.drawing import blocked
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import blend, dot, length, sub
from services.generation.providers.previz.grasping import spine_at
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene

STREET = PrevizLocation(id="s", seed=1, name="City street")


def _staged(first: str, second: str = "", **words: object) -> tuple[Standing, ...]:
    people = [PrevizCharacter(id="ann", seed=1, name="Ann", description="woman, 30", action=first)]
    if second:
        people.append(PrevizCharacter(id="ben", seed=2, name="Ben", description="man, 35", action=second))
    shot = {"width": 512, "height": 288, "seed": 5, "coverage": "two-shot", "location": STREET, **words}
    return blocked(PrevizScene.model_validate({**shot, "characters": people})).people


@pytest.mark.parametrize("size", ["full", "medium", "close-up"])
def test_in_an_embrace_both_wrists_are_behind_the_others_spine_and_no_trunk_is_in_another(size: str) -> None:
    a, b = _staged("hugs Ben", "hugs Ann", shot_size=size)
    for one, other in ((a.bones, b.bones), (b.bones, a.bones)):
        for side in "rl":
            wrist = one[f"wrist_{side}"]
            assert dot(sub(wrist, spine_at(other, wrist[1])), other.ahead) < 0.0
    assert dot(a.bones.ahead, b.bones.ahead) < -0.95
    assert dot(sub(b.bones["chest"], a.bones["chest"]), a.bones.ahead) > 0.2
    assert length(sub(a.bones["head"], b.bones["head"])) > 0.14, "heads go past each other"


def test_who_embraces_from_behind_looks_the_same_way_with_both_hands_in_front() -> None:
    ann, ben = _staged("smiles", "embraces Ann from behind")
    assert dot(ann.bones.ahead, ben.bones.ahead) > 0.95
    assert dot(sub(ann.bones["chest"], ben.bones["chest"]), ann.bones.ahead) > 0.15
    for side in "rl":
        wrist = ben.bones[f"wrist_{side}"]
        assert dot(sub(wrist, spine_at(ann.bones, wrist[1])), ann.bones.ahead) > 0.05


def test_a_muzzle_points_at_whom_it_aims_at() -> None:
    ann, ben = _staged("aims a gun at Ben", "waits")
    side = ann.actor.holding
    muzzle = sub(ann.bones[f"hand_{side}"], ann.bones[f"wrist_{side}"])
    target = blend(ben.bones["chest"], ben.bones["neck"], 0.3)
    assert angle_between(muzzle, sub(target, ann.bones[f"hand_{side}"])) < 10.0


@pytest.mark.parametrize("doing", ["kneels", "kneels and prays", "proposes on one knee", "crawls"])
def test_knees_are_on_the_ground(doing: str) -> None:
    bones = _staged(doing, shot_size="full")[0].bones
    low = min(bones["knee_r"][1], bones["knee_l"][1])
    assert 0.0 < low < 0.055 * bones.stature


def test_right_hands_meet_in_a_handshake() -> None:
    a, b = _staged("shakes hands with Ben", "shakes hands with Ann", shot_size="full")
    assert length(sub(a.bones["hand_r"], b.bones["hand_r"])) < 0.2


def test_both_hands_are_on_the_flute_that_goes_across_from_the_lips() -> None:
    ann = _staged("plays the flute")[0]
    mouth, axis = flute_line(ann)
    assert abs(dot(axis, ann.bones.ahead)) < 0.3
    for side in "rl":
        grasp = sub(blend(ann.bones[f"wrist_{side}"], ann.bones[f"hand_{side}"], 0.6), mouth)
        along = dot(grasp, axis)
        off = (length(grasp) ** 2 - along * along) ** 0.5
        assert 0.15 < along < 0.6
        assert off < 0.04
