"""Both conditioning stages on the real database, and once with a real broker between them."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas import topics
from schemas.base import Event
from schemas.conditioning import CharactersConditioned, LocationConditioned
from schemas.events import topic_of
from schemas.shot import ShotRejected
from services.character_conditioning.app import build as build_characters
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.documents import Documents
from services.chassis.provision import provision
from services.location_conditioning.app import build as build_locations
from services.location_conditioning.settings import LocationConditioningSettings
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
from tests.fixtures.broker import Broker

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


CONSUMED = (
    *(topics.SHOT_PLANNED, topics.SHOT_REJECTED, topics.CHARACTERS_CONDITIONED, topics.LOCATION_CONDITIONED),
    *(topics.BIBLE_CHARACTERS, topics.BIBLE_LOCATIONS, topics.BIBLE_PROPS),
    *(topics.KEYFRAME_READY, topics.KEYFRAME_FAILED),
)


@pytest.mark.slow
async def test_shots_go_through_both_services_whatever_comes_first(
    broker: Broker, topic_prefix: str, mongo_url: str, mongo_database: str
) -> None:
    values: dict[str, Any] = {
        "kafka_bootstrap": broker.bootstrap,
        "kafka_topic_prefix": topic_prefix,
        "kafka_group_prefix": topic_prefix,
        "kafka_idempotence": broker.idempotent,
        "kafka_fetch_max_wait_ms": 20,
        "mongo_url": mongo_url,
        "mongo_database": mongo_database,
    }
    settings = CharacterConditioningSettings(**values)
    await provision(settings, [spec for spec in topics.specs(providers=()) if spec.name in CONSUMED])
    apps = [build_characters(settings), build_locations(LocationConditioningSettings(**values))]
    for app in apps:
        await app.start()
    try:
        shots = [planned(f"SH{number:03}", cast=["radha"], location_id="grove") for number in range(12)]
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
            for event in (*shots[:6], defined(location()), defined(character()), *shots[6:], *shots[:3]):
                await producer.send_and_wait(
                    topic_prefix + topic_of(event),
                    key=event.partition_key().encode(),
                    value=event.model_dump_json().encode(),
                )
        expected = {shot.partition_key() for shot in shots}
        assert await _keys_on(topic_prefix + topics.LOCATION_CONDITIONED, broker, expected) == expected
    finally:
        for app in apps:
            await app.stop()


async def _keys_on(topic: str, broker: Broker, expected: set[str]) -> set[str]:
    """Keys read from the topic's start until all that are expected came, or two minutes have passed."""
    found: set[str] = set()
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", group_id=None, fetch_max_wait_ms=20
    ) as consumer:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not expected <= found:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found |= {record.key.decode() for record in records}
    return found
