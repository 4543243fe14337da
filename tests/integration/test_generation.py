"""A worker over real protocols: requests in, images in the object store, one answer each."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from schemas import topics
from schemas.asset import Asset
from schemas.base import Event
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.provider import ProviderCallbackReceived, ProviderHealthChanged, ProviderState
from schemas.run import RunSuperseded
from schemas.topics import Lane
from services.generation.app import build
from services.generation.providers.base import GeneratedImage
from services.generation.providers.catalogue import NAMES
from services.generation.providers.errors import Refused
from services.generation.providers.optional import CallbackHints
from services.generation.settings import GenerationSettings
from tests.fakes.provider import FakeProvider, picture
from tests.fakes.requests import a_request, a_run
from tests.fixtures.broker import MORTAL_SESSION_MS
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
BUSY_FRAMES = 12


def requests(count: int, **changes: int) -> list[GenerationRequested]:
    """So many shots, every third in the express lane."""
    return [
        a_request(
            a_run({"project_id": f"film{count}", **changes}, {"shot_id": f"sh{number:04}", "code": ""}),
            lane=Lane.STANDARD if number % 3 else Lane.EXPRESS,
            **changes,
        )
        for number in range(count)
    ]


def made(events: Iterable[Event]) -> dict[str, GenerationCompleted]:
    """Completed generations by id; a repeat must be the very same event."""
    found: dict[str, GenerationCompleted] = {}
    for event in events:
        assert isinstance(event, GenerationCompleted), event
        assert found.setdefault(event.generation_id, event) == event
    return found


async def assert_stored(world: OneService, event: GenerationCompleted) -> None:
    data = await world.objects.get(event.asset.uri)
    assert hashlib.sha256(data).hexdigest() == event.asset.sha256
    assert event.asset.thumbnail_uri is not None
    assert (await world.objects.get(event.asset.thumbnail_uri))[:2] == b"\xff\xd8"
    record = await world.documents.collection("assets").get(event.generation_id)
    assert Asset.model_validate(record).url == event.asset.uri


async def until(fact: Callable[[], Awaitable[object]]) -> None:
    """Wait for a fact, for as long as a busy machine may take."""
    deadline = time.monotonic() + 120
    while not await fact():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_requests_of_both_lanes_become_stored_images(surroundings: OneService) -> None:
    await surroundings.start(build(GenerationSettings(**surroundings.shared), FakeProvider()))
    asked = requests(20)
    await surroundings.publisher.publish(asked)
    found = made(await surroundings.read(topics.GENERATION_COMPLETED, len(asked)))
    assert set(found) == {request.generation_id for request in asked}
    for event in found.values():
        await assert_stored(surroundings, event)


async def test_health_is_announced_when_a_worker_starts(surroundings: OneService) -> None:
    await surroundings.start(build(GenerationSettings(**surroundings.shared), FakeProvider()))
    (event,) = await surroundings.read(topics.PROVIDER_HEALTH, 1)
    assert isinstance(event, ProviderHealthChanged)
    assert (event.provider, event.state, event.models) == ("previz", ProviderState.UP, ("previz",))


async def test_a_repeated_request_is_answered_again_without_a_second_image(surroundings: OneService) -> None:
    provider = FakeProvider()
    await surroundings.start(build(GenerationSettings(**surroundings.shared), provider))
    await surroundings.publisher.publish([a_request(), a_request(), a_request()])
    await surroundings.publisher.publish([a_request(attempt=2)])
    assert len(made(await surroundings.read(topics.GENERATION_COMPLETED, 2))) == 2
    assert len(provider.calls) == 2


async def test_a_refusal_is_answered_and_the_next_request_is_handled(surroundings: OneService) -> None:
    provider = FakeProvider()
    provider.answers = [Refused("not this"), GeneratedImage(picture())]
    settings = GenerationSettings(**surroundings.shared, generation_concurrency=1)
    await surroundings.start(build(settings, provider))
    await surroundings.publisher.publish([a_request(attempt=1), a_request(attempt=2)])
    (failed,) = await surroundings.read(topics.GENERATION_FAILED, 1)
    assert isinstance(failed, GenerationFailed)
    assert (failed.kind, failed.reason) == (FailureKind.REFUSED, "not this")
    assert len(made(await surroundings.read(topics.GENERATION_COMPLETED, 1))) == 1


async def test_work_of_a_superseded_run_is_dropped(surroundings: OneService) -> None:
    provider = FakeProvider()
    request = a_request()
    await surroundings.publisher.publish([RunSuperseded(run=request.run, superseded_by_revision=2)])
    await surroundings.start(build(GenerationSettings(**surroundings.shared), provider))
    await until(lambda: surroundings.documents.collection("superseded_runs").count({}))
    await surroundings.publisher.publish([request])
    (failed,) = await surroundings.read(topics.GENERATION_FAILED, 1)
    assert isinstance(failed, GenerationFailed)
    assert failed.kind is FailureKind.SUPERSEDED
    assert provider.calls == []


class PollingProvider(FakeProvider):
    """A vendor with jobs whose poll comes in four minutes, unless a callback comes before."""

    def __init__(self) -> None:
        super().__init__(free=False, vendor_job_id="job-7")
        self.hints: CallbackHints | None = None

    def use_hints(self, hints: CallbackHints) -> None:
        self.hints = hints

    async def _answer(self) -> GeneratedImage:
        assert self.hints is not None
        if not await self.hints.wait("job-7", 240.0):
            raise AssertionError("no callback within four minutes")
        return await super()._answer()


async def test_a_callback_of_the_vendor_wakes_the_poll_on_whichever_worker_it_runs(surroundings: OneService) -> None:
    for _ in range(2):
        await surroundings.start(build(GenerationSettings(**surroundings.shared), PollingProvider()))
    request = a_request(estimated_cost_usd_micros=40_000)
    await surroundings.publisher.publish([request])
    await until(lambda: surroundings.documents.collection("ledger").count({"state": "accepted"}))
    unknown = ProviderCallbackReceived(provider="previz", vendor_job_id="nobody-knows", body={})
    expected = ProviderCallbackReceived(provider="previz", vendor_job_id="job-7", body={"status": "COMPLETE"})
    await surroundings.publisher.publish([unknown, expected])
    (event,) = made(await surroundings.read(topics.GENERATION_COMPLETED, 1)).values()
    assert (event.generation_id, event.provider_job_id) == (request.generation_id, None)

    async def at_rest() -> bool:
        return all(app.health().checks["provider"].detail == "previz up; 0 in work" for app in surroundings.apps)

    # The event is there before the worker has done with its message.
    await until(at_rest)
    books = await surroundings.documents.collection("provider_limits").find({})
    rendered = b"".join(app.metrics.render() for app in surroundings.apps).decode()
    assert 'ice_generation_calls_total{model="previz",outcome="completed",provider="previz"} 1.0' in rendered
    assert 'ice_generation_in_flight{provider="previz"} 0.0' in rendered
    assert [book["_id"] for book in books] == ["previz"]


async def test_two_workers_share_the_requests_and_answer_each_once(surroundings: OneService) -> None:
    providers = FakeProvider(), FakeProvider()
    await asyncio.gather(
        *(surroundings.start(build(GenerationSettings(**surroundings.shared), provider)) for provider in providers)
    )
    asked = requests(30)
    await surroundings.publisher.publish(asked)
    found = made(await surroundings.read(topics.GENERATION_COMPLETED, len(asked)))
    assert len(found) == len(asked)
    assert sum(len(provider.calls) for provider in providers) == len(asked)


async def test_killed_in_the_middle_and_started_again_every_shot_is_made_once(surroundings: OneService) -> None:
    asked = requests(BUSY_FRAMES, width=640, height=360)
    await surroundings.publisher.publish(asked[: BUSY_FRAMES // 2])
    ledger = surroundings.documents.collection("ledger")
    async with worker_process(surroundings) as process:
        await until(lambda: ledger.count({"state": "done"}))
        # Just before the end, so that it is in the middle of them however late this process has heard of the first.
        await surroundings.publisher.publish(asked[BUSY_FRAMES // 2 :])
        process.send_signal(signal.SIGKILL)
        await process.wait()
    before = await ledger.count({"state": "done"})
    assert before < BUSY_FRAMES, "the worker was too quick to be killed in the middle"
    async with worker_process(surroundings) as process:
        found = made(await surroundings.read(topics.GENERATION_COMPLETED, BUSY_FRAMES))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 120) == 0
    assert set(found) == {request.generation_id for request in asked}
    for event in found.values():
        await assert_stored(surroundings, event)
    stored = await surroundings.objects.list(f"film{BUSY_FRAMES}/")
    assert len([item for item in stored if item.uri.endswith(".png")]) == BUSY_FRAMES
    assert await ledger.count({"state": "done"}) == BUSY_FRAMES


@asynccontextmanager
async def worker_process(world: OneService) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.generation`, killed at the end if it still runs."""
    command = [sys.executable, "-m", "services.generation", "--provider", "previz", "--concurrency", "3"]
    session_ms = min(MORTAL_SESSION_MS, world.shared["kafka_session_timeout_ms"])
    environment = {
        **world.environment(kafka_session_timeout_ms=session_ms),
        "ICE_GENERATION_FREE_LEASE_S": "2",
        "PATH": os.defpath,
    }
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def test_an_unknown_provider_is_refused_at_start_with_what_is_allowed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "services.generation", "--provider", "dall-e"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr == f"ICE_GENERATION_PROVIDER: 'dall-e', allowed is one of: {', '.join(NAMES)}\n"


def test_an_impossible_concurrency_is_refused_at_start() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "services.generation", "--concurrency", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "ICE_GENERATION_CONCURRENCY: 0" in ran.stderr
