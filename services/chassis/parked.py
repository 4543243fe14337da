"""A question as it is stored: what finds it, what it waits for, what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from services.chassis.documents import Document
from services.chassis.stored_events import StoredEvent


class State(StrEnum):
    """How far a question is; `SETTLED` and `DROPPED` are final."""

    WAITING = "waiting"
    SETTLED = "settled"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Parked:
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
    unannounced: bool = False

    def document(self) -> Document:
        """As JSON. `wakes` and `due` serve the indexes and are absent where nothing has to find the record.

        `wakes` names the keys waited for, or the cause that settled it: one lookup finds who waits for an arrival
        and what that arrival released before. `due` is when a sweep has to look: at the first limit, or, to announce,
        since ever: a time of our clock could lie far in the future by the next one.
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
            doc["wakes"] = [wake_by_key(key) for key in self.waits]
        if self.cause is not None:
            doc["wakes"] = [*doc.get("wakes", ()), wake_by_cause(self.cause)]
        due = min((*self.waits.values(), *([0.0] if self.unannounced else [])), default=None)
        if due is not None:
            # Equality before range: not every database walks an index by a range alone.
            doc |= {"is_due": True, "due": due}
        optional: dict[str, Any] = {
            "question": list(self.question),
            "over": sorted(self.over),
            "asks": list(self.asks),
            "cause": self.cause,
            "unannounced": self.unannounced,
        }
        return doc | {name: value for name, value in optional.items() if value}

    @classmethod
    def read(cls, doc: Document) -> Self:
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
            # Releases before 2026-12 wrote the time at which to announce.
            unannounced=doc.get("unannounced", False) or "announce_at" in doc,
        )

    def asked_again_at(self, asked_at: float) -> Self:
        """The record as if it had been asked at another time."""
        moved = {key: asked_at + until - self.asked_at for key, until in self.waits.items()}
        return replace(self, asked_at=asked_at, waits=moved, version=self.version + 1)


def wake_by_key(key: str) -> str:
    """What finds the records that wait for a key."""
    return f"key:{key}"


def wake_by_cause(cause: str) -> str:
    """What finds the records that an arrival settled."""
    return f"cause:{cause}"
