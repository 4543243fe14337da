"""The judge that reads pictures, against an endpoint with a judge behind it."""

import numpy as np
import pytest
from pydantic import SecretStr

from schemas.validation import Outcome, Score
from services.validation.adapters.judge_budget import DocumentBudget
from services.validation.adapters.vlm_judge import JudgeSettings, VlmJudge, checked_url
from services.validation.domain.cases import Case
from services.validation.settings import ValidationSettings
from tests.fakes.documents import FakeDocuments
from tests.fakes.frames import announced, encoded
from tests.fakes.picture_judge import KEY, PictureJudge
from tests.fakes.requests import a_run

RED = encoded(np.full((36, 64, 3), (220, 20, 20), dtype=np.uint8))
GREY = encoded(np.full((36, 64, 3), 128, dtype=np.uint8))
SETTINGS = JudgeSettings("https://judge.test/v1", "sees-well-1", SecretStr(KEY))


async def judged(
    judge: PictureJudge, data: bytes, *, calls: int = 5, settings: JudgeSettings = SETTINGS
) -> dict[str, Score]:
    client = VlmJudge(settings, DocumentBudget(FakeDocuments(), calls), judge.transport)
    event = announced(data, a_run({}, {"shot_size": "medium", "framing": "single"}))
    cast = tuple((member.character_id, member.name) for member in event.visible_cast)
    scores = await client.judge(event, Case(data, cast))
    await client.stop()
    return {score.check: score for score in scores}


async def test_a_picture_is_marked_and_the_judge_is_told_who_is_to_be_seen() -> None:
    judge = PictureJudge()
    scores = await judged(judge, RED)
    assert {name: (score.outcome, score.value) for name, score in scores.items()} == {
        "alignment": (Outcome.PASSED, 4.0),
        "shot-size": (Outcome.PASSED, 1.0),
        "framing": (Outcome.PASSED, 1.0),
    }
    assert scores["alignment"].model == "sees-well-1"
    question = judge.asked[0]["messages"][0]["content"][0]["text"]
    assert "exactly these: Radha: walks along the river" in question


async def test_a_picture_of_something_else_fails() -> None:
    assert (await judged(PictureJudge(), GREY))["alignment"].outcome is Outcome.FAILED


@pytest.mark.parametrize(("seen", "passes"), [("medium close-up", True), ("wide", False), ("extreme-wide", False)])
async def test_a_neighbouring_shot_size_passes_and_another_fails(seen: str, passes: bool) -> None:
    scores = await judged(PictureJudge(sees=(seen, "single")), RED)
    assert scores["shot-size"].outcome is (Outcome.PASSED if passes else Outcome.FAILED)


@pytest.mark.parametrize(
    "judge",
    [
        PictureJudge(status=500),
        PictureJudge(status=302),
        PictureJudge(text="I can't say."),
        PictureJudge(text='{"scene": 9}'),
        PictureJudge(text="x" * 100_000),
    ],
    ids=["fault", "redirect", "no-marks", "marks-out-of-range", "too-long"],
)
async def test_without_usable_marks_nothing_is_invented(judge: PictureJudge) -> None:
    scores = await judged(judge, RED)
    assert {score.value for score in scores.values()} == {None}
    assert {score.outcome for score in scores.values()} == {Outcome.NOT_MEASURED}
    assert KEY not in str(scores)


async def test_a_project_makes_no_more_calls_than_its_budget() -> None:
    judge, documents = PictureJudge(), FakeDocuments()
    client = VlmJudge(SETTINGS, DocumentBudget(documents, 2), judge.transport)
    event = announced(RED)
    answers = [await client.judge(event, Case(RED)) for _ in range(3)]
    assert len(judge.asked) == 2
    assert "budget" in answers[2][0].detail


@pytest.mark.parametrize(
    "url",
    ["http://judge.test/v1", "ftp://judge.test", "https://user:secret@judge.test/", "https://judge.test/?a=b", ""],
)
def test_a_judge_is_asked_over_https_and_without_a_user_in_the_address(url: str) -> None:
    with pytest.raises(ValueError, match="allowed is https") as error:
        checked_url(url)
    assert "secret" not in str(error.value)


def test_a_judge_on_this_machine_may_be_plain() -> None:
    assert checked_url("http://127.0.0.1:8000/v1/") == "http://127.0.0.1:8000/v1"


def test_wrong_settings_stop_the_start_and_keys_are_not_shown() -> None:
    with pytest.raises(ValueError, match="ICE_VALIDATION_JUDGE_MODEL"):
        ValidationSettings(validation_judge_url="https://judge.test/v1")
    with pytest.raises(ValueError, match="ICE_VALIDATION_LIKENESS"):
        ValidationSettings(validation_scorers=("likeness",))
    settings = ValidationSettings(
        validation_judge_url="https://judge.test/v1", validation_judge_model="m", validation_judge_key=SecretStr(KEY)
    )
    assert KEY not in repr(settings)
