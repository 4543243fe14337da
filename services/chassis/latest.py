"""The event that counts of each subject: kept in documents, whatever order and how often events come."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.documents import Collection, Document
from services.chassis.stored_events import pack, unpack

#: Events of one subject that are told from new ones when they come again.
_REMEMBERED: Final = 256

Outranks = Callable[[Event, Event], bool]
"""Whether a new event (first) takes the place of the one that counted (second)."""


class LatestEvents:
    """One event per key.

    Args:
        kept: where they are.
        outranks: which of two counts.
        registry: classes of the events; None = all events of the engine.
    """

    def __init__(self, kept: Collection, outranks: Outranks, registry: Registry | None = None) -> None:
        self._kept = kept
        self._outranks = outranks
        self._registry = registry

    async def keep(self, key: str, event: Event) -> None:
        """Take an event in; one that came before changes nothing, even if another has taken its place."""
        while True:
            found = await self._kept.get(key)
            if found is None:
                if await self._kept.insert(_document(key, 1, event, [event.event_id])):
                    return
                continue
            if event.event_id in found["seen"]:
                return
            (counting,) = unpack(found["event"], self._registry)
            newest = event if self._outranks(event, counting) else counting
            seen = [*found["seen"], event.event_id][-_REMEMBERED:]
            if await self._kept.replace(_document(key, found["version"] + 1, newest, seen), found["version"]):
                return

    async def find(self, keys: Iterable[str]) -> Mapping[str, Event]:
        """The events that count, by key; keys of which nothing was heard are left out."""
        wanted = sorted(set(keys))
        found = await self._kept.find({"_id": {"$in": wanted}}) if wanted else []
        return {doc["_id"]: unpack(doc["event"], self._registry)[0] for doc in found}


def _document(key: str, version: int, event: Event, seen: list[str]) -> Document:
    return {"_id": key, "version": version, "event": list(pack((event,))), "seen": seen}
