"""Callbacks of vendors: they come to any worker of the group, and wake the poll wherever it runs."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.chassis.documents import Collection, DocumentStore
from services.chassis.ending import end
from services.chassis.failures import Transient

log = logging.getLogger(__name__)

CALLBACKS: Final = "provider_callbacks"
_LOOK_EVERY_S: Final = 1.0
_KEPT: Final = timedelta(days=1)
_PURGED_AT_ONCE: Final = 200


class CallbackBoard:
    """Notes callbacks in the collection `provider_callbacks`, and wakes who waits for one, here or elsewhere.

    A poll in this process is woken at once, one in another process by its next look, which is one query per second for
    all its jobs together.

    Args:
        documents: where the notes are.
        provider: whose callbacks; others are ignored.
        clock: dates the notes.
        look_every_s: between looks for callbacks that came to other workers.
    """

    def __init__(
        self, documents: DocumentStore, provider: str, clock: Clock, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        self._notes: Collection = documents.collection(CALLBACKS)
        self._provider = provider
        self._clock = clock
        self._look_every_s = look_every_s
        self._waiting: dict[str, asyncio.Event] = {}
        self._looking: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Create the index that old notes are found by."""
        await self._notes.ensure_index([("received_at", 1)])

    async def received(self, provider: str, vendor_job_id: str) -> None:
        """A callback came to this worker. One for an unknown job is noted like any other, and forgotten after a day.

        Raises:
            Transient: the database is away.
        """
        if provider != self._provider:
            return
        waiter = self._waiting.get(vendor_job_id)
        if waiter is not None:
            waiter.set()
            return
        note = {"_id": self._id(vendor_job_id), "received_at": self._clock.now().isoformat()}
        await self._notes.put(note)

    async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
        """As `CallbackHints.wait`; a database that is away is as if no callback came."""
        waiter = self._waiting.setdefault(vendor_job_id, asyncio.Event())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await waiter.wait()
            return waiter.is_set()
        finally:
            if self._waiting.get(vendor_job_id) is waiter:
                del self._waiting[vendor_job_id]

    async def purge(self) -> None:
        """Forget notes that nobody has asked for in a day.

        Raises:
            Transient: the database is away.
        """
        before = (self._clock.now() - _KEPT).isoformat()
        for doc in await self._notes.find({"received_at": {"$lt": before}}, limit=_PURGED_AT_ONCE):
            await self._notes.delete(doc["_id"])

    async def start(self) -> None:
        """Looks begin with the first wait."""

    async def ping(self) -> None:
        """Nothing of its own to look at: the database is a resource by itself."""

    async def stop(self) -> None:
        """Look no more. A second call does nothing."""
        looking, self._looking = self._looking, None
        await end(looking)

    def _id(self, vendor_job_id: str) -> str:
        return f"{self._provider}/{vendor_job_id}"

    async def _look(self) -> None:
        """For as long as anybody waits."""
        while self._waiting:
            try:
                await self._look_once()
            except Transient as error:
                log.info("callbacks can't be looked for now, the polls go on: %s", error)
            await asyncio.sleep(self._look_every_s)

    async def _look_once(self) -> None:
        ids = [self._id(job) for job in self._waiting]
        for doc in await self._notes.find({"_id": {"$in": ids}}):
            # Taken off the board first: a poll is woken once per callback, not at each of its pauses.
            await self._notes.delete(doc["_id"])
            waiter = self._waiting.get(doc["_id"].removeprefix(f"{self._provider}/"))
            if waiter is not None:
                waiter.set()
