"""The event loop of the commands: the one that the services run on."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import uvloop

from services.cli.exits import Exit


def run_in_loop(work: Coroutine[Any, Any, Exit]) -> Exit:
    """Run a command's coroutine to its end; Ctrl-C cancels it and is raised when it has cleaned up."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
