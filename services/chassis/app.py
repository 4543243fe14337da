"""A service as one object: resources, consumer, sweeps, health; started and stopped in the right order."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from schemas.base import Event
from services.chassis.bindings import Binding, Concurrent, On, OnBatch, Received, Sweep, Swept
from services.chassis.health import Check, Health
from services.chassis.settings import ServiceSettings
from services.chassis.wire import Wire

__all__ = [
    "Check",
    "Concurrent",
    "Health",
    "On",
    "OnBatch",
    "Received",
    "Resource",
    "ServiceApp",
    "Sweep",
    "Swept",
    "Wire",
    "make_app",
]

Announce = Callable[[], Awaitable[Sequence[Event]]]
Preparation = Callable[[], Awaitable[None]]


class Resource(Protocol):
    """Something that a service holds open while it runs: a database, an object store."""

    async def start(self) -> None:
        """Open it."""
        ...

    async def stop(self) -> None:
        """Close it; a second call does nothing."""
        ...

    async def ping(self) -> None:
        """Raise when it doesn't work."""
        ...


class ServiceApp:
    """One service. `start`/`stop` for a host that runs many; `run` for a process of its own."""

    def __init__(  # noqa: PLR0913 - the parts of a service, each named where it is made
        self,
        settings: ServiceSettings,
        name: str,
        bindings: tuple[Binding, ...],
        *,
        concurrency: Concurrent | None,
        sweeps: tuple[Sweep, ...],
        resources: tuple[Resource, ...],
        prepare: tuple[Preparation, ...],
        announce: Announce | None,
        wire: Wire | None,
    ) -> None:
        self.settings = settings
        self.name = name
        self.bindings = bindings
        self.concurrency = concurrency
        self.sweeps = sweeps
        self._resources = resources
        self._prepare = prepare
        self._announce = announce
        self._wire = wire

    async def start(self) -> None:
        """Open the resources, then the consumer."""
        for resource in self._resources:
            await resource.start()
        for step in self._prepare:
            await step()

    async def stop(self) -> None:
        """Finish what is in hand, commit, and close everything."""
        for resource in reversed(self._resources):
            await resource.stop()

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit status."""
        await self.start()
        await self.stop()
        return 0

    def health(self) -> Health:
        """The newest knowledge, without asking anybody."""
        return Health(live=True, ready=True)


def make_app(  # noqa: PLR0913 - the parts of a service, each named where it is made
    settings: ServiceSettings,
    *,
    name: str,
    subscriptions: Sequence[Binding],
    concurrency: Concurrent | None = None,
    sweeps: Sequence[Sweep] = (),
    resources: Sequence[Resource] = (),
    prepare: Sequence[Preparation] = (),
    announce: Announce | None = None,
    wire: Wire | None = None,
) -> ServiceApp:
    """Put a service together; nothing is opened before `start`.

    Args:
        settings: of this service.
        name: of the service; its consumer group is `kafka_group_prefix` + name.
        subscriptions: the visible table of the service.
        concurrency: None = quick stage (batches); `Concurrent` = slow stage.
        sweeps: periodic work.
        resources: opened in this order before the consumer, closed in the opposite order after it.
        prepare: awaited once when the resources are open and before the first message (indexes, seeds).
        announce: its events are published once at start.
        wire: the events; None = all of the engine.
    """
    return ServiceApp(
        settings,
        name,
        tuple(subscriptions),
        concurrency=concurrency,
        sweeps=tuple(sweeps),
        resources=tuple(resources),
        prepare=tuple(prepare),
        announce=announce,
        wire=wire,
    )
