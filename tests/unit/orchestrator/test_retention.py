"""A shot's document stays small, however often the shot is made again."""

import json

from schemas.keyframe import KeyframeReady
from services.orchestrator.domain.retention import CAUSED_PER_RUN, IDLE_PER_RUN, MAX_RUNS, remembering
from services.orchestrator.domain.state import RunStatus, ShotState
from tests.fakes.orchestration import Stage, completed, context, only, passed, plan, worded


def finish(stage: Stage, revision: int) -> KeyframeReady:
    """One revision from its plan to its keyframe, remembered as the handlers do."""
    run = context(revision)
    prompt = worded(run)
    stage.send(plan(revision))
    made = completed(stage.ask(prompt))
    _remember(stage, prompt.event_id, run.run_id)
    stage.send(made)
    keyframe = only(stage.send(passed(made)), KeyframeReady)
    _remember(stage, passed(made).event_id, run.run_id)
    return keyframe


def _remember(stage: Stage, event_id: str, run_id: str | None, events: str = '[{"big":"payload"}]') -> None:
    stage.state = remembering(stage.state, event_id, run_id, events)


def size(state: ShotState) -> int:
    return len(json.dumps(state.model_dump(mode="json")))


def test_a_hundred_revisions_cost_little_more_than_a_few() -> None:
    stage = Stage()
    sizes = []
    for revision in range(1, 101):
        finish(stage, revision)
        sizes.append(size(stage.state))
    assert len(stage.state.runs) <= MAX_RUNS
    assert sizes[99] - sizes[69] < 1_000
    assert sizes[99] < 100_000


def test_old_closed_runs_keep_their_story_but_not_their_payloads() -> None:
    stage = Stage()
    for revision in (1, 2, 3):
        finish(stage, revision)
    old, new = stage.run(context(1)), stage.run(context(3))
    assert old.status is RunStatus.APPROVED
    assert [(item.model, item.outcome) for item in old.attempts] == [("alpha", "accepted")]
    assert old.attempts[0].made is None
    assert new.attempts[0].made is not None
    assert worded(context(1)).event_id not in stage.state.caused
    assert worded(context(3)).event_id in stage.state.caused


def test_a_repeat_of_what_was_forgotten_changes_nothing() -> None:
    stage = Stage()
    for revision in (1, 2, 3):
        finish(stage, revision)
    runs = stage.state.runs
    assert stage.send(worded(context(1))) == ()
    assert stage.send(plan(1)) == ()
    assert stage.state.runs == runs


def test_a_run_in_flight_and_the_keyframe_on_show_are_kept_whole() -> None:
    stage = Stage()
    finish(stage, 1)
    for revision in (2, 3, 4, 5):
        stage.send(plan(revision))
        stage.ask(worded(context(revision)))
        _remember(stage, worded(context(revision)).event_id, context(revision).run_id)
    assert stage.run(context(1)).attempts[0].made is not None
    assert worded(context(1)).event_id in stage.state.caused
    assert stage.run(context(5)).prompt is not None
    assert worded(context(2)).event_id not in stage.state.caused


def test_the_newest_decisions_of_a_long_run_can_be_published_again() -> None:
    stage = Stage()
    stage.ask(worded())
    run_id = context().run_id
    for number in range(30):
        _remember(stage, f"decision-{number}", run_id)
        for turn in range(3):
            _remember(stage, f"nothing-{number}-{turn}", run_id, "[]")
    kept = list(stage.state.caused)
    assert [key for key in kept if key.startswith("decision")] == [
        f"decision-{number}" for number in range(30 - CAUSED_PER_RUN, 30)
    ]
    assert len([key for key in kept if key.startswith("nothing")]) == IDLE_PER_RUN
    assert kept[-1] == "nothing-29-2"
