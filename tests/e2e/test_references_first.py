"""A film without a single picture, `references: first`: sheets and plates are made before its shots, over a restart."""

import asyncio

import pytest

from schemas import topics
from schemas.keyframe import KeyframeReady
from schemas.project import ReferencePolicy
from schemas.reference import ReferenceReady
from tests.fakes.conditioning import character, defined, location, planned, project, prop
from tests.fixtures.broker import Broker
from tests.fixtures.engine import PATIENCE_S, running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(400)]

FILM = "unseen"
SETTINGS = project(project_id=FILM, width=320, height=180, references=ReferencePolicy.FIRST)
WANTED = {
    ("character_sheet", "radha", "attire"),
    ("location_plate", "grove", "noon/clear/summer"),
    ("location_plate", "grove", "night/clear/summer"),
    ("prop_view", "flute", ""),
}


async def test_references_come_first_each_once_and_every_shot_after_them(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint
) -> None:
    shared = surroundings(broker, mongo_url, s3_endpoint)
    shots = [
        planned("one", settings=SETTINGS, cast=["radha"], location_id="grove", props=["flute"]),
        planned("two", settings=SETTINGS, cast=["radha"], location_id="grove", time_of_day="night"),
    ]
    async with running_engine(shared) as engine:
        await engine.publish(shots)
        await engine.publish([defined(item, FILM) for item in (character(), location(), prop())])
        await engine.read(topics.REFERENCE_READY, 1, timeout_s=150)
    # Stopped in the middle: what waits lies in the database, what is under way in the topics.
    async with running_engine(shared) as engine:
        progress = await engine.until_finished(FILM, len(shots), timeout_s=150)
        assert {run["shot_id"]: (run["status"], run["reason"]) for run in progress["runs"]} == {
            "one": ("ready", None),
            "two": ("ready", None),
        }
        made = [e for e in await engine.read(topics.REFERENCE_READY, len(WANTED)) if isinstance(e, ReferenceReady)]
        assert {(event.subject.value, event.entity_id, event.variant) for event in made} == WANTED
        assert len({event.generation_id for event in made}) == len(WANTED)
        keyframes = await engine.read(topics.KEYFRAME_READY, len(shots))
        assert sorted(event.shot.shot_id for event in keyframes if isinstance(event, KeyframeReady)) == ["one", "two"]
        told = (await engine.get(f"/projects/{FILM}/references"))["references"]
        assert [(item["kind"], item["variant"], item["status"]) for item in told] == [
            ("character", "attire", "ready"),
            ("location", "night/clear/summer", "ready"),
            ("location", "noon/clear/summer", "ready"),
            ("prop", "", "ready"),
        ]
        changed = character(version=2, appearance={"hair": "grey"})
        await engine.publish([defined(changed, FILM)])
        await engine.until(FILM, lambda progress: bool(progress["runs"]))
        stale: dict[str, list[str]] = {}
        async with asyncio.timeout(PATIENCE_S):
            while not (stale.get("one") and stale.get("two")):
                keyframes_now = (await engine.get(f"/projects/{FILM}/keyframes"))["keyframes"]
                stale = {item["shot"]["shot_id"]: [it["what"] for it in item["stale"]] for item in keyframes_now}
                await asyncio.sleep(0.1)
        assert stale == {"one": ["character:radha"], "two": ["character:radha"]}
