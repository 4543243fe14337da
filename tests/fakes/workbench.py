"""A place for workers without a broker: stores, a clock, and a provider whose answers a test decides."""

from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.handlers import Handlers
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.generation import only, worker
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.provider import FakeProvider
from tests.fakes.requests import a_request


class Bench:
    """Stores and a clock; `worker()` is a new process on them."""

    def __init__(self, provider: FakeProvider | None = None) -> None:
        self.provider = provider or FakeProvider()
        self.documents = FakeDocuments()
        self.objects = FakeObjectStore()
        self.clock = FakeClock()
        self._workers = 0

    def worker(self, in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD) -> Handlers:
        self._workers += 1
        owner = f"worker-{self._workers}"
        return worker(self.provider, self.documents, self.objects, self.clock, owner=owner, in_doubt=in_doubt)

    def ledger_states(self) -> list[str]:
        return [str(entry["state"]) for entry in self.documents.collection("ledger").docs.values()]

    def request(self) -> GenerationRequested:
        name, cost = self.provider.name, 0 if self.provider.free else 40_000
        return a_request(provider=name, model=name, estimated_cost_usd_micros=cost)


def paid(vendor_job_id: str | None = None) -> Bench:
    return Bench(FakeProvider("acme", free=False, vendor_job_id=vendor_job_id))


async def completed(bench: Bench, handlers: Handlers | None = None) -> GenerationCompleted:
    event = only(await (handlers or bench.worker()).requested(bench.request()))
    assert isinstance(event, GenerationCompleted), event
    return event


async def failed(bench: Bench, handlers: Handlers | None = None) -> GenerationFailed:
    event = only(await (handlers or bench.worker()).requested(bench.request()))
    assert isinstance(event, GenerationFailed), event
    return event
