"""What the handlers need from outside."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from schemas.asset import Asset
from services.generation.domain.images import Picture
from services.generation.domain.ledger import Entry
from services.generation.domain.outcomes import Stored

T = TypeVar("T")


class ClaimLostError(Exception):
    """Somebody else has claimed the call meanwhile: nothing may be sent or stored any more."""


class Claim(Protocol):
    """This process's claim on one call. `entry` is as it was last written."""

    entry: Entry

    def check(self) -> None:
        """Raise `ClaimLostError` when the lease has run out."""
        ...

    async def advance(self, change: Callable[[Entry, datetime], Entry]) -> None:
        """Apply a change to the entry and write it; `ClaimLostError` when somebody else has changed it."""
        ...

    def kept_alive(self) -> AbstractAsyncContextManager[None]:
        """Renew the lease in time while the body runs."""
        ...


class Ledger(Protocol):
    """Every call that was ever asked for, by generation id. Raises `Transient` when its database is away."""

    async def get(self, generation_id: str) -> Entry | None:
        """The entry, or None."""
        ...

    async def insert(self, entry: Entry) -> bool:
        """Add a first entry; False when there is one already."""
        ...

    async def advance(self, entry: Entry) -> bool:
        """Replace the entry by its next version; False when somebody else has changed it meanwhile."""
        ...

    def hold(self, entry: Entry) -> Claim:
        """The claim that this process has just written as `entry`."""
        ...


class SupersededRuns(Protocol):
    """Runs whose unsent work is not wanted any more."""

    async def add(self, run_id: str) -> None:
        """Remember a run."""
        ...

    async def has(self, run_id: str) -> bool:
        """Whether the run was superseded."""
        ...


class Assets(Protocol):
    """The asset store: objects and their records. Raises `Transient` when it is away or full."""

    bucket: str

    async def store(self, picture: Picture, where: Stored) -> None:
        """Store image, thumbnail and original; a repeat overwrites."""
        ...

    async def holds(self, where: Stored) -> bool:
        """Whether all of it is stored, byte for byte as described."""
        ...

    async def record(self, asset: Asset) -> None:
        """Write the metadata record; a repeat overwrites."""
        ...


class Offload(Protocol):
    """CPU work beside the event loop, bounded."""

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on a thread and return its result."""
        ...
