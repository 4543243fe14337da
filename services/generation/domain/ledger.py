"""The ledger's states and what follows from them; pure, so that every crash can be played through in a test.

    claimed ──> sending ──> accepted(vendor job id) ──> done | failed

A call in doubt stays what it is, `sending` or `accepted`, with `in_doubt` set and the events that it was answered with:
it counts as ended and is never sent again, and a person can still find out what became of it.

A free provider's call is claimed and sent in one step: nothing is lost by repeating it. Every change is a
compare-and-set on `version`, so whoever wakes up late finds that his claim has been taken and can't send.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from schemas.generation import GenerationRequested


class State(StrEnum):
    """How far a call is."""

    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"


class InDoubtPolicy(StrEnum):
    """What becomes of a paid call that was sent, and of which nothing is known.

    `hold`: it is answered as in doubt, a person decides. `retry-once`: it is sent once more, then held. `next-model`:
    the router may go on with another model, the possible cost is booked.
    """

    HOLD = "hold"
    RETRY_ONCE = "retry-once"
    NEXT_MODEL = "next-model"


class Step(StrEnum):
    """What the worker does about a request."""

    REPUBLISH = auto()
    WAIT = auto()
    SEND = auto()
    RESUME = auto()
    STORE = auto()
    ADOPT = auto()
    IN_DOUBT = auto()


#: Steps that need the claim.
NEEDS_CLAIM = frozenset({Step.SEND, Step.RESUME, Step.ADOPT, Step.IN_DOUBT})

_TERMINAL = frozenset({State.DONE, State.FAILED})
_SENT = frozenset({State.SENDING, State.ACCEPTED})
_SENDS_WITH_RETRY = 2


class Entry(BaseModel):
    """One call in the ledger. `lease_until`: until then nobody else touches it. `fence` grows with every claim."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    generation_id: str
    state: State
    version: int
    fence: int
    owner: str
    lease_until: AwareDatetime
    run_id: str
    project_id: str
    shot_id: str
    provider: str
    model: str
    free: bool
    sends: int = 0
    estimated_cost_usd_micros: int = 0
    vendor_job_id: str | None = None
    sent_at: AwareDatetime | None = None
    """When the call was last marked as sending: where to look for it on the vendor's bill."""
    in_doubt: bool = False
    """Answered as in doubt; `state` says how far the call is known to have come."""
    pending: tuple[dict[str, Any], ...] = ()
    """The events of an image that was received and is being stored."""
    requested: tuple[dict[str, Any], ...] = ()
    """What was asked for, beside `pending`: with both, the call can be finished by whoever finds the image."""
    late: bool = False
    """In doubt, its image lost on the way into the store: it may turn up there yet. True until that is said."""
    events: tuple[dict[str, Any], ...] = ()
    """What the call caused; set in the same write as a terminal state or as `in_doubt`."""
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @property
    def ended(self) -> bool:
        """Whether the call was answered for good: done, failed, or in doubt."""
        return self.state in _TERMINAL or self.in_doubt


def claim(request: GenerationRequested, *, owner: str, free: bool, now: datetime, lease: timedelta) -> Entry:
    """The first entry of a request; a free one counts as sending from the start."""
    return Entry(
        generation_id=request.generation_id,
        state=State.SENDING if free else State.CLAIMED,
        version=1,
        fence=1,
        owner=owner,
        lease_until=now + lease,
        run_id=request.run.run_id,
        project_id=request.run.project.project_id,
        shot_id=request.run.shot.shot_id,
        provider=request.provider,
        model=request.model,
        free=free,
        sends=1 if free else 0,
        estimated_cost_usd_micros=request.estimated_cost_usd_micros,
        created_at=now,
        updated_at=now,
    )


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What this process knows beside the entry.

    Attributes:
        owner: this process.
        now: wall clock, aware.
        in_hand: it still holds the received image, which it could not store.
        unsent: it marked the call as sending and then did not send it.
        lost: it looked for the received image in the object store, and it is not there.
        silent: it has watched another's claim for a whole lease of its own time, and saw no sign of life.
    """

    owner: str
    now: datetime
    in_hand: bool = False
    unsent: bool = False
    lost: bool = False
    silent: bool = False


def decide(entry: Entry, knowledge: Knowledge, policy: InDoubtPolicy, patience: timedelta) -> Step:
    """What to do about a request that is in the ledger already and that nobody in this process works on.

    Args:
        entry: as it is stored.
        knowledge: of this process.
        policy: for calls in doubt.
        patience: how long, from the first claim on, an accepted call is asked for before it counts as in doubt.
    """
    own = entry.owner == knowledge.owner
    if entry.ended:
        return Step.REPUBLISH
    if not own and knowledge.now < entry.lease_until and not knowledge.silent:
        return Step.WAIT
    if own and knowledge.in_hand:
        return Step.STORE
    if entry.pending and not knowledge.lost:
        return Step.ADOPT
    return _make(entry, policy, unsent=own and knowledge.unsent, patient=knowledge.now < entry.created_at + patience)


def _make(entry: Entry, policy: InDoubtPolicy, *, unsent: bool, patient: bool) -> Step:
    if entry.state is State.ACCEPTED:
        return Step.RESUME if patient else Step.IN_DOUBT
    if entry.free or entry.state is State.CLAIMED or unsent:
        return Step.SEND
    again = policy is InDoubtPolicy.RETRY_ONCE and entry.sends < _SENDS_WITH_RETRY
    return Step.SEND if again else Step.IN_DOUBT


def taken(entry: Entry, *, owner: str, now: datetime, lease: timedelta) -> Entry:
    """The entry under a new claim, which fences off the one before."""
    return _next(entry, now, owner=owner, fence=entry.fence + 1, lease_until=now + lease)


def renewed(entry: Entry, *, now: datetime, lease: timedelta) -> Entry:
    """The same claim for longer."""
    return _next(entry, now, lease_until=now + lease)


def sending(entry: Entry, *, now: datetime, lease: timedelta) -> Entry:
    """Written before the call goes out: from here on it may have been carried out."""
    return _next(
        entry,
        now,
        state=State.SENDING,
        sends=entry.sends + 1,
        sent_at=now,
        pending=(),
        requested=(),
        lease_until=now + lease,
    )


def unsent(entry: Entry, *, now: datetime, lease: timedelta) -> Entry:
    """The vendor did certainly not take the call (it throttles): it waits to be sent, as if it never had been.

    Raises:
        ValueError: the call isn't marked as sending.
    """
    if entry.state is not State.SENDING:
        raise ValueError(f"state: {entry.state.value!r}, allowed is 'sending'")
    return _next(entry, now, state=State.CLAIMED, sends=entry.sends - 1, sent_at=None, lease_until=now + lease)


def given_back(entry: Entry, *, now: datetime) -> Entry:
    """The worker that holds the claim stops before it did anything: the next one needn't wait for the lease's end."""
    return _next(entry, now, lease_until=now)


def accepted(entry: Entry, vendor_job_id: str, *, now: datetime, lease: timedelta) -> Entry:
    """The vendor has taken the call: from here on it can be asked for."""
    return _next(entry, now, state=State.ACCEPTED, vendor_job_id=vendor_job_id, lease_until=now + lease)


def received(
    entry: Entry,
    request: tuple[dict[str, Any], ...],
    pending: tuple[dict[str, Any], ...],
    now: datetime,
    lease: timedelta,
) -> Entry:
    """An image came and is about to be stored; `pending` are the events that its storing will cause."""
    return _next(entry, now, pending=pending, requested=request, lease_until=now + lease)


def finished(entry: Entry, state: State, events: tuple[dict[str, Any], ...], *, now: datetime) -> Entry:
    """The end, with the events that it causes.

    Raises:
        ValueError: `state` is not `done` or `failed`.
    """
    if state not in _TERMINAL:
        raise ValueError(f"state: {state.value!r}, allowed is 'done' or 'failed'")
    return _next(entry, now, state=state, events=events, pending=(), requested=(), in_doubt=False, lease_until=now)


def doubted(entry: Entry, events: tuple[dict[str, Any], ...], *, now: datetime) -> Entry:
    """Answered as in doubt: the state stays, since that is what is known; nothing of it is ever sent again.

    A lost image stays looked for: a store may take minutes to finish a write that it never answered.

    Raises:
        ValueError: the call can't be in doubt, as it was never sent or has ended.
    """
    if entry.state not in _SENT:
        raise ValueError(f"state: {entry.state.value!r}, allowed is 'sending' or 'accepted'")
    return _next(entry, now, in_doubt=True, events=events, late=bool(entry.pending), lease_until=now)


def looked_for(entry: Entry, *, now: datetime) -> Entry:
    """A lost image is looked for no longer: it was found and said, or too much time has passed."""
    return _next(entry, now, late=False, pending=(), requested=())


def _next(entry: Entry, now: datetime, **changes: Any) -> Entry:  # noqa: ANN401 - fields of the entry
    return entry.model_copy(update={**changes, "version": entry.version + 1, "updated_at": now})
