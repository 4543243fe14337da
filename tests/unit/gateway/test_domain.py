"""The read model is the same whatever the order in which events arrive."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.envelope import REPLAYED_FROM, from_headers
from schemas.review import Decision, ReviewDecided, ReviewRequested
from schemas.run import RunSuperseded
from schemas.shot import Problem, ShotPlanned, ShotRejected
from services.chassis.bindings import Received
from services.chassis.wire import engine_wire
from services.gateway import domain
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from tests import builders
from tests.fakes.documents import FakeDocuments


def received(event: Event, offset: int) -> Received:
    return Received(
        event=event,
        envelope=from_headers({}),
        topic=engine_wire().topic_of(event),
        partition=0,
        offset=offset,
        key=event.partition_key(),
        timestamp=1_000 + offset,
    )


def whole_way() -> list[Event]:
    completed = builders.generation_completed()
    return [
        builders.planned(),
        builders.characters_conditioned(),
        builders.location_conditioned(),
        builders.prompt_built(),
        builders.generation_requested(),
        completed,
        builders.frame_validated(completed),
        builders.keyframe_ready(completed),
    ]


EXPECTED = ["planned", "conditioned", "conditioned", "prompted", "generating", "validating", "validating", "ready"]


async def status_after(events: list[Event]) -> str:
    documents = FakeDocuments()
    handlers = Handlers(documents)
    for index, event in enumerate(events):
        await handlers.project([received(event, index)])
    progress = await ReadModel(documents).progress("vrindavan")
    (run,) = progress["runs"]
    return str(run["status"])


@pytest.mark.parametrize("count", range(1, 9))
async def test_status_follows_the_run(count: int) -> None:
    assert await status_after(whole_way()[:count]) == EXPECTED[count - 1]


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(8)))
async def test_status_does_not_depend_on_the_order_of_arrival(order: list[int]) -> None:
    events = whole_way()
    assert await status_after([events[index] for index in order]) == "ready"


async def test_repeats_change_nothing() -> None:
    documents = FakeDocuments()
    handlers = Handlers(documents)
    messages = [received(event, index) for index, event in enumerate(whole_way())]
    await handlers.project(messages)
    before = await ReadModel(documents).keyframes("vrindavan")
    events = await documents.collection(domain.EVENTS).count({})
    await handlers.project(messages)
    assert await documents.collection(domain.EVENTS).count({}) == events
    assert await ReadModel(documents).keyframes("vrindavan") == before


async def test_a_copy_of_an_old_plan_does_not_bring_the_films_old_settings_back() -> None:
    documents = FakeDocuments()
    handlers = Handlers(documents)
    old, new = builders.planned(), builders.planned(revision=2)
    new = new.model_copy(update={"project": new.project.model_copy(update={"title": "A new title"})})
    copy = replace(received(old, 2), envelope=from_headers({REPLAYED_FROM: b"shot.planned.v1:0:0"}))
    await handlers.project([received(old, 0), received(new, 1), copy])
    assert (await ReadModel(documents).project("vrindavan"))["title"] == "A new title"
    lost = FakeDocuments()
    await Handlers(lost).project([copy])
    assert (await ReadModel(lost).project("vrindavan"))["title"] == old.project.title


async def test_a_replay_does_not_change_when_things_happened() -> None:
    documents = FakeDocuments()
    handlers = Handlers(documents)
    await handlers.project([received(event, index) for index, event in enumerate(whole_way())])
    (before,) = (await ReadModel(documents).progress("vrindavan"))["runs"]
    await handlers.project([received(event, 1000 + index) for index, event in enumerate(whole_way())])
    (after,) = (await ReadModel(documents).progress("vrindavan"))["runs"]
    assert (after["first_at_ms"], after["last_at_ms"]) == (before["first_at_ms"], before["last_at_ms"]) == (1000, 1007)


async def test_a_rejected_revision_rejects_its_runs_and_says_why() -> None:
    rejected = ShotRejected(
        project_id="vrindavan",
        shot_id="sh0010",
        revision=1,
        stage="character-conditioning",
        problems=(Problem(field="shot.cast.0", value="radha", allowed="a known character", code="unknown-character"),),
    )
    assert await status_after([builders.planned(), rejected]) == "rejected"
    documents = FakeDocuments()
    await Handlers(documents).project([received(builders.planned(), 0), received(rejected, 1)])
    (run,) = (await ReadModel(documents).progress("vrindavan"))["runs"]
    assert run["reason"] == "shot.cast.0: radha: allowed is a known character"


async def test_a_refused_second_content_leaves_the_first_run_alone() -> None:
    rejected = ShotRejected(
        project_id="vrindavan",
        shot_id="sh0010",
        revision=1,
        stage="character-conditioning",
        problems=(Problem(field="shot", value="", allowed="a new revision", code="revision-conflict"),),
    )
    assert await status_after([builders.planned(), rejected]) == "planned"


def refused(planned: ShotPlanned) -> ShotRejected:
    return ShotRejected(
        project_id="vrindavan",
        shot_id="sh0010",
        revision=planned.revision,
        regeneration_id=planned.regeneration_id,
        stage="character-conditioning",
        problems=(Problem(field="shot", value="", allowed="a new revision", code="revision-conflict"),),
        content_digest=planned.digest,
    )


async def test_a_refused_content_never_stands_for_the_plan() -> None:
    first = builders.planned(builders.shot(description="first"))
    second = builders.planned(builders.shot(description="second"))
    newer = builders.planned(builders.shot(description="third"), revision=2)
    for events in permutations([first, second, refused(second), newer]):
        documents = FakeDocuments()
        await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])
        shot = await ReadModel(documents).shot("vrindavan", "sh0010")
        assert [item["shot"]["description"] for item in shot["revisions"]] == ["first", "third"]
        assert (shot["revision"], shot["shot"]["description"]) == (2, "third")


async def test_a_run_whose_every_content_was_refused_does_not_wait_for_ever() -> None:
    first = builders.planned(regeneration_id="again")
    assert await status_after([first, refused(first)]) == "rejected"
    second = builders.planned(builders.shot(description="second"), regeneration_id="again")
    assert await status_after([first, second, refused(second)]) == "planned"


async def test_superseded_runs_say_so_unless_they_were_ready() -> None:
    superseded = RunSuperseded(run=builders.run(), superseded_by_revision=2)
    assert await status_after([builders.planned(), superseded]) == "superseded"
    assert await status_after([*whole_way(), superseded]) == "ready"


async def test_a_frame_that_waits_for_a_reviewer_is_in_review() -> None:
    completed = builders.generation_completed()
    asked = ReviewRequested(
        run=completed.run,
        generation_id=completed.generation_id,
        take=1,
        asset=completed.asset,
        reason="approval policy is manual",
    )
    assert await status_after([*whole_way()[:7], asked]) == "review"


async def test_what_is_on_show_need_not_be_the_newest_take() -> None:
    """At the end of the attempts the best of them is shown; once somebody has decided, the newest counts again."""
    first = builders.generation_completed()
    asked = builders.generation_requested(attempt=2)
    second = builders.generation_completed(asked)
    shown = ReviewRequested(
        run=first.run, generation_id=first.generation_id, take=1, asset=first.asset, reason="all 2 attempts are used"
    )
    decided = ReviewDecided(
        review_id="r1",
        project_id=first.run.project.project_id,
        shot_id=first.run.shot.shot_id,
        run_id=first.run.run_id,
        generation_id=first.generation_id,
        decision=Decision.REROLL,
    )
    events = [*whole_way()[:7], asked, second, shown]
    assert await status_after(events) == "review"
    assert await status_after([*events, decided]) == "validating"


async def test_progress_counts_the_newest_revision_only() -> None:
    documents = FakeDocuments()
    newer = builders.planned(builders.shot(action="running"), revision=2)
    events = [*whole_way(), newer]
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])
    progress = await ReadModel(documents).progress("vrindavan")
    assert [(run["revision"], run["status"]) for run in progress["runs"]] == [(2, "planned")]


async def test_lineage_tells_a_run_from_plan_to_keyframe() -> None:
    documents = FakeDocuments()
    events = whole_way()
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])
    lineage = await ReadModel(documents).lineage(builders.run().run_id)
    assert [item["event_id"] for item in lineage] == [event.event_id for event in events]


async def test_an_id_with_dots_stays_one_generation() -> None:
    documents = FakeDocuments()
    completed = builders.generation_completed(generation_id="a.b.c")
    await Handlers(documents).project([received(builders.planned(), 0), received(completed, 1)])
    run = await ReadModel(documents).run(completed.run.run_id)
    assert list(run["generations"]) == ["a_b_c"]
    assert run["generations"]["a_b_c"]["model"] == "previz"
