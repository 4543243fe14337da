"""Seeded choices that are the same on every machine, whatever the order of calls elsewhere."""

import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_SEPARATOR: Final = "\x1f"


class Dice:
    """A stream of choices that depends on its name only.

    `random.Random` seeds itself from a string through SHA-512 and its Mersenne Twister is specified, so a stream
    is the same for every platform and process.

    Args:
        parts: what the stream is for, such as a seed and the name of a building.
    """

    __slots__ = ("_name", "_random")

    def __init__(self, *parts: object) -> None:
        self._name = _SEPARATOR.join(str(part) for part in parts)
        self._random = random.Random(self._name)  # noqa: S311 - a drawing, not a secret

    def fork(self, *parts: object) -> "Dice":
        """Return an independent stream, so that one object's choices never shift another's."""
        return Dice(self._name, *parts)

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self._random.random()

    def sign(self) -> float:
        """Return -1.0 or 1.0."""
        return -1.0 if self._random.random() < 0.5 else 1.0

    def count(self, low: int, high: int) -> int:
        """Return a whole number in [low, high]."""
        return low + int(self._random.random() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self._random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options.

        Raises:
            ValueError: there is no option.
        """
        if not options:
            raise ValueError("options is empty: at least one is needed to pick from")
        return options[int(self._random.random() * len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in a seeded order."""
        keyed = [(self._random.random(), index) for index in range(len(options))]
        return [options[index] for _, index in sorted(keyed)]
