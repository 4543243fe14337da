"""Who goes next: the express lane before the standard lane, which still gets its turns."""

from collections import deque
from typing import Final, Generic, TypeVar

from schemas.topics import Lane

T = TypeVar("T")

#: Of so many in a row, one is of the standard lane when both lanes wait.
EVERY: Final = 4


class Turns(Generic[T]):
    """A queue of both lanes, first in first out within each."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[T]] = {lane: deque() for lane in Lane}
        self._express_in_a_row = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(len(waiting) for waiting in self._lanes.values())

    def put(self, lane: Lane, item: T) -> None:
        """Stand at the end of a lane."""
        self._lanes[lane].append(item)

    def take(self) -> T:
        """The next.

        Raises:
            IndexError: nobody waits.
        """
        express, standard = self._lanes[Lane.EXPRESS], self._lanes[Lane.STANDARD]
        if express and (not standard or self._express_in_a_row < EVERY - 1):
            self._express_in_a_row = self._express_in_a_row + 1 if standard else 0
            return express.popleft()
        self._express_in_a_row = 0
        return standard.popleft()

    def remove(self, item: T) -> None:
        """Leave the queue; nothing happens when the item isn't in it."""
        for waiting in self._lanes.values():
            if item in waiting:
                waiting.remove(item)

    def everybody(self) -> list[T]:
        """Who waits, the express lane first."""
        return [item for lane in (Lane.EXPRESS, Lane.STANDARD) for item in self._lanes[lane]]
