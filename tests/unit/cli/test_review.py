"""`ice review`: which frame is meant, and which of its takes."""

from typing import Any

import pytest

from services.cli.exits import CliError
from services.cli.progress import frame_name
from services.cli.reviewing import generation_of, the_one


def frame(code: str, role: str = "single", **changes: Any) -> dict[str, Any]:
    told = {"code": code, "shot_id": f"id-{code}", "frame_role": role, "run_id": f"run-{code}-{role}", "take": 2}
    return {**told, "generation_id": "shown", "others": [{"generation_id": "other", "take": 1}], **changes}


WAITING = [frame("SH1"), frame("SH2", "start"), frame("SH2", "end")]


@pytest.mark.parametrize("name", ["SH1", "id-SH1", "run-SH1-single", "run-SH1"])
def test_a_frame_is_named_by_its_code_its_shot_or_the_beginning_of_its_run(name: str) -> None:
    assert the_one(WAITING, name, "film") is WAITING[0]


def test_of_two_frames_of_a_shot_the_role_says_which() -> None:
    assert frame_name(the_one(WAITING, "SH2 end", "film")) == "SH2 end"
    with pytest.raises(CliError, match=r"'SH2': 2 wait by this name; allowed is one of 'SH2 start', 'SH2 end'"):
        the_one(WAITING, "SH2", "film")


def test_a_frame_that_does_not_wait_names_those_that_do() -> None:
    with pytest.raises(CliError, match=r"'SH9': does not wait for a decision; allowed is one of 'SH1', 'SH2 start'"):
        the_one(WAITING, "SH9", "film")
    with pytest.raises(CliError, match="nothing of film waits"):
        the_one([], "SH9", "film")


def test_another_take_is_approved_by_its_number() -> None:
    assert (generation_of(WAITING[0], None), generation_of(WAITING[0], 1)) == ("shown", "other")
    with pytest.raises(CliError, match=r"--take 7: SH1 has no such take to approve; allowed is 1, 2"):
        generation_of(WAITING[0], 7)
