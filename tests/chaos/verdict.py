"""The checker's judgement over the evidence; pure, and free of the engine's code."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tests.chaos.evidence import Doc, Evidence, Record
from tests.chaos.references import Wanted, judge_references

READY = "keyframe.ready.v1"
KEYFRAME_FAILED = "keyframe.failed.v1"
REJECTED = "shot.rejected.v1"
COMPLETED = "generation.completed.v1"
GENERATION_FAILED = "generation.failed.v1"
VALIDATED = "frame.validated.v1"

_WAY = ("characters.conditioned.v1", "location.conditioned.v1", "prompt.built.v1")
_LATER = (GENERATION_FAILED, COMPLETED, VALIDATED)

Frame = tuple[str, str]
#: Fields of a verdict that must be empty.
VIOLATIONS: Final = (
    "lost",
    "doubled",
    "orphans",
    "no_record",
    "no_bytes",
    "paid_twice",
    "dead_letters",
    "doubt_mismatch",
    "references",
)


@dataclass
class Verdict:
    """Findings by kind, each one line for people. The second block is no violation by itself."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    no_record: list[str] = field(default_factory=list)
    no_bytes: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    doubt_mismatch: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    in_doubt: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    redelivered: int = 0
    ready: int = 0
    calls: int = 0

    @property
    def violations(self) -> dict[str, list[str]]:
        """Only what must not be."""
        return {kind: getattr(self, kind) for kind in VIOLATIONS if getattr(self, kind)}

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return asdict(self)


def judge(evidence: Evidence, planned: tuple[Frame, ...], wanted: Collection[Wanted] = ()) -> Verdict:
    """All findings over one run.

    Args:
        evidence: what the run left behind.
        planned: every frame that was asked for, as (shot id, role).
        wanted: every reference that had to be made first.
    """
    verdict = Verdict(calls=len(evidence.bill))
    _judge_keyframes(verdict, evidence, planned)
    _judge_assets(verdict, evidence)
    _judge_bill(verdict, evidence)
    _judge_doubt(verdict, evidence)
    if wanted:
        verdict.references = judge_references(evidence, wanted)
    for topic, records in sorted(evidence.records.items()):
        if topic.endswith(".dlq"):
            verdict.dead_letters += [f"{topic}: {record.event_id}" for record in records]
    return verdict


def _frame(record: Record) -> Frame:
    return (record.body["shot"]["shot_id"], record.body["frame_role"])


def _judge_keyframes(verdict: Verdict, evidence: Evidence, planned: tuple[Frame, ...]) -> None:
    by_run: defaultdict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in evidence.records.get(READY, []):
        body = record.body
        by_run[(*_frame(record), body["revision"], body.get("regeneration_id"))].append(record)
    for run, records in sorted(by_run.items(), key=str):
        ids = {record.event_id for record in records}
        contents = {str(record.body) for record in records}
        verdict.redelivered += len(records) - 1
        if len(ids) > 1 or len(contents) > 1:
            verdict.doubled.append(f"{run}: {len(ids)} event ids, {len(contents)} contents")
    ready = {(run[0], run[1]) for run in by_run}
    failed = {_frame(record): record.body for record in evidence.records.get(KEYFRAME_FAILED, [])}
    verdict.ready = len(ready & set(planned))
    verdict.failed = [f"{frame}: {body['code']}: {body['reason'][:200]}" for frame, body in sorted(failed.items())]
    rejected = {record.body["shot_id"]: record.body for record in evidence.records.get(REJECTED, [])}
    reached = _how_far(evidence)
    frames = _frames_of_generations(evidence)
    held = {frames.get(doc["_id"]) for doc in evidence.ledger if _is_left_open(doc)}
    for frame in planned:
        if frame in ready or frame in failed or frame in held:
            continue
        why = f" (rejected: {rejected[frame[0]]['problems']})" if frame[0] in rejected else ""
        verdict.lost.append(f"{frame}: {reached.get(frame, 'planned only')}{why}")
    strangers = sorted((ready | set(failed)) - set(planned))
    verdict.doubled += [f"{frame}: never planned" for frame in strangers]


def _how_far(evidence: Evidence) -> dict[Frame, str]:
    """The last topic of the way on which each frame was seen."""
    reached = {}
    requested = sorted(topic for topic in evidence.records if topic.startswith("generation.requested."))
    for topic in (*_WAY, *(name for name in requested if not name.endswith(".dlq")), *_LATER):
        for record in evidence.records.get(topic, []):
            run = record.body.get("run", {})
            if run:
                reached[run["shot"]["shot_id"], run["frame_role"]] = topic
    return reached


def _frames_of_generations(evidence: Evidence) -> dict[str, Frame]:
    """Which frame a call was for, by the answers to it."""
    return {
        record.body["generation_id"]: (record.body["run"]["shot"]["shot_id"], record.body["run"]["frame_role"])
        for topic in (COMPLETED, GENERATION_FAILED)
        for record in evidence.records.get(topic, [])
    }


def _is_left_open(doc: Doc) -> bool:
    return bool(doc["state"] == "sending")


def _judge_assets(verdict: Verdict, evidence: Evidence) -> None:
    known: set[str] = set()
    by_url: dict[str, Doc] = {}
    prefix = f"s3://{evidence.bucket}/"
    for doc in evidence.assets:
        by_url[doc["url"]] = doc
        key = doc["url"].removeprefix(prefix)
        known.add(key.rpartition(".")[0])
        found = evidence.objects.get(key)
        if found is None:
            verdict.no_bytes.append(f"{doc['_id']}: {key} is missing")
        elif found.sha256 != doc["sha256"] or found.size != doc["file_size"]:
            verdict.no_bytes.append(f"{doc['_id']}: {key} holds other bytes")
    for key in sorted(evidence.objects):
        # `<generation>.png`, `<generation>.thumb.jpg`, `<generation>.original.<extension>`
        folder, _, name = key.rpartition("/")
        if f"{folder}/{name.split('.')[0]}" not in known:
            verdict.orphans.append(key)
    for record in evidence.records.get(READY, []):
        asset = record.body["asset"]
        written = by_url.get(asset["uri"])
        if written is None or written["sha256"] != asset["sha256"]:
            verdict.no_record.append(f"{_frame(record)}: {asset['uri']}")
        thumbnail = (asset.get("thumbnail_uri") or "").removeprefix(prefix)
        if thumbnail and thumbnail not in evidence.objects:
            verdict.no_bytes.append(f"{_frame(record)}: {thumbnail} is missing")


def _judge_bill(verdict: Verdict, evidence: Evidence) -> None:
    """A call is needed once. Another one for the same frame is needed only after one that came to nothing."""
    times = Counter(line["generation_id"] for line in evidence.bill)
    verdict.paid_twice += [f"{call}: billed {count} times" for call, count in sorted(times.items()) if count > 1]
    bad = {record.body["generation_id"] for record in evidence.records.get(GENERATION_FAILED, [])}
    bad |= {
        record.body["generation_id"]
        for record in evidence.records.get(VALIDATED, [])
        if record.body.get("verdict") == "failed"
    }
    by_frame: defaultdict[Frame, set[str]] = defaultdict(set)
    for line in evidence.bill:
        by_frame[line["shot_id"], line["frame_role"]].add(line["generation_id"])
    for frame, calls in sorted(by_frame.items()):
        good = calls - bad
        if len(good) > 1:
            verdict.paid_twice.append(f"{frame}: {len(good)} good calls billed: {', '.join(sorted(good))}")


def _judge_doubt(verdict: Verdict, evidence: Evidence) -> None:
    """Held calls as the topics tell them, as the ledger keeps them, and as the bill has them, must be the same."""
    completed = {record.body["generation_id"] for record in evidence.records.get(COMPLETED, [])}
    ended: dict[str, set[str]] = defaultdict(set)
    for record in evidence.records.get(GENERATION_FAILED, []):
        ended[record.body["generation_id"]].add(record.body["kind"])
    told = {call for call, kinds in ended.items() if kinds == {"in-doubt"} and call not in completed}
    left = {doc["_id"]: doc for doc in evidence.ledger if _is_left_open(doc)}
    billed = {line["generation_id"] for line in evidence.bill}
    for call, doc in sorted(left.items()):
        paid = "billed" if call in billed else "not billed"
        verdict.in_doubt.append(f"{call}: {doc['shot_id']}, {paid}, may have cost {doc['estimated_cost_usd_micros']}")
    verdict.doubt_mismatch += [f"{call}: told as in doubt, not left in sending" for call in sorted(told - set(left))]
    verdict.doubt_mismatch += [f"{call}: left in sending, never told" for call in sorted(set(left) - told)]
    unanswered = billed - completed - set(ended)
    verdict.doubt_mismatch += [f"{call}: billed, never answered" for call in sorted(unanswered)]
    open_doc = {doc["_id"] for doc in evidence.ledger if doc["state"] not in {"done", "failed", "sending"}}
    verdict.doubt_mismatch += [f"{call}: neither ended nor held" for call in sorted(open_doc)]
