"""The rows of a service's table: which topic goes to which handler, and what comes out.

A service's `app.py` lists them in one visible tuple; the chassis does the rest. Handlers are plain async methods.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.base import Event
from schemas.envelope import Envelope

EventTypes = tuple[type[Event], ...]


@dataclass(frozen=True, slots=True)
class Received:
    """One decoded message with where it came from, for handlers that need more than the event.

    `topic` is without the environment's prefix. `timestamp` is the record's, in milliseconds since 1970 (UTC).
    """

    event: Event
    envelope: Envelope
    topic: str
    partition: int
    offset: int
    key: str | None
    timestamp: int


# A handler takes its own event class; a table of them has no narrower common type than Any.
EventHandler = Callable[[Any], Awaitable[Sequence[Event]]]
BatchHandler = Callable[[Sequence[Received]], Awaitable[Sequence[Event]]]


@dataclass(frozen=True, slots=True)
class On:
    """Each event of `topic` goes to `handler`, which returns the events to publish.

    Messages of one key come in order and one at a time; different keys run at once. The offset is committed after
    every returned event is acknowledged. Returning an event whose class isn't in `emits` is a bug and treated as one.
    Rows of the table that stand earlier are the more urgent ones.

    Of the messages in hand, those of which `urgent` says so are handled first, as far as their keys' order allows.
    """

    topic: str
    handler: EventHandler
    emits: EventTypes = ()
    urgent: Callable[[Any], bool] | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """The one topic, in the form that `OnBatch` has too."""
        return (self.topic,)


@dataclass(frozen=True, slots=True)
class OnBatch:
    """What has arrived on `topics` goes to `handler` together, in order of arrival per partition.

    For projections, where one bulk write replaces hundreds of small ones. A failing batch is tried again message by
    message, so that only the guilty one is dead-lettered: the handler must bear repeats. Quick stage only.
    """

    topics: tuple[str, ...]
    handler: BatchHandler
    emits: EventTypes = ()


Binding = On | OnBatch


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found: `events` are published and acknowledged first, then `confirm()` is awaited."""

    events: Sequence[Event]
    confirm: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """`handler` runs every `every_s` seconds; an error is logged and the next turn tries again."""

    name: str
    handler: Callable[[], Awaitable[Sequence[Swept]]]
    every_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Concurrent:
    """Slow stage: many messages of a partition at once, commits contiguous.

    Attributes:
        slots: messages in work at once in this process (1 to 1000).
        drain_s: seconds that running handlers get to finish when partitions are revoked; meanwhile their group waits.
        stop_s: seconds that they get when the service stops; None = as many.
        per_partition: ceiling per partition; None = twice the slots, shared out over the partitions of its topic.
        fair_every: of so many messages taken, at least one comes from the topic bound last, when it has any.
        ahead: messages taken beside those in work, from which the urgent ones (`On.urgent`) go first.
    """

    slots: int = 64
    drain_s: float = 30.0
    stop_s: float | None = None
    per_partition: int | None = None
    fair_every: int = 8
    ahead: int = 0
