"""Two films in, every keyframe out: seen by a video engine that knows nothing of our code but the contract."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from jsonschema import Draft202012Validator
from PIL import Image

from schemas.film_plan import FilmPlan
from services.cli.plan_reading import load_plan, plan_events
from tests.fixtures.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
PLANS = sorted((CONTRACTS / "examples" / "film.plan" / "v1").glob("*.yaml"))


def plan(path: Path) -> FilmPlan:
    return load_plan(path.read_bytes(), path.name)


def frames_of(film: FilmPlan) -> dict[tuple[str, str], tuple[int, int]]:
    """Size asked for every shot and frame role."""
    return {
        (shot.shot_id, role.value): (shot.width or film.project.width, shot.height or film.project.height)
        for shot in film.shots
        for role in shot.frames.roles
    }


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
async def test_every_shot_of_a_film_becomes_a_keyframe_of_exactly_the_asked_size(engine: Engine, path: Path) -> None:
    film = plan(path)
    bible, shots = plan_events(film)
    # Shots before the bible: nobody promised an order between topics.
    await engine.publish(shots)
    await engine.publish(bible)
    wanted = frames_of(film)
    project_id = film.project.project_id
    progress = await engine.until_finished(project_id, len(wanted), timeout_s=240)
    endings = {(run["shot_id"], run["frame_role"]): (run["status"], run["reason"]) for run in progress["runs"]}
    assert {key: ending for key, ending in endings.items() if ending[0] != "ready"} == {}
    keyframes = (await engine.get(f"/projects/{project_id}/keyframes"))["keyframes"]
    sizes = {
        (item["shot"]["shot_id"], item["frame_role"]): (item["asset"]["width"], item["asset"]["height"])
        for item in keyframes
    }
    assert sizes == wanted


async def test_a_video_engine_that_knows_only_the_contract_can_use_every_keyframe(engine: Engine) -> None:
    """Runs after the films above: it reads what they left on the topic."""
    schema = json.loads((CONTRACTS / "schemas" / "keyframe.ready.v1.schema.json").read_text())
    validator = Draft202012Validator(schema)
    wanted = {key for path in PLANS for key in frames_of(plan(path))}
    store = engine.s3.client()
    seen: dict[str, dict[str, Any]] = {}
    consumer = AIOKafkaConsumer(
        f"{engine.settings.kafka_topic_prefix}keyframe.ready.v1",
        bootstrap_servers=engine.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        while len(seen) < len(wanted):
            for records in (await consumer.getmany(timeout_ms=5000)).values():
                for record in records:
                    headers = dict(record.headers)
                    assert headers["ce_type"] == b"film.keyframe.ready"
                    body = json.loads(record.value)
                    validator.validate(body)
                    assert record.key.decode() == f"{body['shot']['project_id']}/{body['shot']['shot_id']}"
                    seen[headers["ce_id"].decode()] = body
    finally:
        await consumer.stop()
    assert {(body["shot"]["shot_id"], body["frame_role"]) for body in seen.values()} == wanted
    for body in seen.values():
        asset = body["asset"]
        bucket, key = asset["uri"].removeprefix("s3://").split("/", 1)
        with store.get_object(bucket, key) as reply:
            data = reply.read()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (asset["sha256"], asset["size_bytes"])
        image = Image.open(io.BytesIO(data))
        assert (image.size, Image.MIME[image.format or ""]) == (
            (asset["width"], asset["height"]),
            asset["mime_type"],
        )


async def test_frames_of_a_film_differ_and_the_same_film_again_makes_nothing_new(engine: Engine) -> None:
    """A replay of the planner's messages as they were is a no-op: same runs, same images, no new generation."""
    film = plan(PLANS[-1])
    bible, shots = plan_events(film)
    before = await engine.get(f"/projects/{film.project.project_id}/keyframes?limit=500")
    hashes = {item["asset"]["sha256"] for item in before["keyframes"]}
    assert len(hashes) == len(before["keyframes"])
    await engine.publish([*bible, *shots])
    marker = plan_events(film.model_copy(update={"project": film.project.model_copy(update={"project_id": "marker"})}))
    await engine.publish([*marker[0], marker[1][0]])
    await engine.until_finished("marker", 1)
    after = await engine.get(f"/projects/{film.project.project_id}/keyframes?limit=500")
    generations = {item["generation_id"] for item in after["keyframes"]}
    assert generations == {item["generation_id"] for item in before["keyframes"]}
    assert {item["asset"]["sha256"] for item in after["keyframes"]} == hashes
