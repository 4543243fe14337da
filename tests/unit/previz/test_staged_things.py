"""Cars, trains and beds around people, hands on backs, and what an insert shows."""

import math

import pytest

from services.generation.providers.previz.build import build_of
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.display_list import Role, Shape
from services.generation.providers.previz.drawing import blocked, compose
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.geometry import Vec3, dot, length, sub
from services.generation.providers.previz.held import HOLDS
from services.generation.providers.previz.places.catalogue import layout_of
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz.skeleton import FOREARM, HAND, UPPER_ARM
from services.generation.providers.previz.staging import head_box

CAR = PrevizLocation(id="car", seed=3, name="Interior of the car", description="city at night")
TRAIN = PrevizLocation(id="train", seed=3, name="Train compartment", location_type="interior")
JACK = PrevizCharacter(id="jack", seed=1, name="Jack", description="man, 35", action="drives")
LENA = PrevizCharacter(id="lena", seed=2, name="Lena", description="woman, 30", action="looks at the road")
MIA = PrevizCharacter(id="mia", seed=3, name="Mia", description="girl", age="7", action="looks out")
FACINGS = ("front", "three-quarter", "profile", "back")


def _scene(*people: PrevizCharacter, **words: object) -> PrevizScene:
    return PrevizScene.model_validate({"width": 512, "height": 288, "seed": 5, "characters": people, **words})


def _off(a: Vec3, b: Vec3) -> float:
    return length(sub(a, b))


@pytest.mark.parametrize("facing", FACINGS)
def test_a_camera_goes_around_a_car_whose_people_stay(facing: str) -> None:
    staged = blocked(_scene(LENA, JACK, location=CAR, facing=facing))
    lena, jack = (person.bones for person in staged.people)
    assert jack.ahead[2] > 0.9
    assert jack["pelvis"][0] < -0.2, "the wheel is on the left, whoever the shot is about"
    assert lena["pelvis"][0] > 0.2
    wheel = dot(sub(jack["hand_r"], jack["chest"]), jack.ahead)
    assert 0.25 < wheel < 0.75, "hands on the wheel"


def test_a_face_is_seen_from_the_front_and_a_back_from_behind() -> None:
    front, back = (blocked(_scene(JACK, location=CAR, facing=facing)) for facing in ("front", "back"))
    assert dot(front.people[0].bones.ahead, front.camera.forward) < -0.9
    assert dot(back.people[0].bones.ahead, back.camera.forward) > 0.9


@pytest.mark.parametrize(("person", "drives"), [(JACK, True), (LENA, True), (MIA, False)])
def test_somebody_drives_a_car_but_no_child(person: PrevizCharacter, drives: bool) -> None:
    assert (blocked(_scene(person, location=CAR)).people[0].actor.pose_name == "drive") is drives


def test_nobody_drives_from_the_back_seat() -> None:
    taxi = CAR.model_copy(update={"name": "Back seat of the car"})
    assert blocked(_scene(LENA, location=taxi)).people[0].bones["pelvis"][2] < -0.5


def test_two_in_a_train_sit_face_to_face() -> None:
    a, b = blocked(_scene(LENA, JACK, location=TRAIN, coverage="two-shot")).people
    assert dot(a.bones.ahead, b.bones.ahead) < -0.9
    assert a.actor.pose.seat
    assert {a.actor.pose_name, b.actor.pose_name} <= {"look", "drive"}


def test_who_drives_in_the_open_sits_in_a_car() -> None:
    road = PrevizLocation(id="r", seed=1, name="Highway", location_type="exterior")
    driving, standing = (
        _bodies(_scene(JACK.model_copy(update={"action": doing}), location=road)) for doing in ("drives", "stands")
    )
    assert driving > standing + 20


def _bodies(scene: PrevizScene) -> int:
    return sum(isinstance(op, Shape) and op.role is Role.BODY for op in compose(scene).ops)


def _embrace(**words: object) -> tuple[Camera, Standing, Standing]:
    a, b = (p.model_copy(update={"action": "embraces"}) for p in (LENA, JACK))
    staged = blocked(_scene(a, b, coverage="over-the-shoulder", shot_size="medium-close-up", **words))
    held, holder = sorted(staged.people, key=lambda p: dot(p.bones.ahead, staged.camera.forward), reverse=True)
    assert dot(holder.bones.ahead, staged.camera.forward) > 0.55 or dot(held.bones.ahead, staged.camera.forward) > 0.55
    return staged.camera, holder, held


def test_hands_lie_on_the_back_that_is_seen_and_arms_keep_their_length() -> None:
    _, holder, held = _embrace()
    s = holder.bones.stature
    for side in ("r", "l"):
        shoulder, elbow, wrist, hand = (
            holder.bones[f"{joint}_{side}"] for joint in ("shoulder", "elbow", "wrist", "hand")
        )
        assert _off(shoulder, elbow) == pytest.approx(UPPER_ARM * s, abs=1e-6)
        assert _off(elbow, wrist) == pytest.approx(FOREARM * s, abs=1e-6)
        assert _off(wrist, hand) == pytest.approx(HAND * s, abs=1e-6)
        assert dot(sub(wrist, held.bones["chest"]), held.bones.ahead) < 0.0, "behind the chest"
        assert _off(wrist, held.bones["chest"]) < 0.4


def test_the_face_of_who_embraces_shows_beside_the_other_head() -> None:
    camera, holder, held = _embrace()
    left, _, right, _ = head_box(camera, holder)
    cover_left, _, cover_right, _ = head_box(camera, held)
    hidden = max(0.0, min(right, cover_right) - max(left, cover_left))
    assert hidden < 0.5 * (right - left)


@pytest.mark.parametrize("thing", ["gold ring", "brass key", "letter", "steel knife", "revolver", "phone", "tea cup"])
def test_an_insert_shows_the_hand_in_the_middle_and_no_face(thing: str) -> None:
    staged = blocked(_scene(LENA, shot_size="insert", prop_in_focus=thing))
    lead = staged.people[0]
    x, y = staged.camera.project(lead.bones[f"hand_{lead.actor.holding}"])
    assert abs(x / 512 - 0.5) < 0.05
    assert abs(y / 288 - 0.5) < 0.05
    _, _, _, chin = head_box(staged.camera, lead)
    assert chin < 0.12 * 288


def test_hands_meet_where_something_is_handed_over() -> None:
    lead, other = blocked(_scene(LENA, JACK, shot_size="insert", prop_in_focus="letter", action="hands over")).people
    gap = _off(lead.bones[f"hand_{lead.actor.holding}"], other.bones[f"hand_{other.actor.holding}"])
    assert gap < 0.15
    assert dot(lead.bones.ahead, other.bones.ahead) < -0.9
    assert not other.actor.held


def test_a_thing_that_nobody_holds_lies_on_a_table() -> None:
    room = PrevizLocation(id="r", seed=1, name="Room")
    empty = _bodies(_scene(location=room, shot_size="close-up"))
    for hold in HOLDS.values():
        thing = hold.words.split()[0]
        assert _bodies(_scene(location=room, shot_size="insert", prop_in_focus=thing)) > empty, thing


def test_who_lies_in_a_bed_lies_higher_than_who_lies_on_the_floor() -> None:
    room = PrevizLocation(id="r", seed=1, name="Bedroom", description="a bed by the window")
    abed, down = (
        blocked(_scene(JACK.model_copy(update={"action": doing}), location=room)).people[0].bones["pelvis"][1]
        for doing in ("lies asleep", "lies dead on the floor")
    )
    assert abed > down + 0.4


def test_faces_and_heads_of_children_are_younger_the_younger_they_are() -> None:
    ages = [build_of(PrevizCharacter(id="a", seed=1, age=str(age))) for age in (4, 8, 12, 20, 40)]
    assert [b.young for b in ages] == sorted((b.young for b in ages), reverse=True)
    assert [b.head for b in ages] == sorted((b.head for b in ages), reverse=True)
    assert ages[-1].young == 0.0
    assert math.isclose(ages[0].young, 1.0)


def test_a_set_with_seats_has_room_for_four() -> None:
    for place in (CAR, TRAIN):
        seats = layout_of(place).seats
        assert len(seats) >= 4
        assert min(_off(a.at, b.at) for i, a in enumerate(seats) for b in seats[:i]) > 0.45
