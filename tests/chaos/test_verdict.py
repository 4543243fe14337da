"""The checker finds each kind of violation, and nothing where there is none."""

import ast
import copy
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.evidence import Evidence, Record, StoredObject
from tests.chaos.verdict import judge

BYTES = b"png"
SHA = hashlib.sha256(BYTES).hexdigest()
PLANNED = (("sh1", "single"), ("sh2", "start"), ("sh2", "end"))


def run(frame: tuple[str, str]) -> dict[str, Any]:
    return {"shot": {"shot_id": frame[0]}, "frame_role": frame[1]}


def key(call: str) -> str:
    return f"chaos/sh/{call}.png"


def ready(frame: tuple[str, str], call: str, event_id: str | None = None) -> Record:
    body = {
        "shot": {"shot_id": frame[0]},
        "frame_role": frame[1],
        "revision": 1,
        "generation_id": call,
        "asset": {
            "uri": f"s3://ice/{key(call)}",
            "sha256": SHA,
            "thumbnail_uri": f"s3://ice/chaos/sh/{call}.thumb.jpg",
        },
    }
    return Record("keyframe.ready.v1", event_id or f"ready {call}", body)


def answered(topic: str, frame: tuple[str, str], call: str, **more: Any) -> Record:
    return Record(topic, f"{topic} {call}", {"generation_id": call, "run": run(frame), **more})


def bill(frame: tuple[str, str], call: str) -> dict[str, Any]:
    return {"generation_id": call, "shot_id": frame[0], "frame_role": frame[1]}


def entry(call: str, state: str = "done") -> dict[str, Any]:
    return {"_id": call, "state": state, "shot_id": "sh", "estimated_cost_usd_micros": 40_000}


def clean() -> Evidence:
    """Three frames, each made by one call: g0, g1, g2."""
    calls = {frame: f"g{number}" for number, frame in enumerate(PLANNED)}
    objects = {key(call): StoredObject(SHA, len(BYTES)) for call in calls.values()}
    objects |= {f"chaos/sh/{call}.thumb.jpg": StoredObject("t", 1) for call in calls.values()}
    return Evidence(
        records={
            "generation.completed.v1": [answered("generation.completed.v1", *item) for item in calls.items()],
            "generation.failed.v1": [],
            "frame.validated.v1": [answered("frame.validated.v1", *item, verdict="passed") for item in calls.items()],
            "keyframe.ready.v1": [ready(*item) for item in calls.items()],
            "keyframe.failed.v1": [],
            "shot.planned.v1.dlq": [],
        },
        ledger=[entry(call) for call in calls.values()],
        assets=[
            {"_id": call, "url": f"s3://ice/{key(call)}", "sha256": SHA, "file_size": len(BYTES)}
            for call in calls.values()
        ],
        objects=objects,
        bill=[bill(*item) for item in calls.items()],
    )


def without_keyframe(evidence: Evidence, call: str = "g0") -> None:
    records = evidence.records["keyframe.ready.v1"]
    records[:] = [record for record in records if record.body["generation_id"] != call]


def held(evidence: Evidence) -> None:
    """The call g0 in doubt: paid, never answered, held."""
    without_keyframe(evidence)
    for topic in ("generation.completed.v1", "frame.validated.v1"):
        records = evidence.records[topic]
        records[:] = [record for record in records if record.body["generation_id"] != "g0"]
    evidence.records["generation.failed.v1"].append(answered("generation.failed.v1", PLANNED[0], "g0", kind="in-doubt"))
    evidence.ledger[0] = entry("g0", "sending")
    del evidence.assets[0], evidence.objects[key("g0")], evidence.objects["chaos/sh/g0.thumb.jpg"]


def test_a_clean_run_has_no_violation() -> None:
    verdict = judge(clean(), PLANNED)
    assert verdict.violations == {}
    assert (verdict.ready, verdict.calls, verdict.in_doubt, verdict.redelivered) == (3, 3, [], 0)


def test_a_call_held_in_doubt_is_listed_and_no_violation() -> None:
    evidence = clean()
    held(evidence)
    verdict = judge(evidence, PLANNED)
    assert verdict.violations == {}
    assert len(verdict.in_doubt) == 1
    assert "g0" in verdict.in_doubt[0]


def test_the_same_event_twice_is_a_redelivery() -> None:
    evidence = clean()
    evidence.records["keyframe.ready.v1"].append(ready(PLANNED[0], "g0"))
    verdict = judge(evidence, PLANNED)
    assert verdict.violations == {}
    assert verdict.redelivered == 1


def test_a_failed_frame_is_not_lost_and_a_failed_check_justifies_another_call() -> None:
    evidence = clean()
    without_keyframe(evidence)
    failed = {**run(PLANNED[0]), "code": "attempts-exhausted", "reason": "all used"}
    evidence.records["keyframe.failed.v1"].append(Record("keyframe.failed.v1", "f", failed))
    evidence.records["frame.validated.v1"][0].body["verdict"] = "failed"
    evidence.bill.append(bill(PLANNED[0], "g9"))
    evidence.records["generation.failed.v1"].append(
        answered("generation.failed.v1", PLANNED[0], "g9", kind="unusable-image")
    )
    verdict = judge(evidence, PLANNED)
    assert verdict.violations == {}
    assert len(verdict.failed) == 1


def rejected(evidence: Evidence) -> None:
    without_keyframe(evidence)
    evidence.records["shot.rejected.v1"] = [Record("shot.rejected.v1", "r", {"shot_id": "sh1", "problems": []})]


def other_ready(evidence: Evidence) -> None:
    evidence.records["keyframe.ready.v1"].append(ready(PLANNED[0], "g0", "another id"))


def other_content(evidence: Evidence) -> None:
    again = copy.deepcopy(ready(PLANNED[0], "g0"))
    again.body["asset"]["thumbnail_uri"] = None
    evidence.records["keyframe.ready.v1"].append(again)


def unplanned(evidence: Evidence) -> None:
    evidence.records["keyframe.ready.v1"].append(ready(("sh9", "single"), "g0"))


def orphan(evidence: Evidence) -> None:
    evidence.objects["chaos/sh/g7.png"] = StoredObject(SHA, len(BYTES))


def no_record(evidence: Evidence) -> None:
    del evidence.assets[0]
    del evidence.objects[key("g0")], evidence.objects["chaos/sh/g0.thumb.jpg"]


def no_object(evidence: Evidence) -> None:
    del evidence.objects[key("g0")]


def other_bytes(evidence: Evidence) -> None:
    evidence.objects[key("g0")] = StoredObject("0" * 64, len(BYTES))


def no_thumbnail(evidence: Evidence) -> None:
    del evidence.objects["chaos/sh/g0.thumb.jpg"]


def billed_twice(evidence: Evidence) -> None:
    evidence.bill.append(bill(PLANNED[0], "g0"))


def two_good_calls(evidence: Evidence) -> None:
    evidence.bill.append(bill(PLANNED[0], "g9"))
    evidence.records["generation.completed.v1"].append(answered("generation.completed.v1", PLANNED[0], "g9"))


def dead_letter(evidence: Evidence) -> None:
    evidence.records["shot.planned.v1.dlq"].append(Record("shot.planned.v1.dlq", "x", {}))


def told_but_not_left(evidence: Evidence) -> None:
    held(evidence)
    evidence.ledger[0] = entry("g0", "failed")
    evidence.records["keyframe.failed.v1"].append(
        Record("keyframe.failed.v1", "f", {**run(PLANNED[0]), "code": "x", "reason": "y"})
    )


def left_but_not_told(evidence: Evidence) -> None:
    evidence.ledger.append(entry("g9", "sending"))


def billed_but_never_answered(evidence: Evidence) -> None:
    evidence.bill.append(bill(("sh8", "single"), "g8"))


def neither_ended_nor_held(evidence: Evidence) -> None:
    evidence.ledger.append(entry("g9", "claimed"))


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (without_keyframe, "lost"),
        (rejected, "lost"),
        (other_ready, "doubled"),
        (other_content, "doubled"),
        (unplanned, "doubled"),
        (orphan, "orphans"),
        (no_record, "no_record"),
        (no_object, "no_bytes"),
        (other_bytes, "no_bytes"),
        (no_thumbnail, "no_bytes"),
        (billed_twice, "paid_twice"),
        (two_good_calls, "paid_twice"),
        (dead_letter, "dead_letters"),
        (told_but_not_left, "doubt_mismatch"),
        (left_but_not_told, "doubt_mismatch"),
        (billed_but_never_answered, "doubt_mismatch"),
        (neither_ended_nor_held, "doubt_mismatch"),
    ],
)
def test_a_planted_violation_is_found(plant: Callable[[Evidence], None], kind: str) -> None:
    evidence = clean()
    plant(evidence)
    found = judge(evidence, PLANNED).violations
    assert kind in found
    # A thumbnail or image that is gone leaves its record's neighbours as they were.
    assert set(found) <= {kind, "no_bytes"}


def test_the_checker_uses_nothing_of_the_engine() -> None:
    own = ("evidence.py", "references.py", "verdict.py")
    for name in own:
        tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
        modules = [
            alias.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        assert [module for module in modules if module.split(".")[0] in {"services", "schemas"}] == []
        allowed = {f"tests.chaos.{name.removesuffix('.py')}" for name in own}
        assert [module for module in modules if module.startswith("tests.") and module not in allowed] == []
