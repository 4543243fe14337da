"""Runs rest while every model that could make them is away; every rest ends."""

import pytest

from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import Budget
from schemas.prompt import RetakeRequested
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.run import RunContext, RunSuperseded
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.ruling import Look
from services.orchestrator.domain.state import RunStatus
from tests import builders
from tests.fakes.orchestration import (
    NOON,
    Stage,
    broken,
    completed,
    context,
    flawed,
    only,
    passed,
    plan,
    reworded,
    terms,
    worded,
)

DOWN = {"paint": ProviderHealthChanged(provider="paint", state=ProviderState.DOWN, reason="503", sequence=1)}
PATIENCE = Patience(model_s=600, look_s=15, throttle_s=30, throttle_pause_s=2, outage_s=30)


def tries(count: int) -> RunContext:
    return context(settings=builders.project(budget=Budget(max_attempts=count)))


def test_a_run_waits_while_its_only_model_is_down_and_says_why_and_until_when() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    ruling = stage.ruling(worded())
    assert ruling.events == ()
    assert ruling.note == "waits: alpha: provider paint is down: 503"
    wait = stage.run().wait
    assert stage.run().status is RunStatus.WAITING
    assert wait is not None
    assert (wait.due, wait.until, wait.providers) == (NOON + 15, NOON + 600, ("paint",))


def test_a_waiting_run_asks_as_soon_as_its_model_is_back() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    stage.send(worded())
    assert stage.rested() == ()
    asked = only(stage.after(15, health={}).look(), GenerationRequested)
    assert (asked.model, asked.attempt) == ("alpha", 1)
    assert stage.run().wait is None


def test_a_look_before_its_time_or_of_an_earlier_rest_changes_nothing() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    stage.send(worded())
    before = stage.state
    stage.after(0, health={})
    assert stage.look() == ()
    assert stage.send(Look(stage.run().run_id, 0)) == ()
    assert stage.state is before


def test_waiting_ends_at_the_deadline_with_the_reason() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    stage.send(worded())
    looks = 0
    while not (over := stage.rested()):
        looks += 1
    ended = only(over, KeyframeFailed)
    assert looks == 600 / 15 - 1
    assert stage.terms.now == NOON + 600
    assert ended.code == "no-capable-model"
    assert ended.reason == ("no capable model could be asked for 600 s: alpha: provider paint is down: 503")


def test_a_newer_making_ends_a_waiting_run() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    stage.send(worded())
    only(stage.send(plan(2)), RunSuperseded)
    assert stage.run().wait is None


def test_a_draft_is_no_substitute_while_a_finished_model_may_come_back() -> None:
    stage = Stage(terms("alpha", "previz", health=DOWN, patience=PATIENCE))
    assert stage.send(worded()) == ()
    assert stage.run().status is RunStatus.WAITING
    over = stage.after(600).look()
    assert only(over, GenerationRequested).model == "previz"


def test_a_draft_that_the_shot_wants_is_made_at_once() -> None:
    stage = Stage(terms("alpha", "previz", health=DOWN, patience=PATIENCE))
    assert stage.ask(worded(context(model="previz"))).model == "previz"


def test_a_shot_that_no_model_could_make_anyway_does_not_wait() -> None:
    stage = Stage(terms("alpha", health=DOWN, patience=PATIENCE))
    assert [event.TYPE for event in stage.send(worded(context(width=5000, height=5000)))] == ["film.shot.rejected"]


def test_a_throttled_model_is_waited_for_when_the_vendor_says_soon_then_the_next_is_asked() -> None:
    stage = Stage(terms("alpha", "beta", patience=PATIENCE))
    first = stage.ask(worded(tries(1)))
    assert stage.send(broken(first, FailureKind.THROTTLED, retry_after_s=20, charged=False)) == ()
    wait = stage.run(first.run).wait
    assert wait is not None
    assert wait.due == NOON + 20
    second = only(stage.rested(first.run), GenerationRequested)
    assert second.model == "alpha"
    third = only(stage.send(broken(second, FailureKind.THROTTLED, charged=False)), GenerationRequested)
    assert third.model == "beta"
    tried = next(item for item in third.considered if item.model == "alpha")
    assert tried.reasons == ("throttled 2 time(s): it was throttled; asked again from 12:00:50 UTC",)


def test_a_vendor_that_says_late_is_not_waited_for_while_another_model_can() -> None:
    stage = Stage(terms("alpha", "beta", patience=PATIENCE))
    first = stage.ask(worded())
    second = only(stage.send(broken(first, FailureKind.THROTTLED, retry_after_s=31)), GenerationRequested)
    assert second.model == "beta"


def test_a_vendor_that_says_late_is_waited_for_when_nobody_else_can() -> None:
    stage = Stage(terms("alpha", patience=PATIENCE))
    first = stage.ask(worded())
    assert stage.send(broken(first, FailureKind.THROTTLED, retry_after_s=100)) == ()
    assert only(stage.rested(), GenerationRequested).model == "alpha"
    assert stage.terms.now == NOON + 100


def test_throttling_of_an_earlier_take_is_forgiven_in_the_next() -> None:
    stage = Stage(terms("alpha", "beta", patience=PATIENCE))
    prompt = worded(tries(9))
    first = stage.ask(prompt)
    stage.send(broken(first, FailureKind.THROTTLED))
    second = only(stage.rested(first.run), GenerationRequested)
    made = completed(second)
    stage.send(made)
    third = stage.ask(reworded(prompt, only(stage.send(flawed(made)), RetakeRequested)))
    stage.send(broken(third, FailureKind.THROTTLED))
    assert only(stage.rested(first.run), GenerationRequested).model == "alpha"


@pytest.mark.parametrize("kind", [FailureKind.OUTAGE, FailureKind.CONFIGURATION])
def test_a_provider_that_failed_the_run_gets_a_pause_and_traffic_moves(kind: FailureKind) -> None:
    stage = Stage(terms("alpha", "beta", patience=PATIENCE))
    first = stage.ask(worded(tries(1)))
    second = only(stage.send(broken(first, kind, charged=False)), GenerationRequested)
    assert second.model == "beta"
    assert stage.send(broken(second, kind, charged=False)) == ()
    third = only(stage.rested(first.run), GenerationRequested)
    assert third.model == "alpha"
    assert stage.terms.now == NOON + 30
    assert third.attempt == 3
    # The second outage doubles the pause; beta's first one is over at the same time.
    stage.send(broken(third, kind, charged=False))
    assert stage.run(first.run).attempts[-1].model == "beta"


def test_calls_that_cost_nothing_as_nobody_was_there_use_up_no_attempt_but_paid_ones_do() -> None:
    stage = Stage(terms("alpha", patience=PATIENCE))
    first = stage.ask(worded(tries(1)))
    stage.send(broken(first, FailureKind.OUTAGE, charged=False))
    second = only(stage.rested(first.run), GenerationRequested)
    over = only(stage.send(broken(second, FailureKind.OUTAGE, cost_usd_micros=50_000)), KeyframeFailed)
    assert over.code == "attempts-exhausted"


def test_outages_without_end_fail_the_run_at_its_deadline_whatever_its_attempts() -> None:
    stage = Stage(terms("alpha", patience=PATIENCE))
    asked = stage.ask(worded(tries(1)))
    calls = 1
    while True:
        caused = stage.send(broken(asked, FailureKind.OUTAGE, charged=False)) or stage.rested(asked.run)
        if isinstance(caused[0], KeyframeFailed):
            break
        asked = only(caused, GenerationRequested)
        calls += 1
    assert stage.terms.now == NOON + 600
    # Pauses of 30, 60, 120 and 240 s.
    assert calls == 5


def test_an_image_ends_a_spell_of_waiting() -> None:
    stage = Stage(terms("alpha", patience=PATIENCE))
    prompt = worded(tries(9))
    first = stage.ask(prompt)
    stage.send(broken(first, FailureKind.OUTAGE))
    made = completed(only(stage.rested(first.run), GenerationRequested))
    stage.send(made)
    assert stage.run(first.run).waiting_since is None
    retake = only(stage.send(flawed(made)), RetakeRequested)
    stage.after(10_000)
    again = stage.ask(reworded(prompt, retake))
    assert stage.send(broken(again, FailureKind.OUTAGE)) == ()
    made = completed(only(stage.rested(first.run), GenerationRequested))
    stage.send(made)
    only(stage.send(passed(made)), KeyframeReady)
