"""The two golden films keep what their makers promise: real coverage, real continuity, every word used."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest

from schemas import vocabulary
from schemas.film_plan import FilmPlan, PlannedShot
from schemas.shot import EXPRESS_PRIORITY
from services.cli.plan_judging import known_words, objections
from services.cli.plan_reading import load_plan, plan_events, read_plan

FOLDER = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "film.plan" / "v1"
STYLES = {
    "cinematic", "anime", "noir", "realistic", "painterly", "watercolour", "comic", "3-d-cg", "claymation", "ink",
    "documentary", "vintage-film",
}  # fmt: skip


def film(name: str) -> FilmPlan:
    path = FOLDER / f"{name}.yaml"
    return load_plan(path.read_bytes(), path.name)


@pytest.fixture(scope="module")
def vrindavan() -> FilmPlan:
    return film("vrindavan")


@pytest.fixture(scope="module")
def noir() -> FilmPlan:
    return film("noir-city")


def words(shots: Iterable[PlannedShot], field: str) -> set[str]:
    return {str(getattr(shot, field)) for shot in shots}


@pytest.mark.parametrize(
    ("field", "vocabulary_of"),
    [
        ("shot_size", vocabulary.ShotSize),
        ("framing", vocabulary.Framing),
        ("camera_angle", vocabulary.CameraAngle),
        ("camera_movement", vocabulary.CameraMovement),
        ("composition", vocabulary.Composition),
        ("focus", vocabulary.Focus),
    ],
)
def test_the_noir_film_uses_every_word_of_the_camera(noir: FilmPlan, field: str, vocabulary_of: type[StrEnum]) -> None:
    assert words(noir.shots, field) == {str(word) for word in vocabulary_of}


def test_the_noir_film_uses_every_style_and_is_mainly_noir(noir: FilmPlan) -> None:
    styles = [shot.style or noir.project.style for shot in noir.shots]

    assert set(styles) == STYLES
    assert styles.count("noir") > len(styles) / 2


@pytest.mark.parametrize(
    ("field", "vocabulary_of"),
    [
        ("time_of_day", vocabulary.TimeOfDay),
        ("weather", vocabulary.Weather),
        ("season", vocabulary.Season),
    ],
)
def test_the_two_films_together_see_every_time_weather_and_season(
    noir: FilmPlan, vrindavan: FilmPlan, field: str, vocabulary_of: type[StrEnum]
) -> None:
    shots = (*noir.shots, *vrindavan.shots)
    places = {location.id: location for plan in (noir, vrindavan) for location in plan.bible.locations}
    seen = {str(getattr(shot, field) or getattr(places[str(shot.location_id)], field)) for shot in shots}

    assert seen == {str(word) for word in vocabulary_of}


def test_every_side_of_a_person_is_seen(noir: FilmPlan) -> None:
    seen = {str(member.facing or shot.facing) for shot in noir.shots for member in shot.cast}

    assert seen == {str(facing) for facing in vocabulary.Facing}


def test_the_noir_film_has_the_length_and_the_cast_of_a_real_one(noir: FilmPlan) -> None:
    scenes_of: dict[str, set[str]] = {}
    for shot in noir.shots:
        for member in shot.visible_cast:
            scenes_of.setdefault(member.character_id, set()).add(shot.scene_id)
    recurring = {character for character, scenes in scenes_of.items() if len(scenes) > 1}

    assert 24 <= len(noir.shots) <= 32
    assert len(recurring) >= 4
    assert len(words(noir.shots, "location_id")) >= 4


def test_recurring_people_change_clothes_between_scenes(noir: FilmPlan) -> None:
    seen: dict[str, set[str]] = {}
    wardrobe = {
        (character.id, scene): costume.costume_id
        for character in noir.bible.characters
        for costume in character.wardrobe
        for scene in costume.scenes
    }
    for shot in noir.shots:
        for member in shot.cast:
            seen.setdefault(member.character_id, set()).add(wardrobe[member.character_id, shot.scene_id])

    assert sum(len(costumes) > 1 for costumes in seen.values()) >= 4


def test_places_are_seen_at_different_times_and_in_different_weather(noir: FilmPlan) -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    for shot in noir.shots:
        seen.setdefault(str(shot.location_id), set()).add((str(shot.time_of_day), str(shot.weather)))

    assert sum(len(variants) > 1 for variants in seen.values()) >= 4


@pytest.mark.parametrize("name", ["vrindavan", "noir-city"])
def test_a_film_has_pairs_of_frames_continuity_props_dialogue_and_lenses(name: str) -> None:
    shots = film(name).shots
    chained = {shot.shot_id: shot.continuity_from for shot in shots if shot.continuity_from}

    assert sum(shot.frames is vocabulary.FramePlan.START_END for shot in shots) >= 2
    assert any(previous in chained for previous in chained.values()), "a chain has at least three shots"
    assert any(shot.props for shot in shots)
    assert any(shot.dialogue for shot in shots)
    assert any(shot.priority >= EXPRESS_PRIORITY for shot in shots)
    assert len({shot.lens_mm for shot in shots}) >= 5


def test_the_noir_film_is_wide_on_the_roof_and_16_to_9_elsewhere(noir: FilmPlan) -> None:
    sizes = {(shot.scene_id, shot.width or 1024, shot.height or 576) for shot in noir.shots}

    assert (noir.project.width, noir.project.height) == (1024, 576)
    assert {scene for scene, *size in sizes if size == [1024, 428]} == {"SC420"}


def test_the_vrindavan_film_tells_the_prototypes_own_example(vrindavan: FilmPlan) -> None:
    radha = next(character for character in vrindavan.bible.characters if character.id == "radha")
    forest = next(location for location in vrindavan.bible.locations if location.id == "vrindavan-forest")

    assert len(vrindavan.shots) >= 12
    assert "long black hair" in str(radha.appearance["hair"])
    assert radha.appearance["eyes"] == "dark brown eyes"
    assert radha.attire == {"style": "traditional Indian", "colors": ("red", "gold")}
    assert "flower fields" in forest.description
    assert forest.time_of_day is vocabulary.TimeOfDay.DUSK
    assert len(words(vrindavan.shots, "time_of_day")) >= 6
    assert len(words(vrindavan.shots, "location_id")) == 3


@pytest.mark.parametrize("name", ["vrindavan", "noir-city"])
def test_whoever_is_in_a_shot_does_something_and_wears_named_garments(name: str) -> None:
    plan = film(name)

    assert all(member.action for shot in plan.shots for member in shot.cast)
    for character in plan.bible.characters:
        assert {"hair", "eyes", "skin", "build", "age"} <= character.appearance.keys()
        for costume in character.wardrobe:
            assert len(costume.garments) >= 2
            assert all(garment.colour for garment in costume.garments)


@pytest.mark.parametrize("name", ["vrindavan", "noir-city"])
def test_a_film_becomes_one_event_per_entity_and_shot_each_with_its_own_id(name: str) -> None:
    plan = film(name)
    bible, shots = plan_events(plan)
    entities = (*plan.bible.characters, *plan.bible.locations, *plan.bible.props)

    assert len(bible) == len(entities)
    assert [event.shot.shot_id for event in shots] == [shot.shot_id for shot in plan.shots]
    assert len({event.event_id for event in (*bible, *shots)}) == len(bible) + len(shots)
    assert [event.shot.story_order for event in shots] == list(range(len(shots)))
    assert "revision" not in shots[0].shot.model_dump()


@pytest.mark.parametrize("name", ["vrindavan", "noir-city"])
def test_the_engine_has_a_word_for_everything_and_a_model_for_every_frame(name: str) -> None:
    reading = read_plan((FOLDER / f"{name}.yaml").read_bytes(), words=known_words(), judge=objections)

    assert [mistake.located(name) for mistake in reading.mistakes] == []
