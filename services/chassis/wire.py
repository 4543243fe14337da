"""What the chassis must know of the events it carries: how to read them and where they go.

Real services use the engine's own (`schemas.events`); the chassis' tests bring small ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

from schemas import topics
from schemas.base import Event
from schemas.registry import Registry


@dataclass(frozen=True, slots=True)
class Wire:
    """Event classes, the topic of an event, and the event type that a topic carries (KeyError: none of ours)."""

    registry: Registry
    topic_of: Callable[[Event], str]
    event_type_of: Callable[[str], str]


def engine_wire() -> Wire:
    """The wire of all events of this engine."""
    # Imported here so that the chassis can be imported, and tested, without loading every contract.
    from schemas.events import REGISTRY, topic_of  # noqa: PLC0415

    return Wire(registry=REGISTRY, topic_of=topic_of, event_type_of=topics.event_type_of)
