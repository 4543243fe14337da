"""Sheets that were made, and who asked for them, in documents."""

from collections.abc import Iterable, Mapping

from schemas.reference import ReferenceEnded, ReferenceRequested, outranks
from services.chassis.documents import Collection
from services.chassis.latest import LatestEvents


class SheetShelf:
    """`MadeSheets` over one collection."""

    def __init__(self, sheets: Collection) -> None:
        self._latest = LatestEvents(sheets, outranks)

    async def keep(self, ended: ReferenceEnded) -> None:
        """Take an end in. A sheet stays though another making of it fails; one that came before changes nothing."""
        await self._latest.keep(ended.key, ended)

    async def find(self, keys: Iterable[str]) -> Mapping[str, ReferenceEnded]:
        """How sheets ended, by key; those still to come are left out."""
        found = await self._latest.find(keys)
        return {key: event for key, event in found.items() if isinstance(event, ReferenceEnded)}


class FirstAsks:
    """`Asks` over one collection."""

    def __init__(self, asks: Collection) -> None:
        self._asks = asks

    async def is_first(self, asked: ReferenceRequested) -> bool:
        """Whether this is the first request for it, or that one again."""
        if await self._asks.insert({"_id": asked.event_id, "version": 1, "asked_by": asked.asked_by}):
            return True
        first = await self._asks.get(asked.event_id)
        return first is not None and first["asked_by"] == asked.asked_by
