"""A vendor's callback wakes the poll that waits for it, on whichever worker it runs."""

import asyncio

from services.generation.adapters.callbacks import CALLBACKS, CallbackBoard
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments

LONG_S = 200.0


def board(documents: FakeDocuments, clock: FakeClock | None = None) -> CallbackBoard:
    return CallbackBoard(documents, "acme", clock or FakeClock(), look_every_s=0.02)


async def test_a_callback_wakes_a_poll_of_the_same_worker_and_leaves_no_note() -> None:
    documents = FakeDocuments()
    here = board(documents)
    waiting = asyncio.create_task(here.wait("job-1", LONG_S))
    await asyncio.sleep(0.01)
    await here.received("acme", "job-1")
    assert await asyncio.wait_for(waiting, 90)
    assert documents.collection(CALLBACKS).docs == {}
    await here.stop()


async def test_a_callback_that_comes_to_another_worker_wakes_the_poll_too() -> None:
    documents = FakeDocuments()
    here, elsewhere = board(documents), board(documents)
    waiting = asyncio.create_task(here.wait("job-1", LONG_S))
    await asyncio.sleep(0.05)
    await elsewhere.received("acme", "job-1")
    assert await asyncio.wait_for(waiting, 90)
    await here.stop()


async def test_a_callback_that_came_before_the_wait_is_told_once() -> None:
    documents = FakeDocuments()
    here = board(documents)
    await here.received("acme", "job-1")
    assert await here.wait("job-1", LONG_S)
    assert not await here.wait("job-1", 0.1)
    await here.stop()


async def test_without_a_callback_the_pause_is_whole() -> None:
    here = board(FakeDocuments())
    began = asyncio.get_running_loop().time()
    assert not await here.wait("job-1", 0.15)
    assert asyncio.get_running_loop().time() - began > 0.14
    await here.stop()


async def test_callbacks_of_other_jobs_and_other_providers_wake_nobody() -> None:
    documents = FakeDocuments()
    here = board(documents)
    waiting = asyncio.create_task(here.wait("job-1", 0.2))
    await asyncio.sleep(0.01)
    await here.received("acme", "job-2")
    await here.received("other", "job-1")
    assert not await waiting
    assert set(documents.collection(CALLBACKS).docs) == {"acme/job-2"}
    await here.stop()


async def test_a_database_that_is_away_only_costs_the_hint() -> None:
    documents = FakeDocuments()
    documents.away = "connection refused"
    here = board(documents)
    assert not await here.wait("job-1", 0.1)
    await here.stop()


async def test_a_note_that_nobody_asks_for_is_forgotten_after_a_day() -> None:
    documents, clock = FakeDocuments(), FakeClock()
    here = board(documents, clock)
    await here.received("acme", "unknown")
    clock.advance(80_000)
    await here.purge()
    assert set(documents.collection(CALLBACKS).docs) == {"acme/unknown"}
    clock.advance(10_000)
    await here.purge()
    assert documents.collection(CALLBACKS).docs == {}
