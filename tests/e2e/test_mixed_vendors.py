"""The noir film by seven hosted vendors, each failing in its own ways: nothing is lost, mixed up or paid twice."""

import json
from typing import Any, Final

import pytest

from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested
from tests.fakes.provider import picture
from tests.fakes.vendors.bfl import CASE as BFL
from tests.fakes.vendors.fake import FakeVendor
from tests.fakes.vendors.faults import Fault, Kind
from tests.fakes.vendors.leonardo import FakeLeonardo
from tests.fakes.vendors.replicate import CASE as REPLICATE
from tests.fixtures.broker import Broker
from tests.fixtures.engine import Engine, running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint
from tests.fixtures.vendor_films import HELD, Film, events, made, misread, noir, paid_twice, served, turns

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(450)]

CALLBACK_KEY: Final = "callback-0123456789-abcdef"
#: What goes wrong at each vendor, one call after another; `fal` rejects its key besides.
FAULTS: Final[dict[str, tuple[Fault, ...]]] = {
    "openai": (
        Fault(Kind.REFUSE),
        Fault(Kind.THROTTLE, seconds=0.5),
        Fault(Kind.TRUNCATE),
        Fault(Kind.PICTURE, data=picture(300, 700)),
        Fault(Kind.PICTURE, data=b"<html>no image</html>"),
    ),
    "stability": (
        Fault(Kind.STATUS, status=500),
        Fault(Kind.MALFORMED),
        Fault(Kind.REFUSE),
        Fault(Kind.DROP, carried_out=True),
    ),
    "google": (Fault(Kind.PROXY, status=502), Fault(Kind.HANG, carried_out=True), Fault(Kind.STRANGE)),
    "bfl": (*(Fault(Kind.STATUS, status=503),) * 3, Fault(Kind.FAIL, outcome=BFL.failed_job)),
    "replicate": (
        Fault(Kind.FAIL, outcome=REPLICATE.failed_job),
        Fault(Kind.SLOW, seconds=3),
        Fault(Kind.DROP),
        Fault(Kind.REFUSE),
    ),
    "leonardo": (Fault(Kind.THROTTLE, seconds=2), Fault(Kind.FAIL, outcome="FAILED"), Fault(Kind.STATUS, status=500)),
    "fal": (),
}


class Forgetful(FakeLeonardo):
    """Loses every second callback."""

    def __init__(self, key: str = "key-0123456789-abcdef-SECRET") -> None:
        super().__init__(key)
        self.lost = self.delivered = 0

    async def call_back(self, job_id: str, body: dict[str, Any] | None = None, key: str | None = None) -> int:
        if self.lost <= self.delivered:
            self.lost += 1
            return 0
        self.delivered += 1
        return await super().call_back(job_id, body, key)


async def test_every_shot_ends_and_no_call_is_paid_twice_while_vendors_fail_in_every_way(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = turns(noir(s3_endpoint, "noir-mixed", None), tuple(FAULTS))
    async with served(*FAULTS, leonardo=Forgetful()) as (fakes, variables):
        for variable, value in {
            **variables,
            "ICE_VENDOR_PACE": "0.05",
            "ICE_VENDOR_REPLY_TIMEOUT_S": "30",
            "LEONARDO_CALLBACK_KEY": CALLBACK_KEY,
        }.items():
            monkeypatch.setenv(variable, value)
        for name, faults in FAULTS.items():
            fakes[name].next(*faults)
        async with running_engine(surroundings(broker, mongo_url, s3_endpoint, continuity_wait_s=30)) as engine:
            forgetful = fakes["leonardo"]
            assert isinstance(forgetful, Forgetful)
            forgetful.webhook = (str(engine.gateway.base_url.join("/webhooks/leonardo")), CALLBACK_KEY)
            fakes["fal"].key = "another-key-that-we-do-not-have"
            runs = await made(engine, film, timeout_s=300)
            await ended_well_or_said_why(engine, film, runs)
    for name, fake in fakes.items():
        assert fake.to_come == (), name
        assert paid_twice(runs, name, fake) == []
        assert misread(film, runs, name, fake) == []
    assert min(forgetful.lost, forgetful.delivered) > 0
    assert set(forgetful.called_back) == {202}
    told_as_they_were(runs, fakes)


async def ended_well_or_said_why(engine: Engine, film: Film, runs: list[dict[str, Any]]) -> None:
    """Each frame is there in its size, or its run says what became of it."""
    keyframes = (await engine.get(f"/projects/{film.project_id}/keyframes?limit=500"))["keyframes"]
    sizes = {
        (item["shot"]["shot_id"], item["frame_role"]): (item["asset"]["width"], item["asset"]["height"])
        for item in keyframes
    }
    of = {(run["shot_id"], run["frame_role"]): run for run in runs}
    assert of.keys() == film.frames.keys()
    ready = {key for key, run in of.items() if run["status"] == "ready"}
    held = {key for key, run in of.items() if run["status"] == HELD}
    failed = {key for key, run in of.items() if run["status"] == "failed"}
    assert ready | held | failed == of.keys()
    assert sizes == {key: film.frames[key] for key in ready}
    assert all(of[key]["reason"] for key in failed)
    doubts = (await engine.get(f"/in-doubt?project={film.project_id}"))["calls"]
    assert {call["run_id"] for call in doubts} >= {of[key]["run_id"] for key in held}
    assert all(call["possible_cost_usd_micros"] > 0 for call in doubts)
    # Most vendors are well most of the time: whoever can is asked.
    assert len(ready) >= len(of) - 8


def told_as_they_were(runs: list[dict[str, Any]], fakes: dict[str, FakeVendor]) -> None:
    """Failures have their kinds, bills their causes, and nobody learns a key."""
    failures = events(runs, GenerationFailed)
    kinds = {failure.kind for failure in failures}
    assert kinds >= {
        FailureKind.REFUSED,
        FailureKind.OUTAGE,
        FailureKind.CONFIGURATION,
        FailureKind.UNUSABLE_IMAGE,
        FailureKind.IN_DOUBT,
    }
    assert FailureKind.INVALID_REQUEST not in kinds
    assert all(failure.reason for failure in failures)
    bills = sum(len(fake.bill) for fake in fakes.values())
    completed = len(events(runs, GenerationCompleted))
    charged = len([failure for failure in failures if failure.charged])
    doubtful = len([failure for failure in failures if failure.kind is FailureKind.IN_DOUBT])
    # Jobs that failed or were flagged are on the fakes' bills, which know no refunds.
    ended = sum(fault.kind is Kind.FAIL for faults in FAULTS.values() for fault in faults)
    flagged = sum(fault.kind is Kind.REFUSE for fault in FAULTS["replicate"])
    assert completed + charged <= bills <= completed + charged + doubtful + ended + flagged
    assert bills <= len(events(runs, GenerationRequested))
    told = json.dumps(runs)
    assert not [name for name, fake in fakes.items() if fake.key in told]
