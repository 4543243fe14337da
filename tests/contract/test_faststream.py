"""What services.chassis.hosting relies on in FastStream 0.7.8, much of it internal. A new version must pass this."""

import inspect
import logging
from dataclasses import dataclass, field
from importlib.metadata import version

import pytest
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.mixins import TasksMixin
from faststream._internal.endpoint.subscriber.usecase import SubscriberUsecase
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber, DefaultSubscriber, LogicSubscriber

from services.chassis.batches import BatchStage
from services.chassis.hosting import BatchHost, ConcurrentHost, host_batches, host_concurrent


@dataclass
class Record:
    topic: str = "t"
    partition: int = 0
    offset: int = 0
    key: bytes | None = None
    value: bytes | None = b"\xff"
    headers: list[tuple[str, bytes | None]] = field(
        default_factory=lambda: [("reply_to", b"elsewhere"), ("content-type", b"\xff"), ("none", None)]
    )


class Stage:
    """Stands for a stage: writes down what comes."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    async def consume(self, records: object) -> bool:
        self.seen.append(records)
        return True

    def interrupt(self) -> None:
        self.seen.append("interrupted")

    async def release(self) -> None:
        self.seen.append("released")

    async def close(self) -> None:
        self.seen.append("closed")


@pytest.fixture
def broker() -> KafkaBroker:
    return KafkaBroker("127.0.0.1:1", consumer_only=True, apply_types=False, logger=logging.getLogger("x"))


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("faststream") == "0.7.8"


async def test_a_batch_reaches_the_stage_as_raw_records_whatever_its_headers(broker: KafkaBroker) -> None:
    stage = Stage()
    host = host_batches(broker, ["t", "u"], "g", stage, max_records=5)  # type: ignore[arg-type]
    await broker._connect()
    broker._setup_logger()
    await super(LogicSubscriber, host).start()
    records = (Record(), Record(offset=1))

    await host.process_message(records)

    assert stage.seen == [records]
    await broker.stop()
    assert stage.seen[1:] == ["interrupted", "released"]


async def test_a_record_s_answer_comes_back_and_nothing_is_published(broker: KafkaBroker) -> None:
    stage = Stage()
    host = host_concurrent(broker, ["t"], "g", stage)  # type: ignore[arg-type]
    await broker._connect()
    broker._setup_logger()
    await super(LogicSubscriber, host).start()

    # With a `reply_to` header FastStream would publish the answer; without a producer that would raise.
    assert await host._hand(Record()) is True

    assert len(stage.seen) == 1
    await broker.stop()
    assert stage.seen[1:] == ["interrupted", "released", "closed"]


def test_nothing_is_committed_behind_our_back(broker: KafkaBroker) -> None:
    host = host_batches(broker, ["t"], "g", Stage(), max_records=5)  # type: ignore[arg-type]
    assert host.ack_policy is AckPolicy.MANUAL
    assert host._connection_args["enable_auto_commit"] is False


def test_every_topic_is_subscribed_by_one_subscriber(broker: KafkaBroker) -> None:
    host = host_batches(broker, ["t", "u", "v"], "g", Stage(), max_records=5)  # type: ignore[arg-type]
    assert host.topic_names_for_subscribe == ["t", "u", "v"]
    assert broker.subscribers == [host]


def test_the_methods_that_are_overridden_are_still_the_ones_that_are_called() -> None:
    loop = inspect.getsource(LogicSubscriber._run_consume_loop)
    assert "await self.get_msg(consumer)" in loop
    assert "while self.running" in loop
    assert "self.running = True" in inspect.getsource(SubscriberUsecase._post_start)
    assert "task.cancel()" in inspect.getsource(TasksMixin.stop)
    for host, base in ((BatchHost, BatchSubscriber), (ConcurrentHost, DefaultSubscriber)):
        for name in ("start", "stop"):
            assert name in vars(host)
            assert inspect.iscoroutinefunction(getattr(base, name))
    assert inspect.iscoroutinefunction(BatchSubscriber.get_msg)


def test_the_stage_has_what_the_host_calls() -> None:
    for name in ("attach", "turned", "interrupt", "consume", "on_partitions_revoked", "on_partitions_assigned"):
        assert callable(getattr(BatchStage, name))
