"""What the next take changes, by what was wrong with the last."""

import pytest

from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeReady
from schemas.project import Budget
from schemas.prompt import RetakeRequested
from schemas.review import Decision, ReviewRequested
from schemas.validation import Outcome, Score, Verdict
from services.orchestrator.domain import retakes
from services.orchestrator.domain.state import Checked
from tests import builders
from tests.fakes.orchestration import Stage, completed, context, decided, flawed, only, passed, reworded, worded


def failed(*checks: str) -> Checked:
    scores = tuple(Score(check=name, outcome=Outcome.FAILED, measured_with="test 1") for name in checks)
    return Checked(verdict=Verdict.FAILED, scores=scores, reasons=())


@pytest.mark.parametrize(
    ("check", "avoided"), [("clipped-blacks", "underexposed"), ("clipped-whites", "overexposed"), ("mean-luma", "over")]
)
def test_a_frame_of_wrong_exposure_is_retaken_with_its_light_stressed(check: str, avoided: str) -> None:
    instruction = retakes.after_validation(failed(check))
    assert instruction.strengthen == ("lighting",)
    assert instruction.avoid
    assert instruction.avoid[0].startswith(avoided)


def test_a_retake_tells_what_it_changes() -> None:
    stage = Stage()
    first = completed(stage.ask(worded()))
    stage.send(first)
    asked = only(stage.send(flawed(first, "attire-colours")), RetakeRequested)
    second = completed(only(stage.send(reworded(worded(), asked)), GenerationRequested))
    stage.send(second)
    ready = only(stage.send(passed(second)), KeyframeReady)
    assert [item.changed for item in ready.attempts] == ["", "another seed; stressed costume"]
    assert [item.strategies for item in ready.attempts] == [(), ("new-seed", "stress")]
    assert [item.failed_checks for item in ready.attempts] == [("attire-colours",), ()]
    assert [item.helped for item in ready.attempts] == [None, True]
    assert [item.asset for item in ready.attempts] == [first.asset, second.asset]


def test_a_wrong_face_is_retaken_with_another_view() -> None:
    radha = builders.radha(references=[{"uri": "s3://ice/front.png"}, {"uri": "s3://ice/side.png"}])
    stage = Stage()
    prompt = worded(cast=(radha,))
    first = stage.ask(prompt)
    made = completed(first)
    stage.send(made)
    asked = only(stage.send(flawed(made, "identity")), RetakeRequested)
    second = only(stage.send(reworded(prompt, asked)), GenerationRequested)
    assert [use.uri for use in first.references] == ["s3://ice/front.png"]
    assert [use.uri for use in second.references] == ["s3://ice/side.png"]


def test_where_a_person_decides_the_best_attempt_is_shown_when_all_have_failed() -> None:
    """The first fails one check, the second two."""
    settings = builders.project(budget=Budget(max_attempts=2), approval="manual")
    prompt, stage = worded(context(settings=settings)), Stage()
    first = completed(stage.ask(prompt))
    stage.send(first)
    asked = only(stage.send(flawed(first)), RetakeRequested)
    second = completed(only(stage.send(reworded(prompt, asked)), GenerationRequested))
    stage.send(second)
    twice = flawed(second)
    worse = twice.model_copy(update={"scores": (*twice.scores, *twice.scores)})
    review = only(stage.send(worse), ReviewRequested)
    assert review.generation_id == first.generation_id
    assert "best of 2" in review.reason
    ready = only(stage.send(decided(review, Decision.APPROVE)), KeyframeReady)
    assert ready.generation_id == first.generation_id
    assert ready.asset == first.asset
