"""What the stack tells whoever runs it while it starts, runs and stops."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a part of the stack."""

    STARTING = "starting"
    READY = "ready"
    RECLAIMED = "reclaimed"
    """Something that a dead stack left behind was cleared away."""
    ENDED = "ended"
    """A server ended by itself; it is started again."""
    WARNING = "warning"
    """It goes on, but somebody should look."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One line for a person. `part` is a server's or service's name, or `stack`."""

    kind: EventKind
    part: str
    text: str
    seconds: float | None = None
    """How long it took, where that is known."""


OnEvent = Callable[[StackEvent], None]


def ignore(event: StackEvent) -> None:
    """For whoever does not want to know."""
    del event
