"""Every golden example goes through every service that consumes its topic, and none is refused."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas import topics
from schemas.events import REGISTRY, topic_of
from tests.fixtures.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(450)]

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "contracts" / "examples").glob("*/v*/*.json"))
SERVICES = (
    "character_conditioning",
    "location_conditioning",
    "prompt_builder",
    "orchestrator",
    "generation.previz",
    "validation",
    "gateway",
)


async def caught_up(engine: Engine) -> None:
    """Wait until every group has committed the end of every partition that it reads."""
    prefix, groups = engine.settings.kafka_topic_prefix, engine.settings.kafka_group_prefix
    admin = AIOKafkaAdminClient(bootstrap_servers=engine.settings.kafka_bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=engine.settings.kafka_bootstrap)
    await admin.start()
    await consumer.start()
    try:
        async with asyncio.timeout(200):
            while True:
                behind = 0
                for service in SERVICES:
                    committed = await admin.list_consumer_group_offsets(groups + service)
                    ends = await consumer.end_offsets([part for part in committed if part.topic.startswith(prefix)])
                    behind += sum(end - committed[part].offset for part, end in ends.items())
                if not behind:
                    return
                await asyncio.sleep(0.5)
    finally:
        await consumer.stop()
        await admin.close()


async def dead_letters(engine: Engine) -> dict[str, str]:
    """Why each dead letter was refused, by topic and offset."""
    prefix = engine.settings.kafka_topic_prefix
    consumer = AIOKafkaConsumer(
        bootstrap_servers=engine.settings.kafka_bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    found: dict[str, str] = {}
    try:
        parts = [TopicPartition(prefix + spec.dead_letter, 0) for spec in topics.specs(("previz",))]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        while got := await consumer.getmany(timeout_ms=2000):
            for part, records in got.items():
                for record in records:
                    why = dict(record.headers)["x-error-message"].decode()
                    found[f"{part.topic.removeprefix(prefix)}:{record.offset}"] = why
    finally:
        await consumer.stop()
    return found


async def test_no_service_refuses_a_golden_example(engine: Engine, broker_kind: str) -> None:
    """INVARIANT: what the contract shows as an example, every consumer handles.

    Broken by a handler that relies on more than the contract promises.
    """
    if broker_kind == "embedded":
        pytest.skip("the embedded broker doesn't tell the offsets that a group has committed")
    events = [
        REGISTRY.decode(f"film.{path.parts[-3]}", int(path.parts[-2].removeprefix("v")), path.read_bytes())
        for path in EXAMPLES
    ]
    assert {event.TYPE for event in events} == {event.TYPE for event in REGISTRY}
    known = {spec.name for spec in topics.specs(("previz",))}
    await engine.publish([event for event in events if topic_of(event) in known])
    await asyncio.sleep(2)
    await caught_up(engine)
    assert await dead_letters(engine) == {}
