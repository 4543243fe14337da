"""Events as plain dicts inside a document: a stage saves its decision and what it causes in one write (design §3.2)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.wire import engine_wire

StoredEvent = dict[str, Any]


def pack(events: Iterable[Event]) -> list[StoredEvent]:
    """Events as `{"type", "version", "body"}` dicts that any JSON or BSON store takes."""
    return [
        {"type": event.TYPE, "version": event.VERSION, "body": event.model_dump(mode="json", by_alias=True)}
        for event in events
    ]


def unpack(stored: Iterable[Mapping[str, Any]], registry: Registry | None = None) -> tuple[Event, ...]:
    """The events of stored dicts, lifted to their latest version.

    Args:
        stored: what `pack` made, by this or an older release.
        registry: where the classes come from; None = all events of the engine.

    Raises:
        UnreadableEventError: a stored body doesn't fit its event.
        NewerVersionError: written by a newer release.
    """
    known = registry if registry is not None else engine_wire().registry
    return tuple(
        known.decode(str(item["type"]), int(item["version"]), json.dumps(item["body"], ensure_ascii=False).encode())
        for item in stored
    )
