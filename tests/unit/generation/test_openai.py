"""OpenAI's own: fields, codes, tokens."""

import base64
import json
from typing import Any

import pytest

from services.generation.providers.base import ImageJob
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    PromptTooLong,
    Refused,
    Throttled,
)
from services.generation.providers.exchange import HttpReply, JsonBody, MultipartBody, UnreadableReplyError
from services.generation.providers.fitting import fitted
from services.generation.providers.openai import MODELS, OpenAI
from services.generation.providers.vendor import Made, Reference, VendorJob
from tests.fakes.provider import picture
from tests.fakes.requests import a_request

BEST = "gpt-image-2.6-sunburst"
USAGE = {
    "input_tokens": 1000,
    "input_tokens_details": {"text_tokens": 100, "image_tokens": 900},
    "output_tokens": 2000,
    "total_tokens": 3000,
}


def a_job(model: str = BEST, references: int = 0, **changes: Any) -> VendorJob:
    job = ImageJob.from_request(a_request(provider="openai", model=model, **{"width": 1920, "height": 1080, **changes}))
    pictures = tuple(Reference(picture(64, 64), "image/png", 64, 64, "character") for _ in range(references))
    return fitted(job, MODELS[model], pictures)


def a_reply(**fields: Any) -> HttpReply:
    image = base64.b64encode(b"picture").decode()
    return HttpReply(200, body=json.dumps({"data": [{"b64_json": image}], **fields}).encode())


def an_error(status: int, **fields: Any) -> HttpReply:
    return HttpReply(status, body=json.dumps({"error": {"message": "words", **fields}}).encode())


def test_a_generation_says_all_that_decides_the_price() -> None:
    call = OpenAI().submit(a_job())
    assert (call.method, call.url, call.costs) == ("POST", "/images/generations", True)
    assert isinstance(call.body, JsonBody)
    assert call.body.value == {
        "model": BEST,
        "prompt": "A woman by a river at dusk",
        "n": 1,
        "size": "1936x1088",
        "quality": "high",
        "background": "opaque",
        "output_format": "png",
    }


@pytest.mark.parametrize(("count", "name"), [(1, "image"), (2, "image[]"), (16, "image[]")])
def test_references_make_it_an_edit(count: int, name: str) -> None:
    call = OpenAI().submit(a_job(references=count))
    assert call.url == "/images/edits"
    assert isinstance(call.body, MultipartBody)
    assert {file.name for file in call.body.files} == {name}
    assert call.body.files[0].filename == "01-character.png"
    assert "input_fidelity" not in dict(call.body.fields)


def test_only_the_model_that_takes_it_is_told_to_hold_to_faces() -> None:
    body = OpenAI().submit(a_job("gpt-image-1.5", references=1)).body
    assert isinstance(body, MultipartBody)
    assert dict(body.fields)["input_fidelity"] == "high"
    assert dict(body.fields)["size"] == "1536x1024"


def test_the_cost_is_usage_times_rates() -> None:
    made = OpenAI().read(a_job(), a_reply(usage=USAGE, size="1936x1088"))
    assert made == Made(
        b"picture", cost_usd_micros=100 * 5 + 900 * 8 + 2000 * 30, parameters={"made_size": "1936x1088"}
    )
    mini = OpenAI().read(a_job("gpt-image-1-mini"), a_reply(usage=USAGE))
    assert mini.cost_usd_micros == 100 * 2 + 2250 + 2000 * 8


def test_text_tokens_of_the_answer_have_their_own_rate() -> None:
    usage = {**USAGE, "output_tokens_details": {"text_tokens": 500, "image_tokens": 1500}}
    made = OpenAI().read(a_job(), a_reply(usage=usage))
    assert made.cost_usd_micros == 100 * 5 + 900 * 8 + 1500 * 30 + 500 * 10


def test_without_usage_the_cost_is_unknown_and_estimated_by_size() -> None:
    assert OpenAI().read(a_job(), a_reply()).cost_usd_micros is None
    assert OpenAI().price(a_job(width=1024, height=1024)) == 53_000
    assert OpenAI().price(a_job()) == round(53_000 * 1936 * 1088 / 1024**2)


@pytest.mark.parametrize(
    "body", [b'{"data": []}', b'{"data": [{"b64_json": "!!"}]}', b'{"data": [{"b64_json": null}]}']
)
def test_an_answer_without_an_image_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        OpenAI().read(a_job(), HttpReply(200, body=body))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (an_error(400, code="moderation_blocked", type="image_generation_user_error"), Refused),
        (an_error(400, code="content_policy_violation"), Refused),
        (an_error(400, code="image_content_policy_violation"), Refused),
        (an_error(400, code=None, type="image_generation_user_error"), Refused),
        (an_error(400, code="string_above_max_length", param="prompt"), PromptTooLong),
        (an_error(400, code="invalid_value"), InvalidRequest),
        (an_error(400, code="billing_hard_limit_reached"), Configuration),
        (an_error(404, code="model_not_found"), InvalidRequest),
        (an_error(429, code="rate_limit_exceeded"), Throttled),
        (an_error(429, code="insufficient_quota"), Configuration),
        (an_error(403, code="unverified"), Configuration),
        (an_error(500, code="server_error"), Outage),
    ],
)
def test_codes_go_before_statuses(reply: HttpReply, kind: type) -> None:
    error = OpenAI().failure(reply)
    assert type(error) is kind
    assert "words" in str(error)


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5"])
def test_every_retired_model_names_a_successor_that_stays(model: str) -> None:
    successor = MODELS[model].successor
    assert successor is not None
    assert MODELS[successor].retires is None
