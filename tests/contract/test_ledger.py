"""The ledger's promises, on the fake and on a real database: nothing lost, nothing paid twice, one result."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from pydantic import SecretStr

from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents, DocumentStore
from services.chassis.failures import Busy
from services.chassis.settings import ServiceSettings
from services.generation.adapters.ledger import LEDGER, DocumentLedger, DocumentSupersededRuns
from services.generation.domain import ledger as rules
from services.generation.domain.ledger import Entry, InDoubtPolicy, State
from services.generation.providers.base import GeneratedImage
from tests.fakes.clock import FakeClock
from tests.fakes.crashing import CrashingDocuments, CrashingObjects, Fuse, KilledError
from tests.fakes.documents import FakeDocuments
from tests.fakes.generation import LEASE_S, only, worker
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.provider import FakeProvider, picture
from tests.fakes.requests import a_request

LEASE = timedelta(seconds=60)
MOST_OPERATIONS = 40


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def database(request: pytest.FixtureRequest) -> ServiceSettings | None:
    """Where a real database is; None for the fake."""
    if request.param == "fake":
        return None
    return ServiceSettings(
        mongo_url=SecretStr(cast("str", request.getfixturevalue("mongo_url"))),
        mongo_database=cast("str", request.getfixturevalue("mongo_database")),
    )


@pytest.fixture
async def documents(database: ServiceSettings | None) -> AsyncIterator[DocumentStore]:
    """A document database, empty."""
    if database is None:
        yield FakeDocuments()
        return
    opened = Documents(database)
    await opened.start()
    yield opened
    await opened.stop()


def an_entry() -> Entry:
    return rules.claim(a_request(), owner="a", free=False, now=SystemClock().now(), lease=LEASE)


async def test_a_first_claim_is_granted_once(documents: DocumentStore) -> None:
    ledger = DocumentLedger(documents, SystemClock(), LEASE)
    await ledger.prepare()
    assert await ledger.insert(an_entry())
    assert not await ledger.insert(an_entry())


async def test_an_entry_is_read_as_it_was_written(documents: DocumentStore) -> None:
    ledger, entry = DocumentLedger(documents, SystemClock(), LEASE), an_entry()
    await ledger.insert(entry)
    assert await ledger.get(entry.generation_id) == entry
    assert await ledger.get("unknown") is None


async def test_of_two_changes_of_one_version_the_second_is_refused(documents: DocumentStore) -> None:
    ledger, entry = DocumentLedger(documents, SystemClock(), LEASE), an_entry()
    await ledger.insert(entry)
    now = entry.created_at
    assert await ledger.advance(rules.taken(entry, owner="b", now=now, lease=LEASE))
    assert not await ledger.advance(rules.sending(entry, now=now, lease=LEASE))
    found = await ledger.get(entry.generation_id)
    assert found is not None
    assert (found.owner, found.state, found.fence) == ("b", State.CLAIMED, 2)


async def test_superseded_runs_are_remembered(documents: DocumentStore) -> None:
    runs = DocumentSupersededRuns(documents, SystemClock())
    await runs.add("run-1")
    await runs.add("run-1")
    assert await runs.has("run-1")
    assert not await runs.has("run-2")


class Scene:
    """One request, worked on by processes that are killed one after another."""

    def __init__(self, documents: DocumentStore, provider: FakeProvider, attempt: int) -> None:
        self.documents = documents
        self.objects = FakeObjectStore()
        self.provider = provider
        self.clock = FakeClock()
        self.request = a_request(
            provider=provider.name, model=provider.name, attempt=attempt, estimated_cost_usd_micros=40_000
        )

    async def killed_at(self, operation: int, *, after: bool) -> bool:
        """Run a process that dies at its n-th operation; False when it got through."""
        fuse = Fuse(operation, after=after)
        handlers = worker(
            self.provider,
            CrashingDocuments(self.documents, fuse),
            CrashingObjects(self.objects, fuse),
            self.clock,
            owner=f"killed-{operation}",
        )
        try:
            await handlers.requested(self.request)
        except KilledError:
            self.clock.advance(LEASE_S + 1)
            return True
        return False

    async def answer(self, policy: InDoubtPolicy = InDoubtPolicy.HOLD) -> GenerationCompleted | GenerationFailed:
        """What a healthy process answers in the end."""
        handlers = worker(self.provider, self.documents, self.objects, self.clock, owner="healthy", in_doubt=policy)
        for _ in range(5):
            try:
                event = only(await handlers.requested(self.request))
            except Busy:
                continue
            assert isinstance(event, GenerationCompleted | GenerationFailed)
            return event
        raise AssertionError("no answer after five tries")

    async def assert_one_result(self, event: GenerationCompleted) -> None:
        """Exactly one image, one record, and both are those of the event."""
        images = [key for key in self.objects.objects if key.endswith(f"{event.generation_id}.png")]
        assert len(images) == 1
        stored = await self.objects.stat(event.asset.uri)
        assert stored is not None
        assert stored.sha256 == event.asset.sha256
        assert await self.documents.collection("assets").count({"_id": event.generation_id}) == 1
        assert await self.documents.collection(LEDGER).count({"_id": event.generation_id, "state": "done"}) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_free_call_survives_a_kill_at_every_operation(documents: DocumentStore, after: bool) -> None:
    for operation in range(1, MOST_OPERATIONS):
        scene = Scene(documents, FakeProvider("previz"), attempt=operation)
        killed = await scene.killed_at(operation, after=after)
        event = await scene.answer()
        assert isinstance(event, GenerationCompleted), operation
        await scene.assert_one_result(event)
        if not killed:
            assert operation > 4
            return
    raise AssertionError("the process never got through")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("vendor_job_id", [None, "job-1"], ids=["answers-at-once", "job"])
async def test_a_paid_call_is_never_sent_twice_whatever_the_kill(
    documents: DocumentStore, after: bool, vendor_job_id: str | None
) -> None:
    outcomes = set()
    for operation in range(1, MOST_OPERATIONS):
        scene = Scene(documents, FakeProvider("acme", free=False, vendor_job_id=vendor_job_id), attempt=operation)
        # Every answer of this vendor is another picture: a second result could not go unnoticed.
        scene.provider.answers = [GeneratedImage(picture(shade=shade)) for shade in (10, 60, 110, 160, 210)]
        killed = await scene.killed_at(operation, after=after)
        event = await scene.answer()
        assert len(scene.provider.calls) <= 1, operation
        if isinstance(event, GenerationCompleted):
            assert len(scene.provider.calls) == 1
            await scene.assert_one_result(event)
            outcomes.add("completed")
        else:
            assert (event.kind, event.cost_usd_micros) == (FailureKind.IN_DOUBT, 40_000)
            listed = await documents.collection(LEDGER).find({"in_doubt": True, "state": "sending"})
            assert event.generation_id in {doc["_id"] for doc in listed}
            outcomes.add("in-doubt")
        if not killed:
            assert outcomes == {"completed", "in-doubt"}
            return
    raise AssertionError("the process never got through")


async def test_an_image_that_was_stored_before_the_kill_is_adopted_without_a_call(documents: DocumentStore) -> None:
    scene = Scene(documents, FakeProvider("acme", free=False), attempt=1)
    # superseded?, claim, sending, received, image, thumbnail, then the record: killed there.
    assert await scene.killed_at(7, after=False)
    assert len(scene.objects.objects) == 2
    event = await scene.answer()
    assert isinstance(event, GenerationCompleted)
    assert len(scene.provider.calls) == 1
    await scene.assert_one_result(event)


async def test_a_received_image_that_was_lost_is_in_doubt_and_known_to_be_charged(documents: DocumentStore) -> None:
    scene = Scene(documents, FakeProvider("acme", free=False), attempt=1)
    assert await scene.killed_at(4, after=True)
    assert not scene.objects.objects
    event = await scene.answer()
    assert isinstance(event, GenerationFailed)
    assert (event.kind, event.charged) == (FailureKind.IN_DOUBT, True)
