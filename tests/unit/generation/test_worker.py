"""What a worker does beside its calls: pauses of the vendor, memory, stopping, superseded jobs, health."""

import asyncio
from collections.abc import Mapping

import pytest

from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.run import RunSuperseded
from services.chassis.failures import Busy, Transient
from services.chassis.health import Check
from services.chassis.interruption import current_interrupt
from services.generation.adapters.memory import Room
from services.generation.providers.base import GeneratedImage
from services.generation.providers.errors import (
    Configuration,
    Outage,
    ProviderError,
    Throttled,
    UnusableImage,
)
from tests.fakes.generation import LEASE_S, only, worker
from tests.fakes.provider import FakeProvider, picture
from tests.fakes.requests import a_request
from tests.fakes.workbench import Bench, completed, failed, paid


async def test_a_long_pause_of_the_vendor_ends_the_call_as_throttled_and_hands_on_when_to_come_back() -> None:
    bench = paid()
    bench.provider.answers = [Throttled("too many", retry_after_s=45)]
    event = await failed(bench)
    assert (event.kind, event.retry_after_s, event.cost_usd_micros) == (FailureKind.THROTTLED, 45, 0)


async def test_a_short_pause_of_the_vendor_is_waited_out_and_costs_no_attempt() -> None:
    bench = paid()
    bench.provider.answers = [Throttled("too many", retry_after_s=0.01), GeneratedImage(picture())]
    event = await completed(bench)
    assert len(bench.provider.calls) == 2
    entry = bench.documents.collection("ledger").docs[event.generation_id]
    assert (entry["state"], entry["sends"]) == ("done", 1)


async def test_a_call_that_waits_out_a_pause_is_not_in_doubt_if_its_worker_dies_meanwhile() -> None:
    bench = paid()
    bench.provider.answers = [Throttled("too many", retry_after_s=25), GeneratedImage(picture())]
    dying = asyncio.create_task(bench.worker().requested(bench.request()))
    async with asyncio.timeout(60):
        while not _waits_again(bench):  # noqa: ASYNC110 - the ledger has no bell
            await asyncio.sleep(0)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    bench.clock.advance(LEASE_S + 1)
    await completed(bench)
    assert len(bench.provider.calls) == 2


def _waits_again(bench: Bench) -> bool:
    entries = bench.documents.collection("ledger").docs.values()
    return any(entry["state"] == "claimed" and entry["version"] > 1 for entry in entries)


async def test_health_is_announced_up_with_models_at_start() -> None:
    event = only(await Bench().worker().announce())
    assert isinstance(event, ProviderHealthChanged)
    assert (event.provider, event.state, event.models) == ("previz", ProviderState.UP, ("previz",))


async def test_servers_of_ones_own_are_looked_at_now_and_then_and_what_they_have_now_is_announced() -> None:
    class Servers(FakeProvider):
        lacks: Mapping[str, tuple[str, ...]] = {"previz": ("references",)}

    provider = Servers()
    bench = Bench(provider)
    handlers = bench.worker()
    (first,) = await handlers.announce()
    assert isinstance(first, ProviderHealthChanged)
    assert first.lacks == {"previz": ("references",)}
    bench.clock.advance(31)
    assert list(await handlers.health()) == []
    provider.lacks = {}
    assert list(await handlers.health()) == []
    bench.clock.advance(31)
    (swept,) = await handlers.health()
    (told,) = swept.events
    assert isinstance(told, ProviderHealthChanged)
    assert (told.state, told.lacks) == (ProviderState.UP, {})
    await swept.confirm()
    assert list(await handlers.health()) == []


async def test_a_free_job_that_nobody_answers_for_is_given_up_and_a_paid_one_is_not() -> None:
    for provider, outcome in ((FakeProvider(vendor_job_id="job-1"), GenerationFailed), (paid("job-1").provider, None)):
        provider.answers = [Outage("gone")]
        bench = Bench(provider)
        if outcome is None:
            with pytest.raises(Transient):
                await bench.worker().requested(bench.request())
        else:
            assert isinstance(only(await bench.worker().requested(bench.request())), outcome)


async def test_health_is_announced_down_at_start_when_the_provider_says_so() -> None:
    bench = Bench()
    bench.provider.trouble = Configuration("library missing")
    event = only(await bench.worker().announce())
    assert isinstance(event, ProviderHealthChanged)
    assert (event.state, event.reason) == (ProviderState.DOWN, "library missing")


async def test_repeated_outages_are_announced_until_published_and_recovery_is_probed() -> None:
    bench = Bench()
    away: ProviderError = Outage("connection refused")
    bench.provider.answers, bench.provider.trouble = [away], away
    handlers = bench.worker()
    assert list(await handlers.health()) == []
    for attempt in range(1, 4):
        await handlers.requested(a_request(attempt=attempt))
    (swept,) = await handlers.health()
    assert list((await handlers.health())[0].events) == list(swept.events)
    assert [event.state for event in swept.events if isinstance(event, ProviderHealthChanged)] == [ProviderState.DOWN]
    await swept.confirm()
    assert list(await handlers.health()) == []
    bench.provider.trouble = None
    (back,) = await handlers.health()
    assert [event.state for event in back.events if isinstance(event, ProviderHealthChanged)] == [ProviderState.UP]


class CancellingProvider(FakeProvider):
    """A vendor that can be told to stop a job."""

    def __init__(self) -> None:
        super().__init__("acme", free=False, vendor_job_id="job-7")
        self.cancelled: list[str] = []

    async def cancel(self, vendor_job_id: str) -> bool:
        self.cancelled.append(vendor_job_id)
        return True


async def test_a_superseded_job_is_called_off_at_the_vendor_once_and_its_end_is_waited_for() -> None:
    provider = CancellingProvider()
    provider.gate = asyncio.Event()
    bench = Bench(provider)
    handlers = bench.worker()
    running = asyncio.create_task(handlers.requested(bench.request()))
    async with asyncio.timeout(60):
        while bench.ledger_states() != ["accepted"]:  # noqa: ASYNC110 - the ledger has no bell
            await asyncio.sleep(0)
    await handlers.cancel_superseded()
    assert provider.cancelled == []
    # The note may have come to another worker.
    await bench.worker().superseded(RunSuperseded(run=bench.request().run, superseded_by_revision=2))
    await handlers.cancel_superseded()
    await handlers.cancel_superseded()
    assert provider.cancelled == ["job-7"]
    provider.gate.set()
    assert isinstance(only(await running), GenerationCompleted)


class InterruptedProvider(FakeProvider):
    """A painter on this machine, which can give an image up."""

    def __init__(self) -> None:
        super().__init__("diffusers")
        self.given_up: list[str] = []
        self.gate = asyncio.Event()

    async def interrupt(self, generation_id: str) -> bool:
        self.given_up.append(generation_id)
        self.answers = [UnusableImage("given up", charged=False)]
        if self.gate is not None:
            self.gate.set()
        return True


async def test_a_superseded_image_that_is_painted_here_is_given_up_and_answered_as_superseded() -> None:
    bench = Bench(InterruptedProvider())
    provider, handlers = bench.provider, bench.worker()
    assert isinstance(provider, InterruptedProvider)
    running = asyncio.create_task(handlers.requested(bench.request()))
    async with asyncio.timeout(60):
        while not provider.calls:  # noqa: ASYNC110 - nor has a provider
            await asyncio.sleep(0)
    await handlers.cancel_superseded()
    assert provider.given_up == []
    await bench.worker().superseded(RunSuperseded(run=bench.request().run, superseded_by_revision=2))
    await handlers.cancel_superseded()
    await handlers.cancel_superseded()
    assert provider.given_up == [bench.request().generation_id]
    event = only(await running)
    assert isinstance(event, GenerationFailed)
    assert event.kind is FailureKind.SUPERSEDED


async def test_images_in_hand_while_the_store_is_away_hold_their_memory_and_let_no_new_call_begin() -> None:
    bench = paid()
    bench.objects.away = "no space left on device"
    memory = Room(320 * 180 * 3)
    handlers = worker(bench.provider, bench.documents, bench.objects, bench.clock, memory=memory)
    with pytest.raises(Transient):
        await handlers.requested(bench.request())
    assert memory.used > 0
    with pytest.raises(Transient, match="no paid call is begun"):
        await handlers.requested(bench.request().model_copy(update={"attempt": 2}))
    assert len(bench.provider.calls) == 1
    bench.objects.away = None
    await completed(bench, handlers)
    assert memory.used == 0


async def test_paid_calls_begin_again_once_the_store_takes_images_or_has_not_refused_one_for_long() -> None:
    bench = paid()
    handlers = bench.worker()
    others = [bench.request().model_copy(update={"attempt": number}) for number in (2, 3)]
    bench.objects.away = "no space left on device"
    with pytest.raises(Transient, match="no space left"):
        await handlers.requested(bench.request())
    with pytest.raises(Transient, match="no paid call is begun"):
        await handlers.requested(others[0])
    bench.objects.away = None
    await completed(bench, handlers)
    assert isinstance(only(await handlers.requested(others[0])), GenerationCompleted)
    # Nobody may come back for what is in hand: its message can have gone to another worker.
    bench.objects.away = "no space left on device"
    with pytest.raises(Transient, match="no space left"):
        await handlers.requested(others[1])
    bench.objects.away = None
    bench.clock.advance(31)
    assert isinstance(only(await handlers.requested(others[1].model_copy(update={"attempt": 4}))), GenerationCompleted)


async def test_a_free_call_is_begun_though_the_store_is_away() -> None:
    bench = Bench()
    handlers = bench.worker()
    bench.objects.away = "no space left on device"
    for attempt in (1, 2):
        with pytest.raises(Transient, match="no space left"):
            await handlers.requested(bench.request().model_copy(update={"attempt": attempt}))
    assert len(bench.provider.calls) == 2


async def test_a_worker_that_stops_gives_back_what_waits_for_its_turn() -> None:
    bench = paid()
    memory = Room(1)
    await memory.enter(1)
    handlers = worker(bench.provider, bench.documents, bench.objects, bench.clock, owner="stopping", memory=memory)
    interrupt = asyncio.Event()
    current_interrupt.set(interrupt)
    waiting = asyncio.create_task(handlers.requested(bench.request()))
    async with asyncio.timeout(60):
        while not memory._waiting:  # noqa: ASYNC110 - nor has a room
            await asyncio.sleep(0)
    interrupt.set()
    with pytest.raises(Busy, match="given back"):
        await waiting
    current_interrupt.set(None)
    # Without waiting for the lease's end.
    await completed(bench)
    assert len(bench.provider.calls) == 1


async def test_a_free_call_costs_two_writes_to_the_ledger_and_no_more() -> None:
    bench = Bench()
    event = await completed(bench)
    assert bench.documents.collection("ledger").docs[event.generation_id]["version"] == 2


async def test_readiness_tells_how_the_provider_is() -> None:
    bench = Bench()
    handlers = bench.worker()
    assert handlers.checks()["provider"] == Check(ok=True, detail="previz up; 0 in work")
    bench.provider.trouble = Configuration("library missing")
    await handlers.announce()
    assert handlers.checks()["provider"] == Check(ok=False, detail="previz down; library missing; 0 in work")
