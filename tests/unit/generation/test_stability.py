"""Stability's own rules: which fields go where, how hard an image is held to, what its error names mean."""

import base64
import json
from typing import Any

import pytest

from services.generation.providers.errors import Configuration, InvalidRequest, Refused, Throttled
from services.generation.providers.exchange import HttpReply, JsonBody, MultipartBody, UnreadableReplyError
from services.generation.providers.stability import MODELS, Stability
from services.generation.providers.vendor import Reference, VendorJob

STABILITY = Stability()
PNG = b"\x89PNG"


def guide(width: int = 1344, height: int = 768, strength: float | None = None) -> Reference:
    return Reference(PNG, "image/png", width, height, "composition", strength=strength)


def job(model: str, **changes: Any) -> VendorJob:
    values: dict[str, Any] = {
        "generation_id": "g1",
        "model": model,
        "traits": MODELS[model],
        "prompt": "a baker at dawn",
        "negative_prompt": "umbrellas",
        "width": 1280,
        "height": 720,
        "size": MODELS[model].sizes.nearest(1280, 720),
        "seed": 7,
        "references": (),
        "loras": (),
        "steps": None,
        "cfg_scale": None,
        **changes,
    }
    return VendorJob(**values)


def fields(model: str, **changes: Any) -> dict[str, str]:
    body = STABILITY.submit(job(model, **changes)).body
    assert isinstance(body, MultipartBody)
    return dict(body.fields)


def test_text_alone_is_asked_by_aspect_ratio() -> None:
    call = STABILITY.submit(job("stable-image-core"))
    assert call.url == "/v2beta/stable-image/generate/core"
    assert call.costs
    sent = fields("stable-image-core")
    assert sent == {
        "prompt": "a baker at dawn",
        "negative_prompt": "umbrellas",
        "seed": "7",
        "aspect_ratio": "16:9",
        "output_format": "png",
    }


def test_the_one_image_is_what_is_begun_with_or_what_controls_and_never_a_reference_of_somebody() -> None:
    kinds = {name: (traits.start is not None, traits.references is not None) for name, traits in MODELS.items()}
    assert {name for name, (begins, _) in kinds.items() if begins} == {
        "stable-image-ultra", "sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash",
    }  # fmt: skip
    assert (True, True) not in kinds.values()


@pytest.mark.parametrize(("hold", "anew"), [(None, "0.65"), (0.0, "1.0"), (0.9, "0.1"), (1.0, "0.0")])
def test_holding_hard_to_an_image_is_making_little_anew(hold: float | None, anew: str) -> None:
    assert fields("stable-image-ultra", references=(guide(strength=hold),))["strength"] == anew


def test_sd3_takes_the_ratio_from_the_image_and_is_told_the_mode() -> None:
    with_image = fields("sd3.5-large", references=(guide(),), cfg_scale=4.5)
    assert with_image["mode"] == "image-to-image"
    assert with_image["cfg_scale"] == "4.5"
    assert "aspect_ratio" not in with_image
    without = fields("sd3.5-large")
    assert without["aspect_ratio"] == "16:9"
    assert without["model"] == "sd3.5-large"
    assert not {"mode", "strength"} & without.keys()


@pytest.mark.parametrize(
    ("model", "path", "field"),
    [
        ("stable-image-structure", "control/structure", "control_strength"),
        ("stable-image-sketch", "control/sketch", "control_strength"),
        ("stable-image-style", "control/style", "fidelity"),
    ],
)
def test_a_controlling_image_is_held_to_directly(model: str, path: str, field: str) -> None:
    asked = job(model, references=(guide(strength=0.8),))
    assert STABILITY.submit(asked).url.endswith(path)
    assert fields(model, references=(guide(strength=0.8),))[field] == "0.8"
    assert field not in fields(model, references=(guide(),))


def test_a_controlled_model_without_its_image_or_with_one_too_wide_is_not_asked() -> None:
    with pytest.raises(ValueError, match="references: none"):
        STABILITY.submit(job("stable-image-sketch"))
    with pytest.raises(ValueError, match="2600x1000"):
        STABILITY.submit(job("stable-image-sketch", references=(guide(2600, 1000),)))


def test_sdxl_is_asked_as_json_in_a_trained_size_with_a_negative_weight() -> None:
    call = STABILITY.submit(job("stable-diffusion-xl-1024-v1-0", steps=30, cfg_scale=7.0))
    assert isinstance(call.body, JsonBody)
    assert call.url == "/v1/generation/stable-diffusion-xl-1024-v1-0/text-to-image"
    assert call.body.value == {
        "text_prompts": [{"text": "a baker at dawn", "weight": 1}, {"text": "umbrellas", "weight": -1}],
        "width": 1344,
        "height": 768,
        "samples": 1,
        "seed": 7,
        "steps": 30,
        "cfg_scale": 7.0,
    }


def answered(status: int, **body: Any) -> HttpReply:
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (403, "content_moderation", Refused),
        (422, "public_figure", Refused),
        (422, "invalid_language", Refused),
        (400, "invalid_prompts", Refused),
        (400, "bad_request", InvalidRequest),
        (413, "payload_too_large", InvalidRequest),
        (402, "payment_required", Configuration),
        (403, "permission_denied", Configuration),
        (429, "rate_limit_exceeded", Throttled),
    ],
)
def test_error_names_are_typed_by_what_helps(status: int, name: str, kind: type) -> None:
    error = STABILITY.failure(answered(status, name=name, errors=["a reason"]))
    assert type(error) is kind
    assert "a reason" in str(error)


def test_a_lock_out_is_waited_for_a_minute() -> None:
    assert STABILITY.failure(answered(429, name="rate_limit_exceeded", errors=["x"])).retry_after_s == 60


def test_a_blurred_picture_is_a_refusal_that_was_paid() -> None:
    reply = HttpReply(200, {"content-type": "image/png", "finish-reason": "CONTENT_FILTERED"}, PNG)
    with pytest.raises(Refused) as refused:
        STABILITY.read(job("stable-image-ultra"), reply)
    assert (refused.value.charged, refused.value.cost_usd_micros) == (True, 80_000)
    artifact = {"base64": "AAAA", "seed": 1, "finishReason": "CONTENT_FILTERED"}
    with pytest.raises(Refused):
        STABILITY.read(job("stable-diffusion-xl-1024-v1-0"), answered(200, artifacts=[artifact]))


@pytest.mark.parametrize("seed", ["", "random", "-1", "7.5"])
def test_a_seed_header_that_is_no_number_is_not_told(seed: str) -> None:
    reply = HttpReply(200, {"content-type": "image/png", "finish-reason": "SUCCESS", "seed": seed}, PNG)
    assert STABILITY.read(job("stable-image-core"), reply).seed is None


def test_an_answer_that_is_no_image_is_unreadable() -> None:
    with pytest.raises(UnreadableReplyError, match="image: None"):
        STABILITY.read(job("stable-image-core"), answered(200, unheard="of"))
    with pytest.raises(UnreadableReplyError, match="text/html"):
        STABILITY.read(job("stable-image-core"), HttpReply(200, {"content-type": "text/html"}, b"<html>"))


def test_a_picture_is_taken_in_whatever_form_it_comes() -> None:
    picture = b"\x89PNG\r\n\x1a\n and so on"
    unnamed = HttpReply(200, {"content-type": "application/octet-stream", "seed": "7"}, picture)
    made = STABILITY.read(job("stable-image-core"), unnamed)
    assert (made.data, made.seed) == (picture, 7)
    text = base64.b64encode(picture).decode()
    made = STABILITY.read(job("stable-image-core"), answered(200, image=text, seed=8, finish_reason="SUCCESS"))
    assert (made.data, made.seed) == (picture, 8)
    with pytest.raises(Refused):
        STABILITY.read(job("stable-image-core"), answered(200, image=text, finish_reason="CONTENT_FILTERED"))
