"""fal's own rules: the request's path as its name, a status and a result apart, errors that are found late."""

import base64
import json
from typing import Any

import pytest

from services.generation.providers.errors import (
    InvalidRequest,
    OutcomeUnknown,
    ProviderError,
    Refused,
    UnusableImage,
)
from services.generation.providers.exchange import HttpReply, JsonBody, UnreadableReplyError
from services.generation.providers.fal import MODELS, Fal
from services.generation.providers.vendor import Look, Made, Pending, Reference, VendorJob

FAL = Fal()
FLUX, BANANA = "fal-ai/flux-2-pro", "fal-ai/nano-banana-2"
NAME = f"{FLUX}/requests/7f3a"


def job(model: str = FLUX, size: tuple[int, int] = (1024, 1024), references: int = 0) -> VendorJob:
    shown = tuple(Reference(bytes([number]), "image/png", 64, 64, "character") for number in range(references))
    return VendorJob(
        "g1", model, MODELS[model], "a ferry", "", *size, size, seed=0, references=shown, loras=(), steps=None,
        cfg_scale=None,
    )  # fmt: skip


def told(value: Any, status: int = 200) -> HttpReply:
    return HttpReply(status, {}, json.dumps(value).encode())


def detail(kind: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": "it ended", "type": kind}]}


def test_a_request_is_made_once_and_the_queue_must_not_repeat_it() -> None:
    call = FAL.submit(job())
    assert (call.url, call.costs, call.headers) == (f"/{FLUX}", True, {"x-fal-no-retry": "1"})
    assert isinstance(call.body, JsonBody)
    assert call.body.value["seed"] == 0
    assert call.body.value["image_size"] == {"width": 1024, "height": 1024}


def test_references_go_to_the_models_edit_as_data_urls_in_their_order() -> None:
    call = FAL.submit(job(references=2))
    assert call.url == f"/{FLUX}/edit"
    assert isinstance(call.body, JsonBody)
    shown = [base64.b64encode(bytes([number])).decode() for number in range(2)]
    assert call.body.value["image_urls"] == [f"data:image/png;base64,{text}" for text in shown]


def test_a_model_without_free_sizes_is_asked_by_ratio() -> None:
    body = FAL.submit(job(BANANA, (1344, 768))).body
    assert isinstance(body, JsonBody)
    assert body.value["aspect_ratio"] == "16:9"
    assert "image_size" not in body.value


def test_a_request_is_named_by_its_path_and_asked_for_there() -> None:
    assert FAL.read(job(), told({"request_id": "7f3a"})) == Pending(NAME, 1.0)
    assert FAL.poll(NAME).url == f"/{NAME}/status"
    cancel = FAL.cancel(NAME)
    assert cancel is not None
    assert (cancel.method, cancel.url) == ("PUT", f"/{NAME}/cancel")


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_request_in_the_queue_is_waited_for(status: str) -> None:
    assert FAL.read_poll(job(), NAME, told({"status": status})) == Pending(NAME, 1.0)


def test_the_result_lies_beside_the_status() -> None:
    look = FAL.read_poll(job(), NAME, told({"status": "COMPLETED"}))
    assert isinstance(look, Look)
    assert look.call.url == f"/{NAME}"
    result = {"images": [{"url": "https://v3.fal.media/a.png"}], "seed": 11, "has_nsfw_concepts": [False]}
    assert FAL.read_poll(job(), NAME, told(result)) == Made(url="https://v3.fal.media/a.png", seed=11)


def test_a_picture_that_is_held_back_was_paid() -> None:
    held = {"images": [{"url": "https://v3.fal.media/a.png"}], "has_nsfw_concepts": [True]}
    with pytest.raises(Refused) as raised:
        FAL.read_poll(job(), NAME, told(held))
    assert (raised.value.charged, raised.value.cost_usd_micros) == (True, 30_000)


@pytest.mark.parametrize("value", [{}, {"status": "LOST"}, {"images": []}, {"images": [{"url": None}]}])
def test_what_is_neither_a_status_nor_a_result_is_unreadable(value: object) -> None:
    with pytest.raises(UnreadableReplyError):
        FAL.read_poll(job(), NAME, told(value))


@pytest.mark.parametrize(
    ("status", "value", "kind"),
    [
        (422, detail("content_policy_violation"), Refused),
        (422, detail("value_error"), UnusableImage),
        (422, {"detail": "no list"}, OutcomeUnknown),
        (404, {"detail": "Request not found"}, OutcomeUnknown),
        (401, {"detail": "No user found for Key"}, OutcomeUnknown),
    ],
)
def test_an_error_instead_of_a_result_is_the_requests_end_and_one_about_the_asking_is_not(
    status: int, value: object, kind: type[ProviderError]
) -> None:
    error = FAL.poll_failure(told(value, status))
    assert type(error) is kind
    assert error.charged is (None if kind is OutcomeUnknown else False)


def test_bad_input_that_is_found_at_once_is_an_invalid_request() -> None:
    assert type(FAL.failure(told(detail("value_error"), 422))) is InvalidRequest


@pytest.mark.parametrize(
    ("model", "size", "price"),
    [(FLUX, (1024, 1024), 30_000), (FLUX, (1040, 1024), 60_000), (BANANA, (1536, 672), 80_000)],
)
def test_every_megapixel_begun_is_paid_where_sizes_are_free(model: str, size: tuple[int, int], price: int) -> None:
    assert FAL.price(job(model, size)) == price


def test_an_error_of_the_model_itself_is_kept_there_and_ends_the_wait() -> None:
    kept = HttpReply(500, {"x-fal-retryable": "true"}, b'{"detail": "the runner died"}')
    error = FAL.poll_failure(kept)
    assert isinstance(error, UnusableImage)
    assert error.charged is False
    assert not isinstance(FAL.poll_failure(HttpReply(500, {}, b'{"detail": "gateway"}')), UnusableImage)
