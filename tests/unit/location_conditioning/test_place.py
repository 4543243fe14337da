import itertools

import pytest
from pydantic import ValidationError

from schemas.bible import ReferenceImage
from schemas.vocabulary import Season, TimeOfDay, Weather
from services.location_conditioning import domain
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.domain import Templates, Variant
from services.location_conditioning.domain.light import SEASONS, SET_UPS, TIMES, WEATHERS, set_up_key
from services.location_conditioning.domain.place import template_degradations
from tests.fakes.conditioning import location, project, prop, shot

TEMPLATES = load_templates()
NOON = Variant(TimeOfDay.NOON, Weather.CLEAR, Season.SUMMER)


def test_the_light_tables_cover_the_whole_vocabulary() -> None:
    assert set(TIMES) == set(TimeOfDay)
    assert set(WEATHERS) == set(Weather)
    assert set(SEASONS) == set(Season)


def test_every_light_is_within_its_ranges() -> None:
    for time, weather, season in itertools.product(TimeOfDay, Weather, Season):
        for set_up, sheltered in itertools.product((*SET_UPS, "no-such-set-up"), (False, True)):
            light = domain.light_for(Variant(time, weather, season), set_up, sheltered=sheltered)
            assert light.colour_temperature_k % 50 == 0


def test_clear_noon_in_summer_is_daylight_from_above() -> None:
    assert domain.light_for(NOON, "natural").model_dump() == {
        "colour_temperature_k": 5600,
        "intensity": 1.0,
        "direction": "top",
        "contrast": 1.3,
        "saturation": 1.0,
    }


def test_an_overcast_noon_has_about_the_standard_colour_of_an_overcast_sky() -> None:
    light = domain.light_for(Variant(TimeOfDay.NOON, Weather.OVERCAST, Season.SUMMER), "natural")
    assert 6300 <= light.colour_temperature_k <= 6700
    assert light.direction == "ambient"
    assert light.contrast < 1


@pytest.mark.parametrize(
    ("darker", "brighter"),
    [
        (TimeOfDay.MIDNIGHT, TimeOfDay.NIGHT),
        (TimeOfDay.NIGHT, TimeOfDay.BLUE_HOUR),
        (TimeOfDay.BLUE_HOUR, TimeOfDay.SUNSET),
        (TimeOfDay.SUNSET, TimeOfDay.GOLDEN_HOUR),
        (TimeOfDay.GOLDEN_HOUR, TimeOfDay.NOON),
    ],
)
def test_light_grows_towards_noon(darker: TimeOfDay, brighter: TimeOfDay) -> None:
    less = domain.light_for(Variant(darker, Weather.CLEAR, Season.SUMMER), "natural")
    more = domain.light_for(Variant(brighter, Weather.CLEAR, Season.SUMMER), "natural")
    assert less.intensity < more.intensity


def test_weather_season_and_set_up_each_change_the_light() -> None:
    base = domain.light_for(NOON, "natural")
    assert domain.light_for(Variant(TimeOfDay.NOON, Weather.DUST, Season.SUMMER), "natural") != base
    assert domain.light_for(Variant(TimeOfDay.NOON, Weather.CLEAR, Season.WINTER), "natural") != base
    assert domain.light_for(NOON, "low-key") != base


def test_a_source_sets_the_colour_whatever_the_hour() -> None:
    for time in TimeOfDay:
        light = domain.light_for(Variant(time, Weather.RAIN, Season.WINTER), "tungsten")
        assert light.colour_temperature_k == 3200


def test_a_set_up_that_is_not_known_changes_nothing() -> None:
    assert domain.light_for(NOON, "wormhole") == domain.light_for(NOON, "natural")


@pytest.mark.parametrize(
    ("word", "row"),
    [("backlight", "back"), ("rim-light", "rim"), ("side-lit", "side"), ("high-key-lighting", "high-key"),
     ("moonlight", "moonlight"), ("daylight", "daylight"), ("x-light", "x-light")],
)  # fmt: skip
def test_set_ups_are_known_by_their_usual_endings(word: str, row: str) -> None:
    assert set_up_key(word) == row


def test_inside_a_night_is_lit_by_lamps_and_a_day_by_windows() -> None:
    night = domain.light_for(Variant(TimeOfDay.NIGHT, Weather.STORM, Season.WINTER), "natural", sheltered=True)
    assert (night.colour_temperature_k, night.direction) == (2900, "side")
    day = domain.light_for(NOON, "natural", sheltered=True)
    assert day.intensity < domain.light_for(NOON, "natural").intensity
    assert day.direction == "side"


def test_the_shot_wins_over_the_location_in_time_weather_and_season() -> None:
    grove = location(time_of_day="dawn", weather="fog", season="spring")
    own = domain.condition_location(grove, shot(), project(), TEMPLATES)
    assert (own.time_of_day, own.weather, own.season) == ("dawn", "fog", "spring")
    asked = shot(time_of_day="night", weather="snow", season="winter")
    shown = domain.condition_location(grove, asked, project(), TEMPLATES)
    assert (shown.time_of_day, shown.weather, shown.season) == ("night", "snow", "winter")
    assert shown.light != own.light


def test_landmarks_are_the_same_in_every_light() -> None:
    grove = location(landmarks=["a split banyan", "three stone steps"], location_type="forest")
    for time, weather in itertools.product(TimeOfDay, Weather):
        shown = domain.condition_location(grove, shot(time_of_day=time, weather=weather), project(), TEMPLATES)
        assert shown.landmarks == grove.landmarks


def test_a_template_fills_gaps_only() -> None:
    grove = location(template_id="forest", environment={"Ground": "white sand"}, atmosphere={"sky": "a green sky"})
    shown = domain.condition_location(grove, shot(weather="rain"), project(), TEMPLATES)
    assert shown.environment["Ground"] == "white sand"
    assert "ground" not in shown.environment
    assert "vegetation" in shown.environment
    assert shown.atmosphere["sky"] == "a green sky"
    assert shown.template_id == "forest"
    assert (shown.template_weight, shown.reference_strength) == (0.7, 0.5)


def test_a_template_follows_time_weather_and_season() -> None:
    grove = location(template_id="forest")
    summer, autumn = (
        domain.condition_location(grove, shot(season=season), project(), TEMPLATES) for season in ("summer", "autumn")
    )
    assert summer.environment["ground"] != autumn.environment["ground"]
    noon, storm = (
        domain.condition_location(grove, shot(weather=weather), project(), TEMPLATES) for weather in ("clear", "storm")
    )
    assert noon.atmosphere["sky"] != storm.atmosphere["sky"]


def test_weather_wins_over_time_where_both_speak_of_the_sky() -> None:
    grove = location(template_id="field")
    shown = domain.condition_location(grove, shot(weather="storm", time_of_day="noon"), project(), TEMPLATES)
    assert shown.atmosphere["sky"] == "a black sky of rolling clouds"


def test_the_type_of_a_location_names_its_template_when_nothing_else_does() -> None:
    shown = domain.condition_location(location(location_type="beach"), shot(), project(), TEMPLATES)
    assert shown.template_id == "beach"


def test_a_location_without_template_has_its_own_facts_only() -> None:
    shown = domain.condition_location(location(environment={"a": "b"}), shot(), project(), TEMPLATES)
    assert (shown.template_id, shown.environment, shown.atmosphere) == (None, {"a": "b"}, {})


def test_a_template_that_nobody_knows_is_done_without_and_said() -> None:
    grove = location(template_id="moonbase")
    assert domain.condition_location(grove, shot(), project(), TEMPLATES).template_id is None
    (degradation,) = template_degradations(grove, TEMPLATES)
    assert degradation.code == "template-unknown"
    assert template_degradations(location(template_id="forest"), TEMPLATES) == ()


def test_a_location_that_is_full_of_facts_keeps_its_own() -> None:
    own = {f"fact{i}": "x" for i in range(64)}
    shown = domain.condition_location(
        location(template_id="forest", environment=own, atmosphere=own), shot(), project(), TEMPLATES
    )
    assert shown.environment == own
    assert shown.atmosphere == own


def test_the_templates_cover_the_prototypes_kinds_and_the_whole_vocabulary() -> None:
    prototype = {"forest", "city", "interior", "beach", "mountain", "field"}
    assert prototype <= TEMPLATES.templates.keys()
    for template in TEMPLATES.templates.values():
        assert template.environment


@pytest.mark.parametrize("setting", ["outdoor", "indoor"])
@pytest.mark.parametrize("table", ["time", "weather", "season"])
def test_templates_that_leave_a_word_out_are_refused(setting: str, table: str) -> None:
    data = TEMPLATES.model_dump(mode="json")
    word, _ = data["settings"][setting][table].popitem()
    with pytest.raises(ValidationError, match=f"{setting}.{table}: {word} missing"):
        Templates.model_validate(data)


def plates(*names: str) -> list[ReferenceImage]:
    """Plates called `time/weather/season`, `-` where it isn't said."""
    keys = ("time_of_day", "weather", "season")
    return [
        ReferenceImage.model_validate(
            {
                "uri": f"s3://b/{name}",
                **{key: None if word == "-" else word for key, word in zip(keys, name.split("/"), strict=True)},
            }
        )
        for name in names
    ]


def test_plates_are_ranked_by_time_before_weather_before_season() -> None:
    given = plates("night/clear/summer", "noon/rain/winter", "noon/clear/winter", "noon/clear/summer", "-/-/-")
    found = domain.ranked_plates(given, NOON)
    assert [plate.uri.removeprefix("s3://b/") for plate in found] == [
        "noon/clear/summer",
        "noon/clear/winter",
        "noon/rain/winter",
        "-/-/-",
        "night/clear/summer",
    ]


def test_a_plate_of_nearly_the_same_light_is_better_than_one_that_says_nothing() -> None:
    found = domain.ranked_plates(plates("-/clear/summer", "morning/clear/summer"), NOON)
    assert found[0].time_of_day is TimeOfDay.MORNING


def test_a_locations_seed_is_the_same_in_every_shot_and_its_own() -> None:
    first = domain.condition_location(location(), shot("SH010"), project(), TEMPLATES).seed
    later = domain.condition_location(location(version=2), shot("SH990", seed=3), project(), TEMPLATES).seed
    other = domain.condition_location(location("pier"), shot("SH010"), project(), TEMPLATES).seed
    assert first == later
    assert first.value != other.value
    assert domain.location_seed(project(), location(seed=8)).policy == "locked-location"
    assert domain.location_seed(project(seed=1), location()).value != first.value


def test_a_prop_keeps_its_owner_colours_and_pictures() -> None:
    flute = prop(owner_id="krishna", colours=["amber"], materials=["bamboo"], reference_images=["s3://b/flute.png"])
    shown = domain.condition_prop(flute)
    assert (shown.owner_id, shown.colours, shown.materials) == ("krishna", ("amber",), ("bamboo",))
    assert shown.references == flute.reference_images
    assert shown.bible_digest == flute.digest
