"""Changes that never help against a check are left out of retakes, by rule and from what is stored."""

from dataclasses import replace

from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeReady
from schemas.prompt import RetakeRequested
from schemas.validation import Outcome, Score, Verdict
from services.orchestrator.adapters.lesson_documents import COLLECTION, LessonDocuments
from services.orchestrator.domain import retakes
from services.orchestrator.domain.lessons import REST, TRIES, LessonBook, Lessons, RunLines, Strategy, Trial, trials_of
from services.orchestrator.domain.state import Checked, Run
from tests.fakes.documents import FakeDocuments
from tests.fakes.orchestration import Stage, completed, flawed, only, passed, reworded, terms, worded


def taught(check: str, strategy: Strategy, **counts: int) -> Lessons:
    return Lessons({(check, strategy.value): Trial(check=check, strategy=strategy.value, **counts)})


def failed(*checks: str) -> Checked:
    scores = tuple(Score(check=name, outcome=Outcome.FAILED, measured_with="test 1") for name in checks)
    return Checked(verdict=Verdict.FAILED, scores=scores, reasons=())


def retaken(stage: Stage, *, good: bool) -> Run:
    """A frame that fails on its attire once, or twice; its run."""
    first = completed(stage.ask(worded()))
    stage.send(first)
    asked = only(stage.send(flawed(first, "attire-colours")), RetakeRequested)
    second = completed(only(stage.send(reworded(worded(), asked)), GenerationRequested))
    stage.send(second)
    stage.send(passed(second) if good else flawed(second, "attire-colours"))
    return stage.run()


def test_what_a_retake_tried_and_whether_it_helped_follows_from_the_run() -> None:
    told = {(item.strategy, item.tried, item.helped) for item in trials_of(retaken(Stage(), good=True))}
    assert told == {("new-seed", 1, 1), ("stress", 1, 1)}
    told = {(item.strategy, item.tried, item.helped) for item in trials_of(retaken(Stage(), good=False))}
    assert told == {("new-seed", 1, 0), ("stress", 1, 0)}


def test_a_strategy_is_useless_after_so_many_tries_without_help() -> None:
    assert not taught("palette", Strategy.STRESS, tried=TRIES - 1).useless("palette", Strategy.STRESS)
    assert taught("palette", Strategy.STRESS, tried=TRIES).useless("palette", Strategy.STRESS)
    assert not taught("palette", Strategy.STRESS, tried=100, helped=1).useless("palette", Strategy.STRESS)
    assert not taught("palette", Strategy.STRESS, tried=TRIES).useless("identity", Strategy.STRESS)


def test_what_was_left_out_often_enough_is_tried_once_more() -> None:
    assert taught("palette", Strategy.STRESS, tried=TRIES, skipped=REST - 1).useless("palette", Strategy.STRESS)
    assert not taught("palette", Strategy.STRESS, tried=TRIES, skipped=REST).useless("palette", Strategy.STRESS)
    assert taught("palette", Strategy.STRESS, tried=TRIES + 1, skipped=REST).useless("palette", Strategy.STRESS)


def test_zero_tries_leave_nothing_out() -> None:
    assert not replace(taught("palette", Strategy.STRESS, tried=999), tries=0).useless("palette", Strategy.STRESS)


def test_useless_stress_is_left_out_for_its_check_alone_and_said() -> None:
    lessons = taught("attire-colours", Strategy.STRESS, tried=TRIES)
    instruction = retakes.after_validation(failed("attire-colours", "style"), lessons)
    assert instruction.strengthen == ("style",)
    assert instruction.skipped == ("attire-colours: stress",)
    assert instruction.new_seed


def test_another_view_that_never_helped_is_not_sent() -> None:
    lessons = taught("identity", Strategy.OTHER_VIEW, tried=TRIES)
    assert not retakes.after_validation(failed("identity"), lessons).other_view
    both = retakes.after_validation(failed("identity", "copy-paste"), lessons)
    assert both.other_view, "it may still help against the other check"
    assert both.skipped == ()


def test_where_other_seeds_never_helped_the_next_model_is_asked_at_once() -> None:
    stage = Stage()
    stage.terms = replace(stage.terms, lessons=taught("attire-colours", Strategy.NEW_SEED, tried=TRIES))
    run = retaken(stage, good=True)
    first, second = run.attempts
    assert (first.model, second.model) == ("alpha", "beta")
    assert second.strategies == ("stress", "next-model")
    assert second.skipped == ("attire-colours: new-seed",)
    assert "left out, as it never helped: attire-colours: new-seed" in second.changed
    assert {(item.strategy, item.tried, item.skipped) for item in trials_of(run)} == {
        ("stress", 1, 0),
        ("next-model", 1, 0),
        ("new-seed", 0, 1),
    }


def test_without_another_model_a_seed_is_changed_all_the_same() -> None:
    stage = Stage(terms("alpha"))
    stage.terms = replace(stage.terms, lessons=taught("attire-colours", Strategy.NEW_SEED, tried=TRIES))
    second = retaken(stage, good=True).attempts[1]
    assert (second.model, second.strategies, second.skipped) == ("alpha", ("new-seed", "stress"), ())


def test_a_model_change_that_never_helped_is_not_made() -> None:
    stage, prompt = Stage(), worded()
    stage.terms = replace(stage.terms, lessons=taught("sharpness", Strategy.NEXT_MODEL, tried=TRIES))
    models = []
    for _ in range(4):
        made = completed(stage.ask(prompt))
        models.append(made.model)
        stage.send(made)
        caused = stage.send(flawed(made))
        if isinstance(caused[0], RetakeRequested):
            prompt = reworded(prompt, caused[0])
    assert models == ["alpha"] * 4


def test_a_runs_lines_are_assigned_so_repeats_and_older_words_change_nothing() -> None:
    one, two = (Trial(check="style", strategy="stress", tried=count) for count in (1, 2))
    book = LessonBook(project_id="p").noted("r", RunLines(stamp=5, trials=(two,)))
    assert book.noted("r", RunLines(stamp=5, trials=(two,))) is book
    assert book.noted("r", RunLines(stamp=4, trials=(one,))) is book
    both = book.noted("s", RunLines(stamp=1, trials=(one,))).lessons()
    assert both.trials["style", "stress"].tried == 3


async def test_lessons_outlive_the_process_that_learned_them() -> None:
    collection = FakeDocuments().collection(COLLECTION)
    stage = Stage()
    run = retaken(stage, good=False)
    state = stage.state.model_copy(update={"version": 7})
    await LessonDocuments(collection, tries=1).note(state, run)
    await LessonDocuments(collection, tries=1).note(state, run)
    known = await LessonDocuments(collection, tries=1).known(state.project_id)
    assert known.trials["attire-colours", "stress"].tried == 1
    assert known.useless("attire-colours", Strategy.STRESS)
    instruction = retakes.after_validation(failed("attire-colours"), known)
    assert instruction.strengthen == ()


def test_the_keyframe_tells_what_was_left_out() -> None:
    stage = Stage()
    stage.terms = replace(stage.terms, lessons=taught("attire-colours", Strategy.STRESS, tried=TRIES))
    first = completed(stage.ask(worded()))
    stage.send(first)
    asked = only(stage.send(flawed(first, "attire-colours")), RetakeRequested)
    second = completed(only(stage.send(reworded(worded(), asked)), GenerationRequested))
    stage.send(second)
    ready = only(stage.send(passed(second)), KeyframeReady)
    assert ready.attempts[1].skipped == ("attire-colours: stress",)
    assert ready.attempts[1].strategies == ("new-seed",)
