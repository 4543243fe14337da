"""A stage of the chassis with a broker of three lists: what it is given, what it publishes, what it commits."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from services.chassis.batches import BatchStage
from services.chassis.bindings import Binding, Concurrent
from services.chassis.clock import SystemClock
from services.chassis.concurrent import ConcurrentStage
from services.chassis.delivery import Conditions, Desk
from services.chassis.metrics import Metrics
from services.chassis.publishing import EventPublisher
from services.chassis.reading import Reader
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, TOY_WIRE, Asked

SETTINGS = ServiceSettings(retry_base_s=0.0001, retry_cap_s=0.0002, max_attempts=2, dead_letter_budget=1_000)


@dataclass
class Record:
    offset: int
    key: bytes | None
    value: bytes | None
    partition: int = 0
    topic: str = ASKED
    timestamp: int = 0
    headers: list[tuple[str, bytes]] = field(default_factory=lambda: [("ce_schemaversion", b"2")])


class Producer:
    """Takes every record and acknowledges it at once."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None, bytes]] = []

    async def send(self, topic: str, *, value: bytes, key: bytes | None, headers: object) -> "asyncio.Future[None]":
        del headers
        self.sent.append((topic, key, value))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    def numbers(self, topic: str) -> list[int]:
        return [Asked.model_validate_json(value).number for name, _, value in self.sent if name == topic]


class Consumer:
    """Holds partitions, hands out what waits in them, and remembers what is committed."""

    def __init__(self) -> None:
        self.commits: list[dict[TopicPartition, int]] = []
        self.waiting: dict[TopicPartition, list[Any]] = {}
        self.held = {TopicPartition(ASKED, 0), TopicPartition(ASKED, 1)}

    def assignment(self) -> set[TopicPartition]:
        return self.held

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.commits.append(dict(offsets))

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 100)

    async def position(self, partition: TopicPartition) -> int:
        del partition
        return 40

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int = 1_000
    ) -> dict[TopicPartition, list[Any]]:
        found: dict[TopicPartition, list[Any]] = {}
        for partition in partitions:
            room = max_records - sum(map(len, found.values()))
            waiting = self.waiting.get(partition, [])
            if waiting[:room]:
                found[partition], self.waiting[partition] = waiting[:room], waiting[room:]
        if not found:
            await asyncio.sleep(timeout_ms / 10_000)
        return found

    def last(self, partition: int) -> int | None:
        found = [commit[tp] for commit in self.commits for tp in commit if tp.partition == partition]
        return found[-1] if found else None


class Rig:
    """A desk and its quick stage; `slow` makes a concurrent one of the same desk."""

    def __init__(self, bindings: Sequence[Binding], budget: int = 1_000) -> None:
        self.metrics = Metrics("toy")
        self.conditions = Conditions()
        self.producer = Producer()
        publisher = EventPublisher(SETTINGS, "toy", wire=TOY_WIRE, metrics=self.metrics)
        publisher._producer = self.producer
        self.desk = Desk(
            SETTINGS.model_copy(update={"dead_letter_budget": budget}),
            "g",
            bindings=bindings,
            reader=Reader(TOY_WIRE, "", bindings),
            publisher=publisher,
            metrics=self.metrics,
            clock=SystemClock(),
            conditions=self.conditions,
            slots=4,
        )
        self.consumer = Consumer()
        self.stage = BatchStage(self.desk, self.metrics, SystemClock(), 1.0)
        self.stage.attach(self.consumer)
        self.desk.on_halt = self.stage.interrupt

    def slow(self, options: Concurrent) -> ConcurrentStage:
        stage = ConcurrentStage((ASKED,), self.desk, options, self.metrics, SystemClock())
        stage.attach(self.consumer, stage.consume)
        return stage


def record(offset: int, key: str, outcome: str, partition: int = 0) -> Record:
    body = Asked(name=key, number=offset, note=outcome).model_dump_json().encode()
    if outcome == "unreadable":
        return Record(offset, key.encode(), b"\xff" + body, partition)
    if outcome == "newer":
        return Record(offset, key.encode(), body, partition, headers=[("ce_schemaversion", b"3")])
    return Record(offset, key.encode(), body, partition)
