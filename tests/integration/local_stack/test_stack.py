"""The whole engine in one process: comes up, tells where it is, stops cleanly, comes back after kill -9."""

import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from services.local_stack.errors import FolderInUseError, PortTakenError
from services.local_stack.events import EventKind, StackEvent
from services.local_stack.settings import StackSettings
from services.local_stack.stack import LocalStack
from services.local_stack.state import read_state
from tests.fixtures.stack_process import StackProcess, until

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def events() -> list[StackEvent]:
    return []


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory, events: list[StackEvent]) -> AsyncIterator[LocalStack]:
    async with LocalStack(tmp_path_factory.mktemp("stack"), on_event=events.append) as stack:
        yield stack


async def test_every_service_is_ready(stack: LocalStack) -> None:
    names = {service.name for service in stack.services}
    assert {"character_conditioning", "orchestrator", "generation.previz", "gateway"} <= names
    for service in stack.services:
        health = await service.probe()
        assert health.ready, f"{service.name}: {health}"


async def test_the_gateway_answers_where_the_state_file_says(stack: LocalStack) -> None:
    state = read_state(stack.folder)
    assert state is not None
    assert state == stack.endpoints
    assert state.pid == os.getpid()
    async with httpx.AsyncClient(base_url=state.gateway_url) as client:
        assert (await client.get("/readyz")).status_code == 200


async def test_the_state_file_holds_no_secret(stack: LocalStack) -> None:
    secret = stack.service_settings.s3_secret_key.get_secret_value()
    assert secret
    assert secret not in (stack.folder / "stack.json").read_text()
    assert all(secret not in log.read_text() for log in stack.logs.glob("*.log"))


async def test_a_second_stack_on_the_folder_is_refused_and_harms_nothing(stack: LocalStack) -> None:
    with pytest.raises(FolderInUseError, match=str(os.getpid())):
        await LocalStack(stack.folder).start()
    assert read_state(stack.folder) == stack.endpoints


def test_each_step_was_told(stack: LocalStack, events: list[StackEvent]) -> None:
    assert stack.endpoints
    ready = [event.part for event in events if event.kind is EventKind.READY]
    assert set(ready) == {"object-store", "database", "broker", "topics", "services", "stack"}
    assert ready[-1] == "stack"


async def test_a_fixed_port_in_use_stops_the_start_and_frees_the_folder(tmp_path: Path, stack: LocalStack) -> None:
    taken = int(stack.endpoints.gateway_url.rpartition(":")[2])
    second = LocalStack(tmp_path, settings=StackSettings(gateway_port=taken))
    with pytest.raises(PortTakenError, match=f"port {taken} .*asked for gateway"):
        await second.start()
    third = LocalStack(tmp_path, settings=StackSettings(gateway_port=taken))
    with pytest.raises(PortTakenError):
        await third.start()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], StackProcess]]:
    started: list[StackProcess] = []

    def begin() -> StackProcess:
        started.append(StackProcess(tmp_path / "stack"))
        return started[-1]

    yield begin
    for process in started:
        process.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_group_stops_everything_in_order(
    start: Callable[[], StackProcess], number: signal.Signals
) -> None:
    stack = start()
    await stack.running()
    servers = stack.servers()
    assert len(servers) == 3
    stack.signal(number)
    assert await stack.ended() == 0, stack.said()
    assert not any(server.alive() for server in servers)
    assert read_state(stack.folder) is None
    # The signal did not reach the servers: they were stopped, and none was missed.
    assert "ended by itself" not in stack.said()
    stops = re.findall(r"^(\S+): (?:stopped|did not stop in 15 s and was killed) \(", stack.said(), re.MULTILINE)
    assert sorted(stops) == ["broker", "database", "object-store", "stack"], stack.said()


async def test_after_kill_9_of_everything_the_next_start_comes_up_with_the_same_addresses(
    start: Callable[[], StackProcess],
) -> None:
    first = start()
    before = await first.running()
    servers = first.servers()
    first.signal(signal.SIGKILL)
    await first.ended()
    assert read_state(first.folder) is None
    assert await until(lambda: not any(server.alive() for server in servers), 60.0)

    second = start()
    after = await second.running()
    assert after.pid != before.pid
    assert (after.kafka_bootstrap, after.mongo_url, after.s3_endpoint, after.gateway_url) == (
        before.kafka_bootstrap,
        before.mongo_url,
        before.s3_endpoint,
        before.gateway_url,
    )
    assert "topics: 0 made" in second.said()
