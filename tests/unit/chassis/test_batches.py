"""Laws of the quick stage over every mix of outcomes, with a broker of three lists."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.batches import BatchStage
from services.chassis.bindings import On, OnBatch, Received
from services.chassis.clock import SystemClock
from services.chassis.delivery import Desk
from services.chassis.failures import Poison, Transient
from tests.fakes.stages import Rig, record
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer

OUTCOMES = ["answer", "nothing", "poison", "bug", "flaky", "unreadable", "leak"]


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


async def test_a_flood_leaves_room_for_what_is_more_urgent_and_for_what_is_less() -> None:
    async def take(asked: Asked) -> list[Answered]:
        return [answer(asked)]

    names = ("urgent", "flood", "last")
    rig = Rig([On(ASKED, take, emits=(Answered,))])
    stage = BatchStage(rig.desk, rig.metrics, SystemClock(), 1.0, [[name] for name in names])
    stage.attach(rig.consumer)
    rig.consumer.held = {TopicPartition(name, 0) for name in names}
    sizes = {"urgent": 3, "flood": 1_000, "last": 40}
    rig.consumer.waiting = {TopicPartition(name, 0): [name] * size for name, size in sizes.items()}

    assert Counter(await stage.fetch(100, 0)) == {"urgent": 3, "flood": 57, "last": 40}
    rig.consumer.waiting[TopicPartition("urgent", 0)] = ["urgent"] * 80
    assert Counter(await stage.fetch(100, 0)) == {"urgent": 75, "flood": 25}
