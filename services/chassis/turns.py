"""Who of the messages in hand is handled next: so many at once, the urgent ones first."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

#: Of so many turns that are given while both kinds wait, one goes to a message that isn't urgent.
FAIR_EVERY: Final = 8


class Turns:
    """A semaphore with two queues. Who was asked earlier goes earlier, within its queue.

    Args:
        slots: turns at once.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._urgent_in_a_row = 0

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        await self._take(self._urgent if urgent else self._others)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, queue: "deque[asyncio.Future[None]]") -> None:
        if self._free:
            # Nobody waits: a turn that is given back goes to who waits, and is free only when nobody does.
            self._free -= 1
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():
                # Given in the moment in which it was no longer wanted.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._urgent or self._others:
            given = self._next_queue().popleft()
            if not given.done():
                given.set_result(None)
                return
        self._free += 1

    def _next_queue(self) -> "deque[asyncio.Future[None]]":
        if self._urgent and (not self._others or self._urgent_in_a_row < FAIR_EVERY - 1):
            self._urgent_in_a_row = self._urgent_in_a_row + 1 if self._others else 0
            return self._urgent
        self._urgent_in_a_row = 0
        return self._others
