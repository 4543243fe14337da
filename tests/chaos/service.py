"""Starts a service as `python -m services.<name>` does, with a wall clock that can be shifted from outside.

    python -m tests.chaos.service orchestrator

The generation worker gets the vendor that bills as its provider. Nothing of this exists in production code.
"""

import asyncio
import runpy
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from services.chassis import clock
from tests.chaos.settings import ServiceHooks

_LOOK_EVERY_S = 0.1


class ShiftedClock(clock.SystemClock):
    """The machine's clock, off by the seconds that a file holds."""

    path: Path | None = None
    _looked_at = 0.0
    _offset = timedelta(0)

    def now(self) -> datetime:
        """The shifted wall clock, aware, in UTC."""
        if self.path is not None and time.monotonic() - self._looked_at > _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self._offset = timedelta(seconds=_read(self.path))
        return super().now() + self._offset


def _read(path: Path) -> float:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0


def _tell_where_tasks_wait(*_: object) -> None:
    """What each task waits for, to the log: for runs that don't settle."""
    for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]
        if not task.done():
            task.print_stack(limit=4, file=sys.stderr)


def main(name: str) -> int:
    """Run one service until it is told to stop."""
    signal.signal(signal.SIGUSR1, _tell_where_tasks_wait)
    hooks = ServiceHooks()
    ShiftedClock.path = hooks.clock
    # Before the services are imported: each takes its clock's class by this name.
    clock.SystemClock = ShiftedClock  # type: ignore[misc]
    if name != "generation":
        runpy.run_module(f"services.{name}", run_name="__main__", alter_sys=True)
        return 0
    from services.chassis.app import main as serve  # noqa: PLC0415 - after the clock
    from services.generation.app import build  # noqa: PLC0415
    from services.generation.settings import GenerationSettings  # noqa: PLC0415
    from tests.chaos.provider import BillingVendorProvider  # noqa: PLC0415

    return serve(lambda: build(GenerationSettings(), BillingVendorProvider(hooks.vendor)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
