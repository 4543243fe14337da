"""The whole engine in one process, beside its embedded servers."""

import asyncio
import contextlib
import functools
import os
import signal
import time
from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from services.chassis.app import ServiceApp
from services.chassis.ending import end
from services.chassis.settings import ServiceSettings
from services.local_stack import app
from services.local_stack.errors import ServerFailedError, StackError
from services.local_stack.events import EventKind, OnEvent, StackEvent, ignore
from services.local_stack.folder import StackFolder
from services.local_stack.servers import ports
from services.local_stack.servers.embedded import PORTS, Addresses, EmbeddedServers
from services.local_stack.servers.process import ProcessId
from services.local_stack.settings import StackSettings
from services.local_stack.state import StackState
from services.local_stack.watches import ServicesWatch, watch_space

_STACK: Final = "stack"
_GATEWAY: Final = "gateway"


class LocalStack:
    """Servers, topics, buckets, indexes and services over one folder, from `start` to `stop`.

    Use it as an async context manager, in the main thread. Every step is told to `on_event`. Work in flight when it
    stops or dies goes on at the next start over the same folder.

    Args:
        folder: Data, logs, ports and credentials; None = the settings' (`ICE_LOCAL_FOLDER`, default `.ice`).
        settings: Of the stack; None = from the environment.
        on_event: Called in the event loop with each step.
        overrides: Settings of every service, over what the stack decides, by field name.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        settings: StackSettings | None = None,
        on_event: OnEvent = ignore,
        overrides: dict[str, Any] | None = None,
    ) -> None:
        self._settings = settings or StackSettings()
        self._folder = StackFolder(folder or self._settings.folder)
        self._on_event = on_event
        self._overrides = overrides or {}
        self._servers: EmbeddedServers | None = None
        self._services: tuple[ServiceApp, ...] = ()
        self._service_settings: ServiceSettings | None = None
        self._endpoints: StackState | None = None
        self._watches: list[asyncio.Task[None]] = []
        self._asked_to_stop = asyncio.Event()
        self._in_a_hurry = asyncio.Event()
        self._handled: list[signal.Signals] = []

    @property
    def folder(self) -> Path:
        """The stack's folder, absolute."""
        return self._folder.path

    @property
    def logs(self) -> Path:
        """Folder of the servers' log files."""
        return self._folder.logs

    @property
    def endpoints(self) -> StackState:
        """Where everything is.

        Raises:
            RuntimeError: the stack is not started.
        """
        if self._endpoints is None:
            raise RuntimeError("the local stack has no endpoints before start() and after stop()")
        return self._endpoints

    @property
    def service_settings(self) -> ServiceSettings:
        """Settings with which a client in this process reaches the servers, secrets included.

        Raises:
            RuntimeError: the stack is not started.
        """
        if self._service_settings is None:
            raise RuntimeError("the local stack has no settings before start() and after stop()")
        return self._service_settings

    @property
    def services(self) -> tuple[ServiceApp, ...]:
        """The running services."""
        return self._services

    async def __aenter__(self) -> Self:
        """As `start`."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `stop`."""
        await self.stop()

    async def start(self) -> None:
        """Bring everything up. On an error, or when cancelled, what runs already is stopped.

        Raises:
            StackError: with what is wrong and how to mend it.
        """
        begun = time.monotonic()
        self._folder.acquire(min_free_mb=self._settings.min_free_mb)
        try:
            await self._bring_up()
        except BaseException:
            await self.stop()
            raise
        self._tell(EventKind.READY, _STACK, f"everything runs; the API is at {self.endpoints.gateway_url}", begun)

    async def run_until_stopped(self) -> None:
        """Wait for SIGINT, SIGTERM or `ask_to_stop`. A second signal makes the stop that follows quick.

        Raises:
            StackError: a server or service ended and could not be brought back.
        """
        self._handle_signals()
        asked = asyncio.create_task(self._asked_to_stop.wait())
        try:
            done, _ = await asyncio.wait({asked, *self._watches}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {asked}:
                await task
        except StackError as error:
            self._tell(EventKind.FAILED, _STACK, error.problem)
            raise
        finally:
            await end(asked)

    def ask_to_stop(self) -> None:
        """Let `run_until_stopped` return."""
        if self._asked_to_stop.is_set():
            self._in_a_hurry.set()
        self._asked_to_stop.set()

    async def stop(self) -> None:
        """Finish what is in hand, stop services and servers in order, give the folder back. Can be called twice."""
        begun = time.monotonic()
        if self._servers is not None:
            self._tell(EventKind.STOPPING, _STACK, "stopping; what is in flight goes on at the next start")
        watches, self._watches = self._watches, []
        await end(*watches)
        services, self._services = self._services, ()
        await self._unless_in_a_hurry(self._stop_services(services))
        servers, self._servers = self._servers, None
        if servers is not None:
            await servers.stop()
            self._folder.state_file.unlink(missing_ok=True)
            self._tell(EventKind.STOPPED, _STACK, "stopped", begun)
        self._endpoints = self._service_settings = None
        self._folder.release()
        self._ignore_signals()

    async def _bring_up(self) -> None:
        for name in await self._folder.reclaim():
            self._tell(EventKind.RECLAIMED, name, "a dead stack had left it running; it was ended")
        names = (*PORTS, _GATEWAY)
        chosen = ports.choose(names, self._folder.remembered_ports(), self._settings.fixed_ports())
        self._folder.remember_ports(chosen)
        credentials = self._folder.credentials()
        servers = EmbeddedServers(self._folder, ports=chosen, credentials=credentials, on_event=self._on_event)
        shared = app.shared_settings(servers.addresses, credentials) | self._overrides
        self._service_settings = ServiceSettings(**shared)
        # Built before anything runs: a wrong setting, catalogue or template shows at once.
        providers = app.providers(shared)
        services = app.build_services(shared, providers, gateway_port=chosen[_GATEWAY])
        self._servers = servers
        await servers.start()
        self._watches.append(asyncio.create_task(servers.watch()))
        enough = functools.partial(self._folder.check_space, self._settings.min_free_mb)
        self._watches.append(asyncio.create_task(watch_space(enough, self._on_event)))
        await self._make_topics(self._service_settings, providers)
        self._services = services
        await self._start_services()
        self._watches.append(asyncio.create_task(ServicesWatch(self._services, self._on_event).run()))
        self._endpoints = self._state(servers.addresses, chosen[_GATEWAY], providers)
        self._folder.write_private(self._folder.state_file, self._endpoints.model_dump_json(indent=2))

    async def _make_topics(self, settings: ServiceSettings, providers: tuple[str, ...]) -> None:
        begun = time.monotonic()
        self._tell(EventKind.STARTING, "topics", "making topics")
        made = await app.make_topics(settings, providers)
        self._tell(EventKind.READY, "topics", f"{made.created} made, {made.existing} were there", begun)

    async def _start_services(self) -> None:
        begun = time.monotonic()
        self._tell(EventKind.STARTING, "services", "starting " + ", ".join(each.name for each in self._services))
        starts = [asyncio.create_task(each.start()) for each in self._services]
        try:
            await asyncio.gather(*starts)
        except Exception as error:
            raise ServerFailedError(
                f"a service did not start: {type(error).__name__}: {error}",
                f"read the logs in {self._folder.logs}; this is a fault of the engine if it comes again",
            ) from error
        finally:
            for task in starts:
                task.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
        self._tell(EventKind.READY, "services", f"{len(self._services)} services run", begun)

    async def _stop_services(self, services: tuple[ServiceApp, ...]) -> None:
        await asyncio.gather(*(service.stop() for service in services), return_exceptions=True)

    async def _unless_in_a_hurry(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        hurry = asyncio.create_task(self._in_a_hurry.wait())
        await asyncio.wait({task, hurry}, return_when=asyncio.FIRST_COMPLETED)
        await end(task, hurry)

    def _state(self, addresses: Addresses, gateway_port: int, providers: tuple[str, ...]) -> StackState:
        me = ProcessId.of(os.getpid())
        settings = self.service_settings
        return StackState(
            pid=os.getpid(),
            process_started="" if me is None else me.started,
            kafka_bootstrap=addresses.kafka_bootstrap,
            kafka_idempotence=settings.kafka_idempotence,
            mongo_url=addresses.mongo_url,
            mongo_database=settings.mongo_database,
            s3_endpoint=addresses.s3_endpoint,
            s3_bucket=addresses.s3_bucket,
            gateway_url=f"http://{ports.LOOPBACK}:{gateway_port}",
            providers=providers,
            services=tuple(service.name for service in self._services),
            logs=str(self._folder.logs),
        )

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ask_to_stop)
            self._handled.append(number)

    def _ignore_signals(self) -> None:
        loop = asyncio.get_running_loop()
        while self._handled:
            with contextlib.suppress(ValueError):
                loop.remove_signal_handler(self._handled.pop())

    def _tell(self, kind: EventKind, part: str, text: str, begun: float | None = None) -> None:
        seconds = None if begun is None else time.monotonic() - begun
        self._on_event(StackEvent(kind, part, text, seconds))
