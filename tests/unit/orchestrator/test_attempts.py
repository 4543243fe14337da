"""What follows from a failed generation or a failed frame, within the attempts and the money of the run."""

from typing import Any

import pytest

from schemas import ids
from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import Budget
from schemas.prompt import RetakeRequested
from schemas.review import ReviewRequested
from schemas.run import RunContext
from schemas.shot import ShotRejected
from services.orchestrator.domain.ruling import InDoubtPolicy
from services.orchestrator.domain.state import RunStatus
from tests import builders
from tests.fakes.orchestration import Stage, broken, completed, context, flawed, only, passed, reworded, terms, worded


def budgeted(**changes: Any) -> RunContext:
    return context(settings=builders.project(budget=Budget(**changes)))


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.REFUSED,
        FailureKind.UNUSABLE_IMAGE,
        FailureKind.INVALID_REQUEST,
    ],
)
def test_a_failure_that_would_only_repeat_goes_to_the_next_capable_model(kind: FailureKind) -> None:
    stage = Stage()
    first = stage.ask(worded())
    second = only(stage.send(broken(first, kind)), GenerationRequested)
    assert (first.model, second.model) == ("alpha", "beta")
    assert (second.take, second.attempt) == (1, 2)
    tried = next(item for item in second.considered if item.model == "alpha")
    assert any(reason.startswith(f"already tried: {kind.value}") for reason in tried.reasons)


def test_seed_and_references_are_planned_anew_for_the_next_model() -> None:
    stage = Stage()
    radha = builders.radha(references=[{"uri": "s3://ice/radha.png"}])
    first = stage.ask(worded(cast=(radha,)))
    second = only(stage.send(broken(first, FailureKind.REFUSED)), GenerationRequested)
    assert (first.seed_to_send, len(first.references)) == (7, 1)
    assert (second.seed_to_send, second.references) == (None, ())
    assert {"seed-not-supported", "reference-dropped"} <= {item.code for item in second.degradations}


def test_an_invalid_request_is_kept_as_a_bug() -> None:
    stage = Stage()
    stage.send(broken(stage.ask(worded()), FailureKind.INVALID_REQUEST))
    assert stage.run().attempts[0].reason.startswith("bug: alpha called our request invalid")


def test_the_chain_ends_with_every_attempts_reason() -> None:
    stage = Stage()
    asked = stage.ask(worded())
    for _ in range(2):
        asked = only(stage.send(broken(asked, FailureKind.UNUSABLE_IMAGE)), GenerationRequested)
    over = only(stage.send(broken(asked, FailureKind.REFUSED)), KeyframeFailed)
    assert over.code == "fallback-exhausted"
    assert [(item.model, item.outcome, item.reason) for item in over.attempts] == [
        ("alpha", "unusable-image", "it was unusable-image"),
        ("beta", "unusable-image", "it was unusable-image"),
        ("previz", "refused", "it was refused"),
    ]
    assert over.last_failure is FailureKind.REFUSED
    assert stage.run().status is RunStatus.FAILED


def test_the_attempt_budget_ends_a_run_before_the_next_call() -> None:
    stage = Stage()
    asked = stage.ask(worded(budgeted(max_attempts=2)))
    asked = only(stage.send(broken(asked, FailureKind.UNUSABLE_IMAGE)), GenerationRequested)
    over = only(stage.send(broken(asked, FailureKind.UNUSABLE_IMAGE)), KeyframeFailed)
    assert over.code == "attempts-exhausted"
    assert len(over.attempts) == 2


def test_money_is_counted_before_sending_and_a_free_model_is_still_allowed() -> None:
    stage = Stage()
    first = stage.ask(worded(budgeted(max_cost_usd_micros=60_000)))
    second = only(
        stage.send(broken(first, FailureKind.UNUSABLE_IMAGE, charged=True, cost_usd_micros=50_000)),
        GenerationRequested,
    )
    assert second.model == "previz"


def test_no_money_for_any_model_left_ends_the_run() -> None:
    stage = Stage(terms("alpha", "beta"))
    first = stage.ask(worded(budgeted(max_cost_usd_micros=60_000)))
    over = only(stage.send(broken(first, FailureKind.UNUSABLE_IMAGE, cost_usd_micros=50_000)), KeyframeFailed)
    assert over.code == "budget-exhausted"
    assert "beta: costs 0.02 USD, 0.01 USD of 0.06 USD is left" in over.reason
    assert over.cost_usd_micros == 50_000


def test_a_refusal_that_cost_nothing_leaves_the_money() -> None:
    stage = Stage(terms("alpha", "beta"))
    first = stage.ask(worded(budgeted(max_cost_usd_micros=60_000)))
    assert only(stage.send(broken(first, FailureKind.REFUSED)), GenerationRequested).model == "beta"


def test_a_shot_that_no_model_can_make_is_rejected_with_each_models_reason() -> None:
    stage = Stage(terms(providers=("previz", "paint")))
    prompt = worded(context(width=5000, height=5000, style="anime"))
    refusal = only(stage.send(prompt), ShotRejected)
    assert refusal.stage == "orchestrator"
    assert {problem.code for problem in refusal.problems} == {"no-capable-model"}
    assert [(problem.field, problem.allowed) for problem in refusal.problems] == [
        ("shot.width, shot.height", "previz: 5000x5000: makes sides of 64 to 4096"),
        ("shot.width, shot.height", "alpha: 5000x5000: makes sides of 256 to 2048"),
        ("shot.style", "alpha: style anime: makes cinematic, noir"),
        ("catalogue.provider", "beta: provider brush runs no worker here"),
    ]
    assert stage.run(prompt.run).status is RunStatus.REJECTED


def test_the_fields_of_a_refusal_are_the_projects_where_the_shot_says_nothing() -> None:
    stage = Stage(terms("alpha"))
    settings = builders.project(width=128, height=128, style="anime")
    refusal = only(stage.send(worded(context(settings=settings))), ShotRejected)
    assert [problem.field for problem in refusal.problems] == ["project.width, project.height", "project.style"]


def test_a_call_in_doubt_goes_to_the_next_model_where_the_policy_says_so_and_counts_as_paid() -> None:
    stage = Stage(terms("alpha", "beta", in_doubt=InDoubtPolicy.NEXT_MODEL))
    first = stage.ask(worded(budgeted(max_cost_usd_micros=80_000)))
    second = only(stage.send(broken(first, FailureKind.IN_DOUBT)), GenerationRequested)
    assert second.model == "beta"
    assert stage.run(first.run).cost_usd_micros == 50_000 + 20_000


def test_an_image_that_comes_after_the_run_went_on_is_noted_only() -> None:
    stage = Stage(terms(in_doubt=InDoubtPolicy.NEXT_MODEL))
    first = stage.ask(worded())
    second = only(stage.send(broken(first, FailureKind.IN_DOUBT)), GenerationRequested)
    late = completed(first)
    assert stage.send(late) == ()
    assert stage.send(passed(late)) == ()
    made = completed(second)
    stage.send(made)
    ready = only(stage.send(passed(made)), KeyframeReady)
    assert ready.generation_id == second.generation_id
    assert ready.cost_usd_micros == 70_000


def test_a_failed_frame_is_taken_again_with_the_reasons_and_another_seed() -> None:
    stage = Stage()
    prompt = worded()
    first = stage.ask(prompt)
    made = completed(first)
    stage.send(made)
    retake = only(stage.send(flawed(made, "identity")), RetakeRequested)
    assert (retake.take, retake.run, retake.cast) == (2, prompt.run, prompt.cast)
    assert retake.instruction.failed_checks == ("identity",)
    assert retake.instruction.strengthen == ("identity",)
    assert retake.instruction.reason == "identity is 3, allowed is 20 and more"
    second = stage.ask(reworded(prompt, retake))
    assert (second.model, second.take, second.attempt) == ("alpha", 2, 2)
    assert second.seed_to_send == ids.seed_from("7", "take", "2") % 1001


def test_a_model_whose_frames_failed_twice_gives_way_to_the_next() -> None:
    stage = Stage()
    prompt = worded()
    models = []
    for _ in range(3):
        asked = stage.ask(prompt)
        models.append(asked.model)
        made = completed(asked)
        stage.send(made)
        prompt = reworded(prompt, only(stage.send(flawed(made)), RetakeRequested))
    assert models == ["alpha", "alpha", "beta"]


def test_a_lone_model_is_asked_until_the_attempts_are_used_up() -> None:
    stage = Stage(terms("previz"))
    prompt = worded()
    for attempt in range(1, 5):
        made = completed(stage.ask(prompt))
        stage.send(made)
        last = stage.send(flawed(made))
        if attempt < 4:
            prompt = reworded(prompt, only(last, RetakeRequested))
    assert "all 4 attempts are used" in only(last, ReviewRequested).reason
    over = only(stage.rested(), KeyframeFailed)
    assert over.code == "attempts-exhausted"
    assert [item.outcome for item in over.attempts] == ["failed-validation"] * 4
    assert over.last_failure is None
    assert "sharpness is 3" in over.reason


def test_checks_that_overtake_their_image_wait_for_it() -> None:
    stage = Stage()
    made = completed(stage.ask(worded()))
    assert stage.send(passed(made)) == ()
    assert stage.run().status is RunStatus.GENERATING
    only(stage.send(made), KeyframeReady)


def test_a_prompt_for_another_take_than_the_one_asked_for_is_ignored() -> None:
    stage = Stage()
    prompt = worded()
    made = completed(stage.ask(prompt))
    ruling = stage.ruling(prompt.model_copy(update={"take": 2}))
    assert ruling.events == ()
    assert "run is generating in take 1" in ruling.note
    stage.send(made)
    only(stage.send(flawed(made)), RetakeRequested)
    assert stage.send(prompt.model_copy(update={"take": 3})) == ()


@pytest.mark.parametrize("kind", list(FailureKind))
def test_what_was_never_asked_for_is_ignored(kind: FailureKind) -> None:
    stage = Stage()
    stranger = builders.generation_requested(attempt=9)
    for event in (completed(stranger), passed(completed(stranger)), broken(stranger, kind)):
        ruling = stage.ruling(event)
        assert ruling.events == ()
        assert "never asked for" in ruling.note


def test_a_second_word_on_a_settled_generation_is_ignored() -> None:
    stage = Stage()
    first = stage.ask(worded())
    second = only(stage.send(broken(first, FailureKind.REFUSED)), GenerationRequested)
    assert "already settled" in stage.ruling(completed(first)).note
    made = completed(second)
    stage.send(made)
    assert "already settled" in stage.ruling(broken(second, FailureKind.OUTAGE)).note
    only(stage.send(passed(made)), KeyframeReady)
    assert "already validated" in stage.ruling(flawed(made)).note
    assert stage.run().status is RunStatus.APPROVED


def test_a_worker_that_dropped_a_run_which_is_not_superseded_is_asked_again() -> None:
    stage = Stage()
    first = stage.ask(worded())
    second = only(stage.send(broken(first, FailureKind.SUPERSEDED)), GenerationRequested)
    assert second.model == "alpha"
    assert second.generation_id != first.generation_id
