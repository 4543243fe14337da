"""Both conditioning stages on the real database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from schemas.base import Event
from schemas.conditioning import CharactersConditioned, LocationConditioned
from schemas.shot import ShotRejected
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.documents import Documents
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    BIBLE_WAIT_S,
    CONTINUITY_WAIT_S,
    CharacterStage,
    LocationStage,
    character,
    conditioned,
    defined,
    keyframe,
    location,
    planned,
    prop,
    run_of,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def documents(mongo_url: str, mongo_database: str) -> AsyncIterator[Documents]:
    store = Documents(CharacterConditioningSettings(mongo_url=mongo_url, mongo_database=mongo_database))
    await store.start()
    yield store
    await store.stop()


async def characters_stage(documents: Documents, clock: FakeClock) -> CharacterStage:
    stage = CharacterStage(documents, clock)
    await stage.bible.prepare()
    await stage.parking.prepare()
    return stage


async def locations_stage(documents: Documents, clock: FakeClock) -> LocationStage:
    stage = LocationStage(documents, clock)
    for prepare in (stage.places.prepare, stage.props.prepare, stage.parking.prepare):
        await prepare()
    return stage


def shots_of(events: list[Event]) -> list[str]:
    found = [event.run.shot.shot_id for event in events if isinstance(event, CharactersConditioned)]
    assert len(found) == len(events)
    return sorted(found)


async def test_shots_park_are_released_and_repeat_over_restarts(documents: Documents) -> None:
    clock = FakeClock()
    shots = [planned(f"SH{number:03}", cast=["radha", "krishna"]) for number in range(20)]
    assert await (await characters_stage(documents, clock)).take(*shots) == []
    assert await (await characters_stage(documents, clock)).take(defined(character("krishna"))) == []
    released = await (await characters_stage(documents, clock)).take(defined(character()))
    assert shots_of(released) == [shot.shot.shot_id for shot in shots]
    again = await characters_stage(documents, clock)
    assert await again.take(defined(character())) == released
    assert await again.take(*shots) == released
    assert await again.take(defined(character(version=2))) == []


async def test_racing_replicas_answer_every_shot_once(documents: Documents) -> None:
    clock = FakeClock()
    replicas = [await characters_stage(documents, clock) for _ in range(2)]
    shots = [planned(f"SH{number:03}", cast=["radha"]) for number in range(30)]
    messages: list[Event] = [*shots[:15], defined(character()), *shots[15:]]
    published = await asyncio.gather(*(replicas[index % 2].take(message) for index, message in enumerate(messages)))
    heard = shots_of([event for events in published for event in events])
    assert heard == sorted(set(heard)) == [shot.shot.shot_id for shot in shots]


async def test_what_did_not_come_is_refused_by_the_sweep(documents: Documents) -> None:
    clock = FakeClock()
    stage = await characters_stage(documents, clock)
    await stage.take(planned(cast=["rada"]), defined(character()))
    clock.advance(BIBLE_WAIT_S)
    (refused,) = await (await characters_stage(documents, clock)).sweep(confirm=False)
    assert isinstance(refused, ShotRejected)
    assert "did you mean radha?" in refused.problems[0].allowed
    clock.advance(60)
    assert await stage.sweep() == [refused]
    clock.advance(60)
    assert await stage.sweep() == []


async def test_any_feature_name_survives_the_database(documents: Documents) -> None:
    odd = {"$set": "a", "a.b": "c", "राधा 🌸": ["x", "y"]}
    stage = await characters_stage(documents, FakeClock())
    await stage.take(defined(character(appearance=odd)))
    await stage.take(planned("SH001", cast=[{"character_id": "radha", "changing": {"$where.x": "y"}}]))
    (again,) = await stage.take(planned("SH001", cast=[{"character_id": "radha", "changing": {"$where.x": "y"}}]))
    assert isinstance(again, CharactersConditioned)
    assert again.cast[0].changing == {"$where.x": "y"}
    assert again.cast[0].appearance == character(appearance=odd).appearance


async def test_a_story_with_continuity_runs_through_the_second_stage(documents: Documents) -> None:
    clock = FakeClock()
    parent = planned("SH010", location_id="grove", props=["flute"], frames="start-end")
    child = planned("SH020", location_id="grove", continuity_from="SH010")
    first = await locations_stage(documents, clock)
    assert await first.take(*conditioned(child), *conditioned(parent), defined(location())) == []
    (start,) = await first.take(defined(prop()))
    assert isinstance(start, LocationConditioned)
    second = await locations_stage(documents, clock)
    (end,) = await second.take(keyframe(start.run))
    assert isinstance(end, LocationConditioned)
    (continued,) = await second.take(keyframe(end.run))
    assert isinstance(continued, LocationConditioned)
    assert [frame.reason for frame in continued.continuity] == ["continuity_from"]
    assert await first.take(*conditioned(parent)) == [start, end]


async def test_a_wait_for_continuity_ends(documents: Documents) -> None:
    clock = FakeClock()
    stage = await locations_stage(documents, clock)
    await stage.take(*conditioned(planned("SH020", continuity_from="SH010")))
    clock.advance(CONTINUITY_WAIT_S)
    (event,) = await stage.sweep()
    assert isinstance(event, LocationConditioned)
    assert [item.code for item in event.degradations] == ["continuity-unavailable"]
    assert await stage.take(keyframe(run_of(planned("SH010")))) == []
