"""The best of several takes, and the end of a run's attempts."""

from collections.abc import Sequence

import pytest

from schemas.base import Event
from schemas.generation import FailureKind, GenerationCompleted, GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.project import Budget
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.review import Decision, ReviewRequested
from schemas.validation import Outcome, Score
from services.orchestrator.domain.keyframes import summaries
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.state import RunStatus
from tests import builders
from tests.fakes.orchestration import (
    Stage,
    broken,
    completed,
    context,
    decided,
    flawed,
    only,
    passed,
    reworded,
    terms,
    worded,
)


def film(**project: object) -> PromptBuilt:
    return worded(context(settings=builders.project(**project)))


def measured(check: str, value: float | None, outcome: Outcome = Outcome.PASSED) -> Score:
    return Score(check=check, outcome=outcome, value=value, measured_with="test 1")


class Takes:
    """Take after take of one frame."""

    def __init__(self, prompt: PromptBuilt, stage: Stage | None = None) -> None:
        self.first, self.prompt, self.stage = prompt, prompt, stage or Stage()
        self.made: list[GenerationCompleted] = []

    def take(self, *scores: Score, good: bool = True) -> Sequence[Event]:
        """Make the next take; what follows from its checks."""
        made = completed(self.stage.ask(self.prompt))
        self.made.append(made)
        self.stage.send(made)
        checked = passed(made) if good else flawed(made)
        caused = self.stage.send(checked.model_copy(update={"scores": (*checked.scores, *scores)}))
        if caused and isinstance(caused[0], RetakeRequested):
            self.prompt = reworded(self.first, caused[0])
        return caused


def test_the_best_of_three_takes_is_announced_and_links_the_others() -> None:
    takes = Takes(film(takes=3))
    asked = only(takes.take(measured("identity", 0.6)), RetakeRequested)
    assert asked.instruction.reason == "take 2 of 3 to choose the best from"
    only(takes.take(measured("identity", 0.9)), RetakeRequested)
    ready = only(takes.take(measured("identity", 0.7)), KeyframeReady)
    assert ready.generation_id == takes.made[1].generation_id
    assert ready.take == 2
    told = {item.take: (item.outcome, item.asset) for item in ready.attempts}
    outcomes = ("passed-over", "accepted", "passed-over")
    assert told == {number: (outcomes[number - 1], takes.made[number - 1].asset) for number in (1, 2, 3)}
    assert len({made.seed_used for made in takes.made}) == 3


def test_a_shots_number_of_takes_outranks_the_projects() -> None:
    prompt = worded(context(settings=builders.project(takes=3), takes=1))
    only(Takes(prompt).take(), KeyframeReady)


def test_gates_come_before_scores_and_what_one_take_lacks_decides_nothing() -> None:
    takes = Takes(film(takes=3))
    takes.take(measured("identity", 0.99), measured("sharpness", 1.0, Outcome.WARNED))
    takes.take(measured("identity", 0.5), measured("alignment", 4.0))
    ready = only(takes.take(measured("identity", 0.6)), KeyframeReady)
    assert ready.take == 3


def test_a_take_that_fails_is_one_of_those_to_choose_from() -> None:
    takes = Takes(film(takes=2))
    only(takes.take(), RetakeRequested)
    assert only(takes.take(good=False), KeyframeReady).take == 1


def test_the_budget_bounds_the_takes_and_what_passed_is_kept() -> None:
    takes = Takes(film(takes=5, budget=Budget(max_attempts=2)))
    only(takes.take(measured("identity", 0.8)), RetakeRequested)
    assert only(takes.take(measured("identity", 0.7)), KeyframeReady).take == 1


def test_another_take_is_not_waited_for_when_its_model_is_away() -> None:
    takes = Takes(film(takes=2), Stage(terms("alpha")))
    only(takes.take(), RetakeRequested)
    asked = takes.stage.ask(takes.prompt)
    ready = only(takes.stage.send(broken(asked, FailureKind.OUTAGE, charged=False)), KeyframeReady)
    assert ready.take == 1


def test_with_a_good_take_in_hand_a_call_in_doubt_holds_nothing_up() -> None:
    takes = Takes(film(takes=2))
    only(takes.take(), RetakeRequested)
    asked = takes.stage.ask(takes.prompt)
    ready = only(takes.stage.send(broken(asked, FailureKind.IN_DOUBT)), KeyframeReady)
    assert ready.take == 1
    assert [item.outcome for item in ready.attempts] == ["in-doubt", "accepted"]
    assert takes.stage.send(completed(asked)) == ()


def test_a_reviewer_may_approve_another_take_than_the_best() -> None:
    takes = Takes(film(takes=2, approval="manual"))
    takes.take(measured("identity", 0.9))
    review = only(takes.take(measured("identity", 0.8)), ReviewRequested)
    assert review.others == (takes.made[1].generation_id,)
    other = review.model_copy(update={"generation_id": takes.made[1].generation_id})
    ready = only(takes.stage.send(decided(other, Decision.APPROVE)), KeyframeReady)
    assert ready.generation_id == takes.made[1].generation_id
    assert sorted(item.outcome for item in ready.attempts) == ["accepted", "passed-over"]


def test_after_a_re_roll_the_next_take_is_shown_by_itself() -> None:
    takes = Takes(film(takes=2, approval="manual"))
    takes.take(measured("identity", 0.9))
    review = only(takes.take(measured("identity", 0.8)), ReviewRequested)
    asked = only(takes.stage.send(decided(review, Decision.REROLL, note="more smile")), RetakeRequested)
    takes.prompt = reworded(takes.first, asked)
    again = only(takes.take(measured("identity", 0.1)), ReviewRequested)
    assert again.generation_id == takes.made[2].generation_id


@pytest.mark.parametrize("decision", [Decision.REJECT, Decision.REROLL])
def test_a_reviewers_word_on_a_failed_take_stands_beside_what_its_checks_said(decision: Decision) -> None:
    takes = Takes(film(budget=Budget(max_attempts=1), approval="manual"))
    review = only(takes.take(measured("palette", 0.1, Outcome.FAILED), good=False), ReviewRequested)
    takes.stage.send(decided(review, decision, note="wrong sari"))
    told = summaries(takes.stage.run())[0]
    assert (told.outcome, "wrong sari" in told.reason) == ("rejected", True)
    assert told.check_reason == "sharpness is 3, allowed is 20 and more"


@pytest.mark.parametrize("approval", ["auto", "manual"])
def test_at_the_end_of_the_attempts_the_best_that_failed_is_shown_whatever_the_approval(approval: str) -> None:
    takes = Takes(film(budget=Budget(max_attempts=2), approval=approval))
    takes.take(good=False)
    review = only(takes.take(measured("palette", 0.1, Outcome.FAILED), good=False), ReviewRequested)
    assert review.generation_id == takes.made[0].generation_id
    assert "all 2 attempts are used" in review.reason
    assert "best of 2 that failed" in review.reason
    ready = only(takes.stage.send(decided(review, Decision.APPROVE)), KeyframeReady)
    assert (ready.asset, ready.approved_by) == (takes.made[0].asset, "Mira")


def test_in_an_automatic_film_a_review_that_nobody_decides_on_ends_at_its_deadline() -> None:
    takes = Takes(film(budget=Budget(max_attempts=1)), Stage(terms(patience=Patience(review_s=600))))
    only(takes.take(good=False), ReviewRequested)
    run = takes.stage.run(takes.first.run)
    assert run.status is RunStatus.IN_REVIEW
    assert takes.stage.after(599).look(takes.first.run) == ()
    over = only(takes.stage.after(1).look(takes.first.run), KeyframeFailed)
    assert over.code == "attempts-exhausted"
    assert "on show for 600 s and nobody decided" in over.reason


def test_where_nobody_is_to_be_asked_the_run_fails_at_once() -> None:
    takes = Takes(film(budget=Budget(max_attempts=1)), Stage(terms(patience=Patience(review_s=0))))
    assert only(takes.take(good=False), KeyframeFailed).code == "attempts-exhausted"


def test_money_and_models_that_run_out_keep_the_best_attempt_too() -> None:
    takes = Takes(film(budget=Budget(max_cost_usd_micros=50_000)), Stage(terms("alpha")))
    only(takes.take(good=False), RetakeRequested)
    review = only(takes.stage.send(takes.prompt), ReviewRequested)
    assert "no money for another attempt" in review.reason


def test_an_image_that_no_video_engine_could_use_is_shown_to_nobody() -> None:
    takes = Takes(film(budget=Budget(max_attempts=1), approval="manual"))
    over = only(takes.take(measured("exact-size", 0.0, Outcome.FAILED), good=False), KeyframeFailed)
    assert over.code == "attempts-exhausted"


def test_a_run_without_any_image_still_fails() -> None:
    stage = Stage(terms("alpha"))
    asked = stage.ask(film(budget=Budget(max_attempts=1)))
    assert isinstance(asked, GenerationRequested)
    only(stage.send(broken(asked, FailureKind.REFUSED)), KeyframeFailed)
