"""Kill -9 of everything in mid-film: after the next start every shot is ready, once, and nothing was stored twice."""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from minio import Minio

from services.cli.plan_reading import load_plan
from services.local_stack.folder import StackFolder
from services.local_stack.state import StackState
from tests.e2e.stack_process import StackProcess, ice

pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(420),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to find every process to kill"),
]

FILM = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "film.plan" / "v1" / "noir-city.yaml"


def test_a_film_survives_two_power_cuts(tmp_path: Path) -> None:
    """INVARIANT: no shot is lost and none is made twice, whatever instant the power goes.

    Broken by committing an offset before its effects are durable, by ids that depend on the message instead of on
    what is asked, and by a ledger that forgets what was stored.
    """
    film = load_plan(FILM.read_bytes(), FILM.name)
    project_id = film.project.project_id
    runs = sum(len(shot.frames.roles) for shot in film.shots)
    folder = tmp_path / "stack"
    with StackProcess(folder) as stack:
        ice("plan", "publish", str(FILM), folder=folder)
        for share in (0.2, 0.6):
            stack.until(project_id, ready=int(runs * share), timeout_s=150)
            stack.kill_everything()
            stack.start()
        progress = stack.until(project_id, ready=runs, timeout_s=200)
        assert Counter(run["status"] for run in progress["runs"]) == {"ready": runs}
        records = asyncio.run(everything(stack.endpoints))
        nothing_is_there_twice(records, runs)
        images_are_those_announced(records["keyframe.ready.v1"], stack.endpoints, folder)


async def everything(endpoints: StackState) -> dict[str, list[dict[str, Any]]]:
    """Every record of two topics, read by a client of its own, repeats included."""
    names = ("keyframe.ready.v1", "generation.completed.v1")
    consumer = AIOKafkaConsumer(
        *names,
        bootstrap_servers=endpoints.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    try:
        quiet = 0
        while quiet < 3:
            got = await consumer.getmany(timeout_ms=1000)
            quiet = 0 if got else quiet + 1
            for partition, records in got.items():
                for record in records:
                    event_id = dict(record.headers)["ce_id"].decode()
                    found[partition.topic].append({"event_id": event_id, **json.loads(record.value)})
    finally:
        await consumer.stop()
    return found


def nothing_is_there_twice(records: dict[str, list[dict[str, Any]]], runs: int) -> None:
    """Each run has one keyframe, and each generation one stored result, however often they were announced."""
    keyframes: defaultdict[str, set[str]] = defaultdict(set)
    for event in records["keyframe.ready.v1"]:
        keyframes[event["run_id"]].add(json.dumps(event, sort_keys=True))
    assert len(keyframes) == runs
    assert {run: len(different) for run, different in keyframes.items() if len(different) != 1} == {}
    results: defaultdict[str, set[str]] = defaultdict(set)
    for event in records["generation.completed.v1"]:
        results[event["generation_id"]].add(event["asset"]["sha256"])
    assert {generation: hashes for generation, hashes in results.items() if len(hashes) != 1} == {}
    assert len(results) == runs


def images_are_those_announced(keyframes: list[dict[str, Any]], endpoints: StackState, folder: Path) -> None:
    """The bucket holds exactly one image per keyframe, and no other."""
    keys = StackFolder(folder).credentials()
    store = Minio(endpoints.s3_endpoint, access_key=keys.s3_access_key, secret_key=keys.s3_secret_key, secure=False)
    stored = {
        f"s3://{item.bucket_name}/{item.object_name}"
        for item in store.list_objects(endpoints.s3_bucket, recursive=True)
        if (item.object_name or "").endswith(".png")
    }
    assert stored == {event["asset"]["uri"] for event in keyframes}
