"""Promises of the quick stage, on a real broker."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from services.chassis.app import On
from services.chassis.failures import Busy, Poison, Transient
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration


async def reply(asked: Asked) -> list[Answered]:
    return [answer(asked)]


REPLY = On(ASKED, reply, emits=(Answered,))


def questions(count: int, names: int = 7) -> list[Asked]:
    return [Asked(name=f"n{number % names}", number=number) for number in range(count)]


def answered(records: Sequence[Any]) -> list[int]:
    return sorted(Answered.model_validate_json(record.value).number for record in records)


async def test_every_event_is_answered_and_committed(world: World) -> None:
    await world.start([REPLY])
    await world.send(*questions(50))

    assert answered(await world.read(ANSWERED, 50)) == list(range(50))
    await eventually(lambda: world.total_committed_is(50))


async def test_an_answer_has_key_headers_and_the_trace_of_its_question(world: World) -> None:
    await world.start([REPLY])
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await world.send_raw((b"n", b'{"name": "n", "number": 1}', [("ce_schemaversion", b"2"), ("traceparent", trace)]))

    (record,) = await world.read(ANSWERED, 1)

    headers = dict(record.headers)
    event = Answered(name="n", number=1)
    assert record.key == b"n"
    assert headers["ce_id"] == event.event_id.encode()
    assert headers["ce_type"] == b"toy.answered"
    assert headers["ce_source"] == b"ice/toy"
    assert headers["content-type"] == b"application/json"
    assert headers["traceparent"].startswith(trace[:36])
    assert headers["traceparent"] != trace


async def test_messages_of_one_key_are_handled_in_order_and_alone(world: World) -> None:
    seen: dict[str, list[int]] = defaultdict(list)
    running: set[str] = set()
    together = 0

    async def handle(asked: Asked) -> list[Answered]:
        nonlocal together
        assert asked.name not in running, "two of one key at once"
        running.add(asked.name)
        together = max(together, len(running))
        await asyncio.sleep(0.001 * (asked.number % 3))
        running.discard(asked.name)
        seen[asked.name].append(asked.number)
        return [answer(asked)]

    await world.send(*questions(70))
    await world.start([On(ASKED, handle, emits=(Answered,))])
    records = await world.read(ANSWERED, 70)

    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert together > 1, "different keys should run at once"
    published: dict[bytes, list[int]] = defaultdict(list)
    for record in sorted(records, key=lambda item: (item.partition, item.offset)):
        published[record.key].append(Answered.model_validate_json(record.value).number)
    assert all(numbers == sorted(numbers) for numbers in published.values())


async def test_poison_goes_to_the_dead_letters_and_its_neighbours_go_on(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        if asked.number == 5:
            raise Poison("five is right out")
        return [answer(asked)]

    await world.send(*questions(10, names=1))
    await world.start([On(ASKED, handle, emits=(Answered,))])

    assert answered(await world.read(ANSWERED, 9)) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    (letter,) = await world.read(ASKED + ".dlq", 1)
    headers = dict(letter.headers)
    assert headers["x-error-message"] == b"five is right out"
    assert (headers["x-error-class"], headers["x-stage"], headers["x-attempt"]) == (b"Poison", b"handle", b"1")
    assert headers["x-original-topic"].decode() == world.topic(ASKED)
    assert Asked.model_validate_json(letter.value).number == 5
    await eventually(lambda: world.total_committed_is(10))


async def test_bytes_that_nobody_can_read_are_kept_as_they_are(world: World) -> None:
    await world.start([REPLY])
    headers = [("foreign", b"\xff\xfe"), ("reply_to", b"somewhere"), ("ce_id", b"id")]
    await world.send_raw((b"\xf0key", b"\xff\x00not json", headers), (b"n", None, []), (None, b"", []))
    await world.send(Asked(name="n", number=1))

    assert answered(await world.read(ANSWERED, 1)) == [1]
    letters = await world.read(ASKED + ".dlq", 3)
    letter = next(item for item in letters if item.value == b"\xff\x00not json")
    assert letter.key == b"\xf0key"
    assert list(letter.headers)[:3] == [(name, value) for name, value in headers]
    assert dict(letter.headers)["x-attempt"] == b"0"
    assert dict(letter.headers)["x-stage"] == b"decode"
    assert {(item.key, item.value) for item in letters} >= {(b"n", None)}
    await eventually(lambda: world.total_committed_is(4))


async def test_a_bug_is_tried_a_few_times_and_then_dead_lettered(world: World) -> None:
    tries: list[int] = []

    async def handle(asked: Asked) -> list[Answered]:
        tries.append(asked.number)
        if asked.number == 0:
            raise ZeroDivisionError("a bug")
        return [answer(asked)]

    await world.send(*questions(2, names=1))
    await world.start([On(ASKED, handle, emits=(Answered,))])

    assert answered(await world.read(ANSWERED, 1)) == [1]
    (letter,) = await world.read(ASKED + ".dlq", 1)
    assert tries == [0, 0, 0, 1]
    assert dict(letter.headers)["x-attempt"] == b"3"
    assert dict(letter.headers)["x-error-class"] == b"ZeroDivisionError"


async def test_an_event_that_the_table_does_not_list_is_a_bug(world: World) -> None:
    await world.start([On(ASKED, reply, emits=())])
    await world.send(Asked(name="n", number=1))

    (letter,) = await world.read(ASKED + ".dlq", 1)
    assert dict(letter.headers)["x-error-message"].decode() == (
        f"handler of {ASKED} returned Answered, its binding emits nothing"
    )
    assert await world.read(ANSWERED, 0) == []


async def test_a_dependency_that_is_away_is_waited_for_and_nothing_is_dead_lettered(world: World) -> None:
    away = True
    tries = 0

    async def handle(asked: Asked) -> list[Answered]:
        nonlocal tries
        tries += 1
        if away and asked.name == "n0":
            raise Transient("database: away")
        return [answer(asked)]

    await world.send(*questions(14))
    app = await world.start([On(ASKED, handle, emits=(Answered,))], settings={"max_attempts": 2})
    # Other keys of the batch are handled meanwhile.
    assert len(await world.read(ANSWERED, 12)) == 12
    await eventually(lambda: tries > 20)
    assert not app.health().ready
    assert app.health().live
    assert app.health().checks["trouble"].detail == "database: away"
    assert 0 in (await world.committed()).values() or await world.total_committed() < 14

    away = False

    assert answered(await world.read(ANSWERED, 14)) == list(range(14))
    await eventually(lambda: world.total_committed_is(14))
    await eventually(lambda: app.health().ready)
    assert await world.read(ASKED + ".dlq", 0) == []


async def test_what_a_dependency_asks_to_wait_is_waited(world: World) -> None:
    moments: list[float] = []

    async def handle(asked: Asked) -> list[Answered]:
        moments.append(asyncio.get_running_loop().time())
        if len(moments) < 3:
            raise (Busy if len(moments) == 1 else Transient)("later", retry_after_s=0.5)
        return [answer(asked)]

    await world.start([On(ASKED, handle, emits=(Answered,))])
    await world.send(Asked(name="n", number=1))
    await world.read(ANSWERED, 1)
    assert [later - earlier >= 0.5 for earlier, later in pairwise(moments)] == [True, True]


async def test_a_leaked_cancellation_does_not_kill_the_consumer(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        if asked.number == 0:
            raise asyncio.CancelledError
        return [answer(asked)]

    await world.send(*questions(3, names=1))
    await world.start([On(ASKED, handle, emits=(Answered,))])

    assert answered(await world.read(ANSWERED, 2)) == [1, 2]
    (letter,) = await world.read(ASKED + ".dlq", 1)
    assert b"leaked a CancelledError" in dict(letter.headers)["x-error-message"]
    await world.send(Asked(name="n", number=9))
    assert answered(await world.read(ANSWERED, 3)) == [1, 2, 9]


async def test_a_newer_version_halts_and_nothing_is_committed_past_it(world: World) -> None:
    seen: list[int] = []

    async def handle(asked: Asked) -> list[Answered]:
        seen.append(asked.number)
        return [answer(asked)]

    old = [("ce_schemaversion", b"2")]
    await world.send_raw(
        (b"n", b'{"name": "n", "number": 0}', old),
        (b"n", b'{"name": "n", "number": 1}', [("ce_schemaversion", b"3")]),
        (b"n", b'{"name": "n", "number": 2}', old),
    )
    app = await world.start([On(ASKED, handle, emits=(Answered,))])
    await eventually(lambda: app.health().checks["halted"].detail)

    assert "toy.asked version 3 is newer than 2" in app.health().checks["halted"].detail
    assert not app.health().ready
    assert app.health().live, "a restart would not help"
    await eventually(lambda: world.total_committed_is(1))
    assert await world.read(ASKED + ".dlq", 0) == []
    assert seen == [0]


async def test_too_many_dead_letters_in_a_row_halt(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        raise Poison(f"no {asked.number}")

    await world.send(*questions(12, names=1))
    app = await world.start([On(ASKED, handle)], settings={"dead_letter_budget": 5})
    await eventually(lambda: app.health().checks["halted"].detail)

    assert "5 dead letters in a row" in app.health().checks["halted"].detail
    assert b'ice_halted{service="toy"} 1.0' in app.metrics.render()
    assert len(await world.read(ASKED + ".dlq", 5)) == 5
    await eventually(lambda: world.total_committed_is(5))
