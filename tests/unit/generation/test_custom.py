"""An endpoint by settings: what a template becomes, what an answer means, and settings that are refused at start."""

import base64
import json
from typing import Any

import pytest

from services.chassis.settings import SettingsError
from services.generation.providers.catalogue import make_provider
from services.generation.providers.custom import Custom
from services.generation.providers.custom_settings import CustomApi, CustomModel
from services.generation.providers.errors import InvalidRequest, ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import HttpReply, JsonBody, UnreadableReplyError
from services.generation.providers.vendor import Made, Pending, Reference, VendorJob
from services.generation.providers.vendor_settings import VendorSettings
from services.generation.settings import GenerationSettings
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.vendors.bench import Inline

MODEL = CustomModel(price_usd_micros=2_000, name="sdxl")
FARM = {"job": "id", "poll": "/jobs/{job}"}


def endpoint(**api: Any) -> Custom:
    return Custom(CustomApi.model_validate(api), {"studio": MODEL})


def job(prompt: str = "a ferry", **changes: Any) -> VendorJob:
    values: dict[str, Any] = {
        "negative_prompt": "", "seed": None, "references": (), "steps": None, "cfg_scale": None, **changes,
    }  # fmt: skip
    traits = MODEL.traits("studio")
    return VendorJob(
        generation_id="g1", model="studio", traits=traits, prompt=prompt, width=1280, height=720, size=(1280, 720),
        loras=(), **values,
    )  # fmt: skip


def asked(body: dict[str, Any], made: VendorJob) -> object:
    call = endpoint(body=body).submit(made)
    assert isinstance(call.body, JsonBody)
    return call.body.value


def told(value: object, status: int = 200) -> HttpReply:
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(value).encode())


def test_without_a_template_it_is_asked_as_openai_is() -> None:
    call = endpoint().submit(job())
    assert (call.method, call.url, call.costs) == ("POST", "/images/generations", True)
    assert call.body == JsonBody({"model": "sdxl", "prompt": "a ferry", "n": 1, "size": "1280x720"})


def test_a_placeholder_alone_becomes_its_value_and_one_in_a_text_its_words() -> None:
    body = {"p": "{prompt}, film still", "seed": "{seed}", "box": ["{width}", "{height}"], "fixed": [None, True, 1.5]}
    assert asked(body, job(seed=0)) == {
        "p": "a ferry, film still", "seed": 0, "box": [1280, 720], "fixed": [None, True, 1.5],
    }  # fmt: skip


def test_what_the_job_does_not_have_is_left_out() -> None:
    body = {"p": "{prompt}", "no": "{negative_prompt}", "deep": {"seed": "{seed}", "n": 1}, "list": ["{steps}", 2]}
    assert asked(body, job()) == {"p": "a ferry", "deep": {"n": 1}, "list": [2]}


def test_braces_in_a_prompt_are_its_own() -> None:
    assert asked({"p": "{prompt}", "q": "x {prompt}"}, job("{seed} {model.__class__}", seed=7)) == {
        "p": "{seed} {model.__class__}", "q": "x {seed} {model.__class__}",
    }  # fmt: skip


def test_references_travel_in_their_order_as_data_urls_or_plain() -> None:
    shown = tuple(Reference(bytes([number]), "image/png", 64, 64, "character") for number in range(2))
    plain = [base64.b64encode(reference.data).decode() for reference in shown]
    body = {"p": "{prompt}", "all": "{references}", "one": "{reference}", "raw": "{references_base64}"}
    assert asked(body, job(references=shown)) == {
        "p": "a ferry",
        "all": [f"data:image/png;base64,{text}" for text in plain],
        "one": f"data:image/png;base64,{plain[0]}",
        "raw": plain,
    }


def test_an_answer_is_base64_or_a_url_or_the_image_itself() -> None:
    custom = endpoint()
    data = base64.b64encode(b"png").decode()
    assert custom.read(job(), told({"data": [{"b64_json": data}]})) == Made(data=b"png")
    assert custom.read(job(), told({"data": [{"b64_json": f"data:image/png;base64,{data}"}]})) == Made(data=b"png")
    assert custom.read(job(), told({"data": [{"url": "https://x/a.png"}]})) == Made(url="https://x/a.png")
    assert custom.read(job(), HttpReply(200, {"content-type": "image/png"}, b"png")) == Made(data=b"png")


@pytest.mark.parametrize("reply", [{}, {"data": []}, {"data": [{"b64_json": 5}]}, {"data": [{"b64_json": "%"}]}])
def test_an_answer_without_an_image_is_unreadable(reply: object) -> None:
    with pytest.raises(UnreadableReplyError):
        endpoint().read(job(), told(reply))


@pytest.mark.parametrize(
    ("cost", "micros"), [(0.02, 20_000), ("0.02", 20_000), (None, None), ("nan", None), (-1, None)]
)
def test_a_cost_is_read_where_it_is_told(cost: object, micros: int | None) -> None:
    reply = told({"id": "j7", "cost": cost})
    assert endpoint(cost_usd="cost", **FARM).read(job(), reply) == Pending("j7", 2.0, micros)


def test_a_job_is_asked_for_by_its_id_and_never_outside_its_path() -> None:
    assert endpoint(**FARM).poll("a/../b?c").url == "/jobs/a%2F..%2Fb%3Fc"
    assert endpoint(job="url", poll="{job}").poll("https://x/jobs/7").url == "https://x/jobs/7"


def test_a_state_means_the_same_in_any_case_and_an_unknown_one_is_waited_out() -> None:
    custom = endpoint(**FARM)
    done = {"status": "SUCCEEDED", "data": [{"url": "https://x/a.png"}]}
    assert custom.read_poll(job(), "j7", told(done)) == Made(url="https://x/a.png")
    assert custom.read_poll(job(), "j7", told({"status": "Rendering"})) == Pending("j7", 2.0)
    with pytest.raises(UnusableImage) as failed:
        custom.read_poll(job(), "j7", told({"status": "Failed", "error": "out of memory"}))
    assert failed.value.charged is False
    with pytest.raises(Refused):
        custom.read_poll(job(), "j7", told({"status": "moderated"}))


def test_without_states_a_job_is_done_when_its_image_is_there() -> None:
    custom = endpoint(status=None, **FARM)
    assert custom.read_poll(job(), "j7", told({"data": []})) == Pending("j7", 2.0)
    assert custom.read_poll(job(), "j7", told({"data": [{"url": "https://x/a.png"}]})) == Made(url="https://x/a.png")


@pytest.mark.parametrize(("words", "kind"), [("CONTENT_POLICY violated", Refused), ("no such field", InvalidRequest)])
def test_a_refusal_is_known_by_its_words(words: str, kind: type[ProviderError]) -> None:
    assert type(endpoint().failure(told({"error": {"message": words}}, 400))) is kind


def test_no_key_is_sent_where_there_is_none() -> None:
    assert endpoint().authorization("") == {}
    assert endpoint(key_header="X-Key", key_prefix="").authorization("k") == {"x-key": "k"}


def test_what_is_free_costs_nothing_and_may_be_asked_again() -> None:
    custom = Custom(CustomApi(free=True), {"studio": CustomModel(price_usd_micros=0)})
    assert custom.free
    assert not custom.submit(job()).costs


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ICE_CUSTOM_API", "{", "ICE_CUSTOM_API"),
        ("ICE_CUSTOM_API", '{"pth": "/x"}', "pth"),
        ("ICE_CUSTOM_API", '{"path": "https://elsewhere/x"}', "path"),
        ("ICE_CUSTOM_API", '{"path": "/x?key=1"}', "path"),
        ("ICE_CUSTOM_API", '{"body": {"p": "{prompt}", "x": "{eval}"}}', r"\{eval\}"),
        ("ICE_CUSTOM_API", '{"body": {"p": "hello"}}', r"no \{prompt\}"),
        ("ICE_CUSTOM_API", '{"job": "id"}', "poll"),
        ("ICE_CUSTOM_API", '{"job": "id", "poll": "/jobs"}', "poll"),
        ("ICE_CUSTOM_API", '{"image": null, "url": null}', "image, url"),
        ("ICE_CUSTOM_MODELS", '{"m": {}}', "price_usd_micros"),
        ("ICE_CUSTOM_MODELS", '{"m" {}}', r"ICE_CUSTOM_MODELS: .*\"m\" \{.* object like .* at character 6"),
        ("ICE_CUSTOM_MODELS", '{\n"m": 1,\n}', r"ICE_CUSTOM_MODELS: .* at line 3, column 1"),
        ("ICE_VENDOR_FILE_HOSTS", "x.example", r"ICE_VENDOR_FILE_HOSTS: 'x.example': .* a list like .* at character 1"),
        ("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": -1}}', "price_usd_micros"),
        ("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": 1, "seeds": [5, 1]}}', "seeds"),
        ("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": 1, "min_side": 900, "max_side": 800}}', "bounds"),
        ("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": 1, "seeds": [0, 9]}}', r"no \{seed\}.*m takes it"),
        ("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": 1, "references": 2}}', r"no \{references\}"),
        ("ICE_VENDOR_FILE_HOSTS", '[".com"]', "ICE_VENDOR_FILE_HOSTS"),
        ("ICE_VENDOR_FILE_HOSTS", '["https://x.example"]', "ICE_VENDOR_FILE_HOSTS"),
    ],
)
def test_wrong_settings_stop_the_start_and_name_the_field(
    variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=words):
        VendorSettings()


def test_a_price_and_free_do_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_CUSTOM_API", '{"free": true}')
    monkeypatch.setenv("ICE_CUSTOM_MODELS", '{"m": {"price_usd_micros": 5}}')
    with pytest.raises(SettingsError, match="price_usd_micros: allowed is 0"):
        VendorSettings()


@pytest.mark.parametrize(
    ("left_out", "values"),
    [
        ("ICE_CUSTOM_BASE_URL", {"ICE_CUSTOM_MODELS": '{"m": {"price_usd_micros": 0}}'}),
        ("ICE_CUSTOM_MODELS", {"ICE_CUSTOM_BASE_URL": "http://127.0.0.1:9/v1"}),
    ],
)
def test_without_an_address_or_a_model_no_worker_starts(
    left_out: str, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=left_out):
        make_provider(GenerationSettings(generation_provider="custom"), FakeObjectStore(), Inline())


def test_a_worker_starts_without_a_key_and_serves_the_models_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUSTOM_API_KEY", raising=False)
    monkeypatch.setenv("ICE_CUSTOM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ICE_CUSTOM_MODELS", '{"studio-xl": {"price_usd_micros": 0}}')
    monkeypatch.setenv("ICE_CUSTOM_API", '{"free": true}')
    provider = make_provider(GenerationSettings(generation_provider="custom"), FakeObjectStore(), Inline())
    assert (provider.name, provider.models, provider.free) == ("custom", ("studio-xl",), True)


@pytest.mark.parametrize("state", [None, "status"])
def test_a_poll_is_answered_with_the_picture_or_with_nothing_yet(state: str | None) -> None:
    made = endpoint(**FARM, status=state)
    picture = b"\x89PNG\r\n\x1a\n and so on"
    assert made.read_poll(job(), "j1", HttpReply(200, {}, picture)) == Made(data=picture)
    assert made.read_poll(job(), "j1", HttpReply(202, {}, b"")) == Pending("j1", 2.0)
    with pytest.raises(UnreadableReplyError):
        made.read_poll(job(), "j1", HttpReply(200, {}, b""))
