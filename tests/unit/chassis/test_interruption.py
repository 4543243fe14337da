"""A wait for a turn ends with the message that it is for."""

import asyncio

import pytest

from services.chassis.failures import Busy
from services.chassis.interruption import current_interrupt, unless_interrupted


async def turn(event: asyncio.Event, ended: list[str]) -> str:
    try:
        await event.wait()
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise
    return "my turn"


async def test_a_wait_outside_a_message_is_a_plain_wait() -> None:
    event = asyncio.Event()
    event.set()
    assert await unless_interrupted(turn(event, [])) == "my turn"


async def test_a_turn_that_comes_in_time_is_taken() -> None:
    current_interrupt.set(asyncio.Event())
    event = asyncio.Event()
    waiting = asyncio.create_task(unless_interrupted(turn(event, [])))
    await asyncio.sleep(0)
    event.set()
    assert await waiting == "my turn"


async def test_an_interruption_ends_the_wait_as_busy_once_it_has_let_go() -> None:
    interrupt, ended = asyncio.Event(), list[str]()
    current_interrupt.set(interrupt)
    waiting = asyncio.create_task(unless_interrupted(turn(asyncio.Event(), ended)))
    await asyncio.sleep(0.01)
    interrupt.set()
    with pytest.raises(Busy, match="given back"):
        await waiting
    assert ended == ["cancelled"]


async def test_a_turn_that_came_with_the_interruption_is_not_lost() -> None:
    interrupt, event, ended = asyncio.Event(), asyncio.Event(), list[str]()
    current_interrupt.set(interrupt)
    waiting = asyncio.create_task(unless_interrupted(turn(event, ended)))
    await asyncio.sleep(0.01)
    event.set()
    interrupt.set()
    assert await waiting == "my turn"
    assert ended == []


async def test_an_error_of_the_wait_is_the_callers() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    current_interrupt.set(asyncio.Event())
    with pytest.raises(ZeroDivisionError):
        await unless_interrupted(broken())


async def test_a_cancelled_handler_takes_its_wait_with_it() -> None:
    ended = list[str]()
    current_interrupt.set(asyncio.Event())
    waiting = asyncio.create_task(unless_interrupted(turn(asyncio.Event(), ended)))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended == ["cancelled"]
