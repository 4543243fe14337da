"""`Providers` in a collection, read at most once in a while: every routing decision asks for it.

A document per provider for its workers' word, one for its circuit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.provider import ProviderHealthChanged, ProviderState
from services.chassis.clock import Clock
from services.chassis.documents import Collection
from services.chassis.failures import Transient
from services.orchestrator.domain import circuit as rules
from services.orchestrator.domain.circuit import Circuit, CircuitRules

COLLECTION = "orchestrator_providers"
_RACES = 10
#: A provider's name holds no colon.
_CIRCUIT = "circuit:"

Change = Callable[[Circuit], Circuit | None]


@dataclass(frozen=True, slots=True)
class _Read:
    at: float
    health: Mapping[str, ProviderHealthChanged] = field(default_factory=dict)
    circuits: Mapping[str, Circuit] = field(default_factory=dict)


class ProviderDocuments:
    """How the providers are.

    Args:
        collection: the orchestrator's own.
        clock: tells the time, and how old what was read is.
        fresh_s: seconds that what was read is good for; another replica may have noted something newer.
        circuit_rules: when circuits open, and for how long.
    """

    def __init__(
        self, collection: Collection, clock: Clock, *, fresh_s: float, circuit_rules: CircuitRules | None = None
    ) -> None:
        self._collection = collection
        self._clock = clock
        self._fresh_s = fresh_s
        self._rules = circuit_rules or CircuitRules()
        self._read: _Read | None = None

    async def note(self, event: ProviderHealthChanged) -> None:
        """Keep a worker's word, unless something newer is known; that its provider is well closes the circuit.

        Raises:
            Transient: other writers came first again and again.
        """
        for _ in range(_RACES):
            doc = await self._collection.get(event.provider)
            version = int(doc["version"]) if doc is not None else 0
            if doc is not None and _event(doc).sequence >= event.sequence:
                return
            if await self._write({"_id": event.provider, "event": event.model_dump(mode="json")}, version):
                break
        else:
            raise Transient(f"health of provider {event.provider}: {_RACES} writes in a row were overtaken")
        if event.state is ProviderState.UP:
            noticed_at = event.sequence / 1000
            await self._change(event.provider, lambda known: rules.after_good_news(known, noticed_at))

    async def failed(self, event: GenerationFailed) -> bool:
        """Count a failed call; whether it opened the provider's circuit or closed it."""
        now = self._now()
        before = (await self.circuits()).get(event.provider, Circuit(provider=event.provider))
        probe = rules.after_failure(before, event.generation_id, event.kind, event.reason, now, self._rules)
        if probe == before:
            return False
        return await self._change(
            event.provider,
            lambda known: rules.after_failure(known, event.generation_id, event.kind, event.reason, now, self._rules),
        )

    async def answered(self, event: GenerationCompleted) -> bool:
        """Note that a provider answered; whether that closed its circuit."""
        known = (await self.circuits()).get(event.provider)
        if known is None or known.clean:
            return False
        return await self._change(event.provider, rules.after_answer)

    async def probe(self, provider: str, run_id: str) -> bool:
        """Make this run the one that tries a provider again; False when another one does, or it is too early."""
        now = self._now()
        taken = False

        def take(known: Circuit) -> Circuit | None:
            nonlocal taken
            changed = rules.probed_by(known, run_id, now, self._rules)
            taken = changed is not None
            return changed

        await self._change(provider, take)
        return taken

    async def newest(self) -> Mapping[str, ProviderHealthChanged]:
        """The newest word by provider's name, as it was at most `fresh_s` ago."""
        return (await self._newest()).health

    async def circuits(self) -> Mapping[str, Circuit]:
        """What the runs met, by provider's name, as it was at most `fresh_s` ago."""
        return (await self._newest()).circuits

    async def _newest(self) -> _Read:
        now = self._clock.monotonic()
        if self._read is None or now - self._read.at >= self._fresh_s:
            docs = await self._collection.find({})
            health = {str(doc["_id"]): _event(doc) for doc in docs if "event" in doc}
            circuits = [Circuit.model_validate(doc["circuit"]) for doc in docs if "circuit" in doc]
            self._read = _Read(now, health, {item.provider: item for item in circuits})
        return self._read

    async def _change(self, provider: str, change: Change) -> bool:
        """Change a provider's circuit; whether it went from open to closed or back."""
        key = _CIRCUIT + provider
        for _ in range(_RACES):
            doc = await self._collection.get(key)
            known = Circuit(provider=provider) if doc is None else Circuit.model_validate(doc["circuit"])
            changed = change(known)
            if changed is None or changed == known:
                return False
            version = int(doc["version"]) if doc is not None else 0
            if await self._write({"_id": key, "circuit": changed.model_dump(mode="json")}, version):
                return bool(changed.open_until) != bool(known.open_until)
        raise Transient(f"circuit of provider {provider}: {_RACES} writes in a row were overtaken")

    async def _write(self, doc: dict[str, Any], version: int) -> bool:
        changed = {**doc, "version": version + 1}
        saved = await (self._collection.replace(changed, version) if version else self._collection.insert(changed))
        if saved:
            self._read = None
        return saved

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _event(doc: Mapping[str, Any]) -> ProviderHealthChanged:
    return ProviderHealthChanged.model_validate(doc["event"])
