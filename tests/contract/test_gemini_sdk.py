"""The fake of Gemini is held to Google's own client."""

from collections.abc import AsyncIterator

import httpx
import pytest
from google import genai
from google.genai import errors, types

from services.generation.domain import images
from services.generation.domain.images import Limits
from tests.fakes.provider import picture
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import Fault, Kind

MODEL = "gemini-3-pro-image"
ASKED = types.GenerateContentConfig(
    response_modalities=["IMAGE"], seed=7, image_config=types.ImageConfig(aspect_ratio="16:9")
)


@pytest.fixture
async def at() -> AsyncIterator[Bench]:
    async with bench(CASES["google"]) as made:
        yield made


@pytest.fixture
async def client(at: Bench) -> AsyncIterator[genai.client.AsyncClient]:
    async with httpx.AsyncClient() as http:
        options = types.HttpOptions(
            base_url=at.server.url,
            api_version="v1",
            retry_options=types.HttpRetryOptions(attempts=1),
            # Else it takes aiohttp where that is there, in a way that aiohttp warns about.
            httpx_async_client=http,
        )
        made = genai.Client(api_key=at.fake.key, http_options=options)
        yield made.aio
        made.close()


async def test_the_official_client_generates_with_references(at: Bench, client: genai.client.AsyncClient) -> None:
    shown = [picture(64, 64, shade=shade) for shade in (40, 90)]
    parts = [types.Part.from_bytes(data=data, mime_type="image/png") for data in shown]
    content = types.Content(role="user", parts=[types.Part.from_text(text="a ferry"), *parts])
    answer = await client.models.generate_content(model=MODEL, contents=content, config=ASKED)
    assert answer.parts is not None
    (image,) = [part.inline_data for part in answer.parts if part.inline_data]
    assert image.data is not None
    assert not images.prepare(image.data, 1344, 768, Limits()).fitted
    order = at.fake.orders[0]
    assert (order.prompt, order.seed, order.references) == ("a ferry", 7, tuple(shown))


async def test_the_official_client_sees_a_blocked_prompt(at: Bench, client: genai.client.AsyncClient) -> None:
    at.fake.next(Fault(Kind.REFUSE))
    answer = await client.models.generate_content(model=MODEL, contents="x", config=ASKED)
    assert answer.prompt_feedback is not None
    assert answer.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT


async def test_the_official_client_understands_the_fakes_errors(at: Bench, client: genai.client.AsyncClient) -> None:
    at.fake.next(Fault(Kind.THROTTLE, seconds=2), Fault(Kind.STATUS, status=500))
    with pytest.raises(errors.ClientError) as throttled:
        await client.models.generate_content(model=MODEL, contents="x", config=ASKED)
    assert (throttled.value.code, throttled.value.status) == (429, "RESOURCE_EXHAUSTED")
    with pytest.raises(errors.ServerError):
        await client.models.generate_content(model=MODEL, contents="x", config=ASKED)
    with pytest.raises(errors.ClientError) as unknown:
        await client.models.generate_content(model="gemini-0", contents="x", config=ASKED)
    assert unknown.value.code == 404


def test_every_reason_that_we_know_is_one_of_the_clients() -> None:
    from services.generation.providers import gemini  # noqa: PLC0415 - its private lists are what is checked

    known = {reason.value for reason in types.FinishReason}
    assert known >= gemini._HELD_BACK | gemini._REFUSED
