"""Plates and prop views that were made, in documents."""

from collections.abc import Iterable, Mapping

from schemas.base import Event
from schemas.reference import ReferenceFailed, ReferenceReady
from services.chassis.documents import Collection
from services.chassis.latest import LatestEvents
from services.location_conditioning.domain import Ended


class ReferenceShelf:
    """`MadeReferences` over one collection."""

    def __init__(self, references: Collection) -> None:
        self._latest = LatestEvents(references, _outranks)

    async def keep(self, ended: Ended) -> None:
        """Take an end in. A picture stays though another making of it fails; one that came before changes nothing."""
        await self._latest.keep(ended.key, ended)

    async def find(self, keys: Iterable[str]) -> Mapping[str, Ended]:
        """How references ended, by key; those still to come are left out."""
        found = await self._latest.find(keys)
        return {key: event for key, event in found.items() if isinstance(event, ReferenceReady | ReferenceFailed)}


def _outranks(new: Event, counting: Event) -> bool:
    return isinstance(new, ReferenceReady) or isinstance(counting, ReferenceFailed)
