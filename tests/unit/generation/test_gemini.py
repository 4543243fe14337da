"""Gemini's own rules: where the image is in the answer, which endings are refusals, and when to come back."""

import base64
import json
from typing import Any

import pytest

from services.generation.providers.errors import Configuration, InvalidRequest, Refused, Throttled, UnusableImage
from services.generation.providers.exchange import HttpReply, JsonBody, UnreadableReplyError
from services.generation.providers.gemini import MODELS, Gemini
from services.generation.providers.vendor import Reference, VendorJob

GEMINI = Gemini()
MODEL = "gemini-3-pro-image"


def job(**changes: Any) -> VendorJob:
    values: dict[str, Any] = {
        "generation_id": "g1",
        "model": MODEL,
        "traits": MODELS[MODEL],
        "prompt": "a ferry at night",
        "negative_prompt": "",
        "width": 1280,
        "height": 720,
        "size": (1344, 768),
        "seed": None,
        "references": (),
        "loras": (),
        "steps": None,
        "cfg_scale": None,
        **changes,
    }
    return VendorJob(**values)


def told(status: int = 200, **body: Any) -> HttpReply:
    return HttpReply(status, {}, json.dumps(body).encode())


def candidate(*parts: dict[str, Any], reason: str = "STOP") -> HttpReply:
    return told(candidates=[{"content": {"parts": list(parts)}, "finishReason": reason}])


def test_the_prompt_comes_first_and_the_references_in_their_order() -> None:
    shown = tuple(Reference(bytes([number]), "image/webp", 64, 64, "character") for number in (1, 2))
    body = GEMINI.submit(job(references=shown, seed=0)).body
    assert isinstance(body, JsonBody)
    text, *images = body.value["contents"][0]["parts"]
    assert text == {"text": "a ferry at night"}
    assert [image["inlineData"]["data"] for image in images] == ["AQ==", "Ag=="]
    assert body.value["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9"}
    assert body.value["generationConfig"]["seed"] == 0


def test_words_and_thoughts_are_passed_over_and_the_image_is_taken() -> None:
    draft = {"thought": True, "inlineData": {"data": base64.b64encode(b"draft").decode()}}
    image = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"image").decode()}}
    assert GEMINI.read(job(), candidate({"text": "Here you are"}, draft, image)).data == b"image"


@pytest.mark.parametrize(
    ("reply", "charged"),
    [
        (told(promptFeedback={"blockReason": "SAFETY"}), False),
        (candidate(reason="PROHIBITED_CONTENT"), False),
        (candidate(reason="NO_IMAGE"), False),
        (candidate(reason="IMAGE_SAFETY"), True),
        (candidate(reason="IMAGE_PROHIBITED_CONTENT"), True),
    ],
)
def test_a_refusal_comes_with_status_200(reply: HttpReply, charged: bool) -> None:
    with pytest.raises(Refused) as refused:
        GEMINI.read(job(), reply)
    assert refused.value.charged is charged


def test_an_answer_in_words_was_paid_and_says_the_words() -> None:
    with pytest.raises(UnusableImage, match="can't draw ferries") as raised:
        GEMINI.read(job(), candidate({"text": "I can't draw ferries."}))
    assert raised.value.charged


@pytest.mark.parametrize("body", [{}, {"candidates": []}, {"candidates": [{"finishReason": "STOP"}]}])
def test_an_answer_without_parts_is_unreadable(body: dict[str, Any]) -> None:
    with pytest.raises(UnreadableReplyError):
        GEMINI.read(job(), told(**body))


def error(status: int, code: str, *details: dict[str, Any]) -> HttpReply:
    return told(status, error={"code": status, "status": code, "message": "words", "details": list(details)})


def test_errors_are_typed_by_what_helps() -> None:
    wrong_key = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    assert isinstance(GEMINI.failure(error(400, "INVALID_ARGUMENT", wrong_key)), Configuration)
    assert isinstance(GEMINI.failure(error(400, "FAILED_PRECONDITION")), Configuration)
    assert type(GEMINI.failure(error(400, "INVALID_ARGUMENT"))) is InvalidRequest


@pytest.mark.parametrize(
    ("delay", "seconds"), [("7s", 7.0), ("0.5s", 0.5), ("1e999s", 3600.0), ("nans", 0.0), ("soon", None), (None, None)]
)
def test_a_quota_says_when_to_come_back(delay: object, seconds: float | None) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    throttled = GEMINI.failure(error(429, "RESOURCE_EXHAUSTED", info))
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after_s == seconds
