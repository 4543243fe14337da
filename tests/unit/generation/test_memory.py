"""Memory for images in flight is bounded, and nobody is left waiting."""

import asyncio

import pytest

from services.generation.adapters.memory import Room


async def soon(wait: "asyncio.Task[object]") -> bool:
    await asyncio.sleep(0.01)
    return wait.done()


async def test_who_fits_gets_in_and_who_does_not_waits_for_room() -> None:
    room = Room(100)
    first = await room.enter(60)
    second = asyncio.create_task(room.enter(50))
    assert not await soon(second)
    first.leave()
    assert await soon(second)
    assert room.used == 50


async def test_a_small_one_does_not_overtake_a_large_one() -> None:
    room = Room(100)
    first = await room.enter(60)
    large, small = asyncio.create_task(room.enter(90)), asyncio.create_task(room.enter(10))
    assert not await soon(small)
    first.leave()
    assert await soon(large)
    assert await soon(small)


async def test_one_that_is_larger_than_the_room_gets_in_alone() -> None:
    room = Room(100)
    place = await room.enter(500)
    waiting = asyncio.create_task(room.enter(1))
    assert not await soon(waiting)
    place.leave()
    assert await soon(waiting)


async def test_a_place_is_corrected_to_what_it_really_takes() -> None:
    room = Room(100)
    place = await room.enter(90)
    waiting = asyncio.create_task(room.enter(50))
    place.resize(40)
    assert await soon(waiting)
    place.resize(300)
    assert room.used == 350


async def test_leaving_twice_gives_back_once() -> None:
    room = Room(100)
    place = await room.enter(90)
    place.leave()
    place.leave()
    assert room.used == 0


async def test_a_wait_that_is_given_up_takes_no_room_with_it() -> None:
    room = Room(100)
    first = await room.enter(100)
    gone, next_one = asyncio.create_task(room.enter(100)), asyncio.create_task(room.enter(100))
    await asyncio.sleep(0.01)
    first.leave()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await soon(next_one)
    assert room.used == 100
