"""What is recorded of a call, and what a job's id may be."""

import pytest

from services.generation.providers.base import ImageJob
from services.generation.providers.call_records import parameters_of, plain_values
from services.generation.providers.exchange import (
    File,
    FormBody,
    HttpCall,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    paid_post,
)
from services.generation.providers.fitting import fitted
from services.generation.providers.openai import MODELS
from services.generation.providers.vendor import Pending
from tests.fakes.requests import a_request

MODEL = "gpt-image-2.6-flare"
JOB = fitted(
    ImageJob.from_request(a_request(provider="openai", model=MODEL, width=1280, height=720)), MODELS[MODEL], ()
)


def test_plain_values_are_recorded_and_nested_ones_by_their_path() -> None:
    body = JsonBody({"prompt": "secret scene", "seed": 7, "input": {"steps": 30, "image": "x" * 500, "tiled": False}})
    assert parameters_of(paid_post("/x", body), JOB) == {
        "model": MODEL,
        "requested_size": "1280x720",
        "seed": 7,
        "input.steps": 30,
        "input.tiled": False,
    }


@pytest.mark.parametrize(
    "body", [MultipartBody((("n", "1"), ("prompt", "p"))), FormBody((("n", "1"), ("prompt", "p")))]
)
def test_forms_are_recorded_without_the_prompt_and_files(body: MultipartBody | FormBody) -> None:
    assert "p" not in parameters_of(paid_post("/x", body), JOB).values()
    assert parameters_of(paid_post("/x", body), JOB)["n"] == "1"
    with_file = MultipartBody((), (File("image", "a.png", b"bytes", "image/png"),))
    assert parameters_of(paid_post("/x", with_file), JOB) == {"model": MODEL, "requested_size": "1280x720"}


def test_a_vendors_own_record_goes_before_the_body() -> None:
    call = HttpCall("POST", "/x", JsonBody({"a": 1}), costs=True, parameters={"b": 2})
    assert parameters_of(call, JOB) == {"model": MODEL, "requested_size": "1280x720", "b": 2}


def test_what_a_vendor_sends_besides_stays_out() -> None:
    told = {"a": 1, "b": {"c": 1}, "d": [1], "e": None, "f": "y" * 500, "g": "ok"}
    assert plain_values(told) == {"a": 1, "g": "ok"}


@pytest.mark.parametrize("wrong", ["", "x" * 201, "a b", "a\nb", "../../account", "ключ"])
def test_a_job_id_that_no_path_and_no_event_can_carry_is_unreadable(wrong: str) -> None:
    with pytest.raises(UnreadableReplyError, match="job id"):
        Pending(wrong)
