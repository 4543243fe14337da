"""A new version of an event, rolled out in either order between processes of both versions: nothing lost or doubled."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.envelope import from_headers
from tests.fakes.upgrade_process import ANSWERED, ASKED_1, ASKED_2, TOLD, Answered, Told
from tests.fixtures.topic_reading import Record
from tests.integration.chassis.conftest import PARTITIONS, World, eventually

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
_SETTINGS = (
    "kafka_bootstrap",
    "kafka_topic_prefix",
    "kafka_group_prefix",
    "kafka_idempotence",
    "kafka_fetch_max_wait_ms",
    "kafka_session_timeout_ms",
    "retry_base_s",
    "grace_s",
)


@dataclass
class Fleet:
    """Processes of both versions. `told` counts what was put in so far."""

    world: World
    told: int = 0
    running: dict[tuple[str, int], asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, who: str, version: int) -> None:
        chosen = self.world.environment(*_SETTINGS)
        self.running[who, version] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fakes.upgrade_process",
            who,
            str(version),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "ICE_BATCH_MAX_RECORDS": "10", **chosen},  # noqa: TID251 - a child needs its PATH
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def end(self, who: str, version: int, number: signal.Signals = signal.SIGTERM) -> None:
        child = self.running.pop((who, version))
        child.send_signal(number)
        await child.wait()

    async def tell(self, count: int = 40) -> None:
        """Put so many more in, and go on when the newest of them is answered."""
        await self.world.send(*(Told(number=self.told + number) for number in range(count)), topic=TOLD)
        self.told += count
        await eventually(self._answered, timeout_s=120)

    async def _answered(self) -> bool:
        found = await self.world.copies(ANSWERED, 0, extra_s=0)
        return self.told <= len(by_number(found))


@pytest.fixture
async def fleet(world: World) -> AsyncIterator[Fleet]:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.settings.bootstrap_servers)
    await admin.start()
    names = [TOLD, ASKED_2, TOLD + ".dlq", ASKED_2 + ".dlq"]
    await admin.create_topics([NewTopic(world.topic(name), PARTITIONS, 1) for name in names])
    await admin.close()
    found = Fleet(world)
    try:
        yield found
    finally:
        for who, version in list(found.running):
            await found.end(who, version, signal.SIGKILL)


async def roll(fleet: Fleet, who: str, number: signal.Signals = signal.SIGTERM) -> None:
    """A rolling upgrade: both versions for a while, then the new one alone; work comes in all the time."""
    await fleet.start(who, 2)
    await fleet.tell()
    await fleet.end(who, 1, number)
    await fleet.tell()


def by_number(records: list[Record]) -> dict[int, list[Answered]]:
    found: dict[int, list[Answered]] = {}
    for record in records:
        event = Answered.model_validate_json(record.value)
        found.setdefault(event.number, []).append(event)
    return found


@pytest.mark.parametrize("order", [("consumer", "producer"), ("producer", "consumer")], ids=lambda o: f"{o[0]}s-first")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name.lower())
async def test_a_rolling_upgrade_loses_and_doubles_nothing(
    fleet: Fleet, order: tuple[str, str], number: signal.Signals
) -> None:
    for who in ("consumer", "producer"):
        await fleet.start(who, 1)
    await fleet.tell()
    for who in order:
        await roll(fleet, who, number)

    world, numbers = fleet.world, set(range(fleet.told))
    answers = by_number(await world.copies(ANSWERED, fleet.told, extra_s=2))
    assert set(answers) == numbers
    # Every answer of one number is one event, whoever gave it, and how often.
    assert {len({event.event_id for event in events}) for events in answers.values()} == {1}
    old, new = await world.copies(ASKED_1, 0, extra_s=2), await world.copies(ASKED_2, 0, extra_s=2)
    ids = {from_headers(record.headers).id for record in old}
    # Somebody who never upgrades misses nothing, and both topics tell of one event by one id.
    assert len(ids) == fleet.told
    assert new
    assert {from_headers(record.headers).id for record in new} <= ids
    # Who knows the new version never made do with the older form of an event that was published whole.
    whole = {record.value for record in new}
    asked_whole = {number for number in numbers if any(f'"number":{number},'.encode() in value for value in whole)}
    assert all(event.loud != "?" for number in asked_whole for event in answers[number])
    for topic in (TOLD, ASKED_1):
        assert await world.read(topic + ".dlq", 0) == []
