"""What a life has left behind, in a form that two lives can be compared in."""

import json
from dataclasses import dataclass
from typing import Any, Final

from schemas import topics
from services.generation.adapters.ledger import LEDGER
from services.generation.domain.ledger import Entry
from tests.fakes.durable import Record, World

#: What differs between two claims on one call though nothing else does: who, when, how often.
_OF_CLAIMS: Final = frozenset(
    {
        "created_at",
        "duration_ms",
        "fence",
        "lease_until",
        "noticed_at",
        "owner",
        "received_at",
        "sent_at",
        "updated_at",
        "version",
    }
)
#: Whose turn at the vendor it is: over in seconds, whoever lives.
_OF_THE_MOMENT: Final = "provider_limits"
#: Of a compacted topic the newest record of each key counts; announcements differ in their sequence.
_OF_ANNOUNCEMENTS: Final = frozenset({"sequence"})
_COMPACTED: Final = frozenset(spec.name for spec in topics.specs(("previz",)) if spec.compacted)


@dataclass(frozen=True)
class Outcome:
    """Changed documents and all objects by name, committed offsets, and published events by topic and id."""

    documents: dict[str, Any]
    objects: dict[str, bytes]
    committed: dict[tuple[str, str], int]
    published: dict[str, dict[str, Any]]


def outcome(before: World, after: World, *, claims: bool) -> Outcome:
    """What came about between two moments.

    Args:
        before: the earlier moment.
        after: the later moment.
        claims: the times and owners of claims don't count.

    Raises:
        AssertionError: two records of one event differ.
    """
    ignored = _OF_CLAIMS if claims else frozenset()
    published: dict[str, dict[str, Any]] = {}
    for topic, records in after.log.items():
        for record in records[len(before.log[topic]) :]:
            name, body = _told(record, ignored)
            seen = published.setdefault(topic, {}).setdefault(name, body)
            assert topic in _COMPACTED or seen == body, f"{topic}: two bodies of one event {name}"
            published[topic][name] = body
    return Outcome(_changed(before, after, ignored), dict(after.objects.objects), dict(after.committed), published)


def _changed(before: World, after: World, ignored: frozenset[str]) -> dict[str, Any]:
    """What documents are now that were not so before, or were not there; None for one that is gone."""
    old, new = before.documents.content(), after.documents.content()
    found: dict[str, Any] = {}
    for name in (old.keys() | new.keys()) - {_OF_THE_MOMENT}:
        were, are = old.get(name, {}), new.get(name, {})
        for key in were.keys() | are.keys():
            was, now = were.get(key), are.get(key)
            # Worlds share the documents that nobody wrote: looking into each would take most of a test's time.
            if was is not now and (changed := _without(now, ignored)) != _without(was, ignored):
                found[f"{name}/{key}"] = changed
    return found


def _told(record: Record, ignored: frozenset[str]) -> tuple[str, Any]:
    if record.topic.endswith(topics.DEAD_LETTER_SUFFIX):
        return f"{record.key!r} {record.value!r}", None
    body = json.loads(record.value or b"null")
    if record.topic in _COMPACTED:
        return repr(record.key), _without(body, ignored | _OF_ANNOUNCEMENTS)
    return record.event_id, _without(body, ignored)


def _without(value: Any, ignored: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, ignored) for name, item in value.items() if name not in ignored}
    if isinstance(value, list):
        return [_without(item, ignored) for item in value]
    return value


def ledger(world: World) -> dict[str, Entry]:
    """The ledger's entries by generation."""
    docs = world.documents.content().get(LEDGER, {})
    return {generation_id: Entry.model_validate(doc) for generation_id, doc in docs.items()}
