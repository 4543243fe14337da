"""Memory that images in flight may take, as a bounded room, and the images that wait there to be stored."""

import asyncio
from collections import deque


class Room:
    """So many bytes, given out first in first out. One that is larger than the whole room gets in alone.

    Args:
        capacity: bytes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def used(self) -> int:
        """Bytes given out."""
        return self._used

    async def enter(self, size: int) -> "Place":
        """Wait until `size` bytes are free, and take them."""
        if not self._waiting and self._fits(size):
            self._used += size
            return Place(self, size)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.change(-size)
            raise
        return Place(self, size)

    def change(self, by: int) -> None:
        """Take or give bytes at once; used by places."""
        self._used += by
        while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._used += size
                turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return self._used == 0 or self._used + size <= self._capacity


class Place:
    """Bytes taken in a room, until `leave`."""

    def __init__(self, room: Room, size: int) -> None:
        self._room = room
        self._size = size

    def resize(self, size: int) -> None:
        """What it really takes, once that is known; may exceed the room, which then lets nobody in for a while."""
        by, self._size = size - self._size, size
        self._room.change(by)

    def leave(self) -> None:
        """Give everything back. A second call does nothing."""
        self.resize(0)
