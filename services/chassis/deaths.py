"""Which message kills its process: what is counted over lives, and what follows from it. Pure.

A life that ends without a word leaves, at the offset that its group has committed, a mark which it would otherwise have
taken away: by a commit further on, or when it stopped in order. Marks are the metadata of that commit.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

#: A message that was alone in hand when its process died may have had bad luck once, not twice.
ALONE: Final = 2
_TEXT: Final = re.compile(r"ice-lives ([0-9]{1,6}) alone ([0-9]{1,6})")


class Course(Enum):
    """How the messages behind a committed offset are taken."""

    TOGETHER = "together"
    """As always."""
    ONE_AT_A_TIME = "one at a time"
    """Nothing beside it in the whole process, so that a death has one suspect only."""
    DEAD_LETTER = "dead letter"
    """The first of them has killed its process."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands at a committed offset.

    Attributes:
        lives: lives that began there and neither got past it nor stopped in order.
        alone: lives beside these that had only the message at this offset in hand.
    """

    lives: int = 0
    alone: int = 0

    @property
    def text(self) -> str:
        """As it is stored; empty for none."""
        return f"ice-lives {self.lives} alone {self.alone}" if self.lives or self.alone else ""

    def course(self, limit: int) -> Course:
        """What `limit` lives (at least 1; 0 = never) and two deaths alone lead to."""
        if not limit:
            return Course.TOGETHER
        if self.alone >= ALONE:
            return Course.DEAD_LETTER
        return Course.ONE_AT_A_TIME if self.alone or self.lives >= limit else Course.TOGETHER

    def begun(self) -> "Mark":
        """One more life begins here, as always."""
        return Mark(self.lives + 1, self.alone)

    def begun_alone(self) -> "Mark":
        """The message is handed out alone."""
        return Mark(self.lives, self.alone + 1)


def read(text: str | None) -> Mark:
    """The mark in a commit's metadata; none where there is none of ours."""
    found = _TEXT.fullmatch(text or "")
    return Mark(int(found[1]), int(found[2])) if found else Mark()
