"""Every topic goes into the read model, a batch at a time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from schemas.adapter import AdapterDefined
from schemas.base import Event
from services.chassis.bindings import Received
from services.chassis.documents import DocumentStore, Upsert
from services.gateway.domain import Arrival, Write, project_event
from services.gateway.registry.book import AdapterBook


class Handlers:
    """Projects what arrives. Repeats and reordering are harmless: each event sets fields of its own."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._book = AdapterBook(documents)

    async def project(self, messages: Sequence[Received]) -> Sequence[Event]:
        """Write one batch, one round trip per collection; nothing is emitted."""
        by_collection: defaultdict[str, list[Write]] = defaultdict(list)
        for message in messages:
            if isinstance(message.event, AdapterDefined):
                await self._book.keep(message.event.project_id, message.event.adapter)
            copied = message.envelope.replayed_from is not None
            arrival = Arrival(message.topic, message.partition, message.offset, message.timestamp, copied)
            for write in project_event(message.event, arrival):
                by_collection[write.collection].append(write)
        for name, writes in by_collection.items():
            await self._documents.collection(name).write_many(
                [Upsert(write.id, write.set, write.on_insert, write.least) for write in _merged(writes)]
            )
        return ()


def _merged(writes: Sequence[Write]) -> list[Write]:
    """Writes of one document joined into one, in order: a batch often holds a run's whole way."""
    joined: dict[str, Write] = {}
    for write in writes:
        before = joined.get(write.id)
        if before is None:
            joined[write.id] = write
            continue
        fields = {**before.set, **write.set}
        first = {**write.on_insert, **before.on_insert}
        least = {**before.least, **{k: min(v, before.least.get(k, v)) for k, v in write.least.items()}}
        joined[write.id] = Write(write.collection, write.id, fields, first, least)
    return [
        replace(item, on_insert={name: value for name, value in item.on_insert.items() if name not in item.set})
        for item in joined.values()
    ]
