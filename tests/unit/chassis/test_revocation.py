"""What a worker may still do when its partitions are taken away: end what it has begun, begin nothing."""

import asyncio
import re
from collections.abc import Sequence

from aiokafka import TopicPartition

from services.chassis import batches
from services.chassis.bindings import Concurrent, On, OnBatch, Received
from services.chassis.failures import Transient
from tests.fakes.stages import Rig, record
from tests.fakes.toy_events import ASKED, Answered, Asked, answer

HERE = TopicPartition(ASKED, 0)


class Calls:
    """A handler whose calls wait until they are let go."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.gate = asyncio.Event()

    async def handle(self, asked: Asked) -> list[Answered]:
        self.begun.append(asked.number)
        await self.gate.wait()
        return [answer(asked)]

    def binding(self) -> On:
        return On(ASKED, self.handle, emits=(Answered,))


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_message_handed_out_but_not_begun_is_left_to_the_next_owner() -> None:
    calls = Calls()
    rig = Rig([calls.binding()])
    stage = rig.slow(Concurrent(slots=4, drain_s=1, per_partition=4))
    # Handed out, its task not yet run: the moment in which the group's coordinator may speak.
    stage._start({HERE: [record(0, "a", "answer"), record(1, "b", "answer")]})
    await stage.on_partitions_revoked([HERE])

    assert calls.begun == []
    assert rig.consumer.last(0) in {None, 0}


async def test_a_message_in_hand_ends_and_is_committed_before_the_partition_goes() -> None:
    calls = Calls()
    rig = Rig([calls.binding()])
    stage = rig.slow(Concurrent(slots=4, drain_s=5))
    stage._start({HERE: [record(0, "a", "answer")]})
    await turns()
    assert calls.begun == [0]
    going = asyncio.create_task(stage.on_partitions_revoked([HERE]))
    await turns()
    assert not going.done()
    assert stage.regrouping
    calls.gate.set()
    await going

    assert rig.consumer.last(0) == 1
    await stage.on_partitions_assigned([HERE])
    assert not stage.regrouping


async def test_what_waits_for_a_slot_is_not_begun_after_the_partition_has_gone() -> None:
    calls = Calls()
    rig = Rig([calls.binding()])
    # Ten keys, four slots: six messages wait.
    consuming = asyncio.create_task(rig.stage.consume([record(n, f"k{n}", "answer") for n in range(10)]))
    await turns()
    assert calls.begun == [0, 1, 2, 3]
    going = asyncio.create_task(rig.stage.on_partitions_revoked([HERE]))
    await turns()
    calls.gate.set()
    await going
    await consuming

    assert calls.begun == [0, 1, 2, 3]
    assert rig.consumer.last(0) == 4


async def test_a_batch_taken_just_before_its_partitions_were_is_dropped() -> None:
    calls = Calls()
    calls.gate.set()
    rig = Rig([calls.binding()])
    rig.stage.turned()
    await rig.stage.on_partitions_revoked([HERE])
    await rig.stage.on_partitions_assigned([HERE])
    await rig.stage.consume([record(5, "a", "answer")])
    assert calls.begun == []

    # The same partition comes back at what was committed: below what was dropped.
    rig.stage.turned()
    await rig.stage.consume([record(4, "a", "answer"), record(5, "a", "answer")])
    assert calls.begun == [4, 5]
    assert rig.consumer.last(0) == 6
    assert rig.conditions.halted is None


async def test_a_stop_does_not_wait_for_a_group_that_shares_out_its_partitions() -> None:
    rig = Rig([Calls().binding()])
    stage = rig.slow(Concurrent(slots=4, drain_s=5))

    async def for_ever(*partitions: TopicPartition, timeout_ms: int = 0, max_records: int = 0) -> None:
        del partitions, timeout_ms, max_records
        await asyncio.Event().wait()

    rig.consumer.getmany = for_ever  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(stage.run())
    await turns()
    stage.interrupt()
    await asyncio.wait_for(running, 60)


async def test_while_one_message_waits_what_is_done_before_it_is_committed() -> None:
    rig = Rig([On(ASKED, _away_for_b, emits=(Answered,))])
    consuming = asyncio.create_task(rig.stage.consume([record(n, "ab"[n == 2], "answer") for n in range(5)]))
    for _ in range(100):
        if rig.consumer.commits:
            break
        await asyncio.sleep(batches._COMMIT_EVERY_S / 10)
    assert rig.consumer.last(0) == 2
    assert not consuming.done()
    rig.stage.interrupt()
    await consuming
    assert rig.consumer.last(0) == 2


async def _away_for_b(asked: Asked) -> list[Answered]:
    if asked.name == "b":
        raise Transient("away")
    return [answer(asked)]


async def test_a_storm_of_unreadable_records_makes_as_many_dead_letters_as_the_budget() -> None:
    calls = Calls()
    rig = Rig([calls.binding()], budget=7)
    await rig.stage.consume([record(n, f"k{n}", "unreadable") for n in range(500)])

    assert len(rig.producer.sent) == 7
    assert "7 dead letters in a row" in str(rig.conditions.halted)
    assert rig.consumer.last(0) == 7
    assert b'ice_halted{service="toy"} 1.0' in rig.metrics.render()


async def test_lag_is_told_before_anything_is_committed_and_after() -> None:
    async def project(received: Sequence[Received]) -> list[Answered]:
        del received
        return []

    rig = Rig([OnBatch((ASKED,), project)])
    # The broker says: ends at 100, the group is at 40.
    await rig.stage.measure()
    assert lag(rig) == {"0": 60.0, "1": 60.0}
    await rig.stage.consume([record(40 + n, "a", "answer") for n in range(10)])
    assert lag(rig) == {"0": 50.0, "1": 60.0}
    await rig.stage.on_partitions_revoked([HERE])
    assert lag(rig) == {"1": 60.0}


def lag(rig: Rig) -> dict[str, float]:
    found = re.findall(r'ice_lag{partition="(\d+)",service="toy",topic="[^"]+"} (\S+)', rig.metrics.render().decode())
    return {partition: float(value) for partition, value in found}


async def test_the_one_partition_of_a_busy_topic_may_fill_every_slot() -> None:
    rig = Rig([Calls().binding()])
    stage = rig.slow(Concurrent(slots=8, drain_s=1))
    busy, idle = TopicPartition(ASKED, 0), [TopicPartition("idle", number) for number in range(5)]
    for offset in range(8):
        assert busy in stage._with_room([busy, *idle])
        stage._ledger.tracker(busy).begin(offset)


async def test_letters_that_were_retried_too_early_come_back_and_halt_nobody() -> None:
    calls = Calls()
    calls.gate.set()
    rig = Rig([calls.binding()], budget=2)
    bad = [record(offset, "a", "unreadable") for offset in range(6)]
    for item in bad:
        item.headers = [("x-retried-at", b"2026-11-23T17:00:00Z")]
    await rig.stage.consume([*bad, record(6, "b", "answer")])
    assert (rig.conditions.halted, calls.begun, rig.consumer.last(0)) == (None, [6], 7)


async def test_an_old_version_that_its_upcast_stumbles_over_is_dead_lettered_and_blocks_nothing() -> None:
    calls = Calls()
    calls.gate.set()
    rig = Rig([calls.binding()])
    # Version 1 without the field that version 2 renames.
    bad = record(0, "a", "answer")
    bad.headers = [("ce_schemaversion", b"1")]
    await rig.stage.consume([bad, record(1, "b", "answer")])
    assert rig.conditions.halted is None
    assert calls.begun == [1]
    assert rig.consumer.last(0) == 2
