"""An image that is lost on its way into the store, and turns up there after its call was answered as in doubt."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from schemas.generation import FailureKind, GenerationCompleted
from services.chassis.failures import Transient
from services.chassis.object_store import NO_METADATA, StoredObject
from services.generation.adapters.ledger import LEDGER
from tests.fakes.crashing import CrashingDocuments, CrashingObjects, Fuse, KilledError
from tests.fakes.generation import LEASE_S, only, worker
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.workbench import Bench, failed, paid


class SlowStore(FakeObjectStore):
    """Answers no write, and carries it out when `land` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = True
        self._underway: list[tuple[str, bytes, str]] = []

    async def put(
        self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        if self.slow:
            self._underway.append((key, data, content_type))
            raise Transient(f"object store, put {key}: read timed out")
        return await super().put(key, data, content_type, metadata)

    async def land(self) -> None:
        self.slow = False
        for write in self._underway:
            await self.put(*write)


async def in_doubt() -> tuple[Bench, SlowStore]:
    """A paid image whose worker died while the store gave no answer; the next worker didn't find it."""
    bench, store = paid(), SlowStore()
    bench.objects = store
    with pytest.raises(Transient, match="timed out"):
        await bench.worker().requested(bench.request())
    bench.clock.advance(LEASE_S + 1)
    assert (await failed(bench)).kind is FailureKind.IN_DOUBT
    return bench, store


async def test_an_image_that_lands_late_ends_the_doubt_and_is_announced_once() -> None:
    bench, store = await in_doubt()
    handlers = bench.worker()
    assert await handlers.late_images() == []
    await store.land()
    (found,) = await handlers.late_images()
    event = only(found.events)
    assert isinstance(event, GenerationCompleted)
    stem = f"vrindavan/sh0020/{event.generation_id}"
    assert sorted(store.objects) == [f"{stem}.png", f"{stem}.thumb.jpg"]
    assert bench.documents.collection("assets").docs[event.generation_id]["sha256"] == event.asset.sha256
    assert bench.ledger_states() == ["done"]

    # Nobody has said so yet: it is said again, also by another process.
    (again,) = await bench.worker().late_images()
    assert [said.event_id for said in again.events] == [event.event_id]
    await again.confirm()
    assert await handlers.late_images() == []
    assert only(await bench.worker().requested(bench.request())) == event
    assert len(bench.provider.calls) == 1


async def test_whoever_dies_while_finishing_it_leaves_it_to_the_next() -> None:
    for operation in range(1, 40):
        bench, store = await in_doubt()
        await store.land()
        fuse = Fuse(operation, after=operation % 2 == 0)
        dying = worker(
            bench.provider,
            CrashingDocuments(bench.documents, fuse),
            CrashingObjects(store, fuse),
            bench.clock,
            owner="dying",
        )
        try:
            for found in await dying.late_images():
                await found.confirm()
        except KilledError:
            bench.clock.advance(LEASE_S + 1)
        else:
            assert operation > 5
            return
        for found in await bench.worker().late_images():
            assert isinstance(only(found.events), GenerationCompleted)
            await found.confirm()
        assert bench.ledger_states() == ["done"]
        (entry,) = bench.documents.collection(LEDGER).docs.values()
        assert (entry["late"], entry["in_doubt"], entry["pending"]) == (False, False, [])
        assert len(store.objects) == 2
    raise AssertionError("it never got through")


async def test_it_is_not_looked_for_forever() -> None:
    bench, store = await in_doubt()
    bench.clock.advance(timedelta(hours=2).total_seconds())
    assert await bench.worker().late_images() == []
    await store.land()
    assert await bench.worker().late_images() == []
    (entry,) = bench.documents.collection(LEDGER).docs.values()
    assert (entry["in_doubt"], entry["state"], entry["requested"]) == (True, "sending", [])
