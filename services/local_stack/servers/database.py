"""The embedded database: SecantusDB, which speaks MongoDB's protocol.

It is GPL software: it runs as a process of its own, and nothing of it is imported.
"""

from pathlib import Path
from typing import Final

from services.local_stack.servers import packages, probes
from services.local_stack.servers.ports import LOOPBACK
from services.local_stack.servers.server import ServerPlan

NAME: Final = "database"
PORTS: Final = ("mongo",)


def url(port: int) -> str:
    """Address for MongoDB clients. It claims to be a replica set of one, so they must connect directly."""
    return f"mongodb://{LOOPBACK}:{port}/?directConnection=true"


def plan(port: int, *, logs: Path, folder: Path, data: Path | None) -> ServerPlan:
    """How to run the database over its data folder, or in memory when `data` is None (for tests).

    Raises:
        PackageMissingError: secantusdb is not installed.
    """
    storage: tuple[str, ...] = ("--storage-path=:memory:",)
    if data is not None:
        # Without it the log is buffered in the process: after kill -9 acknowledged writes were missing
        # (measured: up to 19 of the last 50).
        storage = (f"--storage-path={data}", "--sync-on-commit")

    async def ready() -> bool:
        return await probes.mongo_answers(url(port))

    return ServerPlan(
        name=NAME,
        product="SecantusDB",
        argv=(
            str(packages.secantusd()),
            f"--host={LOOPBACK}",
            f"--port={port}",
            "--cache-size=256M",
            "--log-level=INFO",
            *storage,
        ),
        # It reads a configuration file from its home, which must not be the user's.
        env={"HOME": str(folder)},
        port=port,
        ready=ready,
        log=logs / f"{NAME}.log",
        folder=folder,
    )
