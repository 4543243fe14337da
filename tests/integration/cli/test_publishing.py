"""A plan published to a real broker, read back as any consumer reads it, and counted."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from schemas import topics
from schemas.base import Event
from schemas.envelope import from_headers
from schemas.events import REGISTRY
from services.chassis.provision import provision
from services.cli.exits import Exit
from services.cli.output import Output
from services.cli.plan_commands import publish
from services.cli.plan_reading import load_plan, plan_events
from services.cli.settings import broker_settings
from services.cli.topic_commands import list_topics
from tests.fixtures.broker import Broker

pytestmark = pytest.mark.integration

FILM = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1" / "vrindavan.yaml"


@pytest.fixture
async def prefix(pointed: str) -> str:
    """Topics of this test's own, where the commands' environment points."""
    await provision(broker_settings(), topics.specs(("previz",)))
    return pointed


async def told(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert await list_topics(Output(as_json=True, quiet=True), None) is Exit.OK
    return {row["topic"]: row for row in json.loads(capsys.readouterr().out)["topics"]}


async def test_a_published_plan_is_on_its_topics_as_the_contract_says(
    broker: Broker, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = load_plan(FILM.read_bytes(), FILM.name)
    _, shots = plan_events(plan)
    assert await publish(Output(as_json=True, quiet=True), str(FILM), None) is Exit.OK
    assert json.loads(capsys.readouterr().out)["shots"] == len(shots)

    consumer = AIOKafkaConsumer(
        prefix + topics.SHOT_PLANNED, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest"
    )
    found: dict[str | None, Event] = {}
    async with consumer:
        while len(found) < len(shots):
            for records in (await consumer.getmany(timeout_ms=2000)).values():
                for record in records:
                    event = REGISTRY.decode("film.shot.planned", 1, record.value)
                    assert record.key == event.partition_key().encode()
                    found[from_headers(record.headers).id] = event
    assert found == {event.event_id: event for event in shots}


async def test_topics_counts_what_was_published_also_when_it_is_one_record(
    prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del prefix
    plan = load_plan(FILM.read_bytes(), FILM.name)
    before = await told(capsys)
    await publish(Output(as_json=True, quiet=True), str(FILM), None)
    after = await told(capsys)

    grown = {name: row["records"] - before[name]["records"] for name, row in after.items()}
    assert {name: count for name, count in grown.items() if count} == {
        topics.BIBLE_CHARACTERS: len(plan.bible.characters),
        topics.BIBLE_LOCATIONS: len(plan.bible.locations),
        topics.BIBLE_PROPS: len(plan.bible.props),
        topics.SHOT_PLANNED: len(plan.shots),
    }
    assert {row["dead_letters"] for row in after.values()} == {0}
