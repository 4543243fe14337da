"""What a replay has read and sent, counted, with the first of those that couldn't be read by name."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

Trouble = Literal["unreadable", "newer"]

_NAMED: Final = 20
_REASON: Final = 300


class Named(BaseModel):
    """A record that can't be replayed, and why."""

    model_config = ConfigDict(frozen=True)

    kind: Trouble
    partition: int
    offset: int
    reason: str


class Tally(BaseModel):
    """Counts of one replay, over all of its resumptions."""

    read: int = 0
    """Records looked at in the last pass."""
    published: int = 0
    """Events sent and acknowledged."""
    copies: int = 0
    """Copies of earlier replays, skipped."""
    others: int = 0
    """Events that weren't asked for."""
    unreadable: int = 0
    """Records that are no events: what every consumer dead-letters."""
    newer: int = 0
    """Events of a newer version than this program knows."""
    named: tuple[Named, ...] = ()
    """The first of the last two."""

    def trouble(self, kind: Trouble, partition: int, offset: int, reason: str) -> None:
        """Count a record that can't be replayed, and name it if it is among the first."""
        if kind == "newer":
            self.newer += 1
        else:
            self.unreadable += 1
        if len(self.named) < _NAMED:
            short = reason if len(reason) <= _REASON else reason[: _REASON - 1] + "…"
            self.named = (*self.named, Named(kind=kind, partition=partition, offset=offset, reason=short))

    def summary(self) -> dict[str, Any]:
        """For programs."""
        return {
            "read": self.read,
            "published": self.published,
            "skipped": {
                "copies": self.copies,
                "not_asked_for": self.others,
                "unreadable": self.unreadable,
                "newer_version": self.newer,
            },
            "not_replayable": [item.model_dump() for item in self.named],
        }
