"""What `/livez` and `/readyz` say in each fault: a test for each row of the table in services/chassis/README.md."""

import asyncio
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.chassis.app import On, ServiceApp
from services.chassis.documents import Documents
from services.chassis.object_store import S3ObjectStore
from services.local_stack.servers import ports
from tests.chaos.proxy import Link
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer
from tests.fixtures.kafka_jars import ApacheKafka
from tests.fixtures.object_store import S3Endpoint
from tests.fixtures.settings import FixtureSettings
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
#: As a probe of Kubernetes: no answer within so long is a failure, three in a row are the end.
PATIENCE_S, TRIES = 2.0, 3
#: The tests say when a handler ends; no grace ends it before.
PATIENT = {"ICE_GRACE_S": "100"}


async def reply(asked: Asked) -> list[Answered]:
    return [answer(asked)]


REPLY = On(ASKED, reply, emits=(Answered,))


class Probe:
    """Asks as Kubernetes would."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    async def live(self) -> bool:
        """An answer that comes too late counts as none."""
        for _ in range(TRIES):
            with contextlib.suppress(httpx.TransportError):
                async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                    return (await client.get(f"{self.url}/livez")).status_code == 200
        return False

    async def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is, and the checks that aren't ok, with what they say."""
        try:
            async with httpx.AsyncClient(timeout=60) as client:
                answer = await client.get(f"{self.url}/readyz")
        except httpx.TransportError:
            return False, {}
        checks = answer.json()["checks"]
        return answer.status_code == 200, {name: c["detail"] for name, c in checks.items() if not c["ok"]}

    async def is_ready(self) -> bool:
        return (await self.ready())[0]

    async def metric(self, pattern: str) -> list[float]:
        """The values of a metric, one per set of labels."""
        async with httpx.AsyncClient(timeout=60) as client:
            told = (await client.get(f"{self.url}/metrics")).text
        return [float(value) for value in re.findall(rf"^{pattern} (\S+)$", told, re.MULTILINE)]

    async def says(self, check: str, what: str) -> bool:
        ready, failing = await self.ready()
        return not ready and re.search(what, failing.get(check, "-")) is not None


@asynccontextmanager
async def link_to(address: str) -> AsyncIterator[Link]:
    """A way to a server that can be cut or fall silent."""
    link = Link(0, int(address.rsplit(":", 1)[1].strip("/")), random.Random(1))
    await link.start()
    try:
        yield link
    finally:
        await link.stop()


def port() -> int:
    return ports.choose(["http"], {}, {})["http"]


FAULTS = {"refused": {"do": "refuse", "for_s": 3600}, "silent": {"do": "delay", "s": 3600, "for_s": 3600}}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_database_that_is_gone(world: World, mongo_url: str, fault: str) -> None:
    async with link_to(mongo_url.split("?", maxsplit=1)[0]) as link:
        http = port()
        url = f"mongodb://127.0.0.1:{link.port}/?directConnection=true"
        chosen = world.settings.model_copy(update={"mongo_url": SecretStr(url), "mongo_timeout_ms": 1_500})
        await world.start([REPLY], resources=(Documents(chosen),), settings={"http_port": http})
        await _gone_is_told_and_no_reason_to_die(Probe(http), link, fault, "Documents", "database|no answer")


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_object_store_that_is_gone(world: World, s3_endpoint: S3Endpoint, fault: str) -> None:
    async with link_to(s3_endpoint.endpoint) as link:
        http = port()
        changes = {
            "s3_endpoint": f"127.0.0.1:{link.port}",
            "s3_access_key": s3_endpoint.access_key,
            "s3_secret_key": SecretStr(s3_endpoint.secret_key),
            "s3_bucket": s3_endpoint.bucket,
            "s3_timeout_s": 2.0,
        }
        store = S3ObjectStore(world.settings.model_copy(update=changes))
        await world.start([REPLY], resources=(store,), settings={"http_port": http})
        await _gone_is_told_and_no_reason_to_die(Probe(http), link, fault, "S3ObjectStore", "object store|no answer")


async def _gone_is_told_and_no_reason_to_die(probe: Probe, link: Link, fault: str, check: str, what: str) -> None:
    await eventually(probe.is_ready)
    link.apply(FAULTS[fault])
    await eventually(lambda: probe.says(check, what))
    assert await probe.live()
    link._refused_until = link._delayed_until = 0.0
    link.cut()
    await eventually(probe.is_ready)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_broker_that_is_gone_and_comes_back(
    world: World, tmp_path: Path, fixture_settings: FixtureSettings
) -> None:
    kafka = ApacheKafka(tmp_path, cache=fixture_settings.test_cache)
    try:
        await kafka.start()
        world.settings = world.settings.model_copy(
            update={"kafka_bootstrap": kafka.bootstrap, "kafka_session_timeout_ms": 3_000}
        )
        await world.create_topics()
        http = port()
        probe = Probe(http)
        await world.start([REPLY], settings={"http_port": http})
        await eventually(probe.is_ready)
        kafka.kill(1)
        await eventually(lambda: probe.says("broker", "broker 127.0.0.1"))
        await asyncio.sleep(4)
        assert await probe.live()
        await kafka.start_node(1)
        await eventually(probe.is_ready, 120)
        await world.send(Asked(name="n", number=1))
        assert len(await world.read(ANSWERED, 1)) == 1
    finally:
        for app in world.apps:
            await app.stop()
        kafka.kill()


async def test_a_halted_consumer(world: World) -> None:
    http = port()
    await world.start([REPLY], settings={"http_port": http})
    await world.send_raw((b"n", b"{}", [("ce_schemaversion", b"7")]))
    probe = Probe(http)
    await eventually(lambda: probe.says("halted", "version 7 is newer than 2"))
    assert await probe.live(), "a restart would halt again"


async def test_a_used_up_budget_is_told_in_health_log_and_metrics(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    http = port()
    await world.start([REPLY], settings={"http_port": http, "dead_letter_budget": 20})
    await world.send_raw(*((str(number).encode(), b"\xff", ()) for number in range(2_000)))
    await world.send(*(Asked(name=f"good{number}", number=number) for number in range(50)))
    probe = Probe(http)
    await eventually(lambda: probe.says("halted", "20 dead letters in a row"))
    assert await probe.live()
    critical = [record for record in caplog.records if record.levelname == "CRITICAL"]
    assert ["20 dead letters in a row" in record.getMessage() for record in critical] == [True]
    async with httpx.AsyncClient(timeout=60) as client:
        assert 'ice_halted{service="toy"} 1.0' in (await client.get(f"{probe.url}/metrics")).text
    # Bounded, and nothing behind them is lost: with a higher budget the good ones are answered.
    assert 20 <= len(await world.read(ASKED + ".dlq", 20)) < 200
    await world.apps[0].stop()
    await world.start([REPLY], settings={"dead_letter_budget": 1_000_000})
    await eventually(lambda: world.total_committed_is(2_050))
    # A machine that stalls past the session makes its member read a batch again: each is there, some maybe twice.
    answers = await world.read(ANSWERED, 50, extra_s=1)
    assert {Answered.model_validate_json(record.value).number for record in answers} == set(range(50))
    letters = await world.read(ASKED + ".dlq", 2_000, extra_s=1)
    assert {record.key for record in letters} == {str(number).encode() for number in range(2_000)}


async def test_a_consume_loop_that_has_ended(world: World) -> None:
    http = port()
    app = await world.start([REPLY], settings={"http_port": http})
    probe = Probe(http)
    await eventually(probe.is_ready)
    for task in _host(app).tasks:
        task.cancel()
    await eventually(lambda: probe.says("consumer", "the consume loop has ended"))
    assert not await probe.live(), "a restart mends it"


async def test_a_loop_that_turns_no_more(world: World) -> None:
    http = port()
    app = await world.start([REPLY], settings={"http_port": http})
    probe = Probe(http)
    stage = _host(app).stage
    stage.turned = lambda: None
    stage.last_turn -= 100
    assert not await probe.live()
    # While the group shares out its partitions, nothing is fetched, and that is no fault.
    stage.regrouping = True
    assert await probe.live()


def _host(app: ServiceApp) -> Any:
    assert app._consumer is not None
    return app._consumer._host


@asynccontextmanager
async def sick(world: World, stage: str, http: int, **overrides: str) -> AsyncIterator[asyncio.subprocess.Process]:
    names = ("kafka_bootstrap", "kafka_topic_prefix", "kafka_group_prefix", "kafka_idempotence", "grace_s",
             "kafka_fetch_max_wait_ms", "kafka_session_timeout_ms")  # fmt: skip
    chosen = world.environment(*names)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.chassis.sick_process", stage, cwd=ROOT,
        env={"PATH": os.defpath, "ICE_HTTP_PORT": str(http), **chosen, **overrides},
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def test_an_event_loop_that_is_blocked_gives_no_answer(world: World, tmp_path: Path) -> None:
    http = port()
    probe = Probe(http)
    async with sick(world, "quick", http):
        await eventually(probe.is_ready)
        go_on = tmp_path / "go-on"
        await world.send(Asked(name="n", number=1, note=f"block {go_on}"))
        await eventually(lambda: _not(probe.live()))
        go_on.touch()
        await eventually(probe.live)


async def _not(asked: Any) -> bool:
    return not await asked


@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_a_handler_that_is_stuck_and_a_service_that_drains(world: World, tmp_path: Path, stage: str) -> None:
    http, go_on = port(), tmp_path / "go-on"
    probe = Probe(http)
    async with sick(world, stage, http, ICE_STUCK_HANDLER_S="1", ICE_LAG_EVERY_S="0.2", **PATIENT) as child:
        await eventually(probe.is_ready)
        await world.send(Asked(name="one", number=1, note=f"wait {go_on}"))
        await eventually(
            lambda: probe.says("handlers", r"running for \d+ s \(toy\.asked\.v1, event .*\); stuck_handler_s")
        )
        assert await probe.live()

        async def lag_of_one() -> bool:
            # Taken, running, not committed.
            return sum(await probe.metric(r"ice_lag{.*}")) == 1.0

        await eventually(lag_of_one)
        (oldest,) = await probe.metric(r'ice_oldest_handler_seconds{service="toy"}')
        assert oldest > 0.5

        child.send_signal(signal.SIGTERM)
        await eventually(lambda: probe.says("started", "stops: finishing what is in hand"))
        assert await probe.live()
        # Asking again is no way to hurry it.
        child.send_signal(signal.SIGTERM)
        go_on.touch()
        assert await child.wait() == 0
    assert len(await world.read(ANSWERED, 1)) == 1
    assert await world.total_committed() == 1


@pytest.mark.parametrize("stage", ["quick", "concurrent"])
async def test_killed_while_it_drains_loses_nothing(world: World, tmp_path: Path, stage: str) -> None:
    http = port()
    probe = Probe(http)
    async with sick(world, stage, http, **PATIENT) as child:
        await eventually(probe.is_ready)
        note = f"wait {tmp_path / 'never'}"
        await world.send(Asked(name="one", number=1, note=note), Asked(name="two", number=2))
        await world.read(ANSWERED, 1)
        child.send_signal(signal.SIGTERM)
        await eventually(lambda: probe.says("started", "stops"))
        child.kill()
        await child.wait()
    await world.start([REPLY])
    answers = {Answered.model_validate_json(record.value).number for record in await world.read(ANSWERED, 2)}
    assert answers == {1, 2}
    await eventually(lambda: world.total_committed_is(2))
