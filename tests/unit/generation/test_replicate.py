"""Replicate's own rules: inputs that differ by model, refusals in a model's own words, waits told in words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.generation.providers.errors import ProviderError, Refused, Throttled, UnusableImage
from services.generation.providers.exchange import HttpReply, JsonBody, MultipartBody, UnreadableReplyError
from services.generation.providers.replicate import MODELS, Replicate
from services.generation.providers.vendor import Made, Pending, Reference, Uploaded, VendorJob

REPLICATE = Replicate()
FLUX, BANANA = "black-forest-labs/flux-2-pro", "google/nano-banana-2"
REFERENCE = Reference(b"x", "image/jpeg", 64, 64, "character", uploaded="https://api.replicate.com/v1/files/f1")


def job(model: str = FLUX, size: tuple[int, int] = (1024, 1024), *references: Reference) -> VendorJob:
    return VendorJob(
        "g1", model, MODELS[model], "a ferry", "", *size, size, seed=0, references=references, loras=(), steps=None,
        cfg_scale=None,
    )  # fmt: skip


def asked(made: VendorJob) -> dict[str, Any]:
    body = REPLICATE.submit(made).body
    assert isinstance(body, JsonBody)
    given: dict[str, Any] = body.value["input"]
    return given


def told(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status, {}, json.dumps(value).encode())


@pytest.mark.parametrize(("model", "field"), [(FLUX, "input_images"), (BANANA, "image_input")])
def test_references_go_into_the_input_that_the_model_has_for_them(model: str, field: str) -> None:
    assert asked(job(model, (1024, 1024), REFERENCE))[field] == [REFERENCE.uploaded]
    assert field not in asked(job(model))


def test_a_size_is_told_in_pixels_or_as_a_ratio_and_seed_0_is_a_seed() -> None:
    free = asked(job())
    assert (free["aspect_ratio"], free["width"], free["height"], free["seed"]) == ("custom", 1024, 1024, 0)
    by_ratio = asked(replace(job(BANANA, (1344, 768)), seed=None))
    assert by_ratio == {"prompt": "a ferry", "output_format": "png", "aspect_ratio": "16:9"}


def test_a_prediction_is_of_the_official_model_and_is_named_by_its_id() -> None:
    call = REPLICATE.submit(job())
    assert (call.url, call.costs) == (f"/models/{FLUX}/predictions", True)
    assert REPLICATE.read(job(), told({"id": "p7", "status": "starting"})) == Pending("p7", 1.0)
    assert REPLICATE.poll("p7").url == "/predictions/p7"


def test_an_upload_is_a_file_and_its_address_is_what_the_model_reads() -> None:
    body = REPLICATE.upload(REFERENCE).body
    assert isinstance(body, MultipartBody)
    assert [(file.name, file.filename) for file in body.files] == [("content", "character.jpg")]
    url = "https://api.replicate.com/v1/files/f1"
    assert REPLICATE.read_upload(REFERENCE, told({"id": "f1", "urls": {"get": url}})) == Uploaded(url)


@pytest.mark.parametrize("output", ["https://replicate.delivery/a.png", ["https://replicate.delivery/a.png"]])
def test_an_output_is_a_url_or_a_list_of_one(output: object) -> None:
    made = REPLICATE.read_poll(job(), "p7", told({"status": "succeeded", "output": output}))
    assert made == Made(url="https://replicate.delivery/a.png")


@pytest.mark.parametrize("output", [None, [], {"image": "x"}, [5]])
def test_a_success_without_an_image_is_unreadable(output: object) -> None:
    with pytest.raises(UnreadableReplyError, match="output"):
        REPLICATE.read_poll(job(), "p7", told({"status": "succeeded", "output": output}))


@pytest.mark.parametrize("status", ["starting", "processing", "a state of tomorrow"])
def test_an_unknown_state_is_waited_out(status: str) -> None:
    assert REPLICATE.read_poll(job(), "p7", told({"status": status})) == Pending("p7", 1.0)


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("failed", "The input was flagged as sensitive. (E005)", Refused),
        ("failed", "NSFW content detected", Refused),
        ("failed", "CUDA out of memory", UnusableImage),
        ("failed", None, UnusableImage),
        ("canceled", None, UnusableImage),
        ("aborted", None, UnusableImage),
    ],
)
def test_a_prediction_that_has_ended_badly_is_not_charged(
    status: str, words: str | None, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind) as raised:
        REPLICATE.read_poll(job(), "p7", told({"status": status, "error": words}))
    assert raised.value.charged is False


@pytest.mark.parametrize(
    ("words", "wait_s"),
    [
        ({"detail": "Your rate limit resets in ~30s."}, 30.0),
        ({"detail": "Your rate limit resets in ~30s.", "retry_after": 7}, 7.0),
        ({"detail": "Expected available in 1.5 seconds."}, 1.5),
        ({"detail": "slow down", "retry_after": -5}, 0.0),
        ({"detail": "slow down", "retry_after": 1e9}, 3600.0),
        ({"detail": "slow down"}, None),
    ],
)
def test_how_long_to_wait_is_told_as_a_number_or_in_words_and_is_bounded(
    words: dict[str, object], wait_s: float | None
) -> None:
    error = REPLICATE.failure(told(words, 429))
    assert isinstance(error, Throttled)
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize(("status", "stopped"), [("canceled", True), ("aborted", True), ("succeeded", False)])
def test_a_prediction_is_stopped_only_where_its_state_says_so(status: str, stopped: bool) -> None:
    cancel = REPLICATE.cancel("p7")
    assert cancel is not None
    assert cancel.url == "/predictions/p7/cancel"
    assert REPLICATE.stopped(told({"status": status})) is stopped
