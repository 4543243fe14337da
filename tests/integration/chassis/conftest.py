import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.base import Event
from schemas.envelope import to_headers
from services.chassis.app import ServiceApp, make_app
from services.chassis.clock import SystemClock
from services.chassis.dead_letters import ORIGINAL_OFFSET, ORIGINAL_PARTITION, ORIGINAL_TOPIC
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ANSWERED, ASKED, OTHER, TOY_WIRE
from tests.fixtures.broker import MORTAL_SESSION_MS, Broker, session
from tests.fixtures.topic_reading import AND_THEN_S, Record, read_records

SERVICE = "toy"
PARTITIONS = 4


def told_of(record: Record) -> object:
    """What makes a record a message of its own: delivery is at least once, and a copy tells nothing new."""
    headers = dict(record.headers)
    if ORIGINAL_OFFSET in headers:
        return tuple(headers[name] for name in (ORIGINAL_TOPIC, ORIGINAL_PARTITION, ORIGINAL_OFFSET))
    return headers.get("ce_id", (record.partition, record.offset))


async def eventually(check: Callable[[], Any], timeout_s: float = 120.0) -> None:
    """Wait until `check()` (maybe awaitable) is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = check()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"{check} did not become true within {timeout_s} s")
        await asyncio.sleep(0.02)


@dataclass
class World:
    """A broker with the toy topics, seen from outside by bare aiokafka."""

    settings: ServiceSettings
    stack: AsyncExitStack
    apps: list[ServiceApp] = field(default_factory=list)

    def topic(self, name: str) -> str:
        return self.settings.kafka_topic_prefix + name

    def environment(self, *names: str) -> dict[str, str]:
        """These settings for a service in a process of its own, which may be killed: its session is short."""
        session_ms = min(MORTAL_SESSION_MS, self.settings.kafka_session_timeout_ms)
        mortal = self.settings.model_copy(update={"kafka_session_timeout_ms": session_ms})
        return {f"ICE_{name}".upper(): str(getattr(mortal, name)) for name in names}

    async def create_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        await admin.start()
        names = [ASKED, OTHER, ANSWERED, ASKED + ".dlq", OTHER + ".dlq"]
        await admin.create_topics([NewTopic(self.topic(name), PARTITIONS, 1) for name in names])
        await admin.close()

    def app(self, subscriptions: Sequence[Any], *, settings: dict[str, Any] | None = None, **parts: Any) -> ServiceApp:
        chosen = self.settings.model_copy(update=settings or {})
        app = make_app(chosen, name=SERVICE, subscriptions=subscriptions, wire=TOY_WIRE, **parts)
        self.apps.append(app)
        return app

    async def start(self, subscriptions: Sequence[Any], **parts: Any) -> ServiceApp:
        app = self.app(subscriptions, **parts)
        await app.start()
        return app

    async def send(self, *events: Event, topic: str = ASKED) -> None:
        now = SystemClock().now()
        await self.send_raw(
            *(
                (
                    event.partition_key().encode(),
                    event.model_dump_json().encode(),
                    to_headers(event, source="t", time=now),
                )
                for event in events
            ),
            topic=topic,
        )

    async def send_raw(
        self, *records: tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]], topic: str = ASKED
    ) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.bootstrap_servers,
            acks="all",
            enable_idempotence=self.settings.kafka_idempotence,
            request_timeout_ms=120_000,
        ) as producer:
            sent = [
                await producer.send(self.topic(topic), key=key, value=value, headers=list(headers))
                for key, value, headers in records
            ]
            await asyncio.gather(*sent)

    async def copies(
        self, topic: str, count: int, timeout_s: float = 120.0, extra_s: float = AND_THEN_S
    ) -> list[Record]:
        """Every record of a topic from its start, once `count` different messages are there, and those just after."""
        return await read_records(
            self.settings,
            topic,
            lambda found: len({told_of(record) for record in found}) >= count,
            timeout_s=timeout_s,
            and_then_s=extra_s,
            told=lambda found: f"{len({told_of(record) for record in found})} of {count} messages",
        )

    async def read(self, topic: str, count: int, timeout_s: float = 120.0, extra_s: float = AND_THEN_S) -> list[Record]:
        """The different messages of a topic in the order in which they first came; copies must be equal."""
        found: dict[object, Record] = {}
        for record in await self.copies(topic, count, timeout_s, extra_s):
            first = found.setdefault(told_of(record), record)
            assert (record.key, record.value) == (first.key, first.value), f"one message, two contents: {record}"
        return list(found.values())

    async def committed(self, topic: str = ASKED) -> dict[int, int]:
        """What the group has committed, by partition; 0 where nothing is."""
        group = self.settings.kafka_group_prefix + SERVICE
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers, group_id=group, enable_auto_commit=False
        )
        await consumer.start()
        try:
            partitions = [TopicPartition(self.topic(topic), number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            return {tp.partition: await consumer.committed(tp) or 0 for tp in partitions}
        finally:
            await consumer.stop()

    async def total_committed(self, topic: str = ASKED) -> int:
        return sum((await self.committed(topic)).values())

    async def total_committed_is(self, count: int) -> bool:
        return await self.total_committed() == count


@pytest.fixture
async def world(broker: Broker, topic_prefix: str) -> AsyncIterator[World]:
    settings = ServiceSettings(
        kafka_bootstrap=broker.bootstrap,
        kafka_topic_prefix=topic_prefix,
        kafka_group_prefix=topic_prefix,
        kafka_idempotence=broker.idempotent,
        kafka_fetch_max_wait_ms=10 if broker.kind == "embedded" else 100,
        **session(broker, embedded_ms=1_500),
        retry_base_s=0.02,
        retry_cap_s=0.2,
        grace_s=5.0,
    )
    async with AsyncExitStack() as stack:
        found = World(settings, stack)
        await found.create_topics()
        yield found
        for app in found.apps:
            await app.stop()
