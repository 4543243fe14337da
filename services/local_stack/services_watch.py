"""Watches the services of the stack: one that stops working is started again, a halted one is told of."""

import asyncio
import time
from collections import deque
from typing import Final

from services.chassis.app import ServiceApp
from services.chassis.health import Health
from services.local_stack.errors import ServerFailedError
from services.local_stack.events import EventKind, OnEvent, StackEvent

_WATCH_EVERY_S: Final = 1.0
_MOST_RESTARTS: Final = 3
_WITHIN_S: Final = 60.0


class ServicesWatch:
    """Looks at each service's health once a second."""

    def __init__(self, services: tuple[ServiceApp, ...], on_event: OnEvent) -> None:
        self._services = services
        self._on_event = on_event
        self._restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            ServerFailedError: services stopped working too often, or one can't be started again.
        """
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            for service in self._services:
                health = service.health()
                if not health.live:
                    await self._restart(service, health)
                self._tell_halt(service.name, health)

    async def _restart(self, service: ServiceApp, health: Health) -> None:
        why = "; ".join(f"{name}: {check.detail}" for name, check in health.checks.items() if not check.ok)
        now = time.monotonic()
        mend = "start again over the same folder: what is in flight goes on; report it if it comes again"
        if len(self._restarts) == _MOST_RESTARTS and now - self._restarts[0] < _WITHIN_S:
            raise ServerFailedError(f"the service {service.name} stopped working too often ({why})", mend)
        self._restarts.append(now)
        self._on_event(StackEvent(EventKind.ENDED, service.name, f"stopped working ({why}); it is started again"))
        await service.stop()
        try:
            await service.start()
        except Exception as error:
            raise ServerFailedError(f"the service {service.name} can't be started again: {error}", mend) from error
        self._on_event(StackEvent(EventKind.READY, service.name, "runs again", time.monotonic() - now))

    def _tell_halt(self, name: str, health: Health) -> None:
        halted = health.checks.get("halted")
        if halted is not None and not halted.ok and (name, halted.detail) not in self._told:
            self._told.add((name, halted.detail))
            self._on_event(StackEvent(EventKind.FAILED, name, f"takes no more messages: {halted.detail}"))
