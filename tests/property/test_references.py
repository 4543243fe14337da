"""A film without a single picture: sheets, plates and prop views come first, then its shots, whoever dies and when."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples

from schemas import topics
from schemas.base import Event
from schemas.conditioning import LocationConditioned
from schemas.events import REGISTRY
from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeReady
from schemas.project import ReferencePolicy
from schemas.reference import ReferenceReady
from schemas.topics import Lane
from schemas.vocabulary import SubjectKind
from tests.fakes.conditioning import character, defined, location, planned, project, prop
from tests.fakes.durable import World
from tests.fakes.lives import FREE, PAID, Kind
from tests.fakes.mortal import Death, engine, outlived
from tests.fakes.outcomes import ledger

pytestmark = pytest.mark.timeout(600)

# Black and white: the stand-in pictures have any colours, which checks of attire and palette would refuse.
SETTINGS = project(width=96, height=64, style="noir", references=ReferencePolicy.FIRST)
RADHA = character(
    wardrobe=[
        {"costume_id": "day", "description": "a red sari"},
        {"costume_id": "moonlit", "description": "a white shawl", "scenes": ["SC020"]},
    ]
)
#: Whom and what the film is about: (subject, entity, variant).
WANTED = {
    ("character_sheet", "radha", "day"),
    ("character_sheet", "radha", "moonlit"),
    ("location_plate", "grove", "noon/clear/summer"),
    ("location_plate", "grove", "night/rain/summer"),
    ("prop_view", "flute", ""),
}
DEATHS = lists(tuples(integers(min_value=0, max_value=25), booleans()), max_size=40).map(tuple)


def played(deaths: tuple[Death, ...], worker: Kind = FREE) -> World:
    """Three shots, published before the bible that they name."""
    world = World()
    night: dict[str, Any] = {"scene_id": "SC020", "time_of_day": "night", "weather": "rain"}
    world.publish(
        planned("one", settings=SETTINGS, cast=["radha"], location_id="grove", props=["flute"]),
        planned("two", settings=SETTINGS, cast=["radha"], location_id="grove", **night),
        planned("three", settings=SETTINGS, location_id="grove", continuity_from="two", **night),
        defined(RADHA),
        defined(location()),
        defined(prop()),
    )
    outlived(world, engine(worker), deaths)
    return world


def events(world: World, topic: str) -> list[Event]:
    """What is on a topic, each event once."""
    found = [REGISTRY.decode(topics.event_type_of(topic), 1, record.value) for record in world.log[topic]]
    return list({event.event_id: event for event in found}.values())


@cache
def undisturbed() -> World:
    return played(())


def ready(world: World) -> dict[tuple[str, str, str], ReferenceReady]:
    found = [event for event in events(world, topics.REFERENCE_READY) if isinstance(event, ReferenceReady)]
    return {(event.subject.value, event.entity_id, event.variant): event for event in found}


def conditioned(world: World) -> list[LocationConditioned]:
    found = events(world, topics.LOCATION_CONDITIONED)
    return [event for event in found if isinstance(event, LocationConditioned)]


def test_every_entity_gets_its_references_in_each_costume_and_variant_and_nothing_else_is_made() -> None:
    assert ready(undisturbed()).keys() == WANTED
    assert len(events(undisturbed(), topics.REFERENCE_READY)) == len(WANTED)
    assert events(undisturbed(), topics.REFERENCE_FAILED) == []


def test_every_shot_becomes_a_keyframe_and_no_reference_is_announced_as_one() -> None:
    found = [event for event in events(undisturbed(), topics.KEYFRAME_READY) if isinstance(event, KeyframeReady)]
    assert sorted(event.shot.shot_id for event in found) == ["one", "three", "two"]
    assert {event.subject for event in found} == {SubjectKind.KEYFRAME}
    assert all(not event.degradations or event.model == "previz" for event in found)


def test_a_shot_goes_on_with_the_sheet_of_its_costume_the_plate_of_its_variant_and_its_props() -> None:
    made = ready(undisturbed())
    uri = {key: event.references[0].uri for key, event in made.items()}
    frames = {event.run.shot.shot_id: event for event in conditioned(undisturbed()) if event.run.reference is None}
    day, night = ("noon/clear/summer", "night/rain/summer")
    shown = frames["one"].cast[0]
    assert {image.uri for image in shown.references} == {uri["character_sheet", "radha", "day"]}
    # Of the sheet's views the one that the shot shows comes first: a quarter of the picture.
    (region,) = [image.region for image in shown.references if image.view is shown.facing]
    assert shown.references[0].region == region
    assert region is not None
    assert region.right - region.left == pytest.approx(1 / 4)
    assert frames["two"].cast[0].references[0].uri == uri["character_sheet", "radha", "moonlit"]
    for shot_id, variant in (("one", day), ("two", night), ("three", night)):
        place = frames[shot_id].location
        assert place is not None
        assert place.references[0].uri == uri["location_plate", "grove", variant]
    assert frames["one"].props[0].references[0].uri == uri["prop_view", "flute", ""]
    assert [frame.shot_id for frame in frames["three"].continuity] == ["two"]
    assert all(event.degradations == () for event in frames.values())


def test_a_variant_is_made_from_its_base() -> None:
    uri = {key: event.references[0].uri for key, event in ready(undisturbed()).items()}
    runs = {
        (event.run.subject.value, event.run.reference.variant): event
        for event in conditioned(undisturbed())
        if event.run.reference is not None
    }
    moonlit, night = runs["character_sheet", "moonlit"], runs["location_plate", "night/rain/summer"]
    assert [image.uri for image in moonlit.cast[0].references] == [uri["character_sheet", "radha", "day"]]
    assert night.location is not None
    assert [image.uri for image in night.location.references] == [uri["location_plate", "grove", "noon/clear/summer"]]
    assert runs["character_sheet", "day"].cast[0].references == ()


def test_no_shot_is_asked_for_before_its_references_are_there() -> None:
    # Offsets of two topics can't be compared; that a request carries what its references are can.
    topic = topics.generation_requested("previz", Lane.STANDARD)
    asked = [event for event in events(undisturbed(), topic) if isinstance(event, GenerationRequested)]
    assert sorted(event.run.shot.shot_id for event in asked) == ["one", "three", "two"]
    assert all(member.references for event in asked for member in event.cast)
    express = events(undisturbed(), topics.generation_requested("previz", Lane.EXPRESS))
    assert len(express) == len(WANTED)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sampled_from([FREE, PAID]), DEATHS)
# A request comes twice to one life of the worker: the second waits for the first, and time must go by meanwhile.
@example(FREE, ((18, False), (24, True), (3, True), (14, True), (12, False), (3, True), (12, True), (24, False)))
def test_whoever_dies_and_whenever_each_reference_and_each_keyframe_is_announced_once(
    worker: Kind, deaths: tuple[Death, ...]
) -> None:
    world = played(deaths, worker)
    doubted = {entry.generation_id for entry in ledger(world).values() if entry.in_doubt}
    for topic in (topics.REFERENCE_READY, topics.KEYFRAME_READY, topics.LOCATION_CONDITIONED):
        before = {event.event_id for event in events(undisturbed(), topic)}
        after = {event.event_id for event in events(world, topic)}
        # A sheet in doubt is held for a person, and so is what waits for it; nothing is made in its place.
        assert after < before if doubted else after == before
    if worker is PAID:
        assert max(Counter(world.books.bills).values(), default=0) <= 1
    else:
        assert not doubted
    assert events(world, topics.REFERENCE_FAILED) == []
    assert not any(topic.endswith(topics.DEAD_LETTER_SUFFIX) for topic, records in world.log.items() if records)
