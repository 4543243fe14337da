"""Lives of a service's processes over a durable world: the real table, handlers and chassis between fake servers.

A life starts as a process does, with nothing in memory, does what its trigger says and ends; or its fuse burns and it
dies at that step. The next life meets what the world has kept.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from inspect import signature
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from services.chassis.app import ServiceApp
from services.chassis.batches import BatchStage
from services.chassis.bindings import Concurrent
from services.chassis.concurrent import ConcurrentStage
from services.chassis.delivery import Conditions, Desk
from services.chassis.reading import Reader
from services.chassis.settings import ServiceSettings
from services.chassis.sweeps import Sweeper
from services.chassis.wire import engine_wire
from services.orchestrator.adapters.catalogue_file import load_catalogue
from tests.fakes.crashing import CrashingDocuments, CrashingObjects, Fuse
from tests.fakes.durable import InlineOffload, LoggedConsumer, LoggedPublisher, Vendor, World
from tests.fakes.timeless import TimelessLoop

SERVICES: Final = Path(__file__).resolve().parents[2] / "services"
#: Folders with an `app.py` that are no consumers of their own.
_OTHERS: Final = frozenset({"chassis", "cli", "local_stack"})
_QUICK: Final[dict[str, Any]] = {
    "retry_base_s": 0.001,
    "retry_cap_s": 0.002,
    "sweep_warm_up_s": 0.0,
    "orchestrator_warm_up_s": 0.0,
    "orchestrator_health_fresh_s": 0.0,
}
#: How often it is looked whether a life has ended, in the loop's time: whenever nobody has anything to do.
_LOOK_S: Final = 0.01
_catalogue = cache(load_catalogue)


@dataclass(frozen=True)
class Kind:
    """A service, as one deployment runs it.

    Attributes:
        service: its folder.
        variant: tells deployments of one service apart.
        vendor: how its vendor works, for a service that has one.
        lease_s: so long after a death its claims are over; the next life starts then.
    """

    service: str
    variant: str = ""
    vendor: Mapping[str, bool] = field(default_factory=dict, hash=False)
    lease_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.service}-{self.variant}" if self.variant else self.service


FREE: Final = Kind("generation", "free", {"free": True, "down_once": True}, 61)
PAID: Final = Kind("generation", "paid", {"free": False, "down_once": True}, 61)
POLLED: Final = Kind("generation", "polled", {"free": False, "polled": True, "down_once": True}, 61)
_VARIANTS: Final = {"generation": (FREE, PAID, POLLED)}
NAMES: Final = tuple(sorted(path.parent.name for path in SERVICES.glob("*/app.py") if path.parent.name not in _OTHERS))
KINDS: Final = tuple(chain.from_iterable(_VARIANTS.get(name, (Kind(name),)) for name in NAMES))
#: One of each service, as in a deployment without paid vendors.
ENGINE: Final = tuple(kind for kind in KINDS if kind not in {PAID, POLLED})


@dataclass(frozen=True)
class Consume:
    """Handle what waits of these topics, up to an offset of each."""

    ends: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True)
class Turn:
    """One turn of a sweep."""

    sweep: str


@dataclass(frozen=True)
class Start:
    """Nothing but what a life begins with, its announcement; it is left out where messages are handled."""


Trigger = Consume | Turn | Start


def build(kind: Kind, world: World, fuse: Fuse) -> ServiceApp:
    """The service by its own composition root, with clients of the world in place of those of servers."""
    module = import_module(f"services.{kind.service}.app")
    clients = {
        "Documents": lambda _: CrashingDocuments(world.documents, fuse),
        "S3ObjectStore": lambda _: CrashingObjects(world.objects, fuse),
        "SystemClock": lambda: world.clock,
        "ThreadOffload": lambda _: InlineOffload(),
        "EventPublisher": lambda settings, name: LoggedPublisher(world, fuse, settings, name),
        "load_catalogue": _catalogue,
        # Its routes consume nothing, and take longer to put up than a life lasts.
        "web_app": lambda *_: None,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, client in clients.items():
            if hasattr(module, name):
                patch.setattr(module, name, client)
        extra: dict[str, Any] = {}
        if "provider" in signature(module.build).parameters:
            extra["provider"] = Vendor(world, fuse, **kind.vendor)
        app: ServiceApp = module.build(_settings(kind.service), **extra)
    return app


@cache
def _settings(service: str) -> ServiceSettings:
    module = import_module(f"services.{service}.settings")
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, ServiceSettings) and item is not ServiceSettings
    ]
    (settings,) = found or [ServiceSettings]
    known = {name: value for name, value in _QUICK.items() if name in settings.model_fields}
    return settings(**known)


def live(kind: Kind, world: World, trigger: Trigger, fuse: Fuse | None = None) -> bool:
    """One life; False when it died of its fuse.

    Raises:
        AssertionError: it halted, or a sweep failed.
    """
    burning = fuse if fuse is not None else Fuse()
    try:
        with asyncio.Runner(loop_factory=TimelessLoop) as runner:
            runner.run(_live(kind, world, trigger, burning))
    except BaseException:
        if not burning.burnt:
            raise
    return not burning.burnt


async def _live(kind: Kind, world: World, trigger: Trigger, fuse: Fuse) -> None:
    # Tasks that die by the fuse have nobody who asks for their end.
    asyncio.get_running_loop().set_exception_handler(lambda loop, told: None if fuse.burnt else _loud(loop, told))
    app = build(kind, world, fuse)
    publisher = LoggedPublisher(world, fuse, app.settings, app.name)
    conditions = Conditions()
    for resource in app._resources:
        await resource.start()
    for step in app._prepare:
        await step()
    if app._announce is not None and not isinstance(trigger, Consume):
        await publisher.publish(await app._announce())
    if isinstance(trigger, Consume):
        await _consume(app, world, fuse, publisher, conditions, trigger)
    elif isinstance(trigger, Turn):
        (sweep,) = (item for item in app.sweeps if item.name == trigger.sweep)
        await Sweeper(sweep, publisher, app.metrics, conditions).turn()
    assert conditions.halted is None, conditions.halted
    assert conditions.troubles == {}, conditions.troubles


async def _consume(
    app: ServiceApp, world: World, fuse: Fuse, publisher: LoggedPublisher, conditions: Conditions, trigger: Consume
) -> None:
    slots = app.concurrency.slots if app.concurrency else app.settings.batch_concurrency
    desk = Desk(
        app.settings,
        app.group,
        bindings=app.bindings,
        reader=Reader(engine_wire(), "", app.bindings),
        publisher=publisher,
        metrics=app.metrics,
        clock=world.clock,
        conditions=conditions,
        slots=slots,
    )
    consumer = LoggedConsumer(world, fuse, app.group, trigger.ends)
    if app.concurrency is not None:
        await _consume_concurrently(app, desk, consumer, app.concurrency, world)
        return
    stage = BatchStage(desk, app.metrics, world.clock, 1.0)
    stage.attach(consumer)
    while found := await consumer.getmany(max_records=app.settings.batch_max_records):
        records: list[Any] = list(chain.from_iterable(found.values()))
        await stage.consume(records)


async def _consume_concurrently(
    app: ServiceApp, desk: Desk, consumer: LoggedConsumer, options: Concurrent, world: World
) -> None:
    topics = [topic for binding in app.bindings for topic in binding.topics]
    stage = ConcurrentStage(topics, desk, options, app.metrics, world.clock)
    stage.attach(consumer, stage.consume)
    running = asyncio.create_task(stage.run())
    while not running.done():
        if consumer.exhausted and not stage._tasks:
            stage.interrupt()
        await asyncio.sleep(_LOOK_S)
    await running


def _loud(loop: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
    loop.default_exception_handler(told)
