"""What stages do about marks of lives that ended without a word."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from aiokafka import TopicPartition

from services.chassis.batches import BatchStage
from services.chassis.bindings import Concurrent, On
from services.chassis.clock import SystemClock
from services.chassis.concurrent import ConcurrentStage
from services.chassis.deaths import Mark, read
from services.chassis.failures import Busy, Transient
from tests.fakes.stages import Rig, record
from tests.fakes.toy_events import ASKED, Answered, Asked, answer

HERE = TopicPartition(ASKED, 0)


class Committed:
    """The group's commits: offset and metadata."""

    def __init__(self, mark: Mark, end: int) -> None:
        self.at = {HERE: (0, mark.text)}
        self.written: list[tuple[int, Mark]] = []
        self._end = end

    async def read(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, tuple[int, str]]:
        return {tp: self.at[tp] for tp in partitions}

    async def waiting(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, self._end)

    async def write(self, marks: Mapping[TopicPartition, tuple[int, str]]) -> None:
        self.at.update(marks)
        self.written += [(offset, read(text)) for offset, text in marks.values()]


async def taken(rig: Rig, marks: Committed) -> BatchStage:
    stage = BatchStage(rig.desk, rig.metrics, SystemClock(), 1.0, [[ASKED]], killed_limit=3)
    stage.attach(rig.consumer)
    rig.consumer.held = {HERE}
    rig.consumer.waiting = {HERE: [record(number, f"k{number}", "answer") for number in range(5)]}
    stage._watch.attach(marks)
    await stage.on_partitions_assigned([HERE])
    return stage


async def _reply(asked: Asked) -> list[Answered]:
    return [answer(asked)]


async def test_a_life_marks_where_it_begins_once_and_takes_all_that_is_there() -> None:
    rig, marks = Rig([On(ASKED, _reply, emits=(Answered,))]), Committed(Mark(), 5)
    stage = await taken(rig, marks)
    assert len(await stage.fetch(500, 10)) == 5
    await stage.fetch(500, 10)
    assert marks.written == [(0, Mark(1))]
    await stage.release()
    assert marks.written[-1] == (0, Mark())


async def test_nothing_is_marked_where_nothing_waits() -> None:
    rig, marks = Rig([On(ASKED, _reply, emits=(Answered,))]), Committed(Mark(2), 0)
    stage = await taken(rig, marks)
    await stage.fetch(500, 10)
    assert marks.written == []


async def test_suspects_are_taken_alone_each_marked_before_and_readiness_tells() -> None:
    rig, marks = Rig([On(ASKED, _reply, emits=(Answered,))]), Committed(Mark(3), 5)
    stage = await taken(rig, marks)
    for number in range(3):
        (one,) = await stage.fetch(500, 10)
        assert "3 lives ended" in rig.conditions.troubles["suspects"]
        await stage.consume([one])
        assert marks.written[-1] == (number, Mark(3, 1))
        assert rig.consumer.last(0) == number + 1


async def test_the_guilty_one_is_dead_lettered_unhandled_and_the_others_are_acquitted() -> None:
    begun: list[int] = []

    async def handle(asked: Asked) -> list[Answered]:
        begun.append(asked.number)
        return [answer(asked)]

    rig, marks = Rig([On(ASKED, handle, emits=(Answered,))]), Committed(Mark(3, 2), 5)
    stage = await taken(rig, marks)
    await stage.consume(await stage.fetch(500, 10))
    assert rig.producer.numbers(ASKED + ".dlq") == [0]
    assert rig.consumer.last(0) == 1
    await stage.consume(await stage.fetch(500, 10))
    assert begun == [1, 2, 3, 4]
    assert rig.conditions.troubles == {}


@pytest.mark.parametrize(("trouble", "left"), [(Transient("away"), Mark()), (Busy("claimed"), Mark(3, 1))])
async def test_an_outage_acquits_the_message_in_hand_a_claim_does_not(trouble: Exception, left: Mark) -> None:
    failing = [trouble]

    async def handle(asked: Asked) -> list[Answered]:
        if failing:
            raise failing.pop()
        return [answer(asked)]

    rig, marks = Rig([On(ASKED, handle, emits=(Answered,))]), Committed(Mark(3), 5)
    stage = await taken(rig, marks)
    await stage.consume(await stage.fetch(500, 10))
    assert marks.written[-1] == (0, left)
    assert rig.consumer.last(0) == 1


async def test_a_slow_stage_takes_suspects_alone_and_buries_the_guilty_one() -> None:
    begun: list[int] = []

    async def handle(asked: Asked) -> list[Answered]:
        begun.append(asked.number)
        await asyncio.sleep(0)
        return [answer(asked)]

    rig, marks = Rig([On(ASKED, handle, emits=(Answered,))]), Committed(Mark(3, 2), 5)
    stage = ConcurrentStage(
        (ASKED,), rig.desk, Concurrent(slots=4, drain_s=1), rig.metrics, SystemClock(), killed_limit=3
    )
    stage.attach(rig.consumer, stage.consume)
    rig.consumer.held = {HERE}
    rig.consumer.waiting = {HERE: [record(number, f"k{number}", "answer") for number in range(5)]}
    stage._watch.attach(marks)
    await stage.on_partitions_assigned([HERE])
    running = asyncio.create_task(stage.run())
    for _ in range(3_000):
        if len(begun) == 4:
            break
        await asyncio.sleep(0.01)
    stage.interrupt()
    await running
    assert rig.producer.numbers(ASKED + ".dlq") == [0]
    assert sorted(begun) == [1, 2, 3, 4]
    assert rig.consumer.last(0) == 5
