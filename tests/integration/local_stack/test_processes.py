"""Children: their own group, their end with ours, the clearing of orphans."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.local_stack.errors import LibraryMissingError, PackageMissingError, PortTakenError, ServerFailedError
from services.local_stack.folder import StackFolder
from services.local_stack.servers import packages
from services.local_stack.servers.process import Child, ProcessId, kill_orphan
from services.local_stack.servers.server import Server, ServerPlan

pytestmark = pytest.mark.integration

SLEEP = ("/bin/sleep", "600")


async def until(condition: Callable[[], bool], within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


def child(tmp_path: Path, *argv: str) -> Child:
    return Child(argv, env={"ONLY": "this"}, log=tmp_path / "child.log", cwd=tmp_path)


async def test_a_child_has_its_own_group_and_no_environment_but_ours(tmp_path: Path) -> None:
    started = child(tmp_path, "/bin/sh", "-c", "env; exec sleep 60")
    assert os.getpgid(started.pid) == started.pid
    assert os.getpgid(started.pid) != os.getpgid(0)
    assert await until(lambda: "ONLY=this" in started.log_tail())
    assert "HOME=" not in started.log_tail()
    assert await started.stop(grace_s=60)


async def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    started = child(tmp_path, "/bin/sh", "-c", "trap '' TERM; echo armed; while :; do sleep 0.1; done")
    assert await until(lambda: "armed" in started.log_tail())
    assert not await started.stop(grace_s=0.2)
    assert started.exit_code() == -9


def parent_of_a_child(tmp_path: Path) -> tuple[subprocess.Popen[str], ProcessId]:
    script = (
        "import sys, time; from pathlib import Path; from services.local_stack.servers.process import Child\n"
        f"c = Child({SLEEP!r}, env={{}}, log=Path({str(tmp_path / 'log')!r}), cwd=Path('/'))\n"
        "print(c.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        identity = ProcessId.of(int(parent.stdout.readline()))
    assert identity is not None
    return parent, identity


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent, orphan = parent_of_a_child(tmp_path)
    assert orphan.alive()
    parent.kill()
    parent.wait()
    assert await until(lambda: not orphan.alive())


async def test_an_orphan_is_ended_and_another_process_with_its_number_is_not(tmp_path: Path) -> None:
    started = child(tmp_path, *SLEEP)
    identity = started.identity()
    assert identity is not None
    assert not await kill_orphan(ProcessId(identity.pid, "another start time"))
    assert started.exit_code() is None
    assert await kill_orphan(identity)
    assert await until(lambda: started.exit_code() is not None)
    assert not await kill_orphan(identity)


async def test_the_owner_of_a_folder_clears_the_children_of_a_dead_stack(tmp_path: Path) -> None:
    started = child(tmp_path, *SLEEP)
    identity = started.identity()
    assert identity is not None
    dead = StackFolder(tmp_path / "stack")
    dead.acquire(min_free_mb=0)
    dead.record_children({"broker": identity, "database": ProcessId(1, "never")})
    dead.release()

    fresh = StackFolder(tmp_path / "stack")
    fresh.acquire(min_free_mb=0)
    assert await fresh.reclaim() == ["broker"]
    assert await until(lambda: started.exit_code() is not None)
    assert await fresh.reclaim() == []
    fresh.release()


def server(tmp_path: Path, script: str, start_within_s: float = 60) -> Server:
    async def never() -> bool:
        return False

    argv = ("/bin/sh", "-c", script)
    log = tmp_path / "broker.log"
    return Server(ServerPlan("broker", "Tansu", argv, 1, never, log, tmp_path, start_within_s=start_within_s))


async def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ServerFailedError, match=r"(?s)broker \(Tansu\) ended with exit code 3.*\| what went wrong"):
        await server(tmp_path, "echo what went wrong; exit 3").start()


async def test_a_server_that_never_answers_is_an_error_and_does_not_stay(tmp_path: Path) -> None:
    silent = server(tmp_path, "exec sleep 60", start_within_s=0.5)
    with pytest.raises(ServerFailedError, match=r"did not answer within 0\.5 s"):
        await silent.start()
    assert silent.pid is None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("weed: error while loading shared libraries: libz.so.1: cannot open shared object", LibraryMissingError),
        ("Error: Address already in use (os error 98)", PortTakenError),
    ],
)
async def test_a_known_cause_has_its_own_error(tmp_path: Path, words: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await server(tmp_path, f"echo '{words}'; exit 1").start()


def test_a_missing_package_is_an_error_that_says_how_to_install_it() -> None:
    with pytest.raises(PackageMissingError, match="no-such-server") as caught:
        packages._file_of("no-such-server", "bin/x")
    assert "make demo" in caught.value.mend
