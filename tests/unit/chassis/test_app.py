"""A service that can't start yet, and a database that is closed under a running request."""

import asyncio
import os
import signal
from collections.abc import MutableMapping
from typing import Any

import pytest
from pymongo.errors import InvalidOperation, ServerSelectionTimeoutError

from services.chassis.app import Check, make_app
from services.chassis.documents import database_faults
from services.chassis.failures import Transient
from services.chassis.health import Health
from services.chassis.http_server import HealthApp
from services.chassis.settings import ServiceSettings


class Late:
    """Away at the first try; the second takes as long as the test wants."""

    def __init__(self) -> None:
        self.tries = 0
        self.second = asyncio.Event()

    async def start(self) -> None:
        self.tries += 1
        if self.tries == 1:
            raise Transient("database: nobody there")
        self.second.set()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        pass

    async def ping(self) -> None:
        pass


async def test_why_it_does_not_start_is_told_during_the_next_try_too() -> None:
    late = Late()
    settings = ServiceSettings(retry_base_s=0.001, retry_cap_s=0.001)
    app = make_app(settings, name="toy", subscriptions=(), resources=(late,))
    running = asyncio.create_task(app.run())
    await asyncio.wait_for(late.second.wait(), 90)
    health = app.health()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (health.live, health.ready) == (True, False)
    assert health.checks["trouble"].detail == "database: nobody there"


def test_a_service_adds_checks_of_its_own_matters() -> None:
    own = {"provider": Check(ok=False, detail="down: no key")}
    app = make_app(ServiceSettings(), name="toy", subscriptions=(), checks=lambda: own)
    health = app.health()
    assert (health.checks["provider"], health.ready) == (own["provider"], False)


async def test_a_database_closed_under_a_request_is_away_and_no_fault() -> None:
    with pytest.raises(Transient, match=r"database, get runs/1: .*after close"):
        async with database_faults("get runs/1"):
            raise InvalidOperation("Cannot use MongoClient after close")
    with pytest.raises(InvalidOperation):
        async with database_faults("get runs/1"):
            raise InvalidOperation("Cannot do that")


async def test_an_absent_database_is_told_in_short() -> None:
    said = "db:1: refused (configured timeouts: connectTimeoutMS: 5000.0ms), Topology Description: <many words>"
    with pytest.raises(Transient) as caught:
        async with database_faults("ping"):
            raise ServerSelectionTimeoutError(said)
    assert str(caught.value) == "database, ping: ServerSelectionTimeoutError: db:1: refused"


async def test_whether_it_lives_is_told_while_the_dependencies_are_still_asked() -> None:
    async def never() -> Health:
        await asyncio.Event().wait()
        raise AssertionError

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError

    app = HealthApp(lambda: Health(live=True, ready=False), never, lambda: b"", None)
    await asyncio.wait_for(app({"type": "http", "path": "/livez"}, receive, send), 90)
    assert sent[0]["status"] == 200
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app({"type": "http", "path": "/readyz"}, receive, send), 0.01)


async def test_a_stop_during_the_start_is_heeded() -> None:
    late = Late()
    settings = ServiceSettings(retry_base_s=0.001, retry_cap_s=0.001)
    app = make_app(settings, name="toy", subscriptions=(), resources=(late,))
    running = asyncio.create_task(app.run())
    await asyncio.wait_for(late.second.wait(), 90)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(running, 90) == 0
