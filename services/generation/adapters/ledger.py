"""The ledger and the superseded runs in the document database."""

from collections.abc import Collection
from datetime import timedelta

from services.chassis import documents as stores
from services.chassis.clock import Clock
from services.chassis.documents import DocumentStore
from services.generation.adapters.claims import LeasedClaim
from services.generation.domain.ledger import Entry
from services.generation.ports import Claim

LEDGER = "ledger"
SUPERSEDED_RUNS = "superseded_runs"
_MOST_LATE = 50


class DocumentLedger:
    """Entries in the collection `ledger`, `_id` = generation id.

    Args:
        documents: where the collection is.
        clock: by which leases end.
        lease: how long a claim holds without renewal.
    """

    def __init__(self, documents: DocumentStore, clock: Clock, lease: timedelta) -> None:
        self._entries: stores.Collection = documents.collection(LEDGER)
        self._clock = clock
        self._lease = lease

    async def prepare(self) -> None:
        """Create the indexes that an operator's questions need: by run, and what is in doubt."""
        await self._entries.ensure_index([("run_id", 1)])
        await self._entries.ensure_index([("provider", 1), ("state", 1)])
        await self._entries.ensure_index([("in_doubt", 1), ("state", 1)])
        await self._entries.ensure_index([("late", 1), ("provider", 1)])

    async def get(self, generation_id: str) -> Entry | None:
        """The entry, or None."""
        doc = await self._entries.get(generation_id)
        return None if doc is None else Entry.model_validate(doc)

    async def insert(self, entry: Entry) -> bool:
        """Add a first entry; False when there is one already."""
        return await self._entries.insert(_to_doc(entry))

    async def advance(self, entry: Entry) -> bool:
        """Replace the entry by its next version; False when somebody else has changed it meanwhile."""
        return await self._entries.replace(_to_doc(entry), entry.version - 1)

    def hold(self, entry: Entry) -> Claim:
        """The claim that this process has just written as `entry`."""
        return LeasedClaim(entry, self.advance, self._clock, self._lease)

    async def in_doubt(self, provider: str) -> int:
        """How many calls of a provider are in doubt."""
        return await self._entries.count({"in_doubt": True, "provider": provider})

    async def late(self, provider: str) -> list[Entry]:
        """Calls whose lost image is looked for, the longest untouched first; some of many."""
        docs = await self._entries.find({"late": True, "provider": provider}, [("updated_at", 1)], _MOST_LATE)
        return [Entry.model_validate(doc) for doc in docs]


class DocumentSupersededRuns:
    """Run ids in the collection `superseded_runs`, each with the time when it was noticed."""

    def __init__(self, documents: DocumentStore, clock: Clock) -> None:
        self._runs: stores.Collection = documents.collection(SUPERSEDED_RUNS)
        self._clock = clock

    async def add(self, run_id: str) -> None:
        """Remember a run; a repeat changes nothing."""
        await self._runs.insert({"_id": run_id, "noticed_at": self._clock.now().isoformat()})

    async def has(self, run_id: str) -> bool:
        """Whether the run was superseded."""
        return await self._runs.get(run_id) is not None

    async def among(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that were superseded."""
        return {doc["_id"] for doc in await self._runs.find({"_id": {"$in": sorted(run_ids)}})}


def _to_doc(entry: Entry) -> dict[str, object]:
    return {"_id": entry.generation_id, **entry.model_dump(mode="json")}
