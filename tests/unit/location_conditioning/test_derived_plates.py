"""What a plate of another variant is derived from, and how much of that is made anew."""

from typing import Any

import pytest

from schemas.conditioning import LocationConditioned, LocationConditioning
from schemas.project import ReferencePolicy
from schemas.run import RunContext, runs_of
from schemas.vocabulary import Season, TimeOfDay, Weather
from services.location_conditioning import domain as set_rules
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.domain.derived import derived
from services.location_conditioning.domain.variant import Variant
from services.location_conditioning.domain.wanted import run_of
from tests import builders
from tests.fakes.conditioning import conditioned, location, planned, project

NOON = {"uri": "s3://ice/noon.png", "time_of_day": "noon", "weather": "clear", "season": "summer"}


def plate(*, sheltered: bool = False, picture: dict[str, Any] = NOON, **shown: Any) -> LocationConditioning:
    """The forest's plate of noon, clear, summer, unless `shown` says otherwise, with one picture."""
    place = {"time_of_day": TimeOfDay.NOON, "weather": Weather.CLEAR, "season": Season.SUMMER, **shown}
    return derived(builders.forest(references=[picture], **place), sheltered=sheltered)


def remade(**shown: Any) -> float:
    variant = plate(**shown).variant_of
    assert variant is not None
    return variant.remade


def test_time_alone_changes_least_then_weather_then_the_season_and_several_change_more() -> None:
    time, weather = remade(time_of_day=TimeOfDay.NIGHT), remade(weather=Weather.RAIN)
    season, all_three = (
        remade(season=Season.WINTER),
        remade(time_of_day=TimeOfDay.NIGHT, weather=Weather.SNOW, season=Season.WINTER),
    )
    assert time < weather < season < all_three <= 0.75
    assert remade(time_of_day=TimeOfDay.MORNING) < time
    assert remade(weather=Weather.WIND) < weather


def test_inside_weather_and_season_are_seen_through_windows_only() -> None:
    assert remade(season=Season.WINTER, sheltered=True) < remade(season=Season.WINTER)
    assert remade(weather=Weather.RAIN, sheltered=True) == remade(season=Season.WINTER, sheltered=True)
    assert remade(time_of_day=TimeOfDay.NIGHT, sheltered=True) == remade(time_of_day=TimeOfDay.NIGHT)


def test_what_differs_is_told_in_words() -> None:
    variant = plate(time_of_day=TimeOfDay.GOLDEN_HOUR, weather=Weather.RAIN).variant_of
    assert variant is not None
    assert variant.plate.uri == NOON["uri"]
    assert [(item.aspect, item.before, item.after) for item in variant.changes] == [
        ("time", "noon", "golden-hour"),
        ("weather", "clear", "rain"),
    ]


@pytest.mark.parametrize(
    "picture",
    [
        NOON,
        {"uri": "s3://ice/any.png"},
        {**NOON, "time_of_day": "night", "region": {"left": 0.0, "right": 0.25}},
    ],
)
def test_nothing_is_derived_from_the_same_variant_from_one_that_says_nothing_or_from_a_detail(
    picture: dict[str, Any],
) -> None:
    assert plate(picture=picture).variant_of is None


def shown(run: RunContext, picture: str | None) -> LocationConditioned:
    """What this stage makes of a run, with a picture of noon in the bible or none."""
    given = [{**NOON, "uri": picture}] if picture else []
    begun = conditioned(planned())[0].model_copy(update={"run": run})
    known = set_rules.Knowledge(location=location(reference_images=given))
    return set_rules.conditioned(begun, known, set_rules.continuity(run, known, frozenset()), load_templates())


def test_only_a_plate_is_derived_and_only_from_a_picture_that_is_there() -> None:
    night = Variant(TimeOfDay.NIGHT, Weather.CLEAR, Season.SUMMER)
    settings = project(references=ReferencePolicy.FIRST)
    of_plate = run_of(set_rules.WantedReference(location(), settings, night))
    of_frame = runs_of(planned(location_id="grove", time_of_day="night", settings=settings))[0]
    made = shown(of_plate, "s3://ice/noon.png").location
    assert made is not None
    assert made.variant_of is not None
    assert made.variant_of.plate in made.references
    for run, picture in ((of_plate, None), (of_frame, "s3://ice/noon.png")):
        place = shown(run, picture).location
        assert place is not None
        assert place.variant_of is None
        assert "variant_of" not in place.model_dump(mode="json"), "events of before read the same"
