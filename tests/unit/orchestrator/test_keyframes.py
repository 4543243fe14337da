"""The announced keyframe, and a reviewer's part in it."""

import pytest

from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import ApprovalPolicy, Budget
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.review import Decision, ReviewRequested
from schemas.run import RunContext
from schemas.topics import Lane
from schemas.vocabulary import FrameRole
from services.orchestrator.domain.keyframes import ready
from services.orchestrator.domain.state import RunStatus
from tests import builders
from tests.fakes.orchestration import (
    Stage,
    completed,
    context,
    decided,
    flawed,
    only,
    passed,
    plan,
    reworded,
    terms,
    worded,
)


def announced(stage: Stage, prompt: PromptBuilt) -> KeyframeReady:
    made = completed(stage.ask(prompt))
    stage.send(made)
    return only(stage.send(passed(made)), KeyframeReady)


def manual(**settings: object) -> RunContext:
    return context(settings=builders.project(approval=ApprovalPolicy.MANUAL, **settings))


def in_review(stage: Stage, prompt: PromptBuilt | None = None) -> ReviewRequested:
    made = completed(stage.ask(prompt or worded(manual())))
    stage.send(made)
    return only(stage.send(passed(made)), ReviewRequested)


def test_a_keyframe_says_all_that_a_video_engine_needs() -> None:
    stage = Stage()
    hidden = builders.radha(character_id="krishna", name="Krishna", visible=False)
    prompt = worded(
        context(duration_s=2.52, dialogue="Listen.", camera_movement="orbit", lens_mm=50),
        cast=(builders.radha(), hidden),
    )
    keyframe = announced(stage, prompt)
    shot = prompt.run.shot
    assert keyframe.shot.shot_id == shot.shot_id
    assert (keyframe.revision, keyframe.run_id, keyframe.take) == (1, prompt.run.run_id, 1)
    assert (keyframe.frame_role, keyframe.frame_roles) == (FrameRole.SINGLE, (FrameRole.SINGLE,))
    assert (keyframe.model, keyframe.provider, keyframe.seed_used) == ("alpha", "paint", 7)
    assert [member.character_id for member in keyframe.cast] == ["radha"]
    assert keyframe.cast[0].costume_id == "attire"
    assert keyframe.location is not None
    assert keyframe.location.location_id == "vrindavan-forest"
    assert (keyframe.camera.shot_size, keyframe.camera.movement, keyframe.camera.lens_mm) == (
        shot.shot_size,
        shot.camera_movement,
        50,
    )
    assert (keyframe.timing.duration_s, keyframe.timing.fps, keyframe.timing.frames) == (2.52, 24.0, 60)
    assert (keyframe.description, keyframe.action, keyframe.dialogue) == (shot.description, "walking", "Listen.")
    assert keyframe.approved_by == "auto"
    assert keyframe.supersedes is None
    assert [score.check for score in keyframe.scores] == ["exact-size"]


def test_the_shortest_shot_still_has_a_frame() -> None:
    assert announced(Stage(), worded(context(duration_s=0.001))).timing.frames == 1


def test_cost_and_attempts_of_the_whole_run_are_told() -> None:
    stage = Stage()
    prompt = worded()
    made = completed(stage.ask(prompt))
    stage.send(made)
    retake = only(stage.send(flawed(made)), RetakeRequested)
    keyframe = announced(stage, reworded(prompt, retake))
    assert keyframe.take == 2
    assert keyframe.cost_usd_micros == 100_000
    assert [(item.take, item.outcome) for item in keyframe.attempts] == [(1, "failed-validation"), (2, "accepted")]


def test_provenance_tells_what_went_in_by_content() -> None:
    keyframe = announced(Stage(), worded())
    provenance = keyframe.provenance
    assert provenance.bible_digests == {
        "character:radha": builders.RADHA.digest,
        "location:vrindavan-forest": builders.FOREST.digest,
    }
    assert (provenance.catalogue_version, provenance.template_version) == ("test-1", "1-test")
    assert provenance.synthetic == "trained-model"
    same = announced(Stage(), worded())
    other = announced(Stage(), worded(template_version="2-test"))
    assert same.provenance.inputs_digest == provenance.inputs_digest
    assert other.provenance.inputs_digest != provenance.inputs_digest


def test_a_drawing_is_called_algorithmic() -> None:
    assert announced(Stage(terms("previz")), worded()).provenance.synthetic == "algorithmic"


def test_what_was_lost_before_and_while_sending_is_told_once() -> None:
    keyframe = announced(Stage(terms("beta")), worded())
    assert [item.code for item in keyframe.degradations] == ["seed-not-supported"]


def test_a_later_keyframe_of_the_same_role_says_which_it_replaces() -> None:
    stage = Stage()
    first = announced(stage, worded())
    stage.send(plan(2))
    second = announced(stage, worded(context(2)))
    assert second.supersedes == first.event_id
    third = announced(stage, worded(context(2, "again")))
    assert third.supersedes == second.event_id


def test_start_and_end_frames_supersede_their_own_role_only() -> None:
    stage = Stage()
    start = context(1, frames="start-end")
    end = start.model_copy(update={"frame_role": FrameRole.END})
    first, last = announced(stage, worded(start)), announced(stage, worded(end))
    assert (first.supersedes, last.supersedes) == (None, None)
    assert last.frame_roles == (FrameRole.START, FrameRole.END)
    newer = context(2, frames="start-end").model_copy(update={"frame_role": FrameRole.END})
    assert announced(stage, worded(newer)).supersedes == last.event_id


def test_manual_approval_asks_a_reviewer_and_names_him_on_the_keyframe() -> None:
    stage = Stage()
    asked = in_review(stage)
    assert asked.reason == "approval policy is manual"
    assert stage.run(manual()).status is RunStatus.IN_REVIEW
    keyframe = only(stage.send(decided(asked, Decision.APPROVE)), KeyframeReady)
    assert keyframe.approved_by == "Mira"
    assert keyframe.generation_id == asked.generation_id


def test_a_rejected_frame_ends_the_run_with_the_reviewers_words() -> None:
    stage = Stage()
    asked = in_review(stage)
    over = only(stage.send(decided(asked, Decision.REJECT, note="wrong sari")), KeyframeFailed)
    assert over.code == "rejected-by-reviewer"
    assert over.reason == "rejected by Mira: wrong sari"
    assert [(item.outcome, item.reason) for item in over.attempts] == [("rejected", "wrong sari")]
    assert stage.run(manual()).status is RunStatus.REJECTED


def test_a_reject_without_a_note_is_ignored_and_the_frame_stays_in_review() -> None:
    stage = Stage()
    asked = in_review(stage)
    ruling = stage.ruling(decided(asked, Decision.REJECT, note="  "))
    assert ruling.events == ()
    assert "needs one" in ruling.note
    only(stage.send(decided(asked, Decision.APPROVE, review_id="r2")), KeyframeReady)


def test_a_reroll_asks_for_another_take_with_the_note_in_the_express_lane() -> None:
    stage = Stage()
    prompt = worded(manual())
    asked = in_review(stage, prompt)
    retake = only(stage.send(decided(asked, Decision.REROLL, note="look left")), RetakeRequested)
    assert (retake.take, retake.instruction.note, retake.instruction.new_seed) == (2, "look left", True)
    request = stage.ask(reworded(prompt, retake))
    assert request.lane is Lane.EXPRESS
    assert prompt.run.lane is Lane.STANDARD


def test_a_reroll_is_allowed_one_attempt_beyond_the_budget() -> None:
    stage = Stage()
    prompt = worded(manual(budget=Budget(max_attempts=1)))
    asked = in_review(stage, prompt)
    retake = only(stage.send(decided(asked, Decision.REROLL)), RetakeRequested)
    made = completed(stage.ask(reworded(prompt, retake)))
    stage.send(made)
    last = only(stage.send(flawed(made)), ReviewRequested)
    assert last.reason.startswith("all 2 attempts are used; the last: alpha, failed-validation: sharpness is 3")
    over = only(stage.send(decided(last, Decision.REJECT, note="no", review_id="r2")), KeyframeFailed)
    assert [item.outcome for item in over.attempts] == ["rejected", "rejected"]


@pytest.mark.parametrize("second", list(Decision))
@pytest.mark.parametrize("first", list(Decision))
def test_the_first_decision_on_a_frame_wins(first: Decision, second: Decision) -> None:
    stage = Stage()
    asked = in_review(stage)
    assert len(stage.send(decided(asked, first, note="first"))) == 1
    before = stage.run(manual())
    ruling = stage.ruling(decided(asked, second, note="second", review_id="r2"))
    assert ruling.events == ()
    assert "is not in review" in ruling.note
    assert stage.run(manual()) == before


def test_a_late_decision_on_an_earlier_take_does_not_touch_the_take_in_review() -> None:
    stage = Stage()
    prompt = worded(manual())
    first = in_review(stage, prompt)
    retake = only(stage.send(decided(first, Decision.REROLL)), RetakeRequested)
    second = in_review(stage, reworded(prompt, retake))
    assert stage.send(decided(first, Decision.APPROVE, review_id="r2")) == ()
    keyframe = only(stage.send(decided(second, Decision.APPROVE, review_id="r3")), KeyframeReady)
    assert (keyframe.take, keyframe.generation_id) == (2, second.generation_id)


def test_a_decision_on_an_unknown_run_is_ignored() -> None:
    stage = Stage()
    asked = in_review(Stage())
    ruling = stage.ruling(decided(asked, Decision.APPROVE))
    assert ruling.events == ()
    assert "is unknown" in ruling.note


def test_a_frame_in_review_is_superseded_by_a_newer_revision() -> None:
    stage = Stage()
    asked = in_review(stage)
    stage.send(plan(2))
    assert stage.run(manual()).status is RunStatus.SUPERSEDED
    assert stage.send(decided(asked, Decision.APPROVE)) == ()


def test_an_attempt_without_an_image_cannot_be_announced() -> None:
    stage = Stage()
    prompt = worded()
    only(stage.send(prompt), GenerationRequested)
    run = stage.run()
    with pytest.raises(ValueError, match="has no image"):
        ready(prompt, run, run.attempts[0], approved_by="auto", before=None)
