"""Workers that share a vendor's limits through one document."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from schemas.topics import Lane
from services.chassis.clock import Clock, SystemClock
from services.chassis.failures import Transient
from services.generation.adapters.limits import LIMITS, SharedLimits
from services.generation.domain.limits import Terms
from services.generation.providers.errors import Throttled
from services.generation.providers.optional import VendorLimits
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments

LONG_S = 200.0
LEASE_S = 100.0


@asynccontextmanager
async def workers(
    documents: FakeDocuments, count: int, limits: VendorLimits, clock: Clock | None = None
) -> AsyncIterator[list[SharedLimits]]:
    """Workers whose leases outlast every stall of the machine; a clock that stands ends none at all."""
    agreed = Terms(limits=limits, lease_s=LEASE_S, call_s=0.4, skew_s=0.0)
    fleet = [
        SharedLimits(documents, clock or SystemClock(), provider="acme", owner=f"w{number}", terms=agreed, renew_s=0.02)
        for number in range(count)
    ]
    for worker in fleet:
        await worker.start()
    try:
        yield fleet
    finally:
        for worker in fleet:
            await worker.stop()


class Vendor:
    """Counts what is at it."""

    def __init__(self) -> None:
        self.now = self.most = self.done = 0

    async def call(self, worker: SharedLimits, seconds: float = 0.01, lane: Lane = Lane.STANDARD) -> None:
        await worker.acquire(lane, LONG_S)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.now -= 1
            self.done += 1
            worker.release()


async def test_calls_of_all_workers_together_stay_within_the_slots_and_all_get_their_turn() -> None:
    vendor = Vendor()
    async with workers(FakeDocuments(), 3, VendorLimits(concurrent=4)) as fleet:
        await asyncio.wait_for(asyncio.gather(*(vendor.call(worker) for worker in fleet for _ in range(15))), 90)
    assert (vendor.done, vendor.most) == (45, 4)


async def test_calls_of_all_workers_together_stay_within_the_window() -> None:
    vendor, loop = Vendor(), asyncio.get_running_loop()
    async with workers(FakeDocuments(), 2, VendorLimits(calls=6, window_s=0.5)) as fleet:
        began = loop.time()
        await asyncio.wait_for(asyncio.gather(*(vendor.call(worker) for worker in fleet for _ in range(6))), 90)
    assert vendor.done == 12
    assert loop.time() - began > 0.5


@pytest.mark.parametrize("moment", range(8))
async def test_a_worker_stops_in_the_moment_in_which_there_is_news(moment: int) -> None:
    async with workers(FakeDocuments(), 1, VendorLimits(concurrent=4)) as (worker,):
        worker.occupy()
        await asyncio.sleep(0.05 + moment / 1000)
        worker.occupy()
        stopped, _ = await asyncio.wait({asyncio.create_task(worker.stop())}, timeout=90)
        assert stopped


async def test_slots_of_a_worker_that_died_come_free_with_its_lease() -> None:
    documents, vendor, clock = FakeDocuments(), Vendor(), FakeClock()
    async with workers(documents, 2, VendorLimits(concurrent=2), clock) as (dying, other):
        await dying.acquire(Lane.STANDARD, LONG_S)
        await dying.acquire(Lane.STANDARD, LONG_S)
        keeper = dying._keeper
        assert keeper is not None
        keeper.cancel()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(other.acquire(Lane.STANDARD, LONG_S), 0.3)
        clock.advance(LEASE_S + 1)
        await asyncio.wait_for(vendor.call(other), 90)


async def test_a_stopped_worker_leaves_nothing_behind() -> None:
    documents, vendor = FakeDocuments(), Vendor()
    async with workers(documents, 1, VendorLimits(concurrent=2)) as (worker,):
        await vendor.call(worker)
    assert documents.collection(LIMITS).docs["acme"]["holds"] == []


async def test_an_idle_worker_asks_the_database_for_nothing() -> None:
    documents, vendor = FakeDocuments(), Vendor()
    async with workers(documents, 1, VendorLimits(concurrent=2)) as (worker,):
        await vendor.call(worker)
        versions: list[int] = []
        # What it had to write when it became idle may come late on a busy machine; then there is nothing more.
        while len(versions) < 2 or versions[-1] != versions[-2]:
            versions.append(documents.collection(LIMITS).docs["acme"]["version"])
            assert len(versions) < 20, f"it goes on asking: {versions}"
            await asyncio.sleep(0.2)


async def test_a_pause_of_one_worker_sends_the_patient_to_wait_and_the_others_away_everywhere() -> None:
    async with workers(FakeDocuments(), 2, VendorLimits(concurrent=1)) as (first, second):
        await second.acquire(Lane.STANDARD, LONG_S)
        waiting = asyncio.create_task(second.acquire(Lane.STANDARD, 5.0))
        await asyncio.sleep(0.05)
        assert 29 < await first.throttled(30.0, "too many requests") <= 30
        with pytest.raises(Throttled, match="paused for 30 s: too many requests") as caught:
            await asyncio.wait_for(waiting, 90)
        assert caught.value.retry_after_s == pytest.approx(30, abs=2)
        with pytest.raises(Throttled):
            await asyncio.wait_for(first.acquire(Lane.STANDARD, 5.0), 90)


async def test_calls_go_on_when_a_short_pause_is_over() -> None:
    vendor = Vendor()
    async with workers(FakeDocuments(), 1, VendorLimits()) as (worker,):
        await worker.throttled(0.3, "too many requests")
        began = asyncio.get_running_loop().time()
        await asyncio.wait_for(vendor.call(worker), 90)
        assert asyncio.get_running_loop().time() - began > 0.25


async def test_the_express_lane_goes_first_and_the_standard_lane_gets_its_turns() -> None:
    order: list[Lane] = []
    async with workers(FakeDocuments(), 1, VendorLimits(concurrent=1)) as (worker,):

        async def call(lane: Lane) -> None:
            await worker.acquire(lane, LONG_S)
            order.append(lane)
            worker.release()

        await worker.acquire(Lane.EXPRESS, LONG_S)
        queue = [asyncio.create_task(call(Lane.STANDARD)) for _ in range(4)]
        queue += [asyncio.create_task(call(Lane.EXPRESS)) for _ in range(12)]
        await asyncio.sleep(0.05)
        worker.release()
        await asyncio.wait_for(asyncio.gather(*queue), 90)
    assert [place for place, lane in enumerate(order) if lane is Lane.STANDARD] == [3, 7, 11, 15]


async def test_a_wait_that_is_given_up_takes_no_slot_with_it() -> None:
    vendor = Vendor()
    async with workers(FakeDocuments(), 1, VendorLimits(concurrent=1)) as (worker,):
        await worker.acquire(Lane.STANDARD, LONG_S)
        waiting = asyncio.create_task(worker.acquire(Lane.STANDARD, LONG_S))
        await asyncio.sleep(0.05)
        # Granted and given up in the same turn of the loop.
        worker.release()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (worker.running, worker.waiting) == (0, 0)
        await asyncio.wait_for(vendor.call(worker), 90)


async def test_while_the_database_is_away_nothing_begins_and_waiting_calls_are_told() -> None:
    documents, vendor = FakeDocuments(), Vendor()
    async with workers(documents, 1, VendorLimits(concurrent=1)) as (worker,):
        documents.away = "connection refused"
        with pytest.raises(Transient, match="connection refused"):
            await asyncio.wait_for(worker.acquire(Lane.STANDARD, LONG_S), 90)
        documents.away = None
        await asyncio.wait_for(vendor.call(worker), 90)
