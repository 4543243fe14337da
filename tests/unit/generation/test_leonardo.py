"""Leonardo's own rules: guidances by role, elements, both create replies, and what its words mean for money."""

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas.bible import Lora
from services.generation.providers import fitting
from services.generation.providers.base import ImageJob
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    ProviderError,
    Refused,
    UnusableImage,
)
from services.generation.providers.exchange import HttpReply, JsonBody, MultipartBody, UnreadableReplyError
from services.generation.providers.leonardo import Leonardo
from services.generation.providers.leonardo_models import MODELS
from services.generation.providers.vendor import Made, Pending, Reference, Uploaded, VendorJob
from tests.fakes.requests import a_request

LEONARDO = Leonardo()
JOB_ID = "7d1b2f0e-1111-4222-8333-444455556666"
ELEMENT = "93cec898-0fb0-4fb0-9f18-8b8423560a1d"


def reference(role: str, strength: float | None = None) -> Reference:
    return Reference(b"x", "image/jpeg", 64, 64, role, strength=strength, uploaded=f"id-of-{role}")


def job(model: str = "phoenix-v1.0", *references: Reference, **changes: Any) -> VendorJob:
    plain = VendorJob(
        "g1", model, MODELS[model], "a ferry", "", 1280, 720, (1280, 720), seed=None, references=references, loras=(),
        steps=None, cfg_scale=None,
    )  # fmt: skip
    return replace(plain, **changes)


def asked(made: VendorJob) -> dict[str, Any]:
    body = LEONARDO.submit(made).body
    assert isinstance(body, JsonBody)
    parameters: dict[str, Any] = body.value["parameters"]
    return parameters


def told(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status, {}, json.dumps(value).encode())


def test_a_call_makes_one_private_picture_and_leaves_the_prompt_alone() -> None:
    call = LEONARDO.submit(job(seed=0, negative_prompt="umbrellas"))
    assert (call.url, call.costs) == ("/v2/generations", True)
    assert isinstance(call.body, JsonBody)
    assert call.body.value == {
        "model": "phoenix-v1.0",
        "public": False,
        "parameters": {
            "prompt": "a ferry", "negative_prompt": "umbrellas", "width": 1280, "height": 720, "quantity": 1,
            "prompt_enhance": "OFF", "seed": 0,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "role", "kind"),
    [
        ("phoenix-v1.0", "character", "character"),
        ("kino-xl", "character", "character"),
        ("flux-dev", "character", "content"),
        ("flux-kontext-pro", "character", "image_reference"),
        ("phoenix-v1.0", "location", "content"),
        ("phoenix-v1.0", "continuity", "style"),
        ("kino-xl", "composition", "edge"),
        ("lucid-origin", "composition", "content"),
        ("lucid-origin", "prop", "style"),
        ("nano-banana-2", "prop", "image_reference"),
        ("phoenix-v1.0", "a role of tomorrow", "content"),
        ("phoenix-v1.0", "init", "image_to_image"),
        ("kino-xl", "init", "image_to_image"),
    ],
)
def test_a_reference_becomes_the_guidance_that_suits_its_role(model: str, role: str, kind: str) -> None:
    (guide,) = asked(job(model, reference(role)))["guidances"][kind]
    assert guide["image"] == {"id": f"id-of-{role}", "type": "UPLOADED"}


@pytest.mark.parametrize(
    ("strength", "level"),
    [(None, "MID"), (0.0, "LOW"), (0.34, "LOW"), (0.35, "MID"), (0.69, "MID"), (0.7, "HIGH"), (1.0, "HIGH")],
)
def test_a_strength_is_told_as_a_level(strength: float | None, level: str) -> None:
    (guide,) = asked(job("phoenix-v1.0", reference("character", strength)))["guidances"]["character"]
    assert guide["strength"] == level


def test_image_references_are_numbered_and_have_a_level_only_where_one_is_wanted() -> None:
    guides = asked(job("nano-banana-2", reference("character", 0.9), reference("location")))["guidances"]
    assert guides == {
        "image_reference": [
            {"image": {"id": "id-of-character", "type": "UPLOADED"}, "strength": "HIGH", "order": 0},
            {"image": {"id": "id-of-location", "type": "UPLOADED"}, "order": 1},
        ]
    }


def test_adapters_are_elements_of_the_user_or_of_the_platform() -> None:
    made = asked(job("kino-xl", loras=(Lora(lora_id="4711", scale=0.7), Lora(lora_id=ELEMENT))))
    assert made["user_elements"] == [{"userLoraId": 4711, "weight": 0.7}]
    assert made["platform_elements"] == [{"akUUID": ELEMENT, "weight": 0.8}]


def test_an_adapter_of_another_base_or_of_another_vendor_is_left_out_and_told() -> None:
    loras = (
        Lora(lora_id="mara-v3", base_model="sdxl"),
        Lora(lora_id="12", base_model="flux"),
        Lora(lora_id="13", base_model="SDXL"),
        Lora(lora_id="14"),
    )
    request = ImageJob.from_request(a_request(provider="leonardo", model="kino-xl", loras=loras))
    made = fitting.fitted(request, MODELS["kino-xl"], ())
    assert [lora.lora_id for lora in made.loras] == ["13", "14"]
    dropped = {loss.what: loss.reason for loss in made.degradations if loss.code == "lora-dropped"}
    assert set(dropped) == {"adapter mara-v3", "adapter 12"}
    assert "trained for flux" in dropped["adapter 12"]


@pytest.mark.parametrize(
    ("reply", "cost"),
    [
        ({"generate": {"generationId": JOB_ID, "cost": {"amount": "0.0147", "unit": "DOLLARS"}}}, 14_700),
        ({"generate": {"generationId": JOB_ID, "cost": {"amount": 0.012, "unit": "DOLLARS"}}}, 12_000),
        ({"generate": {"generationId": JOB_ID, "cost": {"amount": "14", "unit": "CREDITS"}}}, None),
        ({"generate": {"generationId": JOB_ID, "cost": {"amount": "nan", "unit": "DOLLARS"}}}, None),
        ({"generate": {"generationId": JOB_ID, "cost": {"amount": "-1", "unit": "DOLLARS"}}}, None),
        ({"generate": {"generationId": JOB_ID, "cost": None}}, None),
        ({"generationId": JOB_ID, "apiCreditCost": 14}, None),
        ({"sdGenerationJob": {"generationId": JOB_ID, "cost": {"amount": "0.02", "unit": "DOLLARS"}}}, 20_000),
    ],
)
def test_every_shape_of_the_create_reply_is_read_and_only_dollars_are_a_cost(reply: object, cost: int | None) -> None:
    assert LEONARDO.read(job(), told(reply)) == Pending(JOB_ID, 2.0, cost)


def listed(message: str, code: str = "VALIDATION_ERROR") -> list[dict[str, Any]]:
    return [{"message": message, "extensions": {"code": code, "details": {"path": ["width"]}}}]


def test_errors_with_status_200_are_errors() -> None:
    with pytest.raises(InvalidRequest, match="width"):
        LEONARDO.read(job(), told(listed("Invalid input")))
    with pytest.raises(Refused):
        LEONARDO.read(job(), told(listed("content moderation filter: violence")))
    with pytest.raises(InvalidRequest, match="width"):
        LEONARDO.read(job(), told({"generate": None, "errors": listed("Invalid input")}))
    with pytest.raises(UnreadableReplyError):
        LEONARDO.read(job(), told({"generate": None}))


@pytest.mark.parametrize("reply", [listed("Service Error", "INTERNAL"), [], ["what"], {"generate": None}, {}])
def test_what_does_not_say_that_the_call_was_wrong_leaves_it_open(reply: object) -> None:
    with pytest.raises(UnreadableReplyError):
        LEONARDO.read(job(), told(reply))


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (403, "content moderation filter: violence", Refused),
        (400, "Your prompt appears to contain inappropriate content", Refused),
        (403, "access-denied", Configuration),
        (500, "Invalid response from authorization hook", Configuration),
        (400, "not enough api tokens", Configuration),
        (400, "width must be a multiple of 8", InvalidRequest),
        (500, "Service Error", Outage),
    ],
)
def test_refusals_and_the_accounts_troubles_are_known_by_their_words(
    status: int, words: str, kind: type[ProviderError]
) -> None:
    assert type(LEONARDO.failure(told({"error": words, "path": "$", "code": "unexpected"}, status))) is kind


def polled(**generation: Any) -> Made | Pending:
    return LEONARDO.read_poll(job(), JOB_ID, told({"generations_by_pk": {"id": JOB_ID, **generation}}))


def test_a_complete_generation_tells_its_image_and_its_seed() -> None:
    image = {"id": "i1", "url": "https://cdn.leonardo.ai/a.png", "nsfw": False}
    made = polled(status="COMPLETE", seed=42, generated_images=[image])
    assert made == Made(url="https://cdn.leonardo.ai/a.png", seed=42)


@pytest.mark.parametrize("status", ["PENDING", "a state of tomorrow"])
def test_an_unknown_state_is_waited_out(status: str) -> None:
    assert polled(status=status, generated_images=[]) == Pending(JOB_ID, 2.0)


@pytest.mark.parametrize(
    ("status", "images", "kind", "charged"),
    [
        ("FAILED", [], UnusableImage, False),
        ("COMPLETE", [], UnusableImage, True),
        ("COMPLETE", [{"url": "https://cdn.leonardo.ai/a.png", "nsfw": True}], Refused, True),
    ],
)
def test_a_generation_that_has_ended_badly_says_whether_it_was_charged(
    status: str, images: list[object], kind: type[ProviderError], charged: bool
) -> None:
    with pytest.raises(kind) as raised:
        polled(status=status, generated_images=images)
    assert raised.value.charged is charged
    assert (raised.value.cost_usd_micros > 0) is charged


def test_a_generation_that_is_not_known_is_no_word_about_it() -> None:
    with pytest.raises(UnreadableReplyError):
        LEONARDO.read_poll(job(), JOB_ID, told({"generations_by_pk": None}))


def test_an_upload_takes_the_form_that_comes_as_a_text_and_no_key() -> None:
    sent = reference("character")
    form = json.dumps({"key": "users/1/a", "Policy": "p"})
    reply = told({"uploadInitImage": {"id": "i7", "url": "https://b.s3.amazonaws.com/", "key": "k", "fields": form}})
    assert LEONARDO.upload(sent).body == JsonBody({"extension": "jpg"})
    uploaded = LEONARDO.read_upload(sent, reply)
    assert isinstance(uploaded, Uploaded)
    assert uploaded.reference == "i7"
    assert uploaded.then is not None
    assert uploaded.then.signed is False
    assert isinstance(uploaded.then.body, MultipartBody)
    assert uploaded.then.body.fields == (("key", "users/1/a"), ("Policy", "p"))
    assert uploaded.then.body.files[0].name == "file"


@pytest.mark.parametrize("fields", [None, "no json", "[]", {"key": "k"}, '{"key": 5}'])
def test_an_upload_without_a_readable_form_is_unreadable(fields: object) -> None:
    reply = told({"uploadInitImage": {"id": "i7", "url": "https://b.s3.amazonaws.com/", "fields": fields}})
    with pytest.raises(UnreadableReplyError, match="fields"):
        LEONARDO.read_upload(reference("character"), reply)
