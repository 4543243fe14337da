"""Whatever a planner sends, it gets a precise answer, and the next shot is made."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.bible import CharacterDefined, LocationDefined
from schemas.shot import ShotPlanned, ShotRejected
from tests import builders
from tests.fixtures.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

PROJECT = "bad-input"


def planned(**changes: Any) -> ShotPlanned:
    revision = changes.pop("revision", 1)
    settings = builders.project(project_id=PROJECT)
    return ShotPlanned(project=settings, shot=builders.shot(**changes), revision=revision)


@pytest.fixture(autouse=True, scope="module")
async def bible(engine: Engine) -> None:
    await engine.publish(
        [
            CharacterDefined(project_id=PROJECT, character=builders.RADHA),
            LocationDefined(project_id=PROJECT, location=builders.FOREST),
        ]
    )


async def send(engine: Engine, value: bytes | None, headers: dict[str, bytes] | None = None) -> None:
    """As a producer in another language would: raw bytes on the topic."""
    producer = AIOKafkaProducer(bootstrap_servers=engine.settings.kafka_bootstrap, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(
            f"{engine.settings.kafka_topic_prefix}shot.planned.v1",
            value,
            f"{PROJECT}/bad".encode(),
            headers=list((headers or {}).items()),
        )
    finally:
        await producer.stop()


async def a_good_shot_is_still_made(engine: Engine, shot_id: str) -> None:
    await engine.publish([planned(shot_id=shot_id)])
    await engine.until(
        PROJECT,
        lambda progress: any(run["shot_id"] == shot_id and run["status"] == "ready" for run in progress["runs"]),
    )


async def dead_letter(engine: Engine, wanted: Callable[[bytes | None], bool]) -> dict[str, str]:
    """Headers of the first dead letter of the planner's topic whose original bytes are as wanted."""
    consumer = AIOKafkaConsumer(
        f"{engine.settings.kafka_topic_prefix}shot.planned.v1.dlq",
        bootstrap_servers=engine.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        async with asyncio.timeout(150):
            async for record in consumer:
                if wanted(record.value):
                    return {name: value.decode(errors="replace") for name, value in record.headers}
    finally:
        await consumer.stop()
    raise AssertionError("unreachable")


BROKEN = {
    "not json": b"\xff\xfe nonsense",
    "an array": b"[1, 2, 3]",
    "wrong types": b'{"project": 3, "shot": [], "revision": "many"}',
    "an unknown size": json.dumps(
        {
            **json.loads(planned().model_dump_json()),
            "shot": {"shot_id": "x", "scene_id": "s", "description": "d", "shot_size": "gigantic"},
        }
    ).encode(),
    "a picture of no size": json.dumps(
        {
            **json.loads(planned().model_dump_json()),
            "shot": {"shot_id": "x", "scene_id": "s", "description": "d", "width": 0, "height": 0},
        }
    ).encode(),
    "ten thousand characters": json.dumps(
        {
            **json.loads(planned().model_dump_json()),
            "shot": {"shot_id": "x", "scene_id": "s", "description": "d" * 10_000},
        }
    ).encode(),
    "a control character": json.dumps(
        {**json.loads(planned().model_dump_json()), "shot": {"shot_id": "x", "scene_id": "s", "description": "\x07"}}
    ).encode(),
}
NAMED = {
    "not json": "value",
    "an array": "list",
    "wrong types": "revision",
    "an unknown size": "gigantic",
    "a picture of no size": "width",
    "ten thousand characters": "description",
    "a control character": "U+0007",
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_what_cannot_be_read_becomes_a_dead_letter_that_says_why(engine: Engine, kind: str) -> None:
    await send(engine, BROKEN[kind])
    headers = await dead_letter(engine, lambda value: value == BROKEN[kind])
    assert NAMED[kind] in headers["x-error-message"]
    assert headers["x-original-topic"].endswith("shot.planned.v1")
    await a_good_shot_is_still_made(engine, f"after-{kind.replace(' ', '-')}")


async def rejection(engine: Engine, shot_id: str, code: str, timeout_s: float = 120) -> ShotRejected:
    async with asyncio.timeout(timeout_s):
        while True:
            found = await engine.read("shot.rejected.v1", 1, timeout_s=timeout_s, key=f"{PROJECT}/{shot_id}")
            for event in found:
                if isinstance(event, ShotRejected) and any(item.code == code for item in event.problems):
                    return event


async def test_a_shot_that_no_model_can_make_is_rejected_with_each_models_reason(engine: Engine) -> None:
    await engine.publish([planned(shot_id="enormous", width=8192, height=8192)])
    rejected = await rejection(engine, "enormous", "no-capable-model")
    assert "previz" in " ".join(problem.allowed + problem.value for problem in rejected.problems)


async def test_an_unknown_mood_is_rejected_with_the_words_that_are_known(engine: Engine) -> None:
    await engine.publish([planned(shot_id="moody", mood="flabbergasted")])
    rejected = await rejection(engine, "moody", "unknown-mood")
    (problem,) = rejected.problems
    assert (problem.field, problem.value) == ("shot.mood", "flabbergasted")
    assert "melancholic" in problem.allowed


async def test_the_same_revision_with_other_content_is_rejected_and_the_first_is_made(engine: Engine) -> None:
    await engine.publish([planned(shot_id="twice")])
    await engine.until(PROJECT, lambda found: any(run["shot_id"] == "twice" for run in found["runs"]))
    await engine.publish([planned(shot_id="twice", action="running")])
    await rejection(engine, "twice", "revision-conflict")
    progress = await engine.until(
        PROJECT,
        lambda found: any(run["shot_id"] == "twice" and run["status"] == "ready" for run in found["runs"]),
    )
    assert [run["shot_id"] for run in progress["runs"]].count("twice") == 1


async def test_a_circle_of_continuity_is_rejected_by_name(engine: Engine) -> None:
    await engine.publish([planned(shot_id="egg", continuity_from="hen"), planned(shot_id="hen", continuity_from="egg")])
    found = await engine.until(
        PROJECT,
        lambda progress: any(
            run["shot_id"] in {"egg", "hen"} and run["status"] == "rejected" for run in progress["runs"]
        ),
    )
    assert found


async def test_any_script_makes_a_keyframe(engine: Engine) -> None:
    texts = ("राधा वृन्दावन में चलती है", "ラーダーは森を歩く", "رادها تمشي في الغابة", "🌺🦚 the forest {{ 7 * 7 }}")
    await engine.publish([planned(shot_id=f"script-{n}", description=text) for n, text in enumerate(texts)])
    ids = {f"script-{n}" for n in range(len(texts))}
    await engine.until(
        PROJECT,
        lambda progress: ids <= {run["shot_id"] for run in progress["runs"] if run["status"] == "ready"},
    )
    keyframes = (await engine.get(f"/projects/{PROJECT}/keyframes?limit=500"))["keyframes"]
    told = {item["shot"]["shot_id"]: item["description"] for item in keyframes}
    assert [told[f"script-{n}"] for n in range(len(texts))] == list(texts)
