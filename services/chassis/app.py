"""A service as one object: resources, consumer, sweeps, health; started and stopped in the right order."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import uvloop

from schemas.base import Event
from services.chassis.bindings import Binding, Concurrent, On, OnBatch, Received, Sweep, Swept
from services.chassis.clock import Clock, SystemClock
from services.chassis.consumer import Consumer
from services.chassis.delivery import Conditions, Desk
from services.chassis.ending import end
from services.chassis.failures import Transient
from services.chassis.health import Check, Health, checked
from services.chassis.http_server import Asgi, HealthApp, HttpServer, ListenError
from services.chassis.logs import configure, current_service
from services.chassis.metrics import Metrics
from services.chassis.publishing import EventPublisher
from services.chassis.reading import Reader
from services.chassis.retrying import Backoff
from services.chassis.settings import ServiceSettings, SettingsError
from services.chassis.sweeps import Sweeper
from services.chassis.wire import Wire, engine_wire

__all__ = [
    "Check",
    "Concurrent",
    "EventPublisher",
    "Health",
    "On",
    "OnBatch",
    "Received",
    "Resource",
    "ServiceApp",
    "Sweep",
    "Swept",
    "Wire",
    "main",
    "make_app",
]

log = logging.getLogger(__name__)

Announce = Callable[[], Awaitable[Sequence[Event]]]
Preparation = Callable[[], Awaitable[None]]
OwnChecks = Callable[[], Mapping[str, Check]]

_START: Final = "start"
_PROBE_EVERY_S: Final = 5.0
_PROBE_FRESH_S: Final = 1.0


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
    """One service. `start`/`stop` for a host that runs many; `run` for a process of its own.

    Attributes:
        settings: of the service.
        name: of the service; its consumer group is `group`.
        bindings: the visible table.
        publisher: for code that publishes outside a handler (an HTTP route); open between start and stop.
        metrics: of the service; its registry takes the service's own metrics too.
    """

    def __init__(  # noqa: PLR0913 - the parts of a service, each named where it is made
        self,
        settings: ServiceSettings,
        name: str,
        bindings: tuple[Binding, ...],
        *,
        concurrency: Concurrent | None = None,
        sweeps: tuple[Sweep, ...] = (),
        resources: tuple[Resource, ...] = (),
        prepare: tuple[Preparation, ...] = (),
        announce: Announce | None = None,
        http: Asgi | None = None,
        checks: OwnChecks | None = None,
        wire: Wire | None = None,
        clock: Clock | None = None,
    ) -> None:
        _check(bindings, concurrency)
        self.settings = settings
        self.name = name
        self.bindings = bindings
        self.concurrency = concurrency
        self.sweeps = sweeps
        self.group = settings.kafka_group_prefix + name
        self.metrics = Metrics(name)
        self._clock = clock if clock is not None else SystemClock()
        self.publisher = EventPublisher(settings, name, wire=wire, metrics=self.metrics, clock=self._clock)
        self._resources = resources
        self._prepare = prepare
        self._announce = announce
        self._http_app = http
        self._checks = checks
        self._wire = wire
        self._conditions = Conditions()
        self._consumer: Consumer | None = None
        self._server: HttpServer | None = None
        self._opened: list[Resource] = []
        self._sweepers: list[Sweeper] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._started = False
        self._phase = "not started"
        self._pings: dict[str, Check] = {}
        self._probed_at = float("-inf")

    async def start(self) -> None:
        """Open the resources in order, announce, join the group, begin the sweeps.

        Raises:
            Transient: something that the service needs is away; what was opened is closed again.
        """
        token = current_service.set(self.name)
        self._phase = "starts"
        try:
            await self._serve()
            await self._open()
        except BaseException:
            await self._close()
            raise
        finally:
            current_service.reset(token)

    async def stop(self) -> None:
        """Finish what is in hand, commit, and close everything in the opposite order. A second call does nothing."""
        token = current_service.set(self.name)
        try:
            await self._close()
            if self._server is not None:
                await self._server.stop()
                self._server = None
        finally:
            current_service.reset(token)

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit status.

        While something that the service needs is away, starting is tried again; `/livez` answers meanwhile.
        """
        current_service.set(self.name)
        stop = asyncio.Event()
        with _signals(stop):
            await self._start_patiently(stop)
            await stop.wait()
            log.info("%s stops", self.name)
            await self.stop()
        return 0

    def health(self) -> Health:
        """The newest knowledge, without asking anybody; never older than 5 s."""
        consumer = self._consumer
        halted, troubles = self._conditions.halted, self._conditions.troubles
        loops = {
            "started": Check(ok=self._started, detail=self._phase),
            "consumer": consumer.life() if consumer else Check(ok=not self.bindings, detail=self._phase),
        }
        live = not self._started or all(check.ok for check in loops.values())
        checks = {
            **loops,
            **self._pings,
            **(self._checks() if self._checks else {}),
            **({"handlers": consumer.progress()} if consumer else {}),
            "halted": Check(ok=halted is None, detail=halted or ""),
            "trouble": Check(ok=not troubles, detail="; ".join(sorted(set(troubles.values())))),
        }
        return Health(live=live, ready=live and all(check.ok for check in checks.values()), checks=checks)

    async def probe(self) -> Health:
        """Ask broker and resources now (or a second ago), then tell."""
        if self._started and self._clock.monotonic() - self._probed_at > _PROBE_FRESH_S:
            self._probed_at = self._clock.monotonic()
            named: list[tuple[str, Resource]] = [("broker", self.publisher)]
            named += [(type(item).__name__, item) for item in self._resources]
            found = await asyncio.gather(*(checked(resource.ping) for _, resource in named))
            self._pings = {name: check for (name, _), check in zip(named, found, strict=True)}
        return self.health()

    async def _open(self) -> None:
        wire = self._wire if self._wire is not None else engine_wire()
        # Why it didn't start before stays true until it does: a try takes seconds.
        before = self._conditions.troubles.get(_START)
        self._conditions = Conditions({} if before is None else {_START: before})
        for resource in (*self._resources, self.publisher):
            self._opened.append(resource)
            await resource.start()
        for step in self._prepare:
            await step()
        if self._announce is not None:
            await self.publisher.publish(await self._announce())
        if self.bindings:
            self._consumer = self._make_consumer(wire)
            await self._consumer.start()
        self._sweepers = [Sweeper(sweep, self.publisher, self.metrics, self._conditions) for sweep in self.sweeps]
        self._tasks = [asyncio.create_task(sweeper.run()) for sweeper in self._sweepers]
        self._started, self._phase = True, "runs"
        await self.probe()
        self._tasks.append(asyncio.create_task(self._keep_probing()))
        log.info("%s runs, group %s", self.name, self.group)

    async def _close(self) -> None:
        self._started, self._phase = False, "stops: finishing what is in hand" if self._started else "not started"
        for sweeper in self._sweepers:
            sweeper.stop()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()
        tasks, self._tasks, self._sweepers = self._tasks, [], []
        sweeping = tasks[: len(self.sweeps)]
        if sweeping:
            await asyncio.wait(sweeping, timeout=self.settings.grace_s)
        await end(*tasks)
        while self._opened:
            await self._opened.pop().stop()

    def _make_consumer(self, wire: Wire) -> Consumer:
        slots = self.concurrency.slots if self.concurrency else self.settings.batch_concurrency
        desk = Desk(
            self.settings,
            self.group,
            bindings=self.bindings,
            reader=Reader(wire, self.settings.kafka_topic_prefix, self.bindings),
            publisher=self.publisher,
            metrics=self.metrics,
            clock=self._clock,
            conditions=self._conditions,
            slots=slots,
        )
        return Consumer(
            self.settings,
            self.name,
            group=self.group,
            bindings=self.bindings,
            concurrency=self.concurrency,
            desk=desk,
            metrics=self.metrics,
            clock=self._clock,
        )

    async def _serve(self) -> None:
        if self.settings.http_port and self._server is None:
            app = HealthApp(self.health, self.probe, self.metrics.render, self._http_app)
            server = HttpServer(app, self.settings.http_host, self.settings.http_port)
            await server.start()
            self._server = server

    async def _start_patiently(self, stop: asyncio.Event) -> None:
        backoff = Backoff(self.settings.retry_base_s, self.settings.retry_cap_s)
        failures = 0
        while not stop.is_set():
            try:
                await self._start_unless(stop)
            except Transient as error:
                failures += 1
                self._conditions.troubles[_START] = str(error)
                log.warning("%s can't start yet: %s", self.name, error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(backoff.delay(failures, error.retry_after_s)):
                        await stop.wait()
            else:
                self._conditions.troubles.pop(_START, None)
                return

    async def _start_unless(self, stop: asyncio.Event) -> None:
        """Start, or give it up when told to stop: joining a group takes as long as its slowest member drains."""
        starting, told = asyncio.create_task(self.start()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
        finally:
            # Once only: a start that ends opens nothing half, it closes what it has opened.
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await end(told)

    async def _keep_probing(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_EVERY_S)
            await self.probe()


def _check(bindings: tuple[Binding, ...], concurrency: Concurrent | None) -> None:
    bound = [topic for binding in bindings for topic in binding.topics]
    twice = sorted({topic for topic in bound if bound.count(topic) > 1})
    if twice:
        raise ValueError(f"subscriptions: topic(s) {', '.join(twice)} are bound twice; allowed is once")
    if concurrency is not None and any(isinstance(binding, OnBatch) for binding in bindings):
        raise ValueError("subscriptions: OnBatch in a concurrent service; allowed is On")


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGTERM, signal.SIGINT)
    for number in wanted:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)


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
    http: Asgi | None = None,
    checks: OwnChecks | None = None,
    wire: Wire | None = None,
    clock: Clock | None = None,
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
        http: the service's own ASGI application, beside the health paths; served where `http_port` isn't 0.
        checks: what `/readyz` tells of the service's own matters, by name; answers at once, asks nobody.
        wire: the events; None = all of the engine.
        clock: where the time comes from; None = the machine's.

    Raises:
        ValueError: a topic is bound twice, or `OnBatch` stands in a concurrent service.
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
        http=http,
        checks=checks,
        wire=wire,
        clock=clock,
    )


def main(build: Callable[[], ServiceApp]) -> int:
    """Run a service as a process: settings, logs, uvloop, signals.

    Args:
        build: reads the settings and puts the service together.

    Returns:
        The exit status: 0 when told to stop; 1 when it can't listen; 2 for wrong settings, told on standard error.
    """
    try:
        app = build()
        configure(app.settings)
        return uvloop.run(app.run())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ListenError as error:
        sys.stderr.write(f"{error}\n")
        return 1
