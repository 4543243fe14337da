"""A call that may or may not have been made and paid: nobody asks again without a person's word."""

from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import Budget
from schemas.review import Decision, ReviewDecided
from schemas.topics import Lane
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.state import RunStatus, WaitKind
from tests import builders
from tests.fakes.orchestration import NOON, Stage, broken, completed, context, only, passed, terms, worded

DAY = 86_400


def word(asked: GenerationRequested, decision: Decision, note: str = "") -> ReviewDecided:
    """A person's word on a call."""
    return ReviewDecided(
        review_id="r1",
        project_id=asked.run.project.project_id,
        shot_id=asked.run.shot.shot_id,
        run_id=asked.run.run_id,
        generation_id=asked.generation_id,
        decision=decision,
        note=note,
        reviewer="Mira",
    )


def held(**changes: int) -> tuple[Stage, GenerationRequested]:
    """A run whose first call is in doubt."""
    stage = Stage(terms("alpha", "beta", patience=Patience(in_doubt_s=DAY)))
    asked = stage.ask(worded(context(settings=builders.project(budget=Budget(**changes)))))
    assert stage.send(broken(asked, FailureKind.IN_DOUBT, cost_usd_micros=50_000)) == ()
    assert stage.run(asked.run).status is RunStatus.HELD
    return stage, asked


def test_a_held_run_says_what_may_have_been_paid_and_has_a_deadline() -> None:
    stage, asked = held()
    wait = stage.run(asked.run).wait
    assert wait is not None
    assert (wait.kind, wait.due, wait.until) == (WaitKind.IN_DOUBT, NOON + DAY, NOON + DAY)
    assert f"generation {asked.generation_id} of alpha is in doubt, may have cost 0.05 USD" in wait.reason


def test_a_late_image_frees_a_held_run() -> None:
    stage, asked = held()
    made = completed(asked)
    assert stage.send(made) == ()
    assert stage.run(asked.run).wait is None
    ready = only(stage.send(passed(made)), KeyframeReady)
    assert [item.outcome for item in ready.attempts] == ["accepted"]


def test_a_call_that_turns_out_to_have_failed_frees_a_held_run_and_its_money() -> None:
    stage, asked = held()
    certain = broken(asked, FailureKind.REFUSED, charged=False)
    assert only(stage.send(certain), GenerationRequested).model == "beta"
    assert stage.run(asked.run).attempts[0].spent_usd_micros == 0


def test_the_deadline_ends_a_held_run_as_in_doubt_with_its_possible_cost() -> None:
    stage, asked = held()
    assert stage.after(DAY - 1).look(asked.run) == ()
    over = only(stage.rested(asked.run), KeyframeFailed)
    assert over.code == "in-doubt"
    assert over.reason.startswith(f"held for {DAY} s and nobody decided: generation {asked.generation_id} of alpha")
    assert over.cost_usd_micros == 50_000
    assert over.last_failure is FailureKind.IN_DOUBT


def test_a_persons_re_roll_asks_the_same_model_again_knowingly_at_once_and_beyond_the_attempts() -> None:
    stage, asked = held(max_attempts=1)
    again = only(stage.send(word(asked, Decision.REROLL, note="not on the bill")), GenerationRequested)
    assert (again.model, again.take, again.attempt, again.lane) == ("alpha", 1, 2, Lane.EXPRESS)
    assert again.seed_to_send == asked.seed_to_send
    run = stage.run(asked.run)
    assert run.attempts[0].reason.endswith("Mira asked for another call: not on the bill")
    assert run.cost_usd_micros == 100_000
    made = completed(again)
    stage.send(made)
    assert only(stage.send(passed(made)), KeyframeReady).cost_usd_micros == 100_000


def test_a_persons_reject_ends_a_held_run_and_the_doubtful_cost_stays() -> None:
    stage, asked = held()
    assert "a reject needs one" in stage.ruling(word(asked, Decision.REJECT)).note
    over = only(stage.send(word(asked, Decision.REJECT, note="skip it")), KeyframeFailed)
    assert (over.code, over.cost_usd_micros) == ("rejected-by-reviewer", 50_000)
    assert over.attempts[0].outcome == "in-doubt"
    assert stage.run(asked.run).status is RunStatus.REJECTED


def test_what_is_in_doubt_cannot_be_approved() -> None:
    stage, asked = held()
    ruling = stage.ruling(word(asked, Decision.APPROVE))
    assert ruling.events == ()
    assert "has no image to approve" in ruling.note
    assert stage.run(asked.run).status is RunStatus.HELD
