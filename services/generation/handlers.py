"""What a worker does about each event: look into the ledger, call the provider, store, answer."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from schemas.base import Event
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.run import RunSuperseded
from services.chassis.bindings import Swept
from services.chassis.clock import Clock
from services.chassis.failures import Busy, Poison, Transient
from services.chassis.stored_events import pack, unpack
from services.generation.domain import health as condition_rules
from services.generation.domain import images, outcomes
from services.generation.domain import ledger as rules
from services.generation.domain.health import Condition
from services.generation.domain.ledger import Entry, InDoubtPolicy, Knowledge, State, Step
from services.generation.ports import Assets, Claim, ClaimLostError, Ledger, Offload, SupersededRuns
from services.generation.providers.base import GeneratedImage, ImageJob, ImageProvider
from services.generation.providers.errors import (
    InvalidRequest,
    Outage,
    OutcomeUnknown,
    ProviderError,
    Throttled,
    UnusableImage,
)

log = logging.getLogger(__name__)

_WAIT_S = 2.0
_SOON_S = 0.2
_MAX_HANDS = 256


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
    """

    owner: str
    lease: timedelta
    patience: timedelta = timedelta(hours=1)
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    limits: images.Limits = field(default_factory=images.Limits)
    outages: int = 3


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside that the handlers use."""

    ledger: Ledger
    superseded: SupersededRuns
    assets: Assets
    offload: Offload
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Hand:
    """A received image on its way into the store."""

    picture: images.Picture
    where: outcomes.Stored
    event: GenerationCompleted


class Handlers:
    """One worker of one provider."""

    def __init__(self, provider: ImageProvider, ports: Ports, worker: Rules) -> None:
        self._provider = provider
        self._ports = ports
        self._rules = worker
        self._running: set[str] = set()
        self._unsent: set[str] = set()
        self._hands: dict[str, _Hand] = {}
        self._condition = Condition()

    async def requested(self, request: GenerationRequested) -> Sequence[Event]:
        """Make the image, or answer what became of it when it was asked for before."""
        if request.provider != self._provider.name:
            raise Poison(f"provider: {request.provider!r}, allowed is {self._provider.name!r} on this worker")
        generation_id = request.generation_id
        if generation_id in self._running:
            # The same message again after a rebalance, while the first handler is still at it.
            raise Busy(f"generation {generation_id} is being made by this worker", _WAIT_S)
        self._running.add(generation_id)
        try:
            answer = await self._answer(request)
        finally:
            self._running.discard(generation_id)
        self._unsent.discard(generation_id)
        return answer

    async def superseded(self, event: RunSuperseded) -> Sequence[Event]:
        """Remember the run; its requests meet the note before they are sent."""
        await self._ports.superseded.add(event.run.run_id)
        return ()

    async def announce(self) -> Sequence[Event]:
        """The provider's health and models, at start."""
        try:
            await self._provider.ping()
        except ProviderError as error:
            self._condition = Condition(ProviderState.DOWN, str(error), outages=1)
        return (self._health_event(self._condition),)

    async def health(self) -> Sequence[Swept]:
        """Probe a provider that is down, and announce what has changed."""
        if self._condition.state is ProviderState.DOWN and self._condition.announced:
            await self._probe()
        noticed = self._condition
        if noticed.announced:
            return ()

        async def confirm() -> None:
            if self._condition == noticed:
                self._condition = replace(noticed, announced=True)

        return (Swept((self._health_event(noticed),), confirm),)

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
        step = self._decide(found)
        if step is Step.REPUBLISH:
            return unpack(found.events)
        if step is Step.WAIT:
            raise Busy(f"generation {found.generation_id} is being made by another worker", _WAIT_S)
        if step in rules.NEEDS_CLAIM:
            found = rules.taken(found, owner=self._rules.owner, now=now, lease=self._rules.lease)
            if not await self._ports.ledger.advance(found):
                raise Busy(f"generation {found.generation_id} was claimed by another worker just now", _SOON_S)
        return await self._work(request, found, step, unwanted=unwanted)

    def _decide(self, entry: Entry, *, lost: bool = False) -> Step:
        generation_id = entry.generation_id
        knowledge = Knowledge(
            owner=self._rules.owner,
            now=self._ports.clock.now(),
            in_hand=generation_id in self._hands,
            unsent=generation_id in self._unsent,
            lost=lost,
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
            self._hands.pop(entry.generation_id, None)
            raise Busy(f"generation {error} was claimed by another worker meanwhile", _SOON_S) from error

    async def _carry_out(self, request: GenerationRequested, claim: Claim, step: Step) -> Sequence[Event]:
        if step is Step.ADOPT:
            adopted = await self._adopt(request, claim)
            if adopted is not None:
                return adopted
            step = self._decide(claim.entry, lost=True)
        if step is Step.IN_DOUBT:
            return await self._doubt(claim, outcomes.in_doubt(request, claim.entry, self._rules.in_doubt))
        hand = self._hands.get(request.generation_id) if step is Step.STORE else None
        if hand is None:
            try:
                hand = await self._receive(request, claim, step)
            except ProviderError as error:
                return await self._failed(request, claim, error)
        return await self._store(request, claim, hand)

    async def _receive(self, request: GenerationRequested, claim: Claim, step: Step) -> _Hand:
        """The provider's image, checked and ready to be stored."""
        if request.model not in self._provider.models:
            models = ", ".join(self._provider.models)
            raise InvalidRequest(f"model: {request.model!r}, allowed is one of: {models}")
        made = await self._call(ImageJob.from_request(request), claim, step)
        self._condition = condition_rules.after_success(self._condition)
        check = partial(images.prepare, made.data, request.width, request.height, self._rules.limits)
        try:
            picture = await self._ports.offload.run(check)
        except images.BadImageError as error:
            charged = bool(made.cost_usd_micros) or not self._provider.free
            raise UnusableImage(str(error), charged=charged, cost_usd_micros=made.cost_usd_micros) from error
        where = outcomes.stored(request, picture, self._ports.assets.bucket)
        event = outcomes.completed(request, made, where, picture, self._age_ms(claim.entry))
        hand = _Hand(picture, where, event)
        while len(self._hands) >= _MAX_HANDS:
            self._hands.pop(next(iter(self._hands)))
        self._hands[request.generation_id] = hand
        return hand

    async def _call(self, job: ImageJob, claim: Claim, step: Step) -> GeneratedImage:
        lease = self._rules.lease
        if step is Step.RESUME and claim.entry.vendor_job_id is not None:
            return await self._provider.resume(job, claim.entry.vendor_job_id)
        if not self._provider.free:
            try:
                await claim.advance(lambda entry, now: rules.sending(entry, now=now, lease=lease))
                claim.check()
            except (Transient, ClaimLostError):
                self._unsent.add(job.generation_id)
                raise
            self._unsent.discard(job.generation_id)

        async def accepted(vendor_job_id: str) -> None:
            await claim.advance(lambda entry, now: rules.accepted(entry, vendor_job_id, now=now, lease=lease))

        return await self._provider.generate(job, accepted)

    async def _store(self, request: GenerationRequested, claim: Claim, hand: _Hand) -> Sequence[Event]:
        """Store the image, its record and the answer. On `Transient` the image stays in hand for the next try."""
        if not (self._provider.free or claim.entry.pending):
            pending, lease = tuple(pack([hand.event])), self._rules.lease
            await claim.advance(lambda entry, now: rules.received(entry, pending, now=now, lease=lease))
        claim.check()
        await self._ports.assets.store(hand.picture, hand.where)
        done = hand.event.model_copy(update={"duration_ms": self._age_ms(claim.entry)})
        return await self._complete(request, claim, done)

    async def _adopt(self, request: GenerationRequested, claim: Claim) -> Sequence[Event] | None:
        """Finish a call whose image was stored before a crash; None when it wasn't, or not whole."""
        (done,) = unpack(claim.entry.pending)
        if not isinstance(done, GenerationCompleted):
            raise TypeError(f"ledger entry {claim.entry.generation_id}: pending is a {done.TYPE}")
        if not await self._ports.assets.holds(outcomes.Stored(done.asset, done.original)):
            return None
        return await self._complete(request, claim, done)

    async def _complete(self, request: GenerationRequested, claim: Claim, done: GenerationCompleted) -> Sequence[Event]:
        await self._ports.assets.record(outcomes.asset(request, done, self._ports.clock.now()))
        events = tuple(pack([done]))
        await claim.advance(lambda entry, now: rules.finished(entry, State.DONE, events, now=now))
        self._hands.pop(request.generation_id, None)
        return (done,)

    async def _failed(self, request: GenerationRequested, claim: Claim, error: ProviderError) -> Sequence[Event]:
        """The provider's error as an answer, or as a reason to ask again later."""
        reason = str(error)
        self._condition = condition_rules.after_failure(self._condition, error.kind, reason, self._rules.outages)
        if claim.entry.state is State.ACCEPTED and isinstance(error, Outage | Throttled | OutcomeUnknown):
            # The vendor has the job: not reaching him now says nothing about it.
            raise Transient(f"provider {self._provider.name}: {reason}", error.retry_after_s) from error
        if isinstance(error, OutcomeUnknown):
            log.warning("generation %s: %s", request.generation_id, reason)
            raise Busy(f"generation {request.generation_id} is in doubt: {reason}", _SOON_S) from error
        return await self._fail(claim, outcomes.failed(request, error))

    async def _fail(self, claim: Claim, event: GenerationFailed) -> Sequence[Event]:
        events = tuple(pack([event]))
        await claim.advance(lambda entry, now: rules.finished(entry, State.FAILED, events, now=now))
        return (event,)

    async def _doubt(self, claim: Claim, event: GenerationFailed) -> Sequence[Event]:
        events = tuple(pack([event]))
        await claim.advance(lambda entry, now: rules.doubted(entry, events, now=now))
        return (event,)

    async def _probe(self) -> None:
        try:
            await self._provider.ping()
        except ProviderError as error:
            self._condition = replace(self._condition, reason=str(error))
        else:
            self._condition = condition_rules.after_success(self._condition)

    def _health_event(self, condition: Condition) -> ProviderHealthChanged:
        return ProviderHealthChanged(
            provider=self._provider.name,
            state=condition.state,
            reason=outcomes.readable(condition.reason) if condition.reason else "",
            models=self._provider.models,
            sequence=int(self._ports.clock.now().timestamp() * 1000),
        )

    def _age_ms(self, entry: Entry) -> int:
        return max(0, round((self._ports.clock.now() - entry.created_at).total_seconds() * 1000))
