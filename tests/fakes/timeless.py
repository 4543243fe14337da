"""An event loop whose time does not depend on the machine: how busy it is changes nothing of what happens."""

import asyncio
import selectors
from typing import Final

#: What one round of the loop takes.
_ROUND_S: Final = 1e-6


class TimelessLoop(asyncio.SelectorEventLoop):
    """Each round takes a microsecond, and when nothing else is to do the next timer is due at once.

    What only the clock sets off, such as a renewal every second, thus comes when everybody waits, or never.
    """

    def __init__(self) -> None:
        self._elapsed_s = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._elapsed_s

    def skip(self, seconds: float) -> None:
        """Let time go by."""
        self._elapsed_s += seconds


class _Skipping(selectors.DefaultSelector):
    """Lets the loop's time go by where another one waits."""

    def __init__(self, loop: TimelessLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now.

        Raises:
            RuntimeError: nothing is ready, and nothing ever will be.
        """
        found = super().select(0)
        if timeout is None and not found:
            raise RuntimeError("every task waits, and no timer is set")
        self._loop.skip(max(timeout or 0.0, _ROUND_S))
        return found
