"""The way of one call: claim it, have it made (`making.py`), store the image, answer; by the ledger's rules."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from schemas.base import Event
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from services.chassis.bindings import Swept
from services.chassis.failures import Busy, Transient
from services.chassis.stored_events import pack, unpack
from services.generation.domain import health as condition_rules
from services.generation.domain import images, outcomes
from services.generation.domain import ledger as rules
from services.generation.domain.health import Condition
from services.generation.domain.ledger import Entry, Knowledge, State, Step
from services.generation.making import Maker, SupersededError
from services.generation.ports import Claim, ClaimLostError, Place, Ports, Rules
from services.generation.providers.base import ImageProvider
from services.generation.providers.errors import Outage, OutcomeUnknown, ProviderError, Throttled

log = logging.getLogger(__name__)

_WAIT_S = 2.0
_SOON_S = 0.2
#: As long as the longest wait between two tries to store what is in hand.
_STORE_REST_S = 30.0
_MOST_WATCHED = 10_000
#: From its first claim on, a call's lost image is looked for so long.
_LATEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Hand:
    """A received image on its way into the store, and the memory that it takes."""

    picture: images.Picture
    where: outcomes.Stored
    event: GenerationCompleted
    place: Place


class Calls:
    """Every call of one worker.

    Attributes:
        condition: what is known of the provider; who announces it marks it as announced.
    """

    def __init__(self, provider: ImageProvider, ports: Ports, worker: Rules) -> None:
        self.condition = Condition()
        self._provider = provider
        self._ports = ports
        self._rules = worker
        self._maker = Maker(provider, ports, worker)
        self._running: set[str] = set()
        self._hands: dict[str, _Hand] = {}
        self._store_failed_at: float | None = None
        self._watched: dict[str, tuple[int, float]] = {}

    @property
    def in_work(self) -> int:
        """Requests in work, those that wait for their turn included."""
        return len(self._running)

    async def answer(self, request: GenerationRequested) -> Sequence[Event]:
        """Make the image, or answer what became of it when it was asked for before.

        Raises:
            Busy: somebody is at it, or the worker stops before the call's turn has come.
            Transient: a store is away.
        """
        generation_id = request.generation_id
        if generation_id in self._running:
            # The same message again after a rebalance, while the first handler is still at it.
            raise Busy(f"generation {generation_id} is being made by this worker", _WAIT_S)
        self._running.add(generation_id)
        try:
            answer = await self._answer(request)
        finally:
            self._running.discard(generation_id)
        self._maker.unsent.discard(generation_id)
        return answer

    async def cancel_superseded(self) -> None:
        """Ask the vendor to stop the jobs of superseded runs; see `Maker.cancel_superseded`."""
        await self._maker.cancel_superseded()

    async def _answer(self, request: GenerationRequested) -> Sequence[Event]:
        now, free = self._ports.clock.now(), self._provider.free
        entry = rules.claim(request, owner=self._rules.owner, free=free, now=now, lease=self._rules.lease)
        unwanted, first = await asyncio.gather(
            self._ports.superseded.has(entry.run_id), self._ports.ledger.insert(entry)
        )
        if first:
            return await self._work(request, entry, Step.SEND, unwanted=unwanted)
        found = await self._ports.ledger.get(request.generation_id)
        if found is None:
            raise Busy(f"generation {request.generation_id} has left the ledger while it was read", _SOON_S)
        step = self._decide(found, silent=self._silent(found))
        if step is Step.WAIT:
            raise Busy(f"generation {found.generation_id} is being made by another worker", _WAIT_S)
        self._watched.pop(found.generation_id, None)
        if step is Step.REPUBLISH:
            return unpack(found.events)
        if step in rules.NEEDS_CLAIM:
            found = rules.taken(found, owner=self._rules.owner, now=now, lease=self._rules.lease)
            if not await self._ports.ledger.advance(found):
                raise Busy(f"generation {found.generation_id} was claimed by another worker just now", _SOON_S)
        return await self._work(request, found, step, unwanted=unwanted)

    def _silent(self, entry: Entry) -> bool:
        """Whether another's claim has stood still for a lease. A clock that jumps may date a lease into next week."""
        monotonic = self._ports.clock.monotonic()
        version, since = self._watched.get(entry.generation_id, (entry.version, monotonic))
        if version != entry.version:
            since = monotonic
        self._watched[entry.generation_id] = (entry.version, since)
        while len(self._watched) > _MOST_WATCHED:
            self._watched.pop(next(iter(self._watched)))
        return monotonic - since >= self._rules.lease.total_seconds()

    def _decide(self, entry: Entry, *, lost: bool = False, silent: bool = False) -> Step:
        generation_id = entry.generation_id
        knowledge = Knowledge(
            owner=self._rules.owner,
            now=self._ports.clock.now(),
            in_hand=generation_id in self._hands,
            unsent=generation_id in self._maker.unsent,
            lost=lost,
            silent=silent,
        )
        return rules.decide(entry, knowledge, self._rules.in_doubt, self._rules.patience)

    async def _work(self, request: GenerationRequested, entry: Entry, step: Step, *, unwanted: bool) -> Sequence[Event]:
        claim = self._ports.ledger.hold(entry)
        try:
            async with claim.kept_alive():
                if step is Step.SEND and unwanted:
                    return await self._fail(claim, outcomes.superseded(request))
                return await self._carry_out(request, claim, step)
        except ClaimLostError as error:
            self._put_down(entry.generation_id)
            raise Busy(f"generation {error} was claimed by another worker meanwhile", _SOON_S) from error

    async def _carry_out(self, request: GenerationRequested, claim: Claim, step: Step) -> Sequence[Event]:
        if step is Step.ADOPT:
            adopted = await self._adopt(request, claim)
            if adopted is not None:
                return adopted
            step = self._decide(claim.entry, lost=True)
        if step is Step.IN_DOUBT:
            return await self._doubt(claim, outcomes.in_doubt(request, claim.entry, self._rules.in_doubt))
        hand = self._in_hand(request.generation_id) if step is Step.STORE else None
        if hand is None:
            if step is Step.SEND:
                self._check_that_it_could_be_stored()
            try:
                hand = await self._receive(request, claim, step)
            except SupersededError:
                return await self._fail(claim, outcomes.superseded(request))
            except ProviderError as error:
                return await self._failed(request, claim, error)
        return await self._store(request, claim, hand)

    async def _receive(self, request: GenerationRequested, claim: Claim, step: Step) -> _Hand:
        """The provider's image, checked and ready to be stored."""
        received = await self._maker.make(request, claim, resume=step is Step.RESUME)
        self.condition = condition_rules.after_success(self.condition)
        where = outcomes.stored(request, received.picture, self._ports.assets.bucket)
        event = outcomes.completed(request, received.made, where, received.picture, self._age_ms(claim.entry))
        hand = self._hands[request.generation_id] = _Hand(received.picture, where, event, received.place)
        while len(self._hands) > self._rules.hands:
            # The one that nobody has tried to store for longest: its message has gone to another worker.
            self._put_down(next(iter(self._hands)))
        return hand

    def _in_hand(self, generation_id: str) -> _Hand | None:
        hand = self._hands.pop(generation_id, None)
        if hand is not None:
            self._hands[generation_id] = hand
        return hand

    def _put_down(self, generation_id: str) -> None:
        hand = self._hands.pop(generation_id, None)
        if hand is not None:
            hand.place.leave()

    def _check_that_it_could_be_stored(self) -> None:
        """Begin no paid call while the store takes no image: what a crash meets in hand is paid for, and lost.

        Raises:
            Transient: an image of another call couldn't be stored a moment ago.
        """
        failed_at = self._store_failed_at
        if self._provider.free or failed_at is None:
            return
        if self._ports.clock.monotonic() - failed_at < _STORE_REST_S:
            raise Transient("the object store takes no image: no paid call is begun until it does")

    async def _store(self, request: GenerationRequested, claim: Claim, hand: _Hand) -> Sequence[Event]:
        """Store the image, its record and the answer. On `Transient` the image stays in hand for the next try."""
        if not (self._provider.free or claim.entry.pending):
            asked, pending = tuple(pack([request])), tuple(pack([hand.event]))
            await claim.advance(lambda entry, now: rules.received(entry, asked, pending, now, self._rules.lease))
        claim.check()
        try:
            await self._ports.assets.store(hand.picture, hand.where)
        except Transient:
            self._store_failed_at = self._ports.clock.monotonic()
            raise
        self._store_failed_at = None
        done = hand.event.model_copy(update={"duration_ms": self._age_ms(claim.entry)})
        return await self._complete(request, claim, done)

    async def late_images(self) -> Sequence[Swept]:
        """Finish calls in doubt whose image has turned up in the store after all: a write may outlive its writer.

        Raises:
            Transient: a store is away.
        """
        entries = await self._ports.ledger.late(self._provider.name)
        return [found for entry in entries if (found := await self._late(entry)) is not None]

    async def _late(self, entry: Entry) -> Swept | None:
        now = self._ports.clock.now()
        if entry.state is not State.DONE:
            if entry.owner != self._rules.owner and now < entry.lease_until:
                return None
            if now - entry.created_at > _LATEST:
                await self._ports.ledger.advance(rules.looked_for(entry, now=now))
                return None
            finished = await self._found_late(entry)
            if finished is None:
                return None
            entry = finished

        async def confirm() -> None:
            await self._ports.ledger.advance(rules.looked_for(entry, now=self._ports.clock.now()))

        return Swept(unpack(entry.events), confirm)

    async def _found_late(self, entry: Entry) -> Entry | None:
        (request,), (done,) = unpack(entry.requested), unpack(entry.pending)
        if not isinstance(request, GenerationRequested) or not isinstance(done, GenerationCompleted):
            raise TypeError(f"ledger entry {entry.generation_id}: {request.TYPE}, {done.TYPE}")
        if await self._ports.assets.received(outcomes.Stored(done.asset, done.original)) is None:
            return None
        taken = rules.taken(entry, owner=self._rules.owner, now=self._ports.clock.now(), lease=self._rules.lease)
        if not await self._ports.ledger.advance(taken):
            return None
        claim = self._ports.ledger.hold(taken)
        try:
            async with claim.kept_alive():
                await self._adopt(request, claim)
        except ClaimLostError:
            return None
        log.warning("generation %s: in doubt before, its image was found in the store", entry.generation_id)
        return claim.entry

    async def _adopt(self, request: GenerationRequested, claim: Claim) -> Sequence[Event] | None:
        """Finish a call whose image reached the store before a crash, wholly or in part; None when it didn't."""
        (done,) = unpack(claim.entry.pending)
        if not isinstance(done, GenerationCompleted):
            raise TypeError(f"ledger entry {claim.entry.generation_id}: pending is a {done.TYPE}")
        where = outcomes.Stored(done.asset, done.original)
        if await self._ports.assets.holds(where):
            return await self._complete(request, claim, done)
        data = await self._ports.assets.received(where)
        if data is None:
            return None
        picture = await self._maker.picture(request, data)
        where = outcomes.stored(request, picture, self._ports.assets.bucket)
        claim.check()
        await self._ports.assets.store(picture, where)
        done = done.model_copy(update={"asset": where.image, "original": where.original})
        return await self._complete(request, claim, done)

    async def _complete(self, request: GenerationRequested, claim: Claim, done: GenerationCompleted) -> Sequence[Event]:
        await self._ports.assets.record(outcomes.asset(request, done, self._ports.clock.now()))
        events = tuple(pack([done]))
        await claim.advance(lambda entry, now: rules.finished(entry, State.DONE, events, now=now))
        self._put_down(request.generation_id)
        self._count(claim, "completed", done)
        return (done,)

    async def _failed(self, request: GenerationRequested, claim: Claim, error: ProviderError) -> Sequence[Event]:
        """The provider's error as an answer, or as a reason to ask again later."""
        reason = str(error)
        self.condition = condition_rules.after_failure(self.condition, error.kind, reason, self._rules.outages)
        going_on = claim.entry.state is State.ACCEPTED and not self._provider.free
        if going_on and isinstance(error, Outage | Throttled | OutcomeUnknown):
            # The vendor has the job: not reaching him now says nothing about it. A free job is simply made elsewhere.
            raise Transient(f"provider {self._provider.name}: {reason}", error.retry_after_s) from error
        if isinstance(error, OutcomeUnknown):
            log.warning("generation %s: %s", request.generation_id, reason)
            raise Busy(f"generation {request.generation_id} is in doubt: {reason}", _SOON_S) from error
        return await self._fail(claim, outcomes.failed(request, error))

    async def _fail(self, claim: Claim, event: GenerationFailed) -> Sequence[Event]:
        events = tuple(pack([event]))
        await claim.advance(lambda entry, now: rules.finished(entry, State.FAILED, events, now=now))
        self._count(claim, event.kind.value, event)
        return (event,)

    async def _doubt(self, claim: Claim, event: GenerationFailed) -> Sequence[Event]:
        events = tuple(pack([event]))
        await claim.advance(lambda entry, now: rules.doubted(entry, events, now=now))
        self._count(claim, event.kind.value, event)
        return (event,)

    def _count(self, claim: Claim, outcome: str, event: GenerationCompleted | GenerationFailed) -> None:
        seconds = self._age_ms(claim.entry) / 1000
        self._ports.meter.ended(event.model, outcome, event.cost_usd_micros, seconds)

    def _age_ms(self, entry: Entry) -> int:
        return max(0, round((self._ports.clock.now() - entry.created_at).total_seconds() * 1000))
