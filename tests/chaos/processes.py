"""Services as processes that are killed, frozen and started again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from services.local_stack.servers.process import Child

ROOT: Final = Path(__file__).resolve().parents[2]
_POLL_S: Final = 0.1


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """All that a process of ours gets to see."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **extra}


def used_s(pid: int) -> float:
    """Processor seconds that a process has used; 0 where /proc can't tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Service:
    """One service process, and how often it ended without being told to.

    Attributes:
        name: of this process, e.g. `generation-2`.
        module: the service, e.g. `generation`.
        port: of its health server.
    """

    name: str
    module: str
    port: int
    env: Mapping[str, str]
    log: Path
    clock: Path
    surprises: int = 0
    frozen: bool = False
    _child: Child | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Process number; None when it does not run."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._child is None:
            argv = (sys.executable, "-W", "ignore", "-m", "tests.chaos.service", self.module)
            self._child = Child(argv, env=environment(self.env), log=self.log, cwd=ROOT)
            self._note("started")

    def kill(self) -> None:
        """SIGKILL, also when it is frozen."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            self.frozen = False
            self._note("killed")

    def freeze(self) -> None:
        """SIGSTOP."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGSTOP)
            self.frozen = True
            self._note("frozen")

    def thaw(self) -> None:
        """SIGCONT."""
        if self._child is not None and self.frozen:
            os.killpg(self._child.pid, signal.SIGCONT)
            self._note("thawed")
        self.frozen = False

    def tell(self) -> None:
        """Have it write to its log what each of its tasks waits for."""
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGUSR1)

    def shift_clock(self, seconds: float) -> None:
        """Move its wall clock; 0 = right again."""
        self.clock.write_text(f"{seconds}\n", encoding="ascii")

    def revive(self) -> None:
        """Start it again when it ended by itself, as a supervisor would; counted."""
        if self._child is not None and self._child.exit_code() is not None:
            self.surprises += 1
            self._note(f"ended by itself with {self._child.exit_code()}")
            self._child = None
            self.start()

    async def ready(self, within_s: float) -> bool:
        """Whether it says within this time that it is ready."""
        until = time.monotonic() + within_s
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            while time.monotonic() < until:
                try:
                    reply = await http.get(f"http://127.0.0.1:{self.port}/readyz")
                except httpx.TransportError:
                    await asyncio.sleep(_POLL_S)
                    continue
                if reply.is_success:
                    return True
                await asyncio.sleep(_POLL_S)
        return False

    async def stop(self, grace_s: float) -> bool:
        """SIGTERM; whether it ended by itself in time."""
        child, self._child = self._child, None
        return child is None or await child.stop(grace_s)

    def _note(self, what: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"--- {time.strftime('%H:%M:%S')} {self.name} {what}\n")
