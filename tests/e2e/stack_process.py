"""A local stack in a process of its own, driven as a person would: by the `ice` command."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import httpx

from services.local_stack.state import StackState, read_state

START_S: Final = 90


def ice(*arguments: str, folder: Path | None = None, timeout_s: float = 300) -> Any:
    """Run a command to its end; its JSON answer. Fails with what it printed."""
    where = [] if folder is None else ["--folder", str(folder)]
    ran = subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments, *where, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    assert ran.returncode == 0, f"ice {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
    return json.loads(ran.stdout)


class StackProcess:
    """`ice up` over a folder, from `with` to its end, whichever that is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: StackState | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_everything()

    @property
    def endpoints(self) -> StackState:
        """Where the running stack is."""
        assert self.state is not None
        return self.state

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        log = (self.folder.parent / "up.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up", "--folder", str(self.folder), "--json"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            self.state = read_state(self.folder)
            if self.state is not None:
                return
            assert self._process.poll() is None, (self.folder.parent / "up.log").read_text()[-4000:]
            time.sleep(0.1)
        raise AssertionError(f"ice up didn't start within {START_S} s")

    def kill_everything(self) -> None:
        """SIGKILL to the engine and every server, as a power cut would."""
        if self._process is None:
            return
        for pid in [*descendants(self._process.pid), self._process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._process = None

    def progress(self, project_id: str) -> dict[str, Any]:
        """As the gateway tells it."""
        answer = httpx.get(f"{self.endpoints.gateway_url}/api/v1/projects/{project_id}/progress", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def until(self, project_id: str, ready: int, timeout_s: float) -> dict[str, Any]:
        """Wait until so many runs are ready."""
        deadline = time.monotonic() + timeout_s
        progress: dict[str, Any] = {}
        while time.monotonic() < deadline:
            progress = self.progress(project_id)
            if progress["counts"]["ready"] >= ready:
                return progress
            time.sleep(0.2)
        raise AssertionError(f"{ready} runs were not ready within {timeout_s:.0f} s: {progress.get('counts')}")


def descendants(pid: int) -> list[int]:
    """Every process below `pid`, whatever its group or session."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
