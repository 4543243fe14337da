"""A claim on one call: every change of its ledger entry goes through here, one at a time, fenced."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from services.chassis.clock import Clock
from services.chassis.ending import end
from services.chassis.failures import Transient
from services.generation.domain import ledger as rules
from services.generation.domain.ledger import Entry
from services.generation.ports import ClaimLostError

log = logging.getLogger(__name__)

Write = Callable[[Entry], Awaitable[bool]]


class LeasedClaim:
    """The claim of this process on one call.

    Args:
        entry: as this process has just written it.
        write: replaces the entry by its next version; False when it was changed meanwhile.
        clock: wall clock.
        lease: how long the claim holds without renewal.
    """

    def __init__(self, entry: Entry, write: Write, clock: Clock, lease: timedelta) -> None:
        self.entry = entry
        self._write = write
        self._clock = clock
        self._lease = lease
        self._turn = asyncio.Lock()

    def check(self) -> None:
        """Look at the lease before doing what can't be undone.

        Raises:
            ClaimLostError: it has run out: this process was held up for too long.
        """
        if self._clock.now() >= self.entry.lease_until:
            raise ClaimLostError(self.entry.generation_id)

    async def advance(self, change: Callable[[Entry, datetime], Entry]) -> None:
        """Apply a change of the rules to the entry and write it.

        Raises:
            ClaimLostError: the entry is not as this process left it.
            Transient: the database is away; whether the change was written is unknown.
        """
        async with self._turn:
            after = change(self.entry, self._clock.now())
            if not await self._write(after):
                raise ClaimLostError(self.entry.generation_id)
            self.entry = after

    @asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """Renew the lease in time while the body runs."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            await end(renewing)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self.advance(lambda entry, now: rules.renewed(entry, now=now, lease=self._lease))
            except ClaimLostError:
                # Whoever carries the call out learns it from his own next change.
                return
            except Transient as error:
                log.warning("the claim on a generation could not be renewed: %s", error)
