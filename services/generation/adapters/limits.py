"""The vendor's limits, kept by all workers of a provider together through one document (`domain/limits.py`)."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from schemas.topics import Lane
from services.chassis.clock import Clock
from services.chassis.documents import Collection, DocumentStore
from services.chassis.ending import end
from services.chassis.failures import Transient
from services.generation.domain import limits as rules
from services.generation.domain.limits import Book, Share, Terms, Wish
from services.generation.domain.turns import Turns
from services.generation.providers.errors import Throttled

log = logging.getLogger(__name__)

LIMITS: Final = "provider_limits"
_TRIES: Final = 50
R = TypeVar("R")


@dataclass(eq=False)
class _Waiter:
    """A call that waits for its slot, at most through a pause of `patience_s`."""

    lane: Lane
    patience_s: float
    granted: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SharedLimits:
    """This worker's part of the limits; a resource of the service.

    Args:
        documents: where the book is: collection `provider_limits`, `_id` = provider.
        clock: wall clock; may differ from other workers' by the terms' skew.
        provider: whose limits.
        owner: names this worker in the book; never used twice.
        terms: agreed among all workers.
        renew_s: between looks into the book while calls run or wait.
    """

    def __init__(  # noqa: PLR0913 - its collaborators and what is agreed
        self, documents: DocumentStore, clock: Clock, *, provider: str, owner: str, terms: Terms, renew_s: float = 1.0
    ) -> None:
        self._books: Collection = documents.collection(LIMITS)
        self._clock = clock
        self._provider = provider
        self._owner = owner
        self._terms = terms
        self._renew_s = renew_s
        self._queue: Turns[_Waiter] = Turns()
        self._running = 0
        self._share = Share()
        self._in_book = False
        self._news = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def running(self) -> int:
        """Calls of this worker that take a slot of the vendor now."""
        return self._running

    @property
    def waiting(self) -> int:
        """Calls of this worker that wait for one."""
        return len(self._queue)

    @property
    def pause(self) -> tuple[float, str]:
        """Seconds until calls may begin again, as far as this worker knows, and why; 0 when they may."""
        return max(0.0, self._share.not_before - self._now()), self._share.reason

    async def start(self) -> None:
        """Begin to keep the share up to date; nothing is asked of the database while there are no calls."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Give back what is held. A second call does nothing."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        await end(keeper)
        if self._in_book:
            self._in_book = False
            # Whatever goes wrong here: the lease frees it a little later.
            with suppress(Transient):
                await self._change(lambda book: (rules.left(book, self._owner), None))

    async def ping(self) -> None:
        """Nothing of its own to look at: the database is a resource by itself."""

    async def acquire(self, lane: Lane, patience_s: float) -> None:
        """Wait until one more call may begin; then it takes a slot until `release`, and must begin at once.

        Raises:
            Throttled: the provider is paused for longer than `patience_s`.
            Transient: the database is away.
        """
        waiter = _Waiter(lane, patience_s)
        self._queue.put(lane, waiter)
        self._let_in()
        if self._queue and self._asking_helps():
            self._news.set()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            self._queue.remove(waiter)
            if waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
                self.release()
            raise

    def occupy(self) -> None:
        """Count a call that goes on at the vendor already, whether or not there is room; until `release`."""
        self._running += 1
        self._news.set()

    def release(self) -> None:
        """The call has ended."""
        self._running -= 1
        self._let_in()
        if self._share.rivals or (self._queue and self._asking_helps()):
            self._news.set()

    async def throttled(self, retry_after_s: float | None, reason: str) -> float:
        """The vendor wants a pause: tell every worker. Returns its length in seconds from now.

        Raises:
            Transient: the database is away.
        """

        def pause(book: Book) -> tuple[Book, Book]:
            after = rules.throttled(book, retry_after_s, reason, self._now())
            return after, after

        book = await self._change(pause)
        self._share = self._share.model_copy(update={"not_before": book.not_before, "reason": book.reason})
        self._send_away()
        return self.pause[0]

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _may_begin(self) -> bool:
        share, now = self._share, self._now()
        has_call = share.calls is None or share.calls > 0
        return share.not_before <= now < share.until and self._running < share.slots and has_call

    def _asking_helps(self) -> bool:
        """Whether a look into the book now may let in who waits: the last one is old, or didn't find too little."""
        share = self._share
        if self._now() >= share.until:
            return True
        return not (share.short_of_slots if self._running >= share.slots else share.short_of_calls)

    def _let_in(self) -> None:
        while self._queue and self._may_begin():
            waiter = self._queue.take()
            if waiter.granted.done():
                continue
            if self._share.calls is not None:
                self._share = self._share.model_copy(update={"calls": self._share.calls - 1})
            self._running += 1
            waiter.granted.set_result(None)

    def _send_away(self) -> None:
        """Whoever would have to wait longer than he can gets told so."""
        pause_s, reason = self.pause
        for waiter in self._queue.everybody():
            if pause_s > waiter.patience_s:
                self._queue.remove(waiter)
                if not waiter.granted.done():
                    paused = f"{self._provider} is paused for {pause_s:.0f} s: {reason}"
                    waiter.granted.set_exception(Throttled(paused, retry_after_s=pause_s))

    async def _keep(self) -> None:
        while True:
            if not (self._queue or self._running or self._in_book):
                await self._news.wait()
            self._news.clear()
            try:
                await self._renew()
            except Transient as error:
                self._fail(error)
            self._send_away()
            self._let_in()
            # A breath between renewals, so that many calls share one; then until there is news, or a second is over.
            await asyncio.sleep(self._renew_s / 10)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._renew_s * random.uniform(0.4, 0.9)):  # noqa: S311 - spreads load
                    await self._news.wait()

    async def _renew(self) -> None:
        def renew(book: Book) -> tuple[Book, Share]:
            wish = Wish(owner=self._owner, running=self._running, waiting=len(self._queue))
            return rules.renewed(book, wish, self._terms, self._now())

        self._share = await self._change(renew)
        self._in_book = bool(self._running or self._queue or self._share.slots)

    def _fail(self, error: Transient) -> None:
        log.warning("the limits of %s can't be kept now: %s", self._provider, error)
        for waiter in self._queue.everybody():
            self._queue.remove(waiter)
            if not waiter.granted.done():
                waiter.granted.set_exception(Transient(f"limits of {self._provider}: {error}"))

    async def _change(self, change: Callable[[Book], tuple[Book, R]]) -> R:
        """Read, change and store the book until nobody else was quicker."""
        for failures in range(_TRIES):
            doc = await self._books.get(self._provider)
            before = Book() if doc is None else Book.model_validate(doc)
            after, result = change(before)
            stored = {"_id": self._provider, **after.model_dump(mode="json")}
            if doc is None:
                done = await self._books.insert(stored)
            else:
                done = await self._books.replace(stored, before.version)
            if done:
                return result
            await asyncio.sleep(random.uniform(0, 0.01 * min(failures + 1, 10)))  # noqa: S311 - spreads load
        raise Transient(f"limits of {self._provider}: {_TRIES} other changes came in between")


class NoLimits:
    """For a provider that may be called at will: one that runs here. A pause that it asks for is kept by this worker.

    Args:
        clock: of the worker.
    """

    waiting = 0

    def __init__(self, clock: Clock) -> None:
        self.running = 0
        self._clock = clock
        self._not_before = 0.0
        self._reason = ""

    @property
    def pause(self) -> tuple[float, str]:
        """Seconds until calls may begin again, and why."""
        return max(0.0, self._not_before - self._clock.now().timestamp()), self._reason

    async def acquire(self, lane: Lane, patience_s: float) -> None:
        """Wait out a pause.

        Raises:
            Throttled: it is longer than `patience_s`.
        """
        del lane
        pause_s, reason = self.pause
        if pause_s > patience_s:
            raise Throttled(f"paused for {pause_s:.0f} s: {reason}", retry_after_s=pause_s)
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self.occupy()

    def occupy(self) -> None:
        """Count a call."""
        self.running += 1

    def release(self) -> None:
        """The call has ended."""
        self.running -= 1

    async def throttled(self, retry_after_s: float | None, reason: str) -> float:
        """The provider wants a pause."""
        wanted = rules.FIRST_PAUSE_S if retry_after_s is None else retry_after_s
        self._not_before = max(self._not_before, self._clock.now().timestamp() + wanted)
        self._reason = reason
        return self.pause[0]
