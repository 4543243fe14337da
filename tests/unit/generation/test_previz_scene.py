"""Every planned fact that the artist has a place for reaches it."""

import io
from typing import Any

import pytest
from PIL import Image

from schemas.bible import Costume, Garment
from schemas.vocabulary import SubjectKind
from services.generation.providers.base import ImageJob
from services.generation.providers.drawing_worker import draw
from services.generation.providers.previz.scene import PrevizCharacter, PrevizScene
from services.generation.providers.previz.sheets import character_panels
from services.generation.providers.previz_scene import scene_of
from tests.fakes.requests import a_character, a_location, a_prop, a_request, a_run, a_seed


def scene(**changes: Any) -> PrevizScene:
    return scene_of(ImageJob.from_request(a_request(**changes)))


def person(**changes: Any) -> PrevizCharacter:
    return scene(cast=(a_character(**changes),)).characters[0]


def test_camera_and_style_come_from_the_shot() -> None:
    shot = {
        "shot_size": "close-up",
        "framing": "over-the-shoulder",
        "camera_angle": "dutch",
        "camera_movement": "orbit",
        "composition": "negative-space",
        "lens_mm": 85,
        "style": "noir",
        "lighting": "low-key",
        "mood": "tense",
        "action": "She turns",
    }
    told = scene(run=a_run(shot=shot))
    assert (told.shot_size, told.coverage, told.angle) == ("close-up", "over-the-shoulder", "dutch")
    assert (told.movement, told.composition, told.lens_mm) == ("orbit", "negative-space", 85)
    assert (told.style, told.lighting, told.mood, told.action) == ("noir", "low-key", "tense", "She turns")
    assert (told.width, told.height, told.seed, told.frame_role) == (320, 180, 7, "single")


def test_the_place_brings_time_weather_season_landmarks_and_palette() -> None:
    told = scene()
    assert (told.time_of_day, told.weather, told.season) == ("dusk", "clear", "summer")
    assert (told.location.id, told.location.seed) == ("ghat", 13)
    assert told.location.landmarks == ("banyan tree", "stone bridge")
    assert told.location.palette == ("ochre", "green")


def test_without_a_place_the_shots_own_time_and_weather_hold() -> None:
    told = scene(location=None, run=a_run(shot={"time_of_day": "night", "weather": "snow"}))
    assert (told.time_of_day, told.weather, told.season) == ("night", "snow", "summer")


def test_only_the_visible_are_drawn_each_with_its_own_seed_and_costume() -> None:
    red = Costume(costume_id="a", garments=(Garment(name="coat", colour="red"),))
    blue = Costume(costume_id="b", garments=(Garment(name="coat", colour="blue"),))
    cast = (
        a_character("mira", costume=red, seed=a_seed(1)),
        a_character("ghost", visible=False),
        a_character("dev", costume=blue, seed=a_seed(2)),
    )
    told = scene(cast=cast, props=())
    assert [(who.id, who.seed, who.garments) for who in told.characters] == [
        ("mira", 1, ("red coat",)),
        ("dev", 2, ("blue coat",)),
    ]


def test_features_go_where_the_artist_looks_for_them() -> None:
    who = person(appearance={"Hair": "grey bun", "skin tone": "pale", "build": "stocky", "age": "60", "nose": "hooked"})
    assert (who.hair, who.skin, who.body, who.age) == ("grey bun", "pale", "stocky", "60")
    assert who.static_features == ("nose: hooked", "injury: cut over the left eye")


def test_a_changed_feature_replaces_the_static_one() -> None:
    assert person(changing={"hair": "wet black hair"}).hair == "wet black hair"


def test_a_costume_without_garments_is_drawn_from_its_description() -> None:
    assert person(costume=Costume(costume_id="x", description="a red silk sari")).garments == ("a red silk sari",)


def test_a_garment_that_names_its_colour_is_not_coloured_twice() -> None:
    costume = Costume(costume_id="x", garments=(Garment(name="Red coat", colour="red"),))
    assert person(costume=costume).garments == ("Red coat",)


def test_a_prop_goes_to_its_owner_and_an_insert_shows_the_first() -> None:
    assert person(character_id="radha").props == ("gold bamboo flute",)
    told = scene(run=a_run(shot={"shot_size": "insert"}), props=(a_prop(owner_id=None),))
    assert told.prop_in_focus == "gold bamboo flute"
    assert told.characters[0].props == ()


def test_no_seed_sent_means_the_artists_zero() -> None:
    assert scene(seed_to_send=None).seed == 0


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [((8192, 4608), (4096, 2304)), ((8192, 64), (4096, 64)), ((32, 32), (64, 64)), ((1024, 576), (1024, 576))],
)
def test_sizes_beyond_the_artist_are_drawn_as_near_as_can_be(asked: tuple[int, int], drawn: tuple[int, int]) -> None:
    told = scene(width=asked[0], height=asked[1])
    assert (told.width, told.height) == drawn


def test_the_same_job_gives_the_same_scene() -> None:
    assert scene(location=a_location()) == scene(location=a_location())


def reference(subject: SubjectKind, **changes: Any) -> PrevizScene:
    return scene(run=a_run().model_copy(update={"subject": subject}), **changes)


def test_a_character_sheet_shows_three_faces_and_the_whole_figure_of_one_person() -> None:
    sheet = reference(SubjectKind.CHARACTER_SHEET, location=None, cast=(a_character("mira"),))
    assert sheet.is_sheet
    panels = character_panels(sheet)
    assert [(panel.shot_size, panel.facing) for panel in panels] == [
        ("medium-close-up", "front"),
        ("medium-close-up", "three-quarter"),
        ("medium-close-up", "profile"),
        ("full", "front"),
    ]
    assert len({panel.characters for panel in panels}) == 1
    assert len({panel.location for panel in panels}) == 1


def test_a_sheet_is_drawn_at_exactly_its_size() -> None:
    sheet = reference(SubjectKind.CHARACTER_SHEET, location=None, cast=(a_character("mira"),))
    with Image.open(io.BytesIO(draw(sheet))) as picture:
        assert picture.size == (sheet.width, sheet.height)


def test_a_prop_view_shows_the_thing_in_a_hand_and_a_plate_shows_nobody() -> None:
    view = reference(SubjectKind.PROP_VIEW, location=None, cast=(), props=(a_prop(),))
    assert [person.props for person in view.characters] == [(view.characters[0].props[0],)]
    assert reference(SubjectKind.LOCATION_PLATE, cast=()).characters == ()
