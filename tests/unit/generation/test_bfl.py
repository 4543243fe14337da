"""FLUX's own rules: the order of references, the job's name, what each state means, and the price by megapixel."""

import base64
import json
from typing import Any

import pytest

from services.generation.providers.bfl import MODELS, BlackForestLabs
from services.generation.providers.errors import ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import HttpReply, JsonBody, UnreadableReplyError
from services.generation.providers.vendor import Made, Pending, Reference, VendorJob

BFL = BlackForestLabs()
URL = "https://api.us1.bfl.ai/v1/get_result?id=7f3a"


def job(model: str = "flux-2-pro", size: tuple[int, int] = (1024, 1024), references: int = 0) -> VendorJob:
    shown = tuple(Reference(bytes([number]), "image/png", 1024, 1024, "character") for number in range(references))
    return VendorJob(
        "g1", model, MODELS[model], "a ferry", "", *size, size, seed=0, references=shown, loras=(), steps=None,
        cfg_scale=None,
    )  # fmt: skip


def told(**body: Any) -> HttpReply:
    return HttpReply(200, {}, json.dumps(body).encode())


def test_references_are_numbered_in_their_order_and_seed_0_is_a_seed() -> None:
    body = BFL.submit(job(references=3)).body
    assert isinstance(body, JsonBody)
    shown = [body.value[name] for name in ("input_image", "input_image_2", "input_image_3")]
    assert [base64.b64decode(text) for text in shown] == [b"\x00", b"\x01", b"\x02"]
    assert body.value["seed"] == 0
    assert body.value["prompt_upsampling"] is False


@pytest.mark.parametrize(
    ("url", "name"),
    [(URL, URL), (None, "7f3a"), ("", "7f3a"), ("https://api.bfl.ai/" + "x" * 300, "7f3a"), (5, "7f3a")],
)
def test_the_polling_url_is_the_jobs_name_where_it_can_be_kept(url: object, name: str) -> None:
    pending = BFL.read(job(), told(id="7f3a", polling_url=url, cost=4.5))
    assert pending == Pending(name, 1.0, 45_000)


def test_a_job_is_asked_for_in_its_region_or_by_its_id() -> None:
    assert BFL.poll(URL).url == URL
    assert BFL.poll("7f3a").url == "/v1/get_result?id=7f3a"


@pytest.mark.parametrize("status", ["Pending", "Queued", "a state of tomorrow"])
def test_an_unknown_state_is_waited_out(status: str) -> None:
    assert BFL.read_poll(job(), URL, told(status=status)) == Pending(URL, 1.0)


@pytest.mark.parametrize(
    ("status", "kind", "charged"),
    [
        ("Request Moderated", Refused, False),
        ("Content Moderated", Refused, True),
        ("Error", UnusableImage, False),
    ],
)
def test_a_job_that_has_ended_badly_says_whether_it_was_charged(
    status: str, kind: type[ProviderError], charged: bool
) -> None:
    with pytest.raises(kind) as raised:
        BFL.read_poll(job(), URL, told(status=status))
    assert raised.value.charged is charged


def test_a_job_that_is_not_known_is_no_word_about_the_job() -> None:
    with pytest.raises(UnreadableReplyError):
        BFL.read_poll(job(), URL, told(status="Task not found"))


def test_a_ready_job_tells_where_its_image_lies() -> None:
    made = BFL.read_poll(job(), URL, told(status="Ready", result={"sample": "https://delivery-us1.bfl.ai/a.png"}))
    assert made == Made(url="https://delivery-us1.bfl.ai/a.png")


@pytest.mark.parametrize(
    ("model", "size", "references", "price"),
    [
        ("flux-2-pro", (1024, 1024), 0, 30_000),
        ("flux-2-pro", (1040, 1024), 2, 90_000),
        ("flux-2-max", (2048, 2048), 3, 280_000),
    ],
)
def test_every_megapixel_begun_is_paid(model: str, size: tuple[int, int], references: int, price: int) -> None:
    assert BFL.price(job(model, size, references)) == price
