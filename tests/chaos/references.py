"""Whether a film's references came first, each once, and every shot after them with them; pure, free of the engine."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.chaos.evidence import Doc, Evidence, Record

READY = "reference.ready.v1"
FAILED = "reference.failed.v1"
CONDITIONED = "location.conditioned.v1"
UNAVAILABLE = "reference-unavailable"

Wanted = tuple[str, str, str]
"""Subject, entity and variant."""


def judge_references(evidence: Evidence, wanted: Iterable[Wanted]) -> list[str]:
    """Findings, each one line for people.

    Args:
        evidence: what the run left behind.
        wanted: every reference that the film needs, and no other.
    """
    needed = set(wanted)
    ready = _by_subject(evidence.records.get(READY, []))
    found = [f"{what}: never ready" for what in sorted(needed - set(ready))]
    found += [f"{what}: made, and nobody needs it" for what in sorted(set(ready) - needed)]
    found += [f"{what}: {body['code']}: {body['reason'][:200]}" for what, body in _failures(evidence)]
    for what, records in sorted(ready.items()):
        found += _doubled(str(what), records)
        found += _without_bytes(str(what), records[0].body, evidence)
    released = defaultdict(list)
    for record in evidence.records.get(CONDITIONED, []):
        if record.body["run"]["reference"] is None:
            released[_frame(record)].append(record)
    known = {image["uri"] for records in ready.values() for image in records[0].body["references"]}
    for frame, records in sorted(released.items()):
        found += _doubled(f"{frame} released", records)
        found += [f"{frame}: released without {what}" for what in _missing(records[0].body, known)]
    return found + _unbilled(evidence, ready)


def _by_subject(records: Iterable[Record]) -> dict[Wanted, list[Record]]:
    found: defaultdict[Wanted, list[Record]] = defaultdict(list)
    for record in records:
        found[_what(record.body)].append(record)
    return found


def _what(body: Doc) -> Wanted:
    return (body["subject"], body["entity_id"], body["variant"])


def _frame(record: Record) -> tuple[str, str]:
    return (record.body["run"]["shot"]["shot_id"], record.body["run"]["frame_role"])


def _failures(evidence: Evidence) -> Iterator[tuple[Wanted, Doc]]:
    return ((_what(record.body), record.body) for record in evidence.records.get(FAILED, []))


def _doubled(what: str, records: list[Record]) -> list[str]:
    """The same event twice is a redelivery; two events are not."""
    ids, contents = {record.event_id for record in records}, {str(record.body) for record in records}
    return [f"{what}: {len(ids)} event ids, {len(contents)} contents"] if len(ids) > 1 or len(contents) > 1 else []


def _without_bytes(what: str, body: Doc, evidence: Evidence) -> list[str]:
    prefix = f"s3://{evidence.bucket}/"
    hashes = {prefix + key: item.sha256 for key, item in evidence.objects.items()}
    pictures = [(image["uri"], image["sha256"]) for image in body["references"]]
    return [f"{what}: {uri} is missing, or other bytes" for uri, sha256 in pictures if hashes.get(uri) != sha256]


def _missing(body: Doc, known: set[str]) -> list[str]:
    """Who and what a shot shows without one of the references that were made."""
    shown: list[Any] = [*body["cast"], *([body["location"]] if body["location"] else []), *body["props"]]
    lost = [item["what"] for item in body["degradations"] if item["code"] == UNAVAILABLE]
    return lost + [
        str(item.get("character_id") or item.get("location_id") or item.get("prop_id"))
        for item in shown
        if not any(image["uri"] in known for image in item["references"])
    ]


def _unbilled(evidence: Evidence, ready: dict[Wanted, list[Record]]) -> list[str]:
    """That no call was paid twice is judged with those of the shots."""
    billed = {line["generation_id"] for line in evidence.bill}
    made = ((what, records[0].body["generation_id"]) for what, records in sorted(ready.items()))
    return [f"{what}: ready by {call}, which is on no bill" for what, call in made if call not in billed]
