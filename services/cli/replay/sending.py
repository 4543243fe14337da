"""The second pass: events are sent at a bounded rate, and what is acknowledged is noted so that it isn't sent again."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, Protocol

from schemas.base import Event
from schemas.envelope import REPLAYED_FROM
from services.chassis.bindings import Received
from services.chassis.publishing import Delivery, Outgoing, UnpublishableError
from services.chassis.reading import RawRecord
from services.cli.exits import CliError
from services.cli.replay.asking import Ask
from services.cli.replay.bounds import Window
from services.cli.replay.choosing import Broken, Choice, EventReader, is_copy
from services.cli.replay.facts import facts_of, matches
from services.cli.replay.journal import Journal, JournalFile
from services.cli.replay.makings import Wishes, regenerated

_AT_ONCE: Final = 200


class Publisher(Protocol):
    """What is needed of `EventPublisher`."""

    def outgoing(self, event: Event, *, replayed_from: str | None = None) -> Outgoing:
        """An event as a record."""
        ...

    async def begin(self, outgoing: Sequence[Outgoing]) -> list[Delivery]:
        """Hand records over."""
        ...

    async def unacknowledged(self, deliveries: Sequence[Delivery]) -> list[Outgoing]:
        """Wait; those that were not taken."""
        ...


class Maker:
    """From a record of the source to the record to send."""

    def __init__(self, events: EventReader, choice: Choice, journal: Journal, *, compacted: bool) -> None:
        self._events = events
        self._choice = choice
        self._ask: Ask = journal.ask
        self._tally = journal.tally
        self._window = Window() if self._ask.regenerate else journal.window
        self._compacted = compacted
        self._wishes = Wishes(journal.replay_id, self._ask.model, self._ask.seed_policy)

    def event(self, record: RawRecord) -> Event | None:
        """The event to send, with its wishes; None = this record is passed over, and counted."""
        received = self._wanted(record)
        if received is None:
            return None
        return regenerated(received.event, self._wishes) if self._ask.regenerate else received.event

    def outgoing(self, record: RawRecord, publisher: Publisher) -> Outgoing | None:
        """The record to send: the original with its origin, or a new making's first event."""
        event = self.event(record)
        if event is None:
            return None
        # Without the environment's prefix, as topics are called everywhere in the contract.
        origin = f"{self._ask.source}:{record.partition}:{record.offset}"
        if self._ask.regenerate:
            return publisher.outgoing(event, replayed_from=origin)
        headers = tuple((name, value or b"") for name, value in record.headers if name != REPLAYED_FROM)
        return Outgoing(record.topic, record.key, record.value, (*headers, (REPLAYED_FROM, origin.encode())))

    def _wanted(self, record: RawRecord) -> Received | None:
        if not self._choice.takes(record) or not self._window.holds(record.timestamp):
            self._tally.others += 1
            return None
        if is_copy(record) and not self._compacted:
            self._tally.copies += 1
            return None
        received = self._events.read(record)
        if isinstance(received, Broken):
            self._tally.trouble(received.kind, record.partition, record.offset, received.reason)
            return None
        if not self._ask.regenerate and not matches(self._ask, facts_of(received.event)):
            self._tally.others += 1
            return None
        return received


class Pace:
    """No more than so many events per second; None = as fast as the broker acknowledges."""

    def __init__(
        self,
        per_s: float | None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._sleep = sleep
        self._clock = clock
        self._free_at = clock()

    @property
    def at_once(self) -> int:
        """Events to send before the next pause: a quarter of a second's."""
        return _AT_ONCE if self._per_s is None else max(1, min(_AT_ONCE, int(self._per_s / 4)))

    async def wait(self, count: int) -> None:
        """Wait until `count` more may go. Time that wasn't used is not made up for."""
        if self._per_s is None or count == 0:
            return
        now = self._clock()
        if self._free_at > now:
            await self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + count / self._per_s


class Sender:
    """Sends what a maker makes of records, and keeps the journal."""

    def __init__(self, publisher: Publisher, maker: Maker, file: JournalFile, pace: Pace) -> None:
        self._publisher = publisher
        self._maker = maker
        self._file = file
        self._pace = pace

    async def send(self, batches: AsyncIterator[Sequence[RawRecord]], noted: Callable[[int], None]) -> None:
        """Send everything, a few at a time.

        Raises:
            CliError: the broker doesn't take an event; all before it are noted as done.
        """
        async for batch in batches:
            waiting: list[RawRecord] = []
            made: list[Outgoing] = []
            for record in batch:
                waiting.append(record)
                item = self._maker.outgoing(record, self._publisher)
                if item is not None:
                    made.append(item)
                if len(made) >= self._pace.at_once:
                    await self._settle(waiting, made, noted)
                    waiting, made = [], []
            await self._settle(waiting, made, noted)

    async def _settle(self, records: list[RawRecord], made: list[Outgoing], noted: Callable[[int], None]) -> None:
        await self._pace.wait(len(made))
        try:
            failed = await self._publisher.unacknowledged(await self._publisher.begin(made))
        except UnpublishableError as error:
            raise CliError(str(error)) from error
        if failed:
            raise CliError(f"{failed[0].topic}: {len(failed)} of {len(made)} events were not acknowledged")
        journal = self._file.journal
        journal.pass_over(records)
        journal.tally.published += len(made)
        self._file.save()
        noted(len(records))
