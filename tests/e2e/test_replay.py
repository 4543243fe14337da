"""Replays of a film that is made: nothing new unless asked for; what got lost comes back; new takes are linked."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from schemas import topics
from schemas.bible import CharacterDefined, LocationDefined
from schemas.keyframe import KeyframeReady
from schemas.shot import ShotPlanned
from services.chassis.documents import Documents
from services.cli.exits import Exit
from services.cli.output import Output
from services.cli.replay.asking import Ask
from services.cli.replay.command import How, replay
from tests import builders
from tests.fixtures.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

FILM = "replayed"
FRAMES = 4
QUIET = Output(as_json=True, quiet=True)


@dataclass
class Theatre:
    """A film of three shots and four frames, made before the first test."""

    engine: Engine
    documents: Documents

    async def keyframes(self, count: int) -> list[KeyframeReady]:
        """What the video engine has heard: at least `count` messages, and those that come just after."""
        name = self.engine.settings.kafka_topic_prefix + topics.KEYFRAME_READY
        found: list[KeyframeReady] = []
        quiet = 0
        async with AIOKafkaConsumer(
            bootstrap_servers=self.engine.settings.kafka_bootstrap, auto_offset_reset="earliest"
        ) as consumer:
            consumer.subscribe([name])
            async with asyncio.timeout(150):
                while quiet < 3 or len(found) < count:
                    fetched = await consumer.getmany(timeout_ms=400)
                    quiet = 0 if fetched else quiet + 1
                    for records in fetched.values():
                        found += [KeyframeReady.model_validate_json(record.value) for record in records]
        return found

    async def newest(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The board's keyframes by shot and role."""
        answer = await self.engine.get(f"/projects/{FILM}/keyframes?limit=500")
        # Links to the images are made anew for each answer.
        told = [
            {name: value for name, value in item.items() if not name.endswith("url")} for item in answer["keyframes"]
        ]
        return {(item["shot"]["shot_id"], item["frame_role"]): item for item in told}

    def images(self) -> set[str]:
        """Names of all images of the film in the object store."""
        store = self.engine.s3.client()
        found = store.list_objects(self.engine.settings.s3_bucket, recursive=True)
        return {item.object_name for item in found if FILM in item.object_name}

    async def replay(self, how: How = How(), **ask: Any) -> Any:  # noqa: B008 - frozen
        """Run a replay to its end."""
        assert await replay(QUIET, None, Ask(topic=ask.pop("topic", topics.SHOT_PLANNED), **ask), how) is Exit.OK

    async def until_newest(self, before: dict[tuple[str, str], dict[str, Any]], count: int) -> dict[Any, Any]:
        """Wait until so many keyframes of the board are others than before."""
        async with asyncio.timeout(150):
            while True:
                now = await self.newest()
                if sum(now[key]["event_id"] != before[key]["event_id"] for key in before) >= count:
                    return now
                await asyncio.sleep(0.3)


@pytest.fixture(scope="module")
async def theatre(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    project = builders.project(project_id=FILM, width=256, height=144)
    shots = [
        builders.shot(shot_id="one", scene_id="sc1"),
        builders.shot(shot_id="two", scene_id="sc1", frames="start-end"),
        builders.shot(shot_id="three", scene_id="sc2", cast=(), continuity_from="one"),
    ]
    await engine.publish([CharacterDefined(project_id=FILM, character=builders.RADHA)])
    await engine.publish([LocationDefined(project_id=FILM, location=builders.FOREST)])
    await engine.publish([ShotPlanned(project=project, shot=shot) for shot in shots])
    await engine.until_finished(FILM, FRAMES)
    folder = tmp_path_factory.mktemp("operator")
    documents = Documents(engine.settings)
    await documents.start()
    with pytest.MonkeyPatch.context() as patch:
        _as_operator(patch, engine, folder)
        yield Theatre(engine, documents)
    await documents.stop()


def _as_operator(patch: pytest.MonkeyPatch, engine: Engine, folder: Path) -> None:
    settings = engine.settings
    patch.setenv("ICE_KAFKA_BOOTSTRAP", settings.kafka_bootstrap)
    patch.setenv("ICE_KAFKA_TOPIC_PREFIX", settings.kafka_topic_prefix)
    patch.setenv("ICE_KAFKA_IDEMPOTENCE", str(settings.kafka_idempotence))
    patch.setenv("ICE_LOCAL_FOLDER", str(folder))
    patch.setenv("ICE_STATE_FOLDER", str(folder / "state"))


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Fields of a keyframe that are others than before."""
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


async def test_a_replay_of_a_finished_film_says_everything_again_and_makes_nothing(theatre: Theatre) -> None:
    before, images = await theatre.newest(), theatre.images()
    assert len(before) == FRAMES
    await theatre.replay()
    heard = await theatre.keyframes(2 * FRAMES)
    # A frame that continues another is repeated for its own plan and for the other's keyframe.
    assert len(heard) >= 2 * FRAMES
    assert len({event.event_id for event in heard}) == FRAMES
    after = await theatre.newest()
    assert [_changed(before[key], after[key]) for key in before] == [{}] * FRAMES
    assert theatre.images() == images


async def test_a_shot_whose_run_got_lost_behind_the_prompt_comes_back_with_the_same_image(theatre: Theatre) -> None:
    before, images = await theatre.newest(), theatre.images()
    lost = before["one", "single"]
    assert await theatre.documents.collection("orchestrator_shots").delete(f"{FILM}/keyframe/one")
    assert await theatre.documents.collection("runs").delete(lost["run_id"])
    assert ("one", "single") not in await theatre.newest()
    await theatre.replay(shots=("one",))
    await theatre.engine.until_finished(FILM, FRAMES)
    healed = (await theatre.newest())["one", "single"]
    assert (healed["event_id"], healed["asset"]) == (lost["event_id"], lost["asset"])
    assert theatre.images() == images


async def test_new_takes_are_new_images_linked_to_the_old_ones_which_stay(theatre: Theatre) -> None:
    before, images = await theatre.newest(), theatre.images()
    await theatre.replay(How(replay_id="first"), regenerate=True, scenes=("sc1",))
    now = await theatre.until_newest(before, 3)
    assert now["three", "single"] == before["three", "single"]
    for key in before:
        if key[0] != "three":
            assert now[key]["supersedes"] == before[key]["event_id"]
            assert now[key]["asset"]["sha256"] != before[key]["asset"]["sha256"]
    assert images < theatre.images()


async def test_a_making_from_the_prompts_keeps_its_inputs_and_a_later_plan_supersedes_it(theatre: Theatre) -> None:
    old = builders.RADHA
    dressed = old.model_copy(update={"version": 2, "appearance": {"hair": "short white hair"}})
    await theatre.engine.publish([CharacterDefined(project_id=FILM, character=dressed)])
    before = await theatre.newest()
    await theatre.replay(How(replay_id="frozen"), topic=topics.PROMPT_BUILT, regenerate=True, shots=("one",))
    frozen = (await theatre.until_newest(before, 1))["one", "single"]
    assert frozen["supersedes"] == before["one", "single"]["event_id"]
    assert frozen["prompt"] == before["one", "single"]["prompt"]
    assert frozen["cast"][0]["bible_version"] == old.version
    assert frozen["seed_used"] != before["one", "single"]["seed_used"]

    last = await theatre.newest()
    await theatre.replay(
        How(replay_id="rebuilt"), topic=topics.KEYFRAME_READY, regenerate=True, rebuild=True, shots=("one",)
    )
    rebuilt = (await theatre.until_newest(last, 1))["one", "single"]
    assert rebuilt["supersedes"] == frozen["event_id"]
    assert rebuilt["cast"][0]["bible_version"] == dressed.version
    assert "short white hair" in json.dumps(rebuilt["prompt"])
