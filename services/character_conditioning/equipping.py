"""The last word on a cast: its adapters get their files. Wraps the rule that decides on everything else."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from schemas.adapter import Adapter, AdapterDefined
from schemas.base import Event
from schemas.shot import ShotPlanned
from services.character_conditioning.domain.adapters import (
    Found,
    WantedAdapter,
    adapters_wanted,
    equipped,
    losing_adapters,
    project_of,
    without_adapters,
)
from services.chassis.failures import Poison
from services.chassis.parking import Judge, Parking, Settled, Verdict, Waiting
from services.chassis.versions import Claim


class KnownAdapters(Protocol):
    """The registry of every project, all versions kept."""

    async def keep(self, project_id: str, adapter: Adapter) -> Claim:
        """Store a version; the first content of a version stays."""
        ...

    async def find(self, project_id: str, wanted: Iterable[WantedAdapter]) -> Found:
        """The adapters wanted; what isn't there is left out."""
        ...

    async def names(self, project_id: str) -> list[str]:
        """Every adapter of a project, by name."""
        ...


class EquippingJudge:
    """What another judge has settled, with the adapters' files; waits for files that are named by their hash.

    Args:
        judge: decides on everything else.
        adapters: the registry.
        wait_s: seconds that a shot waits for an adapter.
    """

    def __init__(self, judge: Judge, adapters: KnownAdapters, *, wait_s: float) -> None:
        self._judge = judge
        self._adapters = adapters
        self._wait_s = wait_s

    async def __call__(self, question: Event, over: frozenset[str], /) -> Verdict:
        """Settle or wait."""
        verdict = await self._judge(question, over)
        if not isinstance(verdict, Settled):
            return verdict
        events = verdict.events
        project_id, wanted = project_of(events), adapters_wanted(events)
        if project_id is None or not wanted:
            return verdict
        found = await self._adapters.find(project_id, wanted)
        missing = [item for item in wanted if item.sha256 is not None and item not in found]
        keys = {adapter_key(project_id, item.adapter_id) for item in missing} - over
        if keys:
            return Waiting(dict.fromkeys(keys, self._wait_s))
        if missing and isinstance(question, ShotPlanned):
            known = await self._adapters.names(project_id)
            return Settled((without_adapters(question, events, missing, known),))
        return Settled(losing_adapters(equipped(events, found), missing) if missing else equipped(events, found))


class AdapterHandlers:
    """One method per consumed event."""

    def __init__(self, adapters: KnownAdapters, parking: Parking) -> None:
        self._adapters = adapters
        self._parking = parking

    async def adapter_defined(self, event: AdapterDefined) -> Sequence[Event]:
        """Store the entry, then release the shots that wait for it.

        Raises:
            Poison: this version was published before with another content.
        """
        adapter = event.adapter
        claim = await self._adapters.keep(event.project_id, adapter)
        if claim.clashes:
            raise Poison(
                f"adapter {adapter.adapter_id} of project {event.project_id}, version {adapter.version}: "
                f"another content is stored under this version and stays ({claim.changes}); allowed is a higher version"
            )
        key = adapter_key(event.project_id, adapter.adapter_id)
        return await self._parking.release_for([key], cause=event.event_id)


def adapter_key(project_id: str, adapter_id: str) -> str:
    """What a parked shot waits for: an adapter."""
    return f"{project_id}/adapter:{adapter_id}"
