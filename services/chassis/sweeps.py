"""Periodic work: what is found is published, acknowledged and only then confirmed."""

import asyncio
import logging

from services.chassis.bindings import Sweep, Swept
from services.chassis.delivery import Conditions
from services.chassis.metrics import Metrics
from services.chassis.publishing import EventPublisher
from services.chassis.tracing import Span, current_span

log = logging.getLogger(__name__)


class Sweeper:
    """Runs one sweep, the first turn at once, until cancelled."""

    def __init__(self, sweep: Sweep, publisher: EventPublisher, metrics: Metrics, conditions: Conditions) -> None:
        self._sweep = sweep
        self._publisher = publisher
        self._metrics = metrics
        self._conditions = conditions
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Turn after turn; an error ends its turn only."""
        while not self._stopping.is_set():
            await self.turn()
            try:
                async with asyncio.timeout(self._sweep.every_s):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let the turn in hand end, start no other."""
        self._stopping.set()

    async def turn(self) -> None:
        """One sweep: each finding by itself, so that one that fails doesn't hold up the others."""
        current_span.set(Span.root())
        trouble = f"sweep {self._sweep.name}"
        try:
            found = await self._sweep.handler()
        except Exception as error:  # noqa: BLE001 - the next turn tries again
            self._failed(error)
            self._conditions.troubles[trouble] = str(error)
            return
        self._conditions.troubles.pop(trouble, None)
        for swept in found:
            await self._settle(swept)

    async def _settle(self, swept: Swept) -> None:
        try:
            await self._publisher.publish(swept.events)
            await swept.confirm()
        except Exception as error:  # noqa: BLE001 - unconfirmed, so the next turn finds it again
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._metrics.sweep_failed(self._sweep.name).inc()
        log.warning("sweep %r failed, the next turn tries again: %r", self._sweep.name, error, exc_info=error)
