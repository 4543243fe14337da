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
- What is asked for while waiting (`Waiting.asks`) is stored with the wait, and published as an answer is.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Protocol

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.bindings import Swept
from services.chassis.clock import Clock
from services.chassis.documents import Collection, Document
from services.chassis.failures import Transient
from services.chassis.stored_events import StoredEvent, pack, unpack

_log = logging.getLogger(__name__)

#: Lowest order of a question in its group: nothing older can wait.
FIRST_ORDER: Final = 1
_AT_ONCE: Final = 16


class State(StrEnum):
    """How far a question is; `SETTLED` and `DROPPED` are final."""

    WAITING = "waiting"
    SETTLED = "settled"
    DROPPED = "dropped"


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


@dataclass(frozen=True, slots=True)
class _Record:
    """One question as it is stored. Times are seconds since 1970 (UTC)."""

    id: str
    group: str
    order: int
    asked_at: float
    question: Sequence[StoredEvent] = ()
    version: int = 1
    state: State = State.WAITING
    waits: Mapping[str, float] = field(default_factory=dict)
    over: frozenset[str] = frozenset()
    answer: Sequence[StoredEvent] = ()
    asks: Sequence[StoredEvent] = ()
    cause: str | None = None
    announce_at: float | None = None

    def judged(self, verdict: Verdict, over: frozenset[str]) -> "_Record":
        """The record with the verdict in it; `version` is not touched."""
        if isinstance(verdict, Settled):
            return replace(
                self, state=State.SETTLED, waits={}, over=frozenset(), question=(), answer=pack(verdict.events), asks=()
            )
        if not verdict.limits or over & verdict.limits.keys():
            raise EndlessWaitError(
                f"question {self.id}: waits for {sorted(verdict.limits)} though {sorted(over)} are over; "
                "allowed is at least one key, none of which is over"
            )
        waits = {key: self.asked_at + limit for key, limit in sorted(verdict.limits.items())}
        return replace(self, waits=waits, over=over, asks=tuple(pack(verdict.asks)))

    def document(self) -> Document:
        """As JSON. `wakes` and `due` serve the indexes and are absent where nothing has to find the record.

        `wakes` names the keys waited for, or the cause that settled it: one lookup finds who waits for an arrival
        and what that arrival released before. `due` is when a sweep has to look: at the first limit, or to announce.
        """
        doc: Document = {
            "_id": self.id,
            "version": self.version,
            "group": self.group,
            "order": self.order,
            "state": self.state.value,
            "asked_at": self.asked_at,
            "answer": list(self.answer),
        }
        if self.waits:
            doc["waits"] = [{"key": key, "until": until} for key, until in self.waits.items()]
            doc["wakes"] = [_wake_by_key(key) for key in self.waits]
        if self.cause is not None:
            doc["wakes"] = [*doc.get("wakes", ()), _wake_by_cause(self.cause)]
        due = min((*self.waits.values(), *([] if self.announce_at is None else [self.announce_at])), default=None)
        if due is not None:
            # Equality before range: not every database walks an index by a range alone.
            doc |= {"is_due": True, "due": due}
        optional: dict[str, Any] = {
            "question": list(self.question),
            "over": sorted(self.over),
            "asks": list(self.asks),
            "cause": self.cause,
            "announce_at": self.announce_at,
        }
        return doc | {name: value for name, value in optional.items() if value}

    @classmethod
    def read(cls, doc: Document) -> "_Record":
        """The record of a document."""
        return cls(
            id=doc["_id"],
            version=doc["version"],
            group=doc["group"],
            order=doc["order"],
            state=State(doc["state"]),
            asked_at=doc["asked_at"],
            question=doc.get("question", ()),
            waits={wait["key"]: wait["until"] for wait in doc.get("waits", ())},
            over=frozenset(doc.get("over", ())),
            answer=doc["answer"],
            asks=tuple(doc.get("asks", ())),
            cause=doc.get("cause"),
            announce_at=doc.get("announce_at"),
        )


def _wake_by_key(key: str) -> str:
    return f"key:{key}"


def _wake_by_cause(cause: str) -> str:
    return f"cause:{cause}"


class Parking:
    """Questions of one kind in one collection.

    Args:
        records: where they are kept.
        judge: the rule.
        clock: wall clock.
        warm_up_s: after a start, nothing expires for so long: what was waited for may lie in the backlog.
        announce_s: a swept answer that nobody confirmed in so many seconds is announced again.
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
        announce_s: float = 30.0,
        batch: int = 200,
        registry: Registry | None = None,
    ) -> None:
        self._records = records
        self._judge = judge
        self._clock = clock
        self._warm_up_s = warm_up_s
        self._announce_s = announce_s
        self._batch = batch
        self._registry = registry
        self._warm_at: float | None = None

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._records.ensure_index([("wakes", 1)])
        await self._records.ensure_index([("is_due", 1), ("due", 1)])
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
            record, events = _Record.read(found), None
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
        wakes = [_wake_by_cause(cause), *map(_wake_by_key, keys)]
        found = await self._records.find({"wakes": {"$in": wakes}}, sort=[("asked_at", 1)])
        events: list[Event] = []
        for start in range(0, len(found), _AT_ONCE):
            chunk = [self._release(_Record.read(doc), cause) for doc in found[start : start + _AT_ONCE]]
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
        due = {"is_due": True, "due": {"$lte": now}}
        is_warm = self._is_warm()
        for doc in await self._records.find(due, sort=[("due", 1)], limit=self._batch):
            record = _Record.read(doc)
            if record.announce_at is not None and record.announce_at <= now:
                swept.append(self._swept(record, self._unpack((*record.answer, *record.asks))))
            elif is_warm and (outcome := await self._expire_alone(record, now)) is not None:
                swept.append(outcome)
        return swept

    async def _expire_alone(self, record: _Record, now: float) -> Swept | None:
        """Expire one record; None = nothing to announce. One that can't be judged must not hold up the others."""
        over = frozenset(key for key, until in record.waits.items() if until <= now)
        try:
            judged, events = await self._judge_again(record, cause=None, over=over, announce_at=now + self._announce_s)
        except Transient:
            raise
        except Exception:  # noqa: BLE001 - whatever the judge stumbled over; it is tried again
            _log.exception("a waiting question can't be judged", extra={"question": record.id})
            return None
        if judged.state is State.WAITING and judged.announce_at is not None:
            events = self._unpack(judged.asks)
        return self._swept(judged, events) if events else None

    def _unpack(self, stored: Sequence[StoredEvent]) -> tuple[Event, ...]:
        return unpack(stored, self._registry)

    def _is_warm(self) -> bool:
        now = self._clock.monotonic()
        if self._warm_at is None:
            self._warm_at = now + self._warm_up_s
        return now >= self._warm_at

    async def _put(self, question: Question) -> tuple[_Record, tuple[Event, ...] | None]:
        """Store a new question with its first verdict; events None = somebody else was first, and theirs counts."""
        fresh = _Record(
            id=question.id,
            group=question.group,
            order=question.order,
            asked_at=self._clock.now().timestamp(),
        )
        verdict = await self._judge(question.event, frozenset())
        record = fresh.judged(verdict, frozenset())
        if record.state is State.WAITING:
            record = replace(record, question=pack((question.event,)))
        if await self._records.insert(record.document()):
            return record, verdict.events if isinstance(verdict, Settled) else ()
        stored = await self._records.get(question.id)
        return (_Record.read(stored), None) if stored is not None else await self._put(question)

    async def _release(self, record: _Record, cause: str) -> tuple[Event, ...]:
        """The answer, or what it asks for since this arrival: repeated, earlier asks would go round in circles."""
        if record.state is State.SETTLED:
            return self._unpack(record.answer)
        judged, events = await self._judge_again(record, cause=cause)
        # The same arrival again: it may have died before anybody heard what it asked.
        again = judged.state is State.WAITING and record.cause == cause
        return self._unpack(judged.asks) if again else events

    async def _judge_again(
        self,
        record: _Record,
        *,
        cause: str | None,
        over: frozenset[str] = frozenset(),
        announce_at: float | None = None,
    ) -> tuple[_Record, tuple[Event, ...]]:
        """Judge until the stored waits are what the judge said last. Events only if this call stored them."""
        asked: tuple[Event, ...] = ()
        while record.state is State.WAITING:
            (question,) = self._unpack(record.question)
            gone = record.over | over
            verdict = await self._judge(question, gone)
            judged = record.judged(verdict, gone)
            if judged == record:
                return record, asked
            judged = replace(judged, version=record.version + 1)
            if isinstance(verdict, Settled):
                judged = replace(judged, cause=cause, announce_at=announce_at if verdict.events else None)
            fresh = [item for item in judged.asks if item not in record.asks]
            if fresh:
                judged = replace(judged, cause=cause, announce_at=announce_at)
            if await self._records.replace(judged.document(), record.version):
                if isinstance(verdict, Settled):
                    return judged, verdict.events
                asked = (*asked, *self._unpack(fresh))
                record = judged
                continue
            stored = await self._records.get(record.id)
            if stored is None:
                return record, ()
            record = _Record.read(stored)
        return record, ()

    async def _is_outdated(self, question: Question) -> bool:
        newer = {"group": question.group, "order": {"$gt": question.order}}
        return bool(await self._records.find(newer, limit=1))

    async def _drop_older(self, question: Question) -> None:
        older = {"group": question.group, "order": {"$lt": question.order}, "state": State.WAITING.value}
        for doc in await self._records.find(older):
            await self._drop(_Record.read(doc))

    async def _drop(self, record: _Record) -> None:
        while record.state is State.WAITING:
            dropped = replace(
                record, state=State.DROPPED, waits={}, over=frozenset(), question=(), version=record.version + 1
            )
            if await self._records.replace(dropped.document(), record.version):
                return
            stored = await self._records.get(record.id)
            if stored is None:
                return
            record = _Record.read(stored)

    def _swept(self, record: _Record, events: tuple[Event, ...]) -> Swept:
        async def confirm() -> None:
            # Lost to another sweep's confirmation: then that is done already.
            announced = replace(record, announce_at=None, version=record.version + 1)
            await self._records.replace(announced.document(), record.version)

        return Swept(events=events, confirm=confirm)
