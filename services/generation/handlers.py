"""What a worker does about each event."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from schemas.base import Event
from schemas.generation import GenerationRequested
from schemas.provider import ProviderCallbackReceived, ProviderHealthChanged, ProviderState
from schemas.run import RunSuperseded
from services.chassis.bindings import Swept
from services.chassis.failures import Poison
from services.chassis.health import Check
from services.generation.calls import Calls
from services.generation.domain import health as condition_rules
from services.generation.domain import outcomes
from services.generation.domain.health import Condition
from services.generation.ports import CallbackNotes, Ports, Rules
from services.generation.providers.base import ImageProvider
from services.generation.providers.errors import ProviderError
from services.generation.providers.optional import Equipped

#: How often it is looked what servers of one's own have: their operator puts a file there, and tries it.
_LOOK_S: Final = 30.0
Offer = tuple[tuple[str, ...], dict[str, tuple[str, ...]]]
NOTHING: Final[Sequence[Swept]] = ()


class Handlers:
    """One worker of one provider."""

    def __init__(self, provider: ImageProvider, ports: Ports, callbacks: CallbackNotes, worker: Rules) -> None:
        self._provider = provider
        self._ports = ports
        self._callbacks = callbacks
        self._rules = worker
        self._calls = Calls(provider, ports, worker)
        self._looked_at = 0.0
        self._told: Offer | None = None

    async def requested(self, request: GenerationRequested) -> Sequence[Event]:
        """Make the image, or answer what became of it when it was asked for before."""
        if request.provider != self._provider.name:
            raise Poison(f"provider: {request.provider!r}, allowed is {self._provider.name!r} on this worker")
        return await self._calls.answer(request)

    async def superseded(self, event: RunSuperseded) -> Sequence[Event]:
        """Remember the run; its requests meet the note before they are sent."""
        await self._ports.superseded.add(event.run.run_id)
        return ()

    async def called_back(self, event: ProviderCallbackReceived) -> Sequence[Event]:
        """Wake the poll of the vendor's job, wherever it runs. What the vendor says is then asked of him."""
        await self._callbacks.received(event.provider, event.vendor_job_id)
        return ()

    async def announce(self) -> Sequence[Event]:
        """The provider's health and models, at start."""
        try:
            await self._provider.ping()
        except ProviderError as error:
            self._calls.condition = Condition(ProviderState.DOWN, str(error), outages=1)
        return (self._health_event(self._calls.condition),)

    async def health(self) -> Sequence[Swept]:
        """Probe a provider that is down, and announce what has changed."""
        condition = self._calls.condition
        if condition.state is ProviderState.DOWN and condition.announced:
            await self._probe()
        else:
            await self._look()
        noticed = self._calls.condition
        if noticed.announced:
            return NOTHING

        async def confirm() -> None:
            if self._calls.condition == noticed:
                self._calls.condition = replace(noticed, announced=True)

        return (Swept((self._health_event(noticed),), confirm),)

    async def cancel_superseded(self) -> Sequence[Swept]:
        """Call off at the vendor what isn't wanted any more."""
        await self._calls.cancel_superseded()
        return NOTHING

    async def late_images(self) -> Sequence[Swept]:
        """Announce images that were lost on the way into the store, and have turned up there."""
        return await self._calls.late_images()

    async def tidy(self) -> Sequence[Swept]:
        """Count what is in doubt, and forget callbacks that nobody has asked for."""
        self._ports.meter.in_doubt(await self._ports.ledger.in_doubt(self._provider.name))
        await self._callbacks.purge()
        return NOTHING

    def checks(self) -> dict[str, Check]:
        """What `/readyz` tells of the provider."""
        condition = self._calls.condition
        pause_s, why = self._ports.limits.pause
        told = [f"{self._provider.name} {condition.state.value}", f"{self._calls.in_work} in work"]
        if condition.reason:
            told.insert(1, condition.reason)
        if pause_s > 0:
            told.append(f"paused for {pause_s:.0f} s: {why}")
        return {"provider": Check(ok=condition.state is not ProviderState.DOWN, detail="; ".join(told))}

    async def _look(self) -> None:
        """See what the servers have now; another offer than was told is told again."""
        now = self._ports.clock.monotonic()
        if not isinstance(self._provider, Equipped) or now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        try:
            await self._provider.ping()
        except ProviderError as error:
            reason, threshold = str(error), self._rules.outages
            self._calls.condition = condition_rules.after_failure(self._calls.condition, error.kind, reason, threshold)
        if self._offer() != self._told:
            self._calls.condition = replace(self._calls.condition, announced=False)

    def _offer(self) -> Offer:
        lacks = dict(self._provider.lacks) if isinstance(self._provider, Equipped) else {}
        return self._provider.models, lacks

    async def _probe(self) -> None:
        try:
            await self._provider.ping()
        except ProviderError as error:
            self._calls.condition = replace(self._calls.condition, reason=str(error))
        else:
            self._calls.condition = condition_rules.after_success(self._calls.condition)

    def _health_event(self, condition: Condition) -> ProviderHealthChanged:
        self._told = models, lacks = self._offer()
        return ProviderHealthChanged(
            provider=self._provider.name,
            state=condition.state,
            reason=outcomes.readable(condition.reason) if condition.reason else "",
            models=models,
            lacks=lacks,
            sequence=int(self._ports.clock.now().timestamp() * 1000),
        )
