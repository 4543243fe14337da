"""Topics of a test's own, where the commands' environment points."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from tests.fixtures.broker import Broker

Record: TypeAlias = ConsumerRecord[bytes, bytes]


@pytest.fixture
def pointed(broker: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of the commands names the broker; returns the prefix of this test's topics."""
    monkeypatch.setenv("ICE_KAFKA_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("ICE_KAFKA_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("ICE_KAFKA_IDEMPOTENCE", str(broker.idempotent))
    monkeypatch.setenv("ICE_LOCAL_FOLDER", str(tmp_path))
    monkeypatch.setenv("ICE_STATE_FOLDER", str(tmp_path / "state"))
    return topic_prefix


async def everything(
    broker: Broker, parts: Sequence[TopicPartition], count: int, order: Callable[[Record], tuple[int, ...]]
) -> list[Record]:
    """What partitions hold; at least `count` records."""
    found = list[Record]()
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(list(parts))
        quiet = 0
        while quiet < 2 or len(found) < count:
            fetched = await consumer.getmany(timeout_ms=300)
            quiet = 0 if fetched else quiet + 1
            found += [record for records in fetched.values() for record in records]
    return sorted(found, key=order)
