"""Watches services and disk: a service that stops working is started again; a halted one, and a full disk, are told."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from services.chassis.health import Health
from services.local_stack.errors import DiskFullError, ServerFailedError
from services.local_stack.events import EventKind, OnEvent, StackEvent

_WATCH_EVERY_S: Final = 1.0
_LOOK_AT_DISK_EVERY_S: Final = 5.0
_TOLD: Final = (
    ("halted", EventKind.FAILED, "takes no more messages"),
    ("trouble", EventKind.WARNING, "has trouble and tries again"),
)
_MOST_RESTARTS: Final = 3
_WITHIN_S: Final = 60.0


class Service(Protocol):
    """What is watched of a `ServiceApp`."""

    name: str

    def health(self) -> Health:
        """How it is, without asking anybody."""
        ...

    async def start(self) -> None:
        """Open it."""
        ...

    async def stop(self) -> None:
        """Close it."""
        ...


class ServicesWatch:
    """Looks at each service's health, every `every_s` seconds."""

    def __init__(self, services: Sequence[Service], on_event: OnEvent, every_s: float = _WATCH_EVERY_S) -> None:
        self._services = services
        self._on_event = on_event
        self._every_s = every_s
        self._restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            ServerFailedError: services stopped working too often, or one can't be started again.
        """
        while True:
            await asyncio.sleep(self._every_s)
            for service in self._services:
                health = service.health()
                if not health.live:
                    await self._restart(service, health)
                self._tell_trouble(service.name, health)

    async def _restart(self, service: Service, health: Health) -> None:
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

    def _tell_trouble(self, name: str, health: Health) -> None:
        for check, kind, what in _TOLD:
            found = health.checks.get(check)
            if found is not None and not found.ok and (name, found.detail) not in self._told:
                self._told.add((name, found.detail))
                self._on_event(StackEvent(kind, name, f"{what}: {found.detail}"))


async def watch_space(check: Callable[[], None], on_event: OnEvent, every_s: float = _LOOK_AT_DISK_EVERY_S) -> None:
    """Say when the disk runs full (`check` raises `DiskFullError`), and when there is room again, until cancelled."""
    full = False
    while True:
        try:
            check()
        except DiskFullError as error:
            if not full:
                on_event(StackEvent(EventKind.WARNING, "disk", f"{error.problem}; {error.mend}"))
            full = True
        else:
            if full:
                on_event(StackEvent(EventKind.READY, "disk", "there is room again"))
            full = False
        await asyncio.sleep(every_s)
