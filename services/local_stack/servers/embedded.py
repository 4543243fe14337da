"""The three servers together: started in order, watched, started again when one dies, stopped in order."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.local_stack.errors import StackError
from services.local_stack.events import EventKind, OnEvent, StackEvent
from services.local_stack.folder import Credentials, StackFolder
from services.local_stack.servers import broker, database, object_store
from services.local_stack.servers.process import ProcessId
from services.local_stack.servers.server import Server

PORTS: Final = (*broker.PORTS, *database.PORTS, *object_store.PORTS)
ASSET_BUCKET: Final = "ice"
LOG_BUCKET: Final = "ice-broker-log"

_WATCH_EVERY_S: Final = 0.25
_MOST_RESTARTS: Final = 3
_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where clients find the servers."""

    kafka_bootstrap: str
    mongo_url: str
    s3_endpoint: str
    """`host:port`, plain HTTP."""
    s3_bucket: str


class EmbeddedServers:
    """Broker, database and object store over one folder.

    Args:
        folder: Owned by the caller for as long as the servers run.
        ports: A free port for each of `PORTS`.
        credentials: Keys of the object store.
        on_event: Told of each step; called in the event loop.

    Raises:
        PackageMissingError: a server's package is not installed.
    """

    def __init__(
        self, folder: StackFolder, *, ports: Mapping[str, int], credentials: Credentials, on_event: OnEvent
    ) -> None:
        self._folder = folder
        self._on_event = on_event
        endpoint = object_store.endpoint(ports)
        keys = object_store.Keys(credentials.s3_access_key, credentials.s3_secret_key)
        logs, home = folder.logs, folder.path
        bucket = broker.LogBucket(endpoint=endpoint, bucket=LOG_BUCKET, keys=keys)
        buckets = (ASSET_BUCKET, LOG_BUCKET)
        self.object_store = Server(
            object_store.plan(ports, logs=logs, folder=home, data=folder.object_data, keys=keys, buckets=buckets)
        )
        self.database = Server(database.plan(ports["mongo"], logs=logs, folder=home, data=folder.database_data))
        self.broker = Server(broker.plan(ports["kafka"], logs=logs, folder=home, bucket=bucket))
        self.addresses = Addresses(
            kafka_bootstrap=broker.bootstrap(ports["kafka"]),
            mongo_url=database.url(ports["mongo"]),
            s3_endpoint=endpoint,
            s3_bucket=ASSET_BUCKET,
        )
        self._restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)

    @property
    def servers(self) -> tuple[Server, ...]:
        """Each before what it needs: the broker keeps its log in the object store."""
        return (self.broker, self.database, self.object_store)

    async def start(self) -> None:
        """Start them and wait until each answers in its own protocol. On an error what runs is stopped again.

        Raises:
            StackError: one did not come up.
        """
        try:
            first = [asyncio.create_task(self._start(server)) for server in (self.object_store, self.database)]
            try:
                await asyncio.gather(*first)
            finally:
                for task in first:
                    task.cancel()
                await asyncio.gather(*first, return_exceptions=True)
            await self._start(self.broker)
        except BaseException:
            await self.stop()
            raise

    async def watch(self) -> None:
        """Start a server again when it ends by itself. Returns only by an error or when it is cancelled.

        Raises:
            StackError: a server ended too often, or can't be started again.
        """
        while True:
            for server in reversed(self.servers):
                if server.exit_code() is not None:
                    await self._restart(server)
            await asyncio.sleep(_WATCH_EVERY_S)

    async def stop(self) -> None:
        """Stop them, each with SIGTERM and, where that is not enough, SIGKILL; the broker before its storage."""

        async def broker_then_storage() -> None:
            await self._stop(self.broker)
            await self._stop(self.object_store)

        await asyncio.gather(broker_then_storage(), self._stop(self.database))
        self._record()

    def kill(self) -> None:
        """SIGKILL all of them, as a crash of the machine would."""
        for server in self.servers:
            server.kill()

    async def _start(self, server: Server) -> None:
        self._tell(EventKind.STARTING, server, f"starting {server.plan.product}")
        begun = time.monotonic()
        server.spawn()
        self._record()
        await server.wait_ready()
        took = time.monotonic() - begun
        self._tell(EventKind.READY, server, f"{server.plan.product} answers on port {server.plan.port}", took)

    async def _stop(self, server: Server) -> None:
        if server.pid is None:
            return
        begun = time.monotonic()
        by_itself = await server.stop()
        took = time.monotonic() - begun
        text = "stopped" if by_itself else f"did not stop in {server.plan.stop_within_s:g} s and was killed"
        self._tell(EventKind.STOPPED, server, text, took)

    async def _restart(self, server: Server) -> None:
        failure = server.failure(f"ended by itself with exit code {server.exit_code()}")
        now = time.monotonic()
        if len(self._restarts) == _MOST_RESTARTS and now - self._restarts[0] < _WITHIN_S:
            raise failure
        self._restarts.append(now)
        self._tell(EventKind.ENDED, server, f"{failure.problem}\n  it is started again")
        try:
            await self._start(server)
        except StackError as again:
            raise again from failure

    def _record(self) -> None:
        children: dict[str, ProcessId] = {}
        for server in self.servers:
            identity = server.identity()
            if identity is not None:
                children[server.plan.name] = identity
        self._folder.record_children(children)

    def _tell(self, kind: EventKind, server: Server, text: str, seconds: float | None = None) -> None:
        self._on_event(StackEvent(kind, server.plan.name, text, seconds))
