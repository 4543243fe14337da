"""What a worker does about each request, on fake stores."""

import asyncio
import hashlib
from datetime import timedelta

import pytest

from schemas.asset import Asset, AssetRef
from schemas.conditioning import Degradation
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed
from schemas.run import RunSuperseded
from services.chassis.failures import Busy, Poison, Transient
from services.chassis.object_store import StoredObject
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.providers.base import GeneratedImage
from services.generation.providers.errors import (
    Outage,
    OutcomeUnknown,
    Refused,
)
from tests.fakes.clock import FakeClock
from tests.fakes.generation import LEASE_S, only, worker
from tests.fakes.provider import picture
from tests.fakes.requests import a_request, a_run
from tests.fakes.workbench import Bench, completed, failed, paid


async def test_a_generation_stores_image_thumbnail_and_record_before_it_is_announced() -> None:
    bench = Bench()
    event = await completed(bench)
    stem = f"vrindavan/sh0020/{event.generation_id}"
    assert sorted(bench.objects.objects) == [f"{stem}.png", f"{stem}.thumb.jpg"]
    assert bench.objects.content_types == {f"{stem}.png": "image/png", f"{stem}.thumb.jpg": "image/jpeg"}
    record = Asset.model_validate(bench.documents.collection("assets").docs[event.generation_id])
    assert (record.url, record.sha256) == (event.asset.uri, event.asset.sha256)
    assert (record.aspect_ratio, record.scene_id, record.mime_type) == ("16:9", "sc010", "image/png")
    assert record.generation_params["seed"] == 7


async def test_the_event_carries_what_was_sent_and_the_degradations_planned() -> None:
    bench = Bench()
    planned = Degradation(code="reference-dropped", what="plate", reason="takes none")
    request = bench.request().model_copy(update={"degradations": (planned,)})
    event = only(await bench.worker().requested(request))
    assert isinstance(event, GenerationCompleted)
    assert (event.prompt, event.seed_used, event.degradations) == (request.prompt, 7, (planned,))
    assert (event.cast, event.location, event.run) == (request.cast, request.location, request.run)


async def test_what_the_provider_left_out_is_listed_beside_what_was_planned() -> None:
    bench = Bench()
    left_out = Degradation(code="seed-dropped", what="seed 7", reason="takes none")
    bench.provider.answers = [GeneratedImage(picture(), degradations=(left_out,))]
    assert (await completed(bench)).degradations == (left_out,)


async def test_an_image_of_another_size_is_fitted_and_says_so() -> None:
    bench = Bench()
    bench.provider.answers = [GeneratedImage(picture(512, 512, kind="JPEG"))]
    event = await completed(bench)
    assert (event.asset.width, event.asset.height) == (320, 180)
    assert isinstance(event.original, AssetRef)
    assert event.original.uri.endswith(".original.jpg")
    assert [item.code for item in event.degradations] == ["image-fitted"]
    assert len(bench.objects.objects) == 3


async def test_no_seed_is_reported_when_none_was_sent() -> None:
    bench = Bench()
    bench.provider.answers = [GeneratedImage(picture())]
    assert (await completed(bench)).seed_used is None


async def test_a_repeated_request_gets_the_stored_answer_without_a_call() -> None:
    bench = Bench()
    first = await completed(bench)
    bench.clock.advance(9999)
    assert await completed(bench) == first
    assert len(bench.provider.calls) == 1


async def test_a_failure_is_remembered_too() -> None:
    bench = Bench()
    bench.provider.answers = [Refused("no weapons"), GeneratedImage(picture())]
    first = await failed(bench)
    assert (first.kind, first.reason) == (FailureKind.REFUSED, "no weapons")
    assert await failed(bench) == first
    assert len(bench.provider.calls) == 1


async def test_bytes_that_are_no_image_fail_the_generation() -> None:
    bench = paid()
    bench.provider.answers = [GeneratedImage(b"<html>oops</html>", cost_usd_micros=1234)]
    event = await failed(bench)
    assert (event.kind, event.charged, event.cost_usd_micros) == (FailureKind.UNUSABLE_IMAGE, True, 1234)
    assert not bench.objects.objects


async def test_a_model_that_the_provider_has_not_is_never_called() -> None:
    bench = Bench()
    event = only(await bench.worker().requested(a_request(model="sdxl")))
    assert isinstance(event, GenerationFailed)
    assert (event.kind, event.reason) == (FailureKind.INVALID_REQUEST, "model: 'sdxl', allowed is one of: previz")
    assert bench.provider.calls == []


async def test_a_request_for_another_provider_is_poison() -> None:
    with pytest.raises(Poison, match="allowed is 'previz' on this worker"):
        await Bench().worker().requested(a_request(provider="openai"))


async def test_another_workers_live_claim_is_waited_for_and_then_answered_from_the_ledger() -> None:
    bench = paid()
    bench.provider.gate = asyncio.Event()
    first, second = bench.worker(), bench.worker()
    called = asyncio.Event()
    bench.provider.on_call = called.set
    running = asyncio.create_task(completed(bench, first))
    await called.wait()
    with pytest.raises(Busy):
        await second.requested(bench.request())
    with pytest.raises(Busy):
        await first.requested(bench.request())
    bench.provider.gate.set()
    made = await running
    assert await completed(bench, second) == made
    assert len(bench.provider.calls) == 1


async def test_a_superseded_run_is_dropped_before_it_is_sent() -> None:
    bench = paid()
    handlers, request = bench.worker(), bench.request()
    assert await handlers.superseded(RunSuperseded(run=request.run, superseded_by_revision=2)) == ()
    event = only(await handlers.requested(request))
    assert isinstance(event, GenerationFailed)
    assert (event.kind, event.charged) == (FailureKind.SUPERSEDED, False)
    assert bench.provider.calls == []
    assert bench.documents.collection("ledger").docs[request.generation_id]["state"] == "failed"


async def test_another_run_of_the_shot_goes_on() -> None:
    bench = Bench()
    handlers = bench.worker()
    await handlers.superseded(RunSuperseded(run=a_run(revision=9), superseded_by_revision=10))
    assert await completed(bench, handlers)


async def test_work_that_was_sent_already_is_finished_though_superseded() -> None:
    bench = paid("job-7")
    bench.provider.answers = [Outage("poll failed"), GeneratedImage(picture(), cost_usd_micros=40_000)]
    handlers = bench.worker()
    with pytest.raises(Transient):
        await handlers.requested(bench.request())
    await handlers.superseded(RunSuperseded(run=bench.request().run, superseded_by_revision=2))
    assert (await completed(bench, handlers)).cost_usd_micros == 40_000


async def test_an_accepted_call_is_polled_again_by_the_next_worker_and_not_paid_again() -> None:
    bench = paid("job-7")
    bench.provider.answers = [OutcomeUnknown("connection lost while polling"), GeneratedImage(picture())]
    with pytest.raises(Transient):
        await bench.worker().requested(bench.request())
    bench.clock.advance(LEASE_S + 1)
    await completed(bench)
    assert (len(bench.provider.calls), bench.provider.resumed) == (1, ["job-7"])


@pytest.mark.parametrize("policy", [InDoubtPolicy.HOLD, InDoubtPolicy.NEXT_MODEL])
async def test_an_unknown_outcome_is_in_doubt_with_its_possible_cost(policy: InDoubtPolicy) -> None:
    bench = paid()
    bench.provider.answers = [OutcomeUnknown("timed out after sending"), GeneratedImage(picture())]
    handlers = bench.worker(policy)
    with pytest.raises(Busy):
        await handlers.requested(bench.request())
    event = await failed(bench, handlers)
    assert (event.kind, event.charged, event.cost_usd_micros) == (FailureKind.IN_DOUBT, None, 40_000)
    assert policy.value in event.reason
    assert event.sent_at == bench.clock.now()
    entry = bench.documents.collection("ledger").docs[event.generation_id]
    assert (entry["state"], entry["in_doubt"]) == ("sending", True)
    bench.clock.advance(9999)
    assert await failed(bench) == event
    assert len(bench.provider.calls) == 1


async def test_a_call_in_doubt_is_never_sent_again_though_the_policy_changes_to_retry() -> None:
    bench = paid()
    bench.provider.answers = [OutcomeUnknown("timed out after sending"), GeneratedImage(picture())]
    handlers = bench.worker(InDoubtPolicy.HOLD)
    with pytest.raises(Busy):
        await handlers.requested(bench.request())
    event = await failed(bench, handlers)
    assert await failed(bench, bench.worker(InDoubtPolicy.RETRY_ONCE)) == event
    assert len(bench.provider.calls) == 1


async def test_an_accepted_job_that_outlives_patience_is_in_doubt_and_names_the_vendors_job() -> None:
    bench = paid("job-7")
    bench.provider.answers = [Outage("poll failed")]
    handlers = bench.worker()
    with pytest.raises(Transient):
        await handlers.requested(bench.request())
    bench.clock.advance(3601)
    event = await failed(bench, handlers)
    assert (event.kind, event.provider_job_id) == (FailureKind.IN_DOUBT, "job-7")
    entry = bench.documents.collection("ledger").docs[event.generation_id]
    assert (entry["state"], entry["in_doubt"]) == ("accepted", True)


async def test_an_overlong_job_id_of_a_vendor_spoils_no_answer() -> None:
    bench = paid()
    bench.provider.answers = [GeneratedImage(picture(), vendor_job_id="j" * 5000)]
    assert (await completed(bench)).provider_job_id == "j" * 200


async def test_retry_once_sends_an_unknown_outcome_once_more() -> None:
    bench = paid()
    bench.provider.answers = [OutcomeUnknown("timed out")]
    handlers = bench.worker(InDoubtPolicy.RETRY_ONCE)
    for _ in range(2):
        with pytest.raises(Busy):
            await handlers.requested(bench.request())
    event = await failed(bench, handlers)
    assert (event.kind, event.cost_usd_micros) == (FailureKind.IN_DOUBT, 80_000)
    assert len(bench.provider.calls) == 2


async def test_a_bug_after_sending_never_sends_a_paid_call_again() -> None:
    bench = paid()
    bench.provider.answers = [ZeroDivisionError(), GeneratedImage(picture())]
    handlers = bench.worker()
    with pytest.raises(ZeroDivisionError):
        await handlers.requested(bench.request())
    assert (await failed(bench, handlers)).kind is FailureKind.IN_DOUBT
    assert len(bench.provider.calls) == 1


async def test_an_image_is_kept_in_hand_while_the_object_store_is_away() -> None:
    bench = paid()
    bench.objects.away = "no space left on device"
    handlers = bench.worker()
    for _ in range(3):
        with pytest.raises(Transient, match="no space left"):
            await handlers.requested(bench.request())
    bench.objects.away = None
    await completed(bench, handlers)
    assert len(bench.provider.calls) == 1


@pytest.mark.parametrize(("kind", "stored"), [("PNG", 1), ("JPEG", 1), ("JPEG", 2)])
async def test_an_image_that_was_stored_in_part_before_a_crash_is_completed_without_a_call(
    kind: str, stored: int
) -> None:
    bench = paid()
    bench.provider.answers = [GeneratedImage(picture(kind=kind))]
    put = bench.objects.put
    done: list[str] = []

    async def dies(key: str, data: bytes, content_type: str) -> StoredObject:
        if len(done) == stored:
            raise Transient("killed here")
        done.append(key)
        return await put(key, data, content_type)

    bench.objects.put = dies  # type: ignore[method-assign,assignment]
    with pytest.raises(Transient, match="killed here"):
        await bench.worker().requested(bench.request())
    bench.objects.put = put  # type: ignore[method-assign]
    bench.clock.advance(LEASE_S + 1)
    event = await completed(bench)
    assert len(bench.provider.calls) == 1
    asset = bench.objects.objects[event.asset.uri.removeprefix("s3://ice/")]
    assert hashlib.sha256(asset).hexdigest() == event.asset.sha256
    assert len(bench.objects.objects) == (3 if kind == "JPEG" else 2)


async def test_an_image_of_which_nothing_was_stored_leaves_nothing_behind() -> None:
    bench = paid()
    bench.objects.away = "no space left on device"
    with pytest.raises(Transient):
        await bench.worker().requested(bench.request())
    bench.objects.away = None
    bench.clock.advance(LEASE_S + 1)
    assert (await failed(bench)).kind is FailureKind.IN_DOUBT
    assert bench.objects.objects == {}


async def test_a_database_that_is_away_before_sending_costs_nothing_and_loses_nothing() -> None:
    bench = paid()
    handlers = bench.worker()
    bench.documents.away = "connection refused"
    with pytest.raises(Transient):
        await handlers.requested(bench.request())
    bench.documents.away = None
    await completed(bench, handlers)
    assert len(bench.provider.calls) == 1


async def test_a_worker_that_wakes_up_late_does_not_send() -> None:
    bench = paid()
    late, quick = bench.worker(), bench.worker()
    sleeping = asyncio.Event()
    woken = asyncio.Event()
    entries = bench.documents.collection("ledger")
    write = entries.replace

    async def slow(doc: dict[str, object], expected_version: int) -> bool:
        if doc["owner"] == "worker-1":
            sleeping.set()
            await woken.wait()
        return await write(doc, expected_version)

    entries.replace = slow  # type: ignore[method-assign]
    running = asyncio.create_task(late.requested(bench.request()))
    await sleeping.wait()
    bench.clock.advance(LEASE_S + 1)
    await completed(bench, quick)
    woken.set()
    with pytest.raises(Busy):
        await running
    assert len(bench.provider.calls) == 1


async def test_a_claim_dated_into_next_week_by_a_clock_that_jumped_is_taken_over_when_it_stands_still() -> None:
    bench = paid("job-7")
    ahead = FakeClock(bench.clock.now() + timedelta(days=7))
    bench.provider.answers = [asyncio.CancelledError(), GeneratedImage(picture())]
    with pytest.raises(asyncio.CancelledError):
        await worker(bench.provider, bench.documents, bench.objects, ahead, owner="jumped").requested(bench.request())
    other = bench.worker()
    for _ in range(2):
        with pytest.raises(Busy, match="another worker"):
            await other.requested(bench.request())
        bench.clock.advance(LEASE_S / 2)
    assert isinstance(only(await other.requested(bench.request())), GenerationCompleted)
    assert len(bench.provider.calls) == 1


async def test_a_claim_that_shows_signs_of_life_is_left_alone_however_far_its_clock_is_ahead() -> None:
    bench = paid("job-7")
    ahead = FakeClock(bench.clock.now() + timedelta(days=7))
    bench.provider.answers = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await worker(bench.provider, bench.documents, bench.objects, ahead, owner="jumped").requested(bench.request())
    other = bench.worker()
    (entry,) = bench.documents.collection("ledger").docs.values()
    for _ in range(10):
        with pytest.raises(Busy, match="another worker"):
            await other.requested(bench.request())
        bench.clock.advance(LEASE_S / 2)
        entry["version"] = int(str(entry["version"])) + 1


async def test_a_worker_whose_lease_ran_out_before_sending_does_not_send_under_it() -> None:
    bench = paid()
    handlers = bench.worker()
    entries = bench.documents.collection("ledger")
    write = entries.replace

    async def slow(doc: dict[str, object], expected_version: int) -> bool:
        done = await write(doc, expected_version)
        bench.clock.advance(LEASE_S + 1)
        return done

    entries.replace = slow  # type: ignore[method-assign]
    with pytest.raises(Busy):
        await handlers.requested(bench.request())
    assert bench.provider.calls == []
    entries.replace = write  # type: ignore[method-assign]
    await completed(bench, handlers)
    assert len(bench.provider.calls) == 1
