"""Plates and prop views that were made, in documents."""

from collections.abc import Iterable, Mapping

from schemas.reference import ReferenceEnded, outranks
from services.chassis.documents import Collection
from services.chassis.latest import LatestEvents


class ReferenceShelf:
    """`MadeReferences` over one collection."""

    def __init__(self, references: Collection) -> None:
        self._latest = LatestEvents(references, outranks)

    async def keep(self, ended: ReferenceEnded) -> None:
        """Take an end in. A picture stays though another making of it fails; one that came before changes nothing."""
        await self._latest.keep(ended.key, ended)

    async def find(self, keys: Iterable[str]) -> Mapping[str, ReferenceEnded]:
        """How references ended, by key; those still to come are left out."""
        found = await self._latest.find(keys)
        return {key: event for key, event in found.items() if isinstance(event, ReferenceEnded)}
