"""Laws of the quick stage over every mix of outcomes, with a broker of three lists."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.batches import BatchStage
from services.chassis.bindings import Binding, On, OnBatch, Received
from services.chassis.clock import SystemClock
from services.chassis.delivery import Conditions, Desk
from services.chassis.failures import Poison, Transient
from services.chassis.metrics import Metrics
from services.chassis.publishing import EventPublisher
from services.chassis.reading import Reader
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ANSWERED, ASKED, TOY_WIRE, Answered, Asked, answer

SETTINGS = ServiceSettings(retry_base_s=0.0001, retry_cap_s=0.0002, max_attempts=2, dead_letter_budget=1_000)
OUTCOMES = ["answer", "nothing", "poison", "bug", "flaky", "unreadable", "leak"]


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
    """Holds two partitions and remembers what is committed."""

    def __init__(self) -> None:
        self.commits: list[dict[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(ASKED, 0), TopicPartition(ASKED, 1)}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.commits.append(dict(offsets))

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: 100 for partition in partitions}

    async def position(self, partition: TopicPartition) -> int:
        del partition
        return 40

    def last(self, partition: int) -> int | None:
        found = [commit[tp] for commit in self.commits for tp in commit if tp.partition == partition]
        return found[-1] if found else None


class Rig:
    def __init__(self, bindings: Sequence[Binding], budget: int = 1_000) -> None:
        metrics = Metrics("toy")
        self.conditions = Conditions()
        self.producer = Producer()
        publisher = EventPublisher(SETTINGS, "toy", wire=TOY_WIRE, metrics=metrics)
        publisher._producer = self.producer
        desk = Desk(
            SETTINGS.model_copy(update={"dead_letter_budget": budget}),
            "g",
            bindings=bindings,
            reader=Reader(TOY_WIRE, "", bindings),
            publisher=publisher,
            metrics=metrics,
            clock=SystemClock(),
            conditions=self.conditions,
            slots=4,
        )
        self.consumer = Consumer()
        self.stage = BatchStage(desk, metrics, SystemClock(), 1.0)
        self.stage.attach(self.consumer)
        desk.on_halt = self.stage.interrupt


def record(offset: int, key: str, outcome: str, partition: int = 0) -> Record:
    body = Asked(name=key, number=offset, note=outcome).model_dump_json().encode()
    if outcome == "unreadable":
        return Record(offset, key.encode(), b"\xff" + body, partition)
    if outcome == "newer":
        return Record(offset, key.encode(), body, partition, headers=[("ce_schemaversion", b"3")])
    return Record(offset, key.encode(), body, partition)


class Handler:
    def __init__(self) -> None:
        self.seen: list[Asked] = []
        self.flaky: set[int] = set()

    async def handle(self, asked: Asked) -> list[Answered]:
        await asyncio.sleep(0)
        if asked.note == "flaky" and asked.number not in self.flaky:
            self.flaky.add(asked.number)
            raise Transient("away")
        if asked.note == "poison":
            raise Poison("never")
        if asked.note == "bug":
            raise KeyError(asked.number)
        if asked.note == "leak":
            raise asyncio.CancelledError
        self.seen.append(asked)
        return [] if asked.note == "nothing" else [answer(asked)]


plans = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(OUTCOMES)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(plan=plans)
async def test_each_message_is_answered_or_dead_lettered_and_all_is_committed(plan: list[tuple[str, str]]) -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])
    await rig.stage.consume([record(number, key, outcome) for number, (key, outcome) in enumerate(plan)])

    assert rig.consumer.last(0) == len(plan)
    dead = [number for number, (_, outcome) in enumerate(plan) if outcome in {"poison", "bug", "unreadable", "leak"}]
    assert len([1 for topic, _, _ in rig.producer.sent if topic == ASKED + ".dlq"]) == len(dead)
    answered = [number for number, (_, outcome) in enumerate(plan) if outcome in {"answer", "flaky"}]
    assert sorted(rig.producer.numbers(ANSWERED)) == answered
    for key in "abc":
        of_key = [item.number for item in handler.seen if item.name == key]
        assert of_key == sorted(of_key), "the order of a key was lost"


@settings(max_examples=60, deadline=None)
@given(
    plan=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([*OUTCOMES, "newer"])), min_size=1, max_size=25)
)
async def test_nothing_is_committed_past_a_newer_version(plan: list[tuple[str, str]]) -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])
    await rig.stage.consume([record(number, key, outcome) for number, (key, outcome) in enumerate(plan)])

    newer = [number for number, (_, outcome) in enumerate(plan) if outcome == "newer"]
    committed = rig.consumer.last(0) or 0
    assert committed <= min(newer, default=len(plan))
    assert (rig.conditions.halted is not None) == bool(newer)
    if not newer:
        assert committed == len(plan)
    handled = {item.number for item in handler.seen}
    for number, (_, outcome) in enumerate(plan[:committed]):
        assert number in handled or outcome in {"poison", "bug", "unreadable", "leak"}


@settings(max_examples=40, deadline=None)
@given(plan=plans, turns=st.integers(0, 30))
async def test_interrupted_at_any_moment_nothing_unfinished_is_committed(
    plan: list[tuple[str, str]], turns: int
) -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])
    batch = [record(number, key, outcome) for number, (key, outcome) in enumerate(plan)]
    consuming = asyncio.create_task(rig.stage.consume(batch))
    for _ in range(turns):
        await asyncio.sleep(0)
    rig.stage.interrupt()
    await consuming

    committed = rig.consumer.last(0) or 0
    ended = {Asked.model_validate_json(value.lstrip(b"\xff")).number for _, _, value in rig.producer.sent}
    ended |= {item.number for item in handler.seen}
    assert set(range(committed)) <= ended


async def test_partitions_are_committed_each_by_itself() -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])
    await rig.stage.consume([record(5, "a", "answer", 0), record(9, "b", "newer", 1), record(6, "c", "answer", 0)])
    assert rig.consumer.last(1) is None or rig.consumer.last(1) == 9
    assert rig.consumer.last(0) in {5, 6, 7}


async def test_a_partition_that_was_taken_away_is_not_committed() -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])
    gone = TopicPartition(ASKED, 7)
    await rig.stage.consume([record(1, "a", "answer", 7), record(3, "b", "answer", 1)])
    assert rig.consumer.last(1) == 4
    assert all(gone not in commit for commit in rig.consumer.commits)


async def test_a_fault_of_the_chassis_itself_halts_and_commits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler()
    rig = Rig([On(ASKED, handler.handle, emits=(Answered,))])

    async def broken(*_: Any) -> None:
        raise AssertionError("impossible")

    monkeypatch.setattr(Desk, "settle", broken)
    await rig.stage.consume([record(0, "a", "answer")])

    assert "chassis error" in str(rig.conditions.halted)
    assert rig.consumer.commits == []


async def test_a_batch_handler_that_meets_poison_loses_only_the_poison() -> None:
    done: list[int] = []

    async def project(received: Sequence[Received]) -> list[Answered]:
        notes = [item.event.note for item in received if isinstance(item.event, Asked)]
        if "poison" in notes:
            raise Poison("never")
        done.extend(item.offset for item in received)
        return []

    rig = Rig([OnBatch((ASKED,), project)])
    await rig.stage.consume(
        [record(0, "a", "answer"), record(1, "b", "poison"), record(2, "c", "unreadable"), record(3, "d", "answer")]
    )
    assert sorted(done) == [0, 3]
    assert rig.consumer.last(0) == 4
    assert len(rig.producer.sent) == 2


async def _projected(outcomes: Sequence[Sequence[str]], budget: int) -> Rig:
    """A projection that takes every message, given batches of `outcomes`."""

    async def project(received: Sequence[Received]) -> list[Answered]:
        del received
        return []

    rig = Rig([OnBatch((ASKED,), project)], budget)
    offset = 0
    for batch in outcomes:
        records = [record(offset + index, "a", outcome) for index, outcome in enumerate(batch)]
        offset += len(batch)
        await rig.stage.consume(records)
    return rig


async def test_dead_letters_of_batches_are_in_a_row_only_without_a_success_between() -> None:
    over_batches = await _projected([["unreadable", "answer"]] * 5, budget=3)
    assert over_batches.conditions.halted is None
    within_a_batch = await _projected([["unreadable", "unreadable", "answer"] * 5], budget=3)
    assert within_a_batch.conditions.halted is None
    assert within_a_batch.consumer.last(0) == 15


async def test_so_many_dead_letters_in_a_row_halt_a_batch_and_leave_the_rest() -> None:
    rig = await _projected([["answer", *["unreadable"] * 6]], budget=3)
    assert "3 dead letters in a row" in str(rig.conditions.halted)
    assert rig.consumer.last(0) == 4
    assert len(rig.producer.sent) == 3
