"""Vendors' callbacks: only the vendor's own, fresh, first ones are taken, and no secret of the body is kept."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from schemas.base import Event
from schemas.provider import ProviderCallbackReceived
from services.chassis.settings import SettingsError
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from services.gateway.settings import GatewaySettings
from services.gateway.webhooks import WebhookRules, Webhooks
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_api import Published, Signer
from tests.unit.gateway.test_domain import received

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "callback-key-of-a-studio"
LIVE = "3f6c1f0e-live-api-key-of-the-account"
JOB = "9a1f6c54-8d56-4d37-a2f4-0d6a5be1c001"


def body(**changes: Any) -> dict[str, Any]:
    """A callback as Leonardo's guide shows it, shortened; its secrets are where they are there."""
    generation = {
        "id": JOB,
        "status": "COMPLETE",
        "seed": "905778432",
        "nsfw": False,
        "prompt": "a baker at dawn",
        "quantity": 1,
        "apiDollarCost": "9",
        "images": [{"id": "i1", "url": "https://cdn.leonardo.ai/i1.png", "nsfw": False, "userId": "u1"}],
        "apiKey": {"key": LIVE, "webhookCallbackUrl": "https://studio.example/x", "webhookCallbackApiKey": KEY},
    }
    return {
        "type": "image_generation.complete",
        "object": "generation",
        "timestamp": int(NOW.timestamp() * 1000),
        "api_version": "v1",
        "data": {"object": generation},
        **changes,
    }


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def documents() -> FakeDocuments:
    return FakeDocuments()


@pytest.fixture
async def client(published: Published, documents: FakeDocuments) -> AsyncIterator[httpx.AsyncClient]:
    read_model = ReadModel(documents)
    rules = WebhookRules({"leonardo": SecretStr(KEY)}, timedelta(minutes=15))
    webhooks = Webhooks(published, read_model.has_event, FakeClock(NOW), rules)
    app = web_app(Api(read_model, Links(Signer(), 60), published, page_size=10), webhooks)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        yield http


async def call(
    client: httpx.AsyncClient, sent: object | None = None, key: str | None = KEY, provider: str = "leonardo"
) -> httpx.Response:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    content = sent if isinstance(sent, bytes) else json.dumps(body() if sent is None else sent).encode()
    return await client.post(f"/webhooks/{provider}", content=content, headers=headers)


async def read(documents: FakeDocuments, events: Sequence[Event]) -> None:
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])


async def test_a_callback_becomes_an_event_that_names_the_job_and_its_images(
    client: httpx.AsyncClient, published: Published
) -> None:
    answer = await call(client)
    (event,) = published.events
    assert isinstance(event, ProviderCallbackReceived)
    assert (answer.status_code, answer.json()) == (202, {"event_id": event.event_id})
    assert (event.provider, event.vendor_job_id) == ("leonardo", JOB)
    assert event.body["object"]["images"] == [{"id": "i1", "url": "https://cdn.leonardo.ai/i1.png", "nsfw": False}]


async def test_no_secret_of_the_body_is_published_answered_or_logged(
    client: httpx.AsyncClient, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        await call(client),
        await call(client, key="wrong"),
        await call(client, body(timestamp=0)),
        await call(client, body(data={"object": {**body()["data"]["object"], "id": None}})),
    ]
    (event,) = published.events
    told = [event.model_dump_json(), caplog.text, *(answer.text for answer in answers)]
    assert [secret for secret in (LIVE, KEY) for text in told if secret in text] == []


@pytest.mark.parametrize(
    "odd", [{"key": LIVE}, [LIVE], "\ud800", "a\x00b", "x" * 5000, 2**80, float("nan"), [[[]]] * 9], ids=repr
)
async def test_what_no_store_can_hold_and_what_may_hide_a_secret_is_left_out(
    client: httpx.AsyncClient, published: Published, odd: object
) -> None:
    generation = {**body()["data"]["object"], "seed": odd, "images": [{"id": "i1", "url": odd}] * 70}
    assert (await call(client, body(data={"object": generation}))).status_code == 202
    (event,) = published.events
    assert isinstance(event, ProviderCallbackReceived)
    assert "seed" not in event.body["object"]
    assert event.body["object"]["images"] == [{"id": "i1"}] * 64
    assert LIVE not in event.model_dump_json()


@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], KEY + "x", f" {KEY}"])
async def test_a_forged_call_is_refused(client: httpx.AsyncClient, published: Published, key: str | None) -> None:
    assert (await call(client, key=key)).status_code == 401
    assert published.events == []


@pytest.mark.parametrize("minutes", [-16, 3, -1_000_000])
async def test_a_call_out_of_its_time_is_refused(client: httpx.AsyncClient, published: Published, minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    answer = await call(client, body(timestamp=int(at.timestamp() * 1000)))
    assert (answer.status_code, answer.json()["error"]["code"], published.events) == (409, "stale", [])


async def test_a_replayed_call_is_refused(
    client: httpx.AsyncClient, published: Published, documents: FakeDocuments
) -> None:
    await call(client)
    await read(documents, published.events)
    again = await call(client)
    assert (again.status_code, again.json()["error"]["code"], len(published.events)) == (409, "replayed", 1)


async def test_two_calls_at_the_same_moment_are_one_event_in_effect(
    client: httpx.AsyncClient, published: Published
) -> None:
    await call(client)
    await call(client)
    assert len({event.event_id for event in published.events}) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\xff\xfe",
        b"[1, 2]",
        b"[" * 100_000,
        body(timestamp=None),
        body(timestamp=True),
        body(timestamp=10**400),
        body(data=None),
        body(data={"object": []}),
        body(data={"object": {"status": "COMPLETE"}}),
        body(data={"object": {"id": {"$ne": 1}}}),
        body(data={"object": {"id": "x" * 5000}}),
    ],
    ids=str,
)
async def test_what_is_no_callback_is_refused_with_a_reason(
    client: httpx.AsyncClient, published: Published, sent: object
) -> None:
    answer = await call(client, sent)
    assert answer.status_code in {409, 422}
    assert answer.json()["error"]["message"]
    assert published.events == []


async def test_images_in_a_strange_shape_are_left_to_polling(client: httpx.AsyncClient, published: Published) -> None:
    await call(client, body(data={"object": {"id": JOB, "images": [None, 3, {"url": 5}]}}))
    (event,) = published.events
    assert isinstance(event, ProviderCallbackReceived)
    assert event.body["object"]["images"] == [{"url": 5}]


async def test_another_kind_of_callback_is_taken_and_ignored(client: httpx.AsyncClient, published: Published) -> None:
    assert (await call(client, body(type="video_generation.complete"))).status_code == 202
    assert published.events == []


async def test_a_flood_is_cut_off(client: httpx.AsyncClient, published: Published) -> None:
    assert (await call(client, b"x" * (1024 * 1024 + 1))).status_code == 413
    assert published.events == []


@pytest.mark.parametrize("provider", ["openai", "previz", "..%2fapi", "x" * 3000])
async def test_a_provider_without_a_webhook_is_a_404(client: httpx.AsyncClient, provider: str) -> None:
    assert (await call(client, provider=provider)).status_code == 404


async def test_an_absent_broker_is_a_503_so_that_a_vendor_who_retries_does(
    client: httpx.AsyncClient, published: Published
) -> None:
    published.away = True
    assert (await call(client)).status_code == 503


def test_the_callback_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEONARDO_CALLBACK_KEY", KEY)
    assert GatewaySettings().callback_keys["leonardo"].get_secret_value() == KEY


def test_a_callback_key_that_could_be_guessed_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEONARDO_CALLBACK_KEY", "short")
    with pytest.raises(SettingsError, match=r"  LEONARDO_CALLBACK_KEY: '\*\*\*'"):
        GatewaySettings()
