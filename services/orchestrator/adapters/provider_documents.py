"""`ProviderHealths` in a collection, read at most once in a while: every routing decision asks for it."""

from collections.abc import Mapping

from schemas.provider import ProviderHealthChanged
from services.chassis.clock import Clock
from services.chassis.documents import Collection
from services.chassis.failures import Transient

COLLECTION = "orchestrator_providers"
_RACES = 10


class ProviderDocuments:
    """The providers' health.

    Args:
        collection: the orchestrator's own.
        clock: tells how old what was read is.
        fresh_s: seconds that what was read is good for; another replica may have noted something newer.
    """

    def __init__(self, collection: Collection, clock: Clock, *, fresh_s: float) -> None:
        self._collection = collection
        self._clock = clock
        self._fresh_s = fresh_s
        self._read: tuple[float, Mapping[str, ProviderHealthChanged]] | None = None

    async def note(self, event: ProviderHealthChanged) -> None:
        """Keep it, unless something newer is known.

        Raises:
            Transient: other writers came first again and again.
        """
        for _ in range(_RACES):
            doc = await self._collection.get(event.provider)
            version = int(doc["version"]) if doc is not None else 0
            if doc is not None and _event(doc).sequence >= event.sequence:
                return
            changed = {"_id": event.provider, "version": version + 1, "event": event.model_dump(mode="json")}
            saved = (
                await self._collection.insert(changed)
                if doc is None
                else await self._collection.replace(changed, version)
            )
            if saved:
                self._read = None
                return
        raise Transient(f"health of provider {event.provider}: {_RACES} writes in a row were overtaken")

    async def newest(self) -> Mapping[str, ProviderHealthChanged]:
        """By provider's name, as it was at most `fresh_s` ago."""
        now = self._clock.monotonic()
        if self._read is None or now - self._read[0] >= self._fresh_s:
            docs = await self._collection.find({})
            self._read = (now, {str(doc["_id"]): _event(doc) for doc in docs})
        return self._read[1]


def _event(doc: Mapping[str, object]) -> ProviderHealthChanged:
    return ProviderHealthChanged.model_validate(doc["event"])
