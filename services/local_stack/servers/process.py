"""One child process: its own group, its log file, and the identity by which a later start can recognise it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("launch.py")
_POLL_S: Final = 0.02
_STAT_START_TIME: Final = 19
"""Index of field 22 (start time in clock ticks since boot) among the fields after the command's closing bracket."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process, told apart from a later one that was given the same number by its start time."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """The identity of a running process; None when there is none, or only a zombie."""
        started = _start_time(pid)
        return None if started is None else cls(pid, started)

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_time(self.pid) == self.started


def _start_time(pid: int) -> str | None:
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in {"Z", "X"} else fields[_STAT_START_TIME]
    # macOS and the BSDs have no /proc; their ps prints the start time in full.
    answer = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return None if len(answer) < 2 or answer[0].startswith("Z") else answer[1].strip()  # noqa: PLR2004


class Child:
    """A started server process.

    It runs in a session of its own, so that a Ctrl-C in our terminal does not reach it: we stop it, in order. Start it
    from the main thread: Linux ties its life to the thread that started it.
    """

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path) -> None:
        """Start `argv` (an absolute program path first).

        The child's environment is `env` and nothing else, so that nothing in the user's shell (`AWS_PROFILE`,
        `LISTENER_URL`, proxies) changes what the server does. What it prints goes to the end of `log`.
        """
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *argv]
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process number; the group and the session have the same."""
        return self._process.pid

    def identity(self) -> ProcessId | None:
        """For the folder's record of children; None when it has ended."""
        return ProcessId.of(self.pid)

    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def log_tail(self, lines: int = 12) -> str:
        """The last lines that this process (not an earlier one) logged."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                text = log.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def kill(self) -> None:
        """SIGKILL the whole group, as a crash would, and reap it."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    async def stop(self, grace_s: float) -> bool:
        """SIGTERM, then SIGKILL after `grace_s` seconds. Returns whether it ended by itself in time."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                self.kill()
                return False
            await asyncio.sleep(_POLL_S)
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                return


async def kill_orphan(orphan: ProcessId, grace_s: float = 5.0) -> bool:
    """End a process of a dead stack: SIGTERM, then SIGKILL. Returns whether it was still there.

    A process with the same number but another start time is not ours and is left alone.
    """
    if not orphan.alive():
        return False
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, grace_s)):
        try:
            os.killpg(orphan.pid, number)
        except ProcessLookupError:
            return True
        if await _ended(orphan, wait_s):
            break
    return True


async def _ended(process: ProcessId, within_s: float) -> bool:
    for _ in range(int(within_s / _POLL_S)):
        if not process.alive():
            return True
        await asyncio.sleep(_POLL_S)
    return False
