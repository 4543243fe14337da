"""What the handlers need from outside."""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from schemas.asset import Asset
from schemas.topics import Lane
from services.chassis.clock import Clock
from services.generation.domain import images
from services.generation.domain.images import Picture
from services.generation.domain.ledger import Entry, InDoubtPolicy
from services.generation.domain.outcomes import Stored

T = TypeVar("T")


class ClaimLostError(Exception):
    """Somebody else has claimed the call meanwhile: nothing may be sent or stored any more."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How this worker works; from its settings.

    Attributes:
        owner: names this process in claims; never used twice.
        lease: how long a claim holds without a sign of life.
        patience: how long an accepted call is asked for.
        in_doubt: what becomes of a call of unknown outcome.
        limits: on images.
        outages: in a row that take the provider down.
        throttle_wait_s: longest pause of the provider that a call waits out; it is answered as throttled otherwise.
        hands: images received and not yet stored that are kept at most, beside those that are being worked on.
    """

    owner: str
    lease: timedelta
    patience: timedelta = timedelta(hours=1)
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    limits: images.Limits = field(default_factory=images.Limits)
    outages: int = 3
    throttle_wait_s: float = 30.0
    hands: int = 64


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

    async def in_doubt(self, provider: str) -> int:
        """How many calls of a provider are in doubt."""
        ...

    async def late(self, provider: str) -> list[Entry]:
        """Calls of a provider whose lost image is looked for; some of many."""
        ...


class SupersededRuns(Protocol):
    """Runs whose unsent work is not wanted any more."""

    async def add(self, run_id: str) -> None:
        """Remember a run."""
        ...

    async def has(self, run_id: str) -> bool:
        """Whether the run was superseded."""
        ...

    async def among(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that were superseded."""
        ...


class Assets(Protocol):
    """The asset store: objects and their records. Raises `Transient` when it is away or full."""

    bucket: str

    async def store(self, picture: Picture, where: Stored) -> None:
        """Store the bytes as received, then what is made of them (image, thumbnail); a repeat overwrites."""
        ...

    async def received(self, where: Stored) -> bytes | None:
        """The bytes as received; None when the store doesn't have them whole."""
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


class Limits(Protocol):
    """The vendor's limits, which all workers of the provider keep together."""

    @property
    def pause(self) -> tuple[float, str]:
        """Seconds until calls may begin again, as far as is known here, and why; 0 when they may."""
        ...

    async def acquire(self, lane: Lane, patience_s: float) -> None:
        """Wait until one more call may begin; then it takes a slot until `release`, and must begin at once.

        Raises:
            Throttled: the provider is paused for longer than `patience_s`.
            Transient: the database is away.
        """
        ...

    def occupy(self) -> None:
        """Count a call that goes on at the vendor already; until `release`."""
        ...

    def release(self) -> None:
        """The call has ended."""
        ...

    async def throttled(self, retry_after_s: float | None, reason: str) -> float:
        """The vendor wants a pause: tell every worker. Returns its length in seconds from now.

        Raises:
            Transient: the database is away.
        """
        ...


class CallbackNotes(Protocol):
    """Callbacks of vendors, kept until the poll that they are for has seen them."""

    async def received(self, provider: str, vendor_job_id: str) -> None:
        """A callback came to this worker; one that is for nobody is forgotten in time."""
        ...

    async def purge(self) -> None:
        """Forget old notes."""
        ...


class Place(Protocol):
    """Bytes of memory taken, until `leave`."""

    def resize(self, size: int) -> None:
        """What it really takes, once that is known."""
        ...

    def leave(self) -> None:
        """Give everything back. A second call does nothing."""
        ...


class Room(Protocol):
    """Memory, given out in bounded amounts."""

    async def enter(self, size: int) -> Place:
        """Wait until `size` bytes are free, and take them."""
        ...


class AdapterFiles(Protocol):
    """Files of LoRA adapters and textual inversions, on this machine's disk by the hash of their content."""

    async def fetch(self, uri: str, sha256: str) -> Path:
        """The file, read from the object store where this machine doesn't have it yet; whole, and of that very hash.

        Two calls for one file at once read it once. Read it soon: it stays for a minute at least, and may make room
        for others after that. Never write to it.

        Args:
            uri: `s3://bucket/key`.
            sha256: of its bytes, 64 hexadecimal digits.

        Raises:
            Transient: the object store is away, or the disk is full of files in use.
            ObjectMissing, ObjectTooLarge: as the object store says; larger than the whole cache is too large too.
            ValueError: no hash, an address that isn't ours, or its bytes have another hash.
        """
        ...


class Meter(Protocol):
    """What an operator watches."""

    def ended(self, model: str, outcome: str, cost_usd_micros: int, seconds: float) -> None:
        """A generation was answered for the first time: `completed` or the kind of its failure."""
        ...

    def waited(self, lane: Lane, seconds: float) -> None:
        """A call waited so long for its turn."""
        ...

    def in_doubt(self, calls: int) -> None:
        """So many calls are in doubt now."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the worker uses.

    `memory` bounds the images in flight, `unpacking` the pictures that are decoded at once.
    """

    ledger: Ledger
    superseded: SupersededRuns
    assets: Assets
    offload: Offload
    limits: Limits
    memory: Room
    unpacking: Room
    meter: Meter
    clock: Clock
