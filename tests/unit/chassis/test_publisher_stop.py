"""A publisher that stops while no broker takes what it has begun to send."""

import asyncio
from typing import Any

import pytest

from services.chassis import publishing
from services.chassis.publishing import EventPublisher
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import TOY_WIRE


class Stubborn:
    """As aiokafka's idempotent producer without a broker: neither flush nor stop ever ends."""

    def __init__(self) -> None:
        self.closed = False
        self.client = self
        self._sender = self
        self.sender_task = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed = True


async def test_it_gives_up_and_leaves_no_task_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_FLUSH_S", 0.01)
    monkeypatch.setattr(publishing, "_DISCONNECT_S", 0.01)
    publisher = EventPublisher(ServiceSettings(), "toy", wire=TOY_WIRE)
    stubborn: Any = Stubborn()
    publisher._producer = stubborn
    await asyncio.wait_for(publisher.stop(), 60)
    assert stubborn.closed
    assert stubborn.sender_task.done()
