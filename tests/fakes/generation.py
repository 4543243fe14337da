"""A generation worker on chosen stores, without a broker."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from schemas.base import Event
from services.chassis.clock import Clock
from services.chassis.documents import DocumentStore
from services.chassis.object_store import ObjectStore
from services.generation.adapters.assets import AssetStore
from services.generation.adapters.callbacks import CallbackBoard
from services.generation.adapters.ledger import DocumentLedger, DocumentSupersededRuns
from services.generation.adapters.limits import NoLimits
from services.generation.adapters.memory import Room
from services.generation.adapters.metrics import GenerationMetrics
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.handlers import Handlers
from services.generation.ports import Limits, Ports, Rules
from services.generation.providers.base import ImageProvider

T = TypeVar("T")
LEASE_S = 60.0
ROOM = 1 << 30


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
    limits: Limits | None = None,
    memory: Room | None = None,
    **rules: Any,
) -> Handlers:
    """A worker; `rules` are fields of `Rules`."""
    lease = timedelta(seconds=LEASE_S)
    ports = Ports(
        ledger=DocumentLedger(documents, clock, lease),
        superseded=DocumentSupersededRuns(documents, clock),
        assets=AssetStore(objects, documents, bucket),
        offload=InlineOffload(),
        limits=limits or NoLimits(clock),
        memory=memory or Room(ROOM),
        unpacking=Room(ROOM),
        meter=GenerationMetrics(provider.name),
        clock=clock,
    )
    callbacks = CallbackBoard(documents, provider.name, clock)
    return Handlers(provider, ports, callbacks, Rules(owner, lease, in_doubt=in_doubt, **rules))


def only(events: Sequence[Event]) -> Event:
    """The one event of an answer."""
    assert len(events) == 1, events
    return events[0]
