"""Ending background tasks for sure."""

import asyncio
from typing import Any, Final

_AGAIN_S: Final = 1.0


async def end(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel tasks and wait until they have ended; how they ended doesn't matter.

    A task that is in `asyncio.wait_for` (the broker's client uses it everywhere) loses a cancellation that comes
    together with what it waits for (Python before 3.12), and would go on for ever: hence again every second, which also
    bounds what a task may do to clean up.
    """
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_S)
