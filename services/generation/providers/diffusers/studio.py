"""Orders on their way to the painter and back: who waits, who is painted together, what a death or a silence means."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.chassis.clock import Clock, SystemClock
from services.chassis.ending import end
from services.generation.providers.diffusers.batching import Batcher, Terms, Ticket
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import (
    Broken,
    Failed,
    Forget,
    Forgotten,
    Idle,
    Order,
    Paint,
    Painted,
    Ready,
    Shrunk,
    Step,
    Told,
    Warming,
)
from services.generation.providers.errors import Configuration, InvalidRequest, Outage, ProviderError, UnusableImage

log = logging.getLogger(__name__)

#: Deaths of the process under an order until the order is given up.
_DEATHS: Final = 3
#: Deaths before it was ready, in a row, until nobody waits for it any more.
_FALSE_STARTS: Final = 3
#: Until a process that can't get ready is tried again, at the earliest.
_REST_S: Final = 60.0


Hear = Callable[[Told | None], None]


class Link(Protocol):
    """The painter's process from this side; `PainterProcess` is one. It may be started again once it has gone."""

    @property
    def exit_code(self) -> int | None:
        """How it ended."""
        ...

    def start(self) -> None:
        """Start it; it is heard from then on, and None is heard once it has gone."""
        ...

    def send(self, message: Paint | Forget) -> None:
        """Tell it something."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    async def stop(self) -> None:
        """End it, and hear no more of it."""
        ...


class ForgottenError(Exception):
    """The image was given up because nobody wants it any more."""


class FileLostError(Exception):
    """An adapter's file went while the order waited."""


@dataclass(slots=True)
class _Job:
    order: Order
    answer: asyncio.Future[Painted]
    deaths: int = 0


@dataclass(slots=True)
class _State:
    """What is known of the painter: `doing` says what it does, `broken` why it can't work.

    `in_hand` are the orders that it hasn't answered, `batch` those of them that it was given last; `busy`: it
    hasn't said that it is through with that batch. The pictures of the one before may still be being written.
    """

    ready: bool = False
    doing: str = "not started"
    broken: str | None = None
    false_starts: int = 0
    heard_at: float = 0.0
    busy: bool = False
    in_hand: list[str] = field(default_factory=list)
    batch: tuple[str, ...] = ()
    rest_until: float = 0.0


class Studio:
    """One painter and those who wait for it.

    Args:
        settings: of the provider.
        link: makes the way to the painter's process; it is given what hears the painter.
        clock: for waits.
    """

    def __init__(self, settings: DiffusersSettings, link: Callable[[Hear], Link], clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._process = link(self._heard)
        self._batcher = Batcher(Terms(settings.max_batch, settings.batch_wait_s, settings.batch_adapters))
        self._jobs: dict[str, _Job] = {}
        self._state = _State()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether it can paint now."""
        return self._state.ready

    @property
    def told(self) -> str:
        """What the painter does, and how many wait; for people."""
        state = self._state
        return f"{state.broken or state.doing}; {len(self._batcher)} waiting"

    def start(self) -> None:
        """Start the painter; it gets ready meanwhile."""
        self._begin()
        self._task = asyncio.create_task(self._serve(), name="diffusers studio")

    async def stop(self) -> None:
        """End the painter; whoever still waits meets an outage. A second call does nothing."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)
        await self._process.stop()
        self._fail_all(Outage("the painter was stopped"))

    def look(self) -> None:
        """See whether it works, and start it again where it was given up a while ago.

        Raises:
            Outage: it isn't ready yet.
            Configuration: it can't work as it is set up.
        """
        state = self._state
        if state.broken is not None:
            if self._task is not None and self._clock.monotonic() >= state.rest_until:
                self._begin()
            raise Configuration(f"diffusers: {state.broken or state.doing}")
        if not state.ready:
            raise Outage(f"diffusers: {state.doing}")

    async def paint(self, order: Order) -> Painted:
        """Paint it as soon as it can be, maybe with others. Whoever stops waiting has it given up.

        Raises:
            ForgottenError: `forget` was called for it.
            FileLostError: an adapter's file isn't there any more.
            ProviderError: it can't be painted, or not here.
            ValueError: an order of that id waits already.
        """
        if self._state.broken is not None:
            raise Configuration(f"diffusers: {self._state.broken}")
        if self._task is None:
            raise Outage("diffusers: start() was not called or stop() was")
        job = _Job(order, asyncio.get_running_loop().create_future())
        self._jobs[order.order_id] = job
        self._wait(job)
        try:
            return await job.answer
        finally:
            self._give_up(order.order_id)
            self._jobs.pop(order.order_id, None)

    def forget(self, order_id: str) -> bool:
        """It isn't wanted any more: taken from the line, or given up at the next step. False when it isn't here."""
        job = self._jobs.get(order_id)
        if job is None or job.answer.done():
            return False
        if not self._give_up(order_id):
            job.answer.set_exception(ForgottenError(order_id))
        return True

    def _give_up(self, order_id: str) -> bool:
        """True when it is being painted, and will be told as forgotten."""
        self._batcher.drop(order_id)
        being_painted = order_id in self._state.in_hand
        if being_painted:
            self._process.send(Forget(order_id))
        return being_painted

    def _wait(self, job: _Job) -> None:
        order, now = job.order, self._clock.monotonic()
        adapters = frozenset(adapter.sha256 for adapter in order.adapters)
        self._batcher.add(Ticket(order.order_id, order.key, now, adapters))
        self._news.set()

    def _begin(self) -> None:
        false_starts = self._state.false_starts
        self._state = _State(doing="starting", false_starts=false_starts, heard_at=self._clock.monotonic())
        self._process.start()

    async def _serve(self) -> None:
        """Give the painter its next batch whenever it has nothing to do."""
        while True:
            self._news.clear()
            wait_s = self._next()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    def _next(self) -> float | None:
        """Send what is due; seconds until something may be, None when only news can tell."""
        now, state = self._clock.monotonic(), self._state
        if state.broken is not None:
            return None
        if state.busy or not state.ready:
            left = state.heard_at + self._settings.stalled_s - now
            if left <= 0:
                log.error("the painter gave no sign of life in %g s and is ended", self._settings.stalled_s)
                self._process.kill()
                state.heard_at = now
            return max(left, 1.0)
        batch = self._batcher.take(now)
        if batch:
            state.busy, state.batch, state.heard_at = True, batch, now
            state.in_hand += batch
            state.doing = f"painting {len(batch)} image(s)"
            self._process.send(Paint(tuple(self._jobs[order_id].order for order_id in batch)))
            return self._settings.stalled_s
        due = self._batcher.due_at()
        return None if due is None else max(0.0, due - now)

    def _heard(self, message: Told | None) -> None:
        state = self._state
        state.heard_at = self._clock.monotonic()
        match message:
            case None:
                self._died()
            case Warming(what=what):
                state.doing = what
            case Ready(device=device):
                state.ready, state.false_starts, state.doing = True, 0, f"ready on {device}"
            case Broken(reason=reason):
                self._break(reason)
            case Step(number=number, of=of, images=images):
                state.doing = f"painting {images} image(s): step {number} of {of}"
            case Shrunk(key=key, most=most):
                self._batcher.shrink(key, most)
            case Idle():
                state.busy, state.doing = False, "idle"
            case Painted() | Failed() | Forgotten():
                self._ended(message)
        self._news.set()

    def _ended(self, message: Painted | Failed | Forgotten) -> None:
        if message.order_id in self._state.in_hand:
            self._state.in_hand.remove(message.order_id)
        job = self._jobs.get(message.order_id)
        if job is None or job.answer.done():
            return
        match message:
            case Painted():
                job.answer.set_result(message)
            case Forgotten():
                job.answer.set_exception(ForgottenError(message.order_id))
            case Failed(reason=reason, lost_file=True):
                job.answer.set_exception(FileLostError(reason))
            case Failed(reason=reason, invalid=True):
                job.answer.set_exception(InvalidRequest(f"diffusers: {reason}"))
            case Failed(reason=reason):
                job.answer.set_exception(UnusableImage(f"diffusers: {reason}", charged=False))

    def _died(self) -> None:
        """The process has gone: start another, and paint what it had in hand again, in smaller company."""
        state, code = self._state, self._process.exit_code
        if state.broken is not None:
            return
        how = f"the painter's process ended ({'no exit code' if code is None else code})"
        log.error("%s while %s", how, state.doing)
        if not state.ready:
            state.false_starts += 1
            if state.false_starts >= _FALSE_STARTS:
                self._break(f"{how} {_FALSE_STARTS} times while {state.doing}")
                return
        in_hand = [self._jobs[order_id] for order_id in state.in_hand if order_id in self._jobs]
        batch = [order_id for order_id in state.batch if order_id in state.in_hand] if state.busy else []
        self._begin()
        for job in in_hand:
            if job.answer.done():
                continue
            if job.order.order_id in batch:
                self._batcher.shrink(job.order.key, len(batch) // 2)
            # What was painted, and only not written yet, isn't what it died of while it painted others.
            job.deaths += not batch or job.order.order_id in batch
            if job.deaths >= _DEATHS:
                job.answer.set_exception(UnusableImage(f"diffusers: {how} under it {_DEATHS} times", charged=False))
                continue
            self._wait(job)

    def _break(self, reason: str) -> None:
        self._state.broken, self._state.ready = reason, False
        self._state.rest_until = self._clock.monotonic() + _REST_S
        self._process.kill()
        self._fail_all(Configuration(f"diffusers: {reason}"))

    def _fail_all(self, error: ProviderError) -> None:
        for order_id, job in self._jobs.items():
            self._batcher.drop(order_id)
            if not job.answer.done():
                job.answer.set_exception(error)
