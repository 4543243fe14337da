"""A generation worker on chosen stores, without a broker."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from schemas.base import Event
from services.chassis.clock import Clock
from services.chassis.documents import DocumentStore
from services.chassis.object_store import ObjectStore
from services.generation.adapters.assets import AssetStore
from services.generation.adapters.ledger import DocumentLedger, DocumentSupersededRuns
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.handlers import Handlers, Ports, Rules
from services.generation.providers.base import ImageProvider

T = TypeVar("T")
LEASE_S = 60.0


class InlineOffload:
    """`Offload` on the caller's own thread."""

    async def run(self, work: Callable[[], T]) -> T:
        return work()


def worker(
    provider: ImageProvider,
    documents: DocumentStore,
    objects: ObjectStore,
    clock: Clock,
    *,
    owner: str = "worker-1",
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD,
    bucket: str = "ice",
) -> Handlers:
    lease = timedelta(seconds=LEASE_S)
    ports = Ports(
        DocumentLedger(documents, clock, lease),
        DocumentSupersededRuns(documents, clock),
        AssetStore(objects, documents, bucket),
        InlineOffload(),
        clock,
    )
    return Handlers(provider, ports, Rules(owner, lease, in_doubt=in_doubt))


def only(events: Sequence[Event]) -> Event:
    """The one event of an answer."""
    assert len(events) == 1, events
    return events[0]
