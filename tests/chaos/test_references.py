"""The checker of references finds each kind of violation, and nothing where there is none."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.evidence import Evidence, Record, StoredObject
from tests.chaos.references import CONDITIONED, FAILED, READY, judge_references

SHEET = ("character_sheet", "radha", "day")
URI = "s3://ice/chaos/sheet.png"


def about(what: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    return {"subject": what[0], "entity_id": what[1], "variant": what[2], **more}


def made(event_id: str = "e1", what: tuple[str, str, str] = SHEET) -> Record:
    return Record(READY, event_id, about(what, generation_id="g1", references=[{"uri": URI, "sha256": "h"}]))


def released(event_id: str = "r1", **changes: Any) -> Record:
    body = {
        "run": {"shot": {"shot_id": "sh1"}, "frame_role": "single", "reference": None},
        "cast": [{"character_id": "radha", "references": [{"uri": URI}]}],
        "location": None,
        "props": [],
        "degradations": [],
    }
    return Record(CONDITIONED, event_id, {**body, **changes})


def clean() -> Evidence:
    return Evidence(
        records={READY: [made(), made()], CONDITIONED: [released()], FAILED: []},
        objects={"chaos/sheet.png": StoredObject("h", 3)},
        bill=[{"generation_id": "g1", "shot_id": "radha.day", "frame_role": "single"}],
    )


def unavailable(evidence: Evidence) -> None:
    lost = {"code": "reference-unavailable", "what": "sheet of radha in day", "reason": "too late"}
    evidence.records[CONDITIONED] = [released(degradations=[lost])]


def failed(evidence: Evidence) -> None:
    evidence.records[FAILED].append(Record(FAILED, "f1", about(SHEET, code="failed", reason="no")))


PLANTED: dict[str, Callable[[Evidence], object]] = {
    "never ready": lambda evidence: evidence.records[READY].clear(),
    "nobody needs it": lambda evidence: evidence.records[READY].append(made("e2", ("prop_view", "drum", ""))),
    "2 event ids": lambda evidence: evidence.records[READY].append(made("e2")),
    "failed: no": failed,
    "other bytes": lambda evidence: evidence.objects.update({"chaos/sheet.png": StoredObject("x", 3)}),
    "on no bill": lambda evidence: evidence.bill.clear(),
    "released: 2 event ids": lambda evidence: evidence.records[CONDITIONED].append(released("r2")),
    "released without sheet of radha in day": unavailable,
    "released without radha": lambda evidence: evidence.records.update(
        {CONDITIONED: [released(cast=[{"character_id": "radha", "references": []}])]}
    ),
}


def test_a_clean_run_has_no_violation_and_a_redelivery_is_none() -> None:
    assert judge_references(clean(), [SHEET]) == []


@pytest.mark.parametrize("told", PLANTED)
def test_a_planted_violation_is_found(told: str) -> None:
    evidence = copy.deepcopy(clean())
    PLANTED[told](evidence)
    assert any(told in finding for finding in judge_references(evidence, [SHEET]))
