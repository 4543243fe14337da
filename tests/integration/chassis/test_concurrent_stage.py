"""Promises of the slow stage, on a real broker."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from services.chassis.app import Concurrent, On, ServiceApp
from services.chassis.failures import Poison, Transient
from tests.fakes.toy_events import ANSWERED, ASKED, OTHER, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration


def questions(count: int) -> list[Asked]:
    return [Asked(name=f"n{number % 11}", number=number) for number in range(count)]


def answered(records: Sequence[Any]) -> list[int]:
    return sorted(Answered.model_validate_json(record.value).number for record in records)


class Slow:
    """A handler whose calls end when they are let go."""

    def __init__(self) -> None:
        self.started: Counter[int] = Counter()
        self.running: set[int] = set()
        self.most = 0
        self.gates: dict[int, asyncio.Event] = {}
        self.open = False
        self.hold: set[int] | None = None

    def let_go(self, *numbers: int) -> None:
        for number in numbers:
            self.gates.setdefault(number, asyncio.Event()).set()

    async def handle(self, asked: Asked) -> list[Answered]:
        self.started[asked.number] += 1
        self.running.add(asked.number)
        self.most = max(self.most, len(self.running))
        try:
            held = self.hold is None or asked.number in self.hold
            if held and not self.open:
                await self.gates.setdefault(asked.number, asyncio.Event()).wait()
        finally:
            self.running.discard(asked.number)
        return [answer(asked)]

    def binding(self, topic: str = ASKED) -> On:
        return On(topic, self.handle, emits=(Answered,))


async def test_many_messages_of_a_partition_run_at_once_up_to_the_slots(world: World) -> None:
    slow = Slow()
    await world.send(*[Asked(name="one", number=number) for number in range(20)])
    await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=1, per_partition=20))
    await eventually(lambda: len(slow.running) == 8)
    await asyncio.sleep(0.3)
    assert slow.most == 8
    slow.open = True
    slow.let_go(*range(20))

    assert answered(await world.read(ANSWERED, 20)) == list(range(20))
    await eventually(lambda: world.total_committed_is(20))
    assert slow.most == 8


async def test_a_commit_never_passes_a_message_that_still_runs(world: World) -> None:
    slow = Slow()
    await world.send(*[Asked(name="one", number=number) for number in range(10)])
    await world.start([slow.binding()], concurrency=Concurrent(slots=16, drain_s=1))
    await eventually(lambda: len(slow.running) == 10)

    slow.let_go(0, 1, 2, 4, 5, 6, 7, 8, 9)
    assert len(await world.read(ANSWERED, 9)) == 9
    await eventually(lambda: world.total_committed_is(3))
    await asyncio.sleep(0.6)
    assert await world.total_committed() == 3

    slow.let_go(3)
    await eventually(lambda: world.total_committed_is(10))


async def test_a_full_service_stays_in_its_group(world: World) -> None:
    slow = Slow()
    await world.send(*questions(12))
    app = await world.start([slow.binding()], concurrency=Concurrent(slots=2, drain_s=1))
    await eventually(lambda: len(slow.running) == 2)
    await asyncio.sleep(4)
    assert app.health().live
    assert len(slow.started) == 2
    slow.open = True
    slow.let_go(*range(12))
    assert answered(await world.read(ANSWERED, 12)) == list(range(12))
    assert max(slow.started.values()) == 1


async def test_stopping_drains_what_runs_and_starts_nothing_new(world: World) -> None:
    slow = Slow()
    await world.send(*questions(30))
    app = await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=60))
    await eventually(lambda: len(slow.running) == 8)
    stopping = asyncio.create_task(app.stop())
    await asyncio.sleep(0.3)
    slow.let_go(*slow.running)
    await stopping
    first = dict(slow.started)
    assert len(first) == 8

    slow.open = True
    await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=60))

    assert answered(await world.read(ANSWERED, 30)) == list(range(30))
    # Committed without a gap per partition: what ended before the stop is not called again.
    assert max(slow.started.values()) == 1


async def test_what_does_not_end_while_draining_comes_again(world: World) -> None:
    slow = Slow()
    slow.hold = {0}
    await world.send(*[Asked(name="one", number=number) for number in range(5)])
    app = await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=0.3))
    await world.read(ANSWERED, 4)
    await app.stop()
    assert await world.total_committed() == 0

    slow.open = True
    await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=1))

    assert answered(await world.read(ANSWERED, 5)) == list(range(5))
    await eventually(lambda: world.total_committed_is(5))


async def test_revoked_partitions_are_drained_and_no_message_is_handled_twice(world: World) -> None:
    slow = Slow()
    await world.send(*questions(40))
    concurrency = Concurrent(slots=10, drain_s=60)
    first = await world.start([slow.binding()], concurrency=concurrency)
    await eventually(lambda: len(slow.running) == 10)

    async def second_member() -> ServiceApp:
        return await world.start([slow.binding()], concurrency=concurrency)

    joining = asyncio.create_task(second_member())
    # The rebalance waits for the running ones; they end, and are committed before the partitions go.
    await asyncio.sleep(3)
    slow.open = True
    slow.let_go(*range(40))
    await joining

    assert answered(await world.read(ANSWERED, 40)) == list(range(40))
    assert max(slow.started.values()) == 1
    await eventually(lambda: world.total_committed_is(40))
    assert first.health().live


async def test_poison_is_dead_lettered_and_its_neighbours_go_on(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        if asked.number % 5 == 0:
            raise Poison(f"no {asked.number}")
        return [answer(asked)]

    await world.send(*questions(20))
    await world.send_raw((b"k\xff", b"\xff", [("h", b"\xff")]))
    await world.start([On(ASKED, handle, emits=(Answered,))], concurrency=Concurrent(slots=8, drain_s=1))

    assert len(await world.read(ANSWERED, 16)) == 16
    letters = await world.read(ASKED + ".dlq", 5)
    assert {letter.value for letter in letters if letter.key == b"k\xff"} == {b"\xff"}
    await eventually(lambda: world.total_committed_is(21))


async def test_a_waiting_message_blocks_nobody_else(world: World) -> None:
    away = True

    async def handle(asked: Asked) -> list[Answered]:
        if away and asked.number == 0:
            raise Transient("vendor: away")
        return [answer(asked)]

    await world.send(*questions(30))
    app = await world.start([On(ASKED, handle, emits=(Answered,))], concurrency=Concurrent(slots=4, drain_s=1))
    assert answered(await world.read(ANSWERED, 29)) == list(range(1, 30))
    assert not app.health().ready

    away = False
    assert answered(await world.read(ANSWERED, 30)) == list(range(30))
    await eventually(lambda: world.total_committed_is(30))
    await eventually(lambda: app.health().ready)


async def test_a_newer_version_halts_with_everything_before_it_committed(world: World) -> None:
    await world.send(*[Asked(name="one", number=number) for number in range(3)])
    await world.send_raw((b"one", b"{}", [("ce_schemaversion", b"7")]))
    await world.send(Asked(name="one", number=4))
    slow = Slow()
    slow.open = True
    app = await world.start([slow.binding()], concurrency=Concurrent(slots=8, drain_s=1))
    await eventually(lambda: "version 7 is newer than 2" in app.health().checks["halted"].detail)

    await eventually(lambda: world.total_committed_is(3))
    await asyncio.sleep(0.5)
    assert await world.total_committed() == 3
    assert app.health().live
    assert not app.health().ready


async def test_the_first_topic_of_the_table_goes_first(world: World) -> None:
    order: list[str] = []

    async def urgent(asked: Asked) -> list[Answered]:
        order.append("urgent")
        await asyncio.sleep(0.01)
        return [answer(asked)]

    async def ordinary(asked: Asked) -> list[Answered]:
        order.append("ordinary")
        await asyncio.sleep(0.01)
        return [answer(asked)]

    await world.send(*questions(100))
    # Of one key, so that one fetch brings them all; when that is, nobody promised.
    await world.send(*[Asked(name="one", number=number) for number in range(20)], topic=OTHER)
    await world.start(
        [On(OTHER, urgent, emits=(Answered,)), On(ASKED, ordinary, emits=(Answered,))],
        concurrency=Concurrent(slots=2, drain_s=1, per_partition=20),
    )
    await eventually(lambda: len(order) == 120)

    places = [place for place, kind in enumerate(order) if kind == "urgent"]
    # From the first of them on: every eighth turn is the others', and the other slot's message may have been taken.
    assert order[places[0] : places[-1]].count("ordinary") <= 6


async def test_the_last_topic_of_the_table_is_not_starved(world: World) -> None:
    """What is urgent never ends here: who waited for its end would wait for ever."""
    begun: Counter[str] = Counter()
    sent = 0

    async def urgent(asked: Asked) -> list[Answered]:
        begun["urgent"] += 1
        await asyncio.sleep(0.001)
        return [answer(asked)]

    async def ordinary(asked: Asked) -> list[Answered]:
        begun["ordinary"] += 1
        return [answer(asked)]

    async def all_begun() -> bool:
        nonlocal sent
        if sent - begun["urgent"] < 600:
            await world.send(*questions(sent + 600)[sent:], topic=OTHER)
            sent += 600
        return begun["ordinary"] >= 5

    await all_begun()
    await world.send(*questions(5))
    await world.start(
        [On(OTHER, urgent, emits=(Answered,)), On(ASKED, ordinary, emits=(Answered,))],
        concurrency=Concurrent(slots=1, drain_s=1, fair_every=4),
    )
    await eventually(all_begun)
