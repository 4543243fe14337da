"""A server that we start, wait for, watch and stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.local_stack.errors import (
    DiskFullError,
    LibraryMissingError,
    PortTakenError,
    ServerFailedError,
    StackError,
)
from services.local_stack.servers import packages, probes
from services.local_stack.servers.process import Child, ProcessId

_PROBE_EVERY_S: Final = 0.03
_KEEP_LOG_BYTES: Final = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """How to run one server and how to know that it works."""

    name: str
    """What it is to us: `broker`, `database`, `object-store`. Also its log's file name."""
    product: str
    """Which program plays that part, for people: `Tansu`, `SeaweedFS`, `SecantusDB`."""
    argv: tuple[str, ...]
    """Absolute program path, then its arguments."""
    port: int
    """The loopback port on which its clients find it."""
    ready: Callable[[], Awaitable[bool]]
    """Asks it something in its own protocol; True when it can work."""
    log: Path
    folder: Path
    """Working folder; exists."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Its whole environment. May hold secrets, so it is never printed."""
    start_within_s: float = 30.0
    stop_within_s: float = 15.0


class Server:
    """One embedded server over its plan."""

    def __init__(self, plan: ServerPlan) -> None:
        self.plan = plan
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """Process number of the running child."""
        return None if self._child is None else self._child.pid

    def identity(self) -> ProcessId | None:
        """Who the running child is, for the folder's record; None when it is not running."""
        return None if self._child is None else self._child.identity()

    def spawn(self) -> None:
        """Start the process without waiting for it."""
        rotate_log(self.plan.log)
        self._child = Child(self.plan.argv, env=self.plan.env, log=self.plan.log, cwd=self.plan.folder)

    async def start(self) -> float:
        """Start the process and wait until it answers. Returns the seconds that it took.

        Raises:
            PortTakenError: another process took its port meanwhile.
            LibraryMissingError: the program does not run on this system.
            DiskFullError: the disk is full.
            ServerFailedError: it ended, or did not answer within `start_within_s`. Quotes its last log lines.
        """
        begun = time.monotonic()
        self.spawn()
        await self.wait_ready()
        return time.monotonic() - begun

    async def wait_ready(self) -> None:
        """Wait until the spawned process answers in its own protocol; kill it when it never does.

        Raises:
            StackError: as `start`.
        """
        deadline = time.monotonic() + self.plan.start_within_s
        while True:
            if self.exit_code() is not None:
                raise self.failure(f"ended with exit code {self.exit_code()} before it answered")
            if await probes.port_open(self.plan.port) and await self.plan.ready():
                return
            if time.monotonic() > deadline:
                failure = self.failure(f"did not answer within {self.plan.start_within_s:g} s")
                self.kill()
                raise failure
            await asyncio.sleep(_PROBE_EVERY_S)

    def exit_code(self) -> int | None:
        """None while it runs (or was never started)."""
        return None if self._child is None else self._child.exit_code()

    async def stop(self) -> bool:
        """SIGTERM, then SIGKILL. Returns whether it ended by itself in time."""
        child, self._child = self._child, None
        return True if child is None else await child.stop(self.plan.stop_within_s)

    def kill(self) -> None:
        """SIGKILL at once, as a crash would."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def failure(self, what: str) -> StackError:
        """The error that fits what the server's log says."""
        plan = self.plan
        tail = "" if self._child is None else self._child.log_tail()
        quoted = "\n".join(f"    | {line}" for line in tail.splitlines()) or "    | (it logged nothing)"
        problem = f"the {plan.name} ({plan.product}) {what}; the end of {plan.log}:\n{quoted}"
        if packages.ran_out_of_disk(tail):
            return DiskFullError(problem, "free some space, or put the stack's folder on another disk")
        if packages.lacks_library(tail):
            return LibraryMissingError(
                problem,
                "install the library named above with your system's package manager (on Debian and Ubuntu "
                "`apt-get install`), or use Docker Compose, which brings its own",
            )
        if packages.lost_its_port(tail):
            return PortTakenError(problem, "start again: another port will be chosen")
        return ServerFailedError(problem, f"read {plan.log}; if its data is damaged, move the stack's folder away")


def rotate_log(log: Path) -> None:
    """Keep one earlier log file once this one has grown past 5 MiB."""
    if log.exists() and log.stat().st_size > _KEEP_LOG_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))
