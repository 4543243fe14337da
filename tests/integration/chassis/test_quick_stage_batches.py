"""The quick stage when publishing fails, when it is stopped, and when it works on batches; on a real broker."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from services.chassis import batches
from services.chassis.app import EventPublisher, On, OnBatch, Received
from services.chassis.consumer import Consumer
from services.chassis.failures import Poison
from tests.fakes.toy_events import ANSWERED, ASKED, OTHER, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration


async def reply(asked: Asked) -> list[Answered]:
    return [answer(asked)]


REPLY = On(ASKED, reply, emits=(Answered,))


def questions(count: int, names: int = 7) -> list[Asked]:
    return [Asked(name=f"n{number % names}", number=number) for number in range(count)]


def answered(records: Sequence[Any]) -> list[int]:
    return sorted(Answered.model_validate_json(record.value).number for record in records)


async def test_nothing_is_committed_before_the_acknowledgement(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = world.app([REPLY])
    acknowledge = asyncio.Event()
    original = EventPublisher.unacknowledged

    async def slow(self: EventPublisher, deliveries: Any) -> Any:
        found = await original(self, deliveries)
        await acknowledge.wait()
        return found

    monkeypatch.setattr(EventPublisher, "unacknowledged", slow)
    await app.start()
    await world.send(Asked(name="n", number=1))
    await world.read(ANSWERED, 1, extra_s=0.5)
    assert await world.total_committed() == 0

    acknowledge.set()
    await eventually(lambda: world.total_committed_is(1))


async def test_a_batch_whose_events_are_not_acknowledged_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = world.app([REPLY])
    failures = 0
    original = EventPublisher.unacknowledged

    async def failing(self: EventPublisher, deliveries: Any) -> Any:
        nonlocal failures
        failures += 1
        if failures <= 3:
            assert await world.total_committed() == 0
            return [delivery.outgoing for delivery in deliveries]
        return await original(self, deliveries)

    monkeypatch.setattr(EventPublisher, "unacknowledged", failing)
    await app.start()
    await world.send(Asked(name="n", number=1))

    await eventually(lambda: world.total_committed_is(1))
    assert set(answered(await world.read(ANSWERED, 1))) == {1}
    assert failures >= 4


async def test_an_event_that_is_too_large_is_the_question_s_dead_letter(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        return [Answered(name="n", number=asked.number, note="x" * (200_000 if asked.number == 0 else 1))]

    await world.start([On(ASKED, handle, emits=(Answered,))], settings={"kafka_max_message_bytes": 2_048})
    await world.send(*questions(2, names=1))

    assert answered(await world.read(ANSWERED, 1)) == [1]
    (letter,) = await world.read(ASKED + ".dlq", 1)
    assert dict(letter.headers)["x-stage"] == b"publish"
    await eventually(lambda: world.total_committed_is(2))


async def test_a_service_that_is_stopped_in_mid_batch_loses_nothing(world: World) -> None:
    seen: list[int] = []
    slow = True

    async def handle(asked: Asked) -> list[Answered]:
        seen.append(asked.number)
        await asyncio.sleep(0.05 if slow else 0)
        return [answer(asked)]

    binding = On(ASKED, handle, emits=(Answered,))
    await world.send(*questions(100, names=5))
    app = await world.start([binding])
    await eventually(lambda: len(seen) > 20)
    await app.stop()
    handled = len(seen)
    assert handled < 100

    slow = False
    await world.start([binding])

    found = answered(await world.read(ANSWERED, 100))
    assert sorted(set(found)) == list(range(100))
    await eventually(lambda: world.total_committed_is(100))
    assert await world.read(ASKED + ".dlq", 0) == []


async def test_a_handler_that_is_killed_is_called_again_after_the_restart(world: World) -> None:
    hang = True
    started = asyncio.Event()

    async def handle(asked: Asked) -> list[Answered]:
        started.set()
        if hang:
            await asyncio.Event().wait()
        return [answer(asked)]

    binding = On(ASKED, handle, emits=(Answered,))
    await world.send(*questions(3, names=1))
    app = await world.start([binding], settings={"grace_s": 0.2})
    await started.wait()
    await app.stop()
    assert await world.total_committed() == 0

    hang = False
    await world.start([binding])
    assert answered(await world.read(ANSWERED, 3)) == [0, 1, 2]


async def test_several_topics_share_one_consumer(world: World) -> None:
    async def other(asked: Asked) -> list[Answered]:
        return [Answered(name=asked.name, number=asked.number + 100)]

    await world.start([REPLY, On(OTHER, other, emits=(Answered,))])
    await world.send(Asked(name="n", number=1))
    await world.send(Asked(name="n", number=2), topic=OTHER)
    assert answered(await world.read(ANSWERED, 2)) == [1, 102]


async def test_a_batch_handler_gets_what_has_arrived_together(world: World) -> None:
    sizes: list[int] = []
    seen: list[Received] = []

    async def project(received: Sequence[Received]) -> list[Answered]:
        sizes.append(len(received))
        seen.extend(received)
        return []

    await world.send(*questions(40))
    await world.send(*questions(10), topic=OTHER)
    await world.send_raw((b"n", b"rubbish", []))
    await world.start([OnBatch((ASKED, OTHER), project)])
    await eventually(lambda: len(seen) >= 50)

    assert max(sizes) > 1
    assert {item.topic for item in seen} == {ASKED, OTHER}
    by_partition: dict[tuple[str, int], list[int]] = defaultdict(list)
    for item in seen:
        by_partition[item.topic, item.partition].append(item.offset)
    assert all(offsets == sorted(offsets) for offsets in by_partition.values())
    assert len(await world.read(ASKED + ".dlq", 1)) == 1
    await eventually(lambda: world.total_committed_is(41))


async def test_a_failing_batch_is_tried_one_by_one_and_only_the_guilty_is_dead_lettered(world: World) -> None:
    done: set[int] = set()

    async def project(received: Sequence[Received]) -> list[Answered]:
        numbers = [item.event.number for item in received if isinstance(item.event, Asked)]
        if 3 in numbers:
            raise Poison("three")
        done.update(numbers)
        return []

    await world.send(*questions(10))
    await world.start([OnBatch((ASKED,), project)])

    (letter,) = await world.read(ASKED + ".dlq", 1)
    assert Asked.model_validate_json(letter.value).number == 3
    await eventually(lambda: world.total_committed_is(10))
    assert done == {0, 1, 2, 4, 5, 6, 7, 8, 9}


async def test_a_batch_that_waits_longer_than_the_poll_interval_keeps_its_place_in_the_group(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    longest = 0.0
    monkeypatch.setattr(batches, "SIGN_OF_LIFE_S", 0.3)
    original = Consumer._client

    def impatient(self: Consumer, drain_s: float) -> dict[str, Any]:
        return {**original(self, drain_s), "max_poll_interval_ms": 2_500}

    monkeypatch.setattr(Consumer, "_client", impatient)

    async def handle(asked: Asked) -> list[Answered]:
        nonlocal longest
        calls.append(asked.number)
        ends = time.monotonic() + 5
        while (now := time.monotonic()) < ends:
            await asyncio.sleep(0.05)
            longest = max(longest, time.monotonic() - now)
        return [answer(asked)]

    await world.start([On(ASKED, handle, emits=(Answered,))], settings={"kafka_drain_s": 0.1})
    for number in range(5):
        longest = 0.0
        await world.send(Asked(name="n", number=number))
        await eventually(partial(world.total_committed_is, number + 1))
        # A process that stands still for so long gives no sign of life, and proves nothing: once more.
        if longest < 1:
            break
    assert longest < 1, "this machine never ran for five seconds on end"
    assert calls.count(number) == 1
