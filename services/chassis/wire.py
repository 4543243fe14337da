"""What the chassis must know of the events it carries: how to read them and where they go.

Real services use the engine's own (`schemas.events`); the chassis' tests bring small ones.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas import topics
from schemas.base import Event
from schemas.registry import Registry

_VERSION: Final = re.compile(r"\.v([1-9][0-9]*)$")


@dataclass(frozen=True, slots=True)
class Wire:
    """Event classes, the topic of an event, and the event type that a topic carries (KeyError: none of ours)."""

    registry: Registry
    topic_of: Callable[[Event], str]
    event_type_of: Callable[[str], str]


def version_of(topic: str) -> int:
    """The major version that ends a topic's name; 1 where none does."""
    found = _VERSION.search(topic)
    return int(found[1]) if found else 1


def sibling(topic: str, version: int) -> str:
    """The topic of another version of the same events."""
    return f"{_VERSION.sub('', topic)}.v{version}"


def engine_wire() -> Wire:
    """The wire of all events of this engine."""
    # Imported here so that the chassis can be imported, and tested, without loading every contract.
    from schemas.events import REGISTRY, topic_of  # noqa: PLC0415

    return Wire(registry=REGISTRY, topic_of=topic_of, event_type_of=topics.event_type_of)
