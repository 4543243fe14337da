"""Which making is the newest, whatever the order in which two topics bring the news."""

import itertools

import pytest

from schemas.generation import GenerationRequested
from schemas.run import RunContext, RunSuperseded
from services.orchestrator.domain.state import RunStatus
from tests.fakes.orchestration import Stage, completed, context, only, passed, plan, worded


def requests(stage: Stage, *events: object) -> list[str]:
    """Run ids of the requests that follow."""
    caused = [event for sent in events for event in stage.send(sent)]  # type: ignore[arg-type] # events all
    return [event.run.run_id for event in caused if isinstance(event, GenerationRequested)]


def test_a_higher_revision_ends_the_run_in_flight() -> None:
    stage = Stage()
    stage.send(plan(1), worded())
    ended = only(stage.send(plan(2)), RunSuperseded)
    assert ended.run == context(1)
    assert (ended.superseded_by_revision, ended.superseded_by_regeneration) == (2, None)
    assert stage.run().status is RunStatus.SUPERSEDED


def test_a_new_regeneration_of_the_same_revision_ends_the_run_in_flight() -> None:
    stage = Stage()
    stage.send(plan(1), worded())
    ended = only(stage.send(plan(1, "again")), RunSuperseded)
    assert (ended.superseded_by_revision, ended.superseded_by_regeneration) == (1, "again")


def test_the_prompt_of_a_superseded_revision_asks_nobody() -> None:
    stage = Stage()
    stage.send(plan(2))
    only(stage.send(worded(context(1))), RunSuperseded)
    assert stage.run().status is RunStatus.SUPERSEDED
    assert stage.run().attempts == ()


def test_a_prompt_that_overtakes_its_plan_is_taken_at_its_word() -> None:
    stage = Stage()
    stage.send(plan(1), worded())
    superseded, asked = stage.send(worded(context(2)))
    assert isinstance(superseded, RunSuperseded)
    assert isinstance(asked, GenerationRequested)
    assert stage.send(plan(2)) == ()


def test_an_old_plan_changes_nothing() -> None:
    stage = Stage()
    stage.send(plan(3), worded(context(3)))
    assert stage.send(plan(2)) == ()
    assert stage.send(plan(2, "again")) == ()
    assert not stage.run(context(3)).status.closed


def test_a_finished_run_is_not_undone() -> None:
    stage = Stage()
    made = completed(stage.ask(worded()))
    stage.send(made, passed(made))
    assert stage.send(plan(2)) == ()
    assert stage.run().status is RunStatus.APPROVED


def test_a_repeated_regeneration_does_not_come_back() -> None:
    stage = Stage()
    stage.send(plan(1), plan(1, "a"), plan(1, "b"), worded(context(1, "b")))
    assert stage.send(plan(1, "a")) == ()
    assert not stage.run(context(1, "b")).status.closed


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_regenerations_are_ordered_by_their_plans_whatever_prompt_comes_first(order: tuple[int, ...]) -> None:
    makings = (None, "a", "b")
    for interleaving in set(itertools.permutations("ppprrr")):
        stage = Stage()
        plans = iter([plan(1, making) for making in makings])
        prompts = iter([worded(context(1, makings[index])) for index in order])
        for step in interleaving:
            stage.send(next(plans) if step == "p" else next(prompts))
        statuses = [stage.run(context(1, making)).status for making in makings]
        assert statuses == [RunStatus.SUPERSEDED, RunStatus.SUPERSEDED, RunStatus.GENERATING], interleaving


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_highest_revision_alone_goes_on_whatever_prompt_comes_first(order: tuple[int, ...]) -> None:
    for interleaving in set(itertools.permutations("ppprrr")):
        stage = Stage()
        plans = iter([plan(revision) for revision in (1, 2, 3)])
        prompts = iter([worded(context(index + 1)) for index in order])
        for step in interleaving:
            stage.send(next(plans) if step == "p" else next(prompts))
        statuses = [stage.run(context(revision)).status for revision in (1, 2, 3)]
        assert statuses == [RunStatus.SUPERSEDED, RunStatus.SUPERSEDED, RunStatus.GENERATING], interleaving


def test_two_regenerations_without_a_plan_yet_are_both_let_go_on() -> None:
    stage = Stage()
    assert len(requests(stage, worded(context(1, "a")), worded(context(1, "b")))) == 2
    ended = stage.send(plan(1, "a"))
    assert [event.run.regeneration_id for event in ended if isinstance(event, RunSuperseded)] == ["a"]


def behind_the_plan(regeneration_id: str) -> RunContext:
    """A making that a replay began behind shot.planned."""
    return context(1, regeneration_id).model_copy(update={"without_plan": True})


def test_a_regeneration_without_a_plan_is_as_new_as_its_prompt_and_older_than_a_later_plan() -> None:
    stage = Stage()
    stage.send(plan(1), worded())
    first = stage.send(worded(behind_the_plan("a")))
    assert [event.run.regeneration_id for event in first if isinstance(event, RunSuperseded)] == [None]
    second = stage.send(worded(behind_the_plan("b")))
    assert [event.run.regeneration_id for event in second if isinstance(event, RunSuperseded)] == ["a"]
    third = stage.send(plan(1, "c"))
    assert [event.run.regeneration_id for event in third if isinstance(event, RunSuperseded)] == ["b"]
    assert len(requests(stage, worded(context(1, "c")))) == 1


def test_what_comes_for_a_superseded_run_is_noted_and_nothing_follows() -> None:
    stage = Stage()
    asked = stage.ask(worded())
    stage.send(plan(2))
    made = completed(asked)
    assert stage.send(made) == ()
    assert stage.send(passed(made)) == ()
    attempt = stage.run().attempts[0]
    assert attempt.made is not None
    assert attempt.cost_usd_micros == 50_000
    assert stage.run().status is RunStatus.SUPERSEDED


def test_start_and_end_frames_are_two_runs_that_a_revision_ends_both() -> None:
    stage = Stage()
    start = context(1, frames="start-end")
    end = start.model_copy(update={"frame_role": start.frame_roles[1]})
    assert start.run_id != end.run_id
    stage.send(worded(start), worded(end))
    ended = stage.send(plan(2, frames="start-end"))
    assert {event.run.run_id for event in ended if isinstance(event, RunSuperseded)} == {start.run_id, end.run_id}


def test_the_first_making_is_older_than_its_regenerations_even_when_its_plan_comes_late() -> None:
    stage = Stage()
    stage.send(plan(1, "again"), worded(context(1, "again")))
    assert stage.send(plan(1)) == ()
    assert not stage.run(context(1, "again")).status.closed
    only(stage.send(worded(context(1))), RunSuperseded)
