"""What validation does about each event, on fake stores."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from schemas.base import Event
from schemas.generation import GenerationCompleted
from schemas.run import RunSuperseded
from schemas.validation import FrameValidated, Outcome, Verdict
from services.chassis.failures import Transient
from services.validation.adapters.frames import DocumentFrames, DocumentSupersededRuns
from services.validation.adapters.plates import StoredPlates
from services.validation.domain.frame import Limits
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from services.validation.handlers import Checks, Handlers
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.frames import announced, continuing, encoded, key_of, scenery
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.requests import a_run

T = TypeVar("T")


class InlineOffload:
    async def run(self, work: Callable[[], T]) -> T:
        return work()


class Bench:
    """Stores that outlive a process; `handlers()` is a new process on them."""

    def __init__(self) -> None:
        self.documents = FakeDocuments()
        self.objects = FakeObjectStore()

    def handlers(self, limits: Limits | None = None) -> Handlers:
        clock = FakeClock()
        checks = Checks(technical_scorers(Thresholds()), Thresholds(), limits or Limits())
        frames = DocumentFrames(self.documents, clock)
        offload = InlineOffload()
        plates = StoredPlates(self.objects, offload, checks.limits, kept=4)
        return Handlers(frames, DocumentSupersededRuns(self.documents, clock), self.objects, plates, offload, checks)

    def store(self, event: GenerationCompleted, data: bytes) -> None:
        self.objects.objects[event.asset.uri.removeprefix("s3://ice/")] = data

    async def check(self, data: bytes, shot_id: str = "sh0020", **changes: object) -> FrameValidated:
        run = a_run({"width": 320, "height": 180}, {"shot_id": shot_id, "code": shot_id.upper()})
        event = announced(data, run, f"s3://ice/vrindavan/{shot_id}.png", **changes)
        self.store(event, data)
        return validated(await self.handlers().completed(event))


def validated(events: object) -> FrameValidated:
    assert isinstance(events, list | tuple)
    assert len(events) == 1
    event: Event = events[0]
    assert isinstance(event, FrameValidated)
    return event


def outcome(event: FrameValidated, check: str) -> Outcome:
    return next(score.outcome for score in event.scores if score.check == check)


async def test_a_good_frame_passes_with_every_score() -> None:
    event = await Bench().check(encoded(scenery()))
    assert (event.verdict, event.reasons) == (Verdict.PASSED, ())
    assert len(event.scores) == 17


async def test_a_repeat_gets_the_first_decision_though_the_image_has_gone() -> None:
    bench, data = Bench(), encoded(scenery())
    event = announced(data)
    bench.store(event, data)
    first = await bench.handlers().completed(event)
    bench.objects.objects.clear()
    assert await bench.handlers().completed(event) == tuple(first)


async def test_the_decision_is_kept_together_with_its_event() -> None:
    bench = Bench()
    event = await bench.check(encoded(scenery()))
    (doc,) = bench.documents.collection("frames").docs.values()
    assert doc["_id"] == event.generation_id
    assert doc["events"][0]["type"] == "film.frame.validated"


async def test_a_missing_image_fails_the_frame_and_not_the_service() -> None:
    event = validated(await Bench().handlers().completed(announced(encoded(scenery()))))
    assert event.verdict is Verdict.FAILED
    assert "does not exist" in event.reasons[0]


@pytest.mark.parametrize("uri", ["https://elsewhere.test/x.png", "s3://another-bucket/x.png"])
async def test_an_image_that_is_not_ours_fails_the_frame(uri: str) -> None:
    event = validated(await Bench().handlers().completed(announced(encoded(scenery()), uri=uri)))
    assert event.verdict is Verdict.FAILED
    assert "allowed is" in event.reasons[0]


async def test_an_image_beyond_the_limit_is_not_read() -> None:
    bench, data = Bench(), encoded(scenery())
    event = announced(data)
    bench.store(event, data)
    result = validated(await bench.handlers(Limits(max_bytes=100)).completed(event))
    assert result.verdict is Verdict.FAILED
    assert "allowed are at most 100" in result.reasons[0]


async def test_an_object_store_that_is_away_is_waited_for() -> None:
    bench = Bench()
    bench.objects.away = "connection refused"
    with pytest.raises(Transient):
        await bench.handlers().completed(announced(encoded(scenery())))
    assert bench.documents.collection("frames").docs == {}


async def test_a_frame_of_a_superseded_run_is_left_alone() -> None:
    bench, event = Bench(), announced(encoded(scenery()))
    assert await bench.handlers().superseded(RunSuperseded(run=event.run, superseded_by_revision=2)) == ()
    assert await bench.handlers().completed(event) == ()


async def test_two_shots_that_look_the_same_are_warned_about() -> None:
    bench, data = Bench(), encoded(scenery())
    assert outcome(await bench.check(data, "sh1"), "near-duplicate") is Outcome.PASSED
    second = await bench.check(data, "sh2")
    assert outcome(second, "near-duplicate") is Outcome.WARNED
    assert second.verdict is Verdict.PASSED
    assert second.reasons == ("near-duplicate warned: looks like the frame of shot SH1",)


async def test_another_take_of_the_same_shot_may_look_the_same() -> None:
    bench, data = Bench(), encoded(scenery())
    await bench.check(data, "sh1")
    event = await bench.check(data, "sh1", take=2, generation_id="another")
    assert outcome(event, "near-duplicate") is Outcome.PASSED


async def test_a_shot_may_look_like_the_one_it_continues() -> None:
    bench, data = Bench(), encoded(scenery())
    await bench.check(data, "sh1")
    event = await bench.check(data, "sh2", continuity=(continuing("sh1"),))
    assert outcome(event, "near-duplicate") is Outcome.PASSED
    assert outcome(await bench.check(data, "sh1", generation_id="later"), "near-duplicate") is Outcome.PASSED


async def test_keys_of_the_fixture_are_those_of_generation() -> None:
    event = announced(b"x")
    assert event.asset.uri == f"s3://ice/{key_of(event.generation_id)}"
