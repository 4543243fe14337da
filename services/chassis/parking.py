"""Questions whose answer may have to wait, kept in documents so that a restart forgets none of them.

A question is put with `ask`. The judge, the service's own rule over what it knows at that moment, settles it with
events or names the keys that it waits for::

    ask ── judge ──► settled                     the answer's events are stored in the same write
              └────► waiting on keys
                        ├─ release_for(key) ── judge ──► settled, or waiting on fewer
                        ├─ expired() ── judge, told which keys are over ──► settled
                        └─ a question of higher order in its group ──► dropped

What holds, whoever races and wherever a process dies:

- A question is answered once: the answer is written by compare-and-set, and never changed. Whoever asks again, or
  repeats the cause of a release, gets the stored events again.
- No arrival is missed: what arrives is stored before its waiters are looked up, and a waiter is judged once more after
  it was stored as waiting.
- Every wait ends: each key has a limit, counted from when the question was first put. A key that is over stays over;
  a judge that goes on waiting for it is a bug and raises.
- A wall clock that jumps ends no wait before its time while it is wrong, and makes none longer once it is right again:
  after a jump nothing expires until the clock has run evenly for `warm_up_s`, and what was asked in the future by then
  counts from now. What a sweep decided is announced again by the next one, whatever time it is.
- What is asked for while waiting (`Waiting.asks`) is stored with the wait, and published as an answer is.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.bindings import Swept
from services.chassis.clock import Clock
from services.chassis.documents import Collection
from services.chassis.failures import Transient
from services.chassis.parked import Parked, State, wake_by_cause, wake_by_key
from services.chassis.stored_events import StoredEvent, pack, unpack

_log = logging.getLogger(__name__)

#: Lowest order of a question in its group: nothing older can wait.
FIRST_ORDER: Final = 1
_AT_ONCE: Final = 16
#: Wall clocks of replicas differ by less than this, in seconds, and no correction of a good one is as large.
_JUMP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        id: identity of what is asked, never of the message.
        event: all that the judge needs to know of the question.
        group: questions of one group replace each other.
        order: place in the group, from `FIRST_ORDER`; a higher one drops the lower ones that still wait.
    """

    id: str
    event: Event
    group: str
    order: int = FIRST_ORDER


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """No answer yet: keys, each with its limit in seconds since the question, and what is asked for meanwhile."""

    limits: Mapping[str, float]
    asks: tuple[Event, ...] = ()


Verdict = Settled | Waiting


class Judge(Protocol):
    """The rule: reads what the service knows now; no other effect. Asked often, so it must bear repeats."""

    async def __call__(self, question: Event, over: frozenset[str], /) -> Verdict:
        """Settle, or name the keys to wait for. `over` are keys that are waited for no longer."""
        ...


class EndlessWaitError(RuntimeError):
    """The judge waits for nothing, or for a key whose time is over: such a wait would never end. A bug."""


def _judged(record: Parked, verdict: Verdict, over: frozenset[str]) -> Parked:
    """The record with the verdict in it; `version` is not touched."""
    if isinstance(verdict, Settled):
        answer = pack(verdict.events)
        return replace(record, state=State.SETTLED, waits={}, over=frozenset(), question=(), answer=answer, asks=())
    if not verdict.limits or over & verdict.limits.keys():
        raise EndlessWaitError(
            f"question {record.id}: waits for {sorted(verdict.limits)} though {sorted(over)} are over; "
            "allowed is at least one key, none of which is over"
        )
    waits = {key: record.asked_at + limit for key, limit in sorted(verdict.limits.items())}
    return replace(record, waits=waits, over=over, asks=tuple(pack(verdict.asks)))


class Parking:
    """Questions of one kind in one collection.

    Args:
        records: where they are kept.
        judge: the rule.
        clock: wall clock.
        warm_up_s: nothing expires for so long after a start, as what was waited for may lie in the backlog, and after
            the wall clock has jumped, as it may jump back.
        batch: most records that one sweep takes on.
        registry: classes of the events; None = all events of the engine.
    """

    def __init__(  # noqa: PLR0913 - each is one knob, named where it is set
        self,
        records: Collection,
        judge: Judge,
        clock: Clock,
        *,
        warm_up_s: float = 0.0,
        batch: int = 200,
        registry: Registry | None = None,
    ) -> None:
        self._records = records
        self._judge = judge
        self._clock = clock
        self._warm_up_s = warm_up_s
        self._batch = batch
        self._registry = registry
        self._warm_at = 0.0
        self._wall_minus_monotonic: float | None = None

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._records.ensure_index([("wakes", 1)])
        await self._records.ensure_index([("is_due", 1), ("due", 1)])
        await self._records.ensure_index([("state", 1), ("asked_at", 1)])
        await self._records.ensure_index([("group", 1), ("order", 1)])

    async def ask(self, question: Question, *, is_new: bool = False) -> tuple[Event, ...]:
        """Put a question, or put it again: its answer's events, or what it asks for while it waits; none when dropped.

        Args:
            question: what is asked.
            is_new: the caller believes that nobody asked before, which saves a read; right or not, the answer is.
        """
        found = None if is_new else await self._records.get(question.id)
        if found is None:
            record, events = await self._put(question)
        else:
            record, events = Parked.read(found), None
        if question.order > FIRST_ORDER:
            await self._drop_older(question)
        if record.state is not State.WAITING:
            return self._unpack(record.answer) if events is None else events
        if await self._is_outdated(question):
            await self._drop(record)
            return ()
        judged, events = await self._judge_again(record, cause=None)
        return self._unpack(judged.asks) if judged.state is State.WAITING else events

    async def release_for(self, keys: Sequence[str], cause: str) -> tuple[Event, ...]:
        """Judge again who waits for one of `keys`; call it after what has arrived is stored.

        Args:
            keys: what has arrived.
            cause: identity of the arrival; repeating it gives the events of its earlier releases again, for they may
                never have been published.
        """
        wakes = [wake_by_cause(cause), *map(wake_by_key, keys)]
        found = await self._records.find({"wakes": {"$in": wakes}}, sort=[("asked_at", 1)])
        events: list[Event] = []
        for start in range(0, len(found), _AT_ONCE):
            chunk = [self._release(Parked.read(doc), cause) for doc in found[start : start + _AT_ONCE]]
            # Every one is waited for before the first error is raised: none goes on behind a finished handler.
            for outcome in await asyncio.gather(*chunk, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
                events.extend(outcome)
        return tuple(events)

    async def expired(self) -> list[Swept]:
        """Judge who has waited too long; also what an earlier sweep settled and nobody confirmed."""
        now = self._clock.now().timestamp()
        swept: list[Swept] = []
        is_warm = self._is_warm(now)
        if is_warm:
            await self._date_back(now)
        due = {"is_due": True, "due": {"$lte": now}}
        for doc in await self._records.find(due, sort=[("due", 1)], limit=self._batch):
            record = Parked.read(doc)
            if record.unannounced:
                swept.append(self._swept(record, self._unpack((*record.answer, *record.asks))))
            elif is_warm and (outcome := await self._expire_alone(record, now)) is not None:
                swept.append(outcome)
        return swept

    async def _date_back(self, now: float) -> None:
        """Let waits that were dated into the future begin now; a lost race is seen by the next sweep."""
        ahead = {"state": State.WAITING.value, "asked_at": {"$gt": now + _JUMP_S}}
        for doc in await self._records.find(ahead, limit=self._batch):
            record = Parked.read(doc)
            await self._records.replace(record.asked_again_at(now).document(), record.version)

    async def _expire_alone(self, record: Parked, now: float) -> Swept | None:
        """Expire one record; None = nothing to announce. One that can't be judged must not hold up the others."""
        over = frozenset(key for key, until in record.waits.items() if until <= now)
        try:
            judged, events = await self._judge_again(record, cause=None, over=over, announces=True)
        except Transient:
            raise
        except Exception:  # noqa: BLE001 - whatever the judge stumbled over; it is tried again
            _log.exception("a waiting question can't be judged", extra={"question": record.id})
            return None
        if judged.state is State.WAITING and judged.unannounced:
            events = self._unpack(judged.asks)
        return self._swept(judged, events) if events else None

    def _unpack(self, stored: Sequence[StoredEvent]) -> tuple[Event, ...]:
        return unpack(stored, self._registry)

    def _is_warm(self, now: float) -> bool:
        monotonic = self._clock.monotonic()
        before, self._wall_minus_monotonic = self._wall_minus_monotonic, now - monotonic
        if before is None or abs(self._wall_minus_monotonic - before) > _JUMP_S:
            self._warm_at = monotonic + self._warm_up_s
        return monotonic >= self._warm_at

    async def _put(self, question: Question) -> tuple[Parked, tuple[Event, ...] | None]:
        """Store a new question with its first verdict; events None = somebody else was first, and theirs counts."""
        fresh = Parked(
            id=question.id,
            group=question.group,
            order=question.order,
            asked_at=self._clock.now().timestamp(),
        )
        verdict = await self._judge(question.event, frozenset())
        record = _judged(fresh, verdict, frozenset())
        if record.state is State.WAITING:
            record = replace(record, question=pack((question.event,)))
        if await self._records.insert(record.document()):
            return record, verdict.events if isinstance(verdict, Settled) else ()
        stored = await self._records.get(question.id)
        return (Parked.read(stored), None) if stored is not None else await self._put(question)

    async def _release(self, record: Parked, cause: str) -> tuple[Event, ...]:
        """The answer, or what it asks for since this arrival: repeated, earlier asks would go round in circles."""
        if record.state is State.SETTLED:
            return self._unpack(record.answer)
        judged, events = await self._judge_again(record, cause=cause)
        # The same arrival again: it may have died before anybody heard what it asked.
        again = judged.state is State.WAITING and record.cause == cause
        return self._unpack(judged.asks) if again else events

    async def _judge_again(
        self,
        record: Parked,
        *,
        cause: str | None,
        over: frozenset[str] = frozenset(),
        announces: bool = False,
    ) -> tuple[Parked, tuple[Event, ...]]:
        """Judge until the stored waits are what the judge said last. Events only if this call stored them."""
        asked: tuple[Event, ...] = ()
        while record.state is State.WAITING:
            (question,) = self._unpack(record.question)
            gone = record.over | over
            verdict = await self._judge(question, gone)
            judged = _judged(record, verdict, gone)
            if judged == record:
                return record, asked
            judged = replace(judged, version=record.version + 1)
            if isinstance(verdict, Settled):
                judged = replace(judged, cause=cause, unannounced=announces and bool(verdict.events))
            fresh = [item for item in judged.asks if item not in record.asks]
            if fresh:
                judged = replace(judged, cause=cause, unannounced=announces)
            if await self._records.replace(judged.document(), record.version):
                if isinstance(verdict, Settled):
                    return judged, verdict.events
                asked = (*asked, *self._unpack(fresh))
                record = judged
                continue
            stored = await self._records.get(record.id)
            if stored is None:
                return record, ()
            record = Parked.read(stored)
        return record, ()

    async def _is_outdated(self, question: Question) -> bool:
        newer = {"group": question.group, "order": {"$gt": question.order}}
        return bool(await self._records.find(newer, limit=1))

    async def _drop_older(self, question: Question) -> None:
        older = {"group": question.group, "order": {"$lt": question.order}, "state": State.WAITING.value}
        for doc in await self._records.find(older):
            await self._drop(Parked.read(doc))

    async def _drop(self, record: Parked) -> None:
        while record.state is State.WAITING:
            dropped = replace(
                record, state=State.DROPPED, waits={}, over=frozenset(), question=(), version=record.version + 1
            )
            if await self._records.replace(dropped.document(), record.version):
                return
            stored = await self._records.get(record.id)
            if stored is None:
                return
            record = Parked.read(stored)

    def _swept(self, record: Parked, events: tuple[Event, ...]) -> Swept:
        async def confirm() -> None:
            # Lost to another sweep's confirmation: then that is done already.
            announced = replace(record, unannounced=False, version=record.version + 1)
            await self._records.replace(announced.document(), record.version)

        return Swept(events=events, confirm=confirm)
