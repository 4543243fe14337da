"""What the artist reads out of words."""

import pytest

from services.generation.providers.previz import colours
from services.generation.providers.previz.build import build_of
from services.generation.providers.previz.cast import actors_of, clause_about
from services.generation.providers.previz.expressions import expression_of
from services.generation.providers.previz.hair import hair_of
from services.generation.providers.previz.held import held_named
from services.generation.providers.previz.places.catalogue import KITS, kit_named
from services.generation.providers.previz.poses import ARMS, LEGS, POSES, pose_named
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz.vocabulary import ANGLES, SIZES, STYLES, known
from services.generation.providers.previz.wardrobe import outfit_of


def _wears(**words: object) -> PrevizCharacter:
    return PrevizCharacter.model_validate({"id": "a", "seed": 1, **words})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red and gold sari", ["red", "gold"]),
        ("a REDDISH scarf", ["red"]),
        ("#c22f35", ["red"]),
        ("लाल साड़ी", ["red"]),
        ("nothing here", []),
    ],
)
def test_colours_are_found_in_order(text: str, expected: list[str]) -> None:
    assert colours.find_all(text) == [colours.TABLE[name] for name in expected]


def test_a_shade_changes_the_next_colour_only() -> None:
    dark, plain = colours.find_all("dark green coat, green hat")
    assert colours.luma(dark) < colours.luma(plain)


def test_each_garment_takes_its_own_colour() -> None:
    person = _wears(garments=("red wool coat and navy trousers", "white shirt with a black tie"))
    outfit = outfit_of(person, build_of(person))
    assert outfit.outer is not None
    assert outfit.neckwear is not None
    assert (outfit.outer.kind, outfit.outer.colour) == ("coat", colours.TABLE["red"])
    assert outfit.lower.colour == colours.TABLE["navy"]
    assert outfit.top.colour == colours.TABLE["white"]
    assert outfit.neckwear.colour == colours.TABLE["black"]


def test_attire_colours_dress_who_has_no_named_garment() -> None:
    person = _wears(
        description="woman in traditional Indian dress", garments=("traditional Indian",), colours=("red", "gold")
    )
    outfit = outfit_of(person, build_of(person))
    assert outfit.lower.colour == colours.TABLE["red"]
    assert outfit.lower.trim == colours.TABLE["gold"]


def test_a_sari_has_a_skirt_a_bodice_and_a_drape() -> None:
    person = _wears(description="woman", garments=("red sari with gold border",))
    outfit = outfit_of(person, build_of(person))
    assert (outfit.lower.kind, outfit.top.kind) == ("skirt", "choli")
    assert outfit.drape is not None
    assert outfit.drape.kind == "pallu"


@pytest.mark.parametrize(
    ("text", "pose"),
    [
        ("walks along the river", "walk"),
        ("She sits on the bank", "sit"),
        ("they embrace", "embrace"),
        ("holds a lantern and runs", "run"),
        ("🙂", None),
    ],
)
def test_an_action_asks_for_a_pose(text: str, pose: str | None) -> None:
    assert pose_named(text) == pose


def test_there_are_at_least_twenty_poses_and_each_limb_is_known() -> None:
    assert len(POSES) >= 20
    for pose in POSES.values():
        assert {pose.right_arm, pose.left_arm} <= set(ARMS)
        assert {pose.right_leg, pose.left_leg} <= set(LEGS)


def test_in_a_shot_of_two_each_does_what_the_text_says_of_them() -> None:
    text = "Radha dances while Krishna plays the flute."
    radha, krishna = PrevizCharacter(id="r", name="Radha"), PrevizCharacter(id="k", name="Krishna")
    scene = PrevizScene(characters=(radha, krishna), action=text)
    assert [a.pose_name for a in actors_of(scene)] == ["dance", "flute"]
    assert clause_about("Krishna", text, scene) == "Krishna plays the flute."


def test_an_embrace_that_one_is_told_of_is_returned_and_a_kneeling_one_stays_low() -> None:
    pip, nora = PrevizCharacter(id="p", action="kneels and embraces Nora"), PrevizCharacter(id="n", action="waits")
    actors = actors_of(PrevizScene(characters=(pip, nora)))
    assert [actor.pose_name for actor in actors] == ["embrace_low", "embrace"]


@pytest.mark.parametrize(
    ("name", "description", "kit"),
    [
        ("Vrindavan Forest", "Sacred forest with flower fields", "forest"),
        ("Yamuna riverbank", "", "riverbank"),
        ("Temple courtyard", "", "temple"),
        ("Back alley", "rainy street", "alley"),
        ("Blue Note", "smoky jazz bar", "bar"),
        ("Moran's office", "", "office"),
        ("Rooftop", "over the city", "rooftop"),
        ("Pier 9 docks", "", "docks"),
        ("Parked car", "on a street", "vehicle"),
        ("Inside the car", "a rainy street", "car interior"),
        ("Car interior", "on a country road", "country car interior"),
        ("Train compartment", "interior", "train compartment"),
        ("Corridor of the starship", "", "spaceship"),
        ("", "", "street"),
    ],
)
def test_a_location_is_built_from_the_kit_its_words_name(name: str, description: str, kit: str) -> None:
    assert kit_named(PrevizLocation(name=name, description=description)) == kit


def test_there_are_more_than_ten_kits() -> None:
    assert len(KITS) >= 11


def test_a_person_looks_the_same_in_every_shot() -> None:
    person = _wears(description="tall woman", hair="long black hair")
    again = PrevizCharacter.model_validate(person.model_dump())
    assert build_of(person) == build_of(again)
    assert outfit_of(person, build_of(person)) == outfit_of(again, build_of(again))
    assert hair_of(person, build_of(person)) == hair_of(again, build_of(again))


def test_two_seeds_are_two_people() -> None:
    a, b = (PrevizCharacter(id="x", seed=seed) for seed in (1, 2))
    assert (build_of(a), outfit_of(a, build_of(a))) != (build_of(b), outfit_of(b, build_of(b)))


def test_children_are_small_and_the_old_stoop() -> None:
    child, adult, old = (build_of(_wears(description="man", age=age)) for age in ("7", "35", "80"))
    assert child.stature < 1.3 < adult.stature
    assert old.stoop > adult.stoop


def test_a_face_shows_the_first_telling_word() -> None:
    assert expression_of("", "smiling through tears").smile > 0
    assert expression_of("furious").brow_in < 0
    assert expression_of("", "").smile == 0


def test_a_prop_is_recognised_in_a_sentence() -> None:
    assert held_named("an old brass lantern") == "lantern"
    assert held_named("nothing") == ""


@pytest.mark.parametrize(
    ("word", "allowed", "expected"),
    [
        ("Bird's-eye", ANGLES, "birds-eye"),
        ("LOW ANGLE", ANGLES, "low-angle"),
        ("ECU", tuple(SIZES), "extreme-close-up"),
        ("3d-cg", STYLES, "cg-3d"),
        ("3-D CG", STYLES, "cg-3d"),
        ("sideways", ANGLES, "eye-level"),
    ],
)
def test_near_misses_are_understood_and_unknown_words_fall_back(
    word: str, allowed: tuple[str, ...], expected: str
) -> None:
    assert known(word, allowed, "eye-level") == expected


def test_a_thing_is_what_it_is_and_not_what_it_is_made_of() -> None:
    assert held_named("sepia photographic paper Farm photograph") == "photo"
    assert held_named("folded paper") == "paper"
