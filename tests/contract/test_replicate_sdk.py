"""The fake of Replicate is held to Replicate's own client."""

import io
from collections.abc import AsyncIterator

import pytest
from replicate.client import Client
from replicate.exceptions import ReplicateError

from tests.fakes.provider import picture
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import Fault, Kind

MODEL = "black-forest-labs/flux-2-pro"


@pytest.fixture
async def at() -> AsyncIterator[Bench]:
    async with bench(CASES["replicate"]) as made:
        yield made


@pytest.fixture
async def client(at: Bench) -> AsyncIterator[Client]:
    made = Client(api_token=at.fake.key, base_url=at.server.url)
    yield made
    # It never closes its connections by itself, and has no public way to.
    await made._async_client.aclose()


async def test_the_official_client_uploads_predicts_and_waits(at: Bench, client: Client) -> None:
    data = picture(64, 64, shade=40)
    file = await client.files.async_create(io.BytesIO(data))
    asked = {"prompt": "a ferry", "aspect_ratio": "16:9", "seed": 7, "input_images": [file.urls["get"]]}
    prediction = await client.models.predictions.async_create(model=MODEL, input=asked)
    for _ in range(5):
        await prediction.async_reload()
    assert prediction.status == "succeeded"
    assert str(prediction.output).startswith(at.server.url)
    order = at.fake.orders[0]
    assert (order.prompt, order.seed, order.references) == ("a ferry", 7, (data,))


async def test_the_official_client_sees_a_refusal_and_a_cancellation(at: Bench, client: Client) -> None:
    at.fake.next(Fault(Kind.REFUSE))
    refused = await client.models.predictions.async_create(model=MODEL, input={"prompt": "x"})
    await refused.async_reload()
    assert refused.status == "failed"
    assert "sensitive" in str(refused.error)
    at.fake.polls = 1_000
    running = await client.models.predictions.async_create(model=MODEL, input={"prompt": "x"})
    await running.async_cancel()
    assert running.status == "canceled"


async def test_the_official_client_understands_the_fakes_errors(client: Client) -> None:
    with pytest.raises(ReplicateError) as wrong:
        await client.models.predictions.async_create(model=MODEL, input={"prompt": "x", "unheard": 1})
    assert wrong.value.status == 422
    assert wrong.value.detail == "- input: unheard"
