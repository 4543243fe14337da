"""The fake of OpenAI is held to OpenAI's own client, and our requests to its specification and its client's types."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import openai
import pytest
from openai.types import image_edit_params, image_generate_params

from services.generation.domain import images
from services.generation.domain.images import Limits
from services.generation.providers.exchange import JsonBody, MultipartBody
from services.generation.providers.openai import OpenAI
from tests.fakes.provider import picture
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.faults import Fault, Kind
from tests.fakes.vendors.openai import FakeOpenAI

SCHEMAS = json.loads((Path(__file__).parents[1] / "fixtures" / "openai_images_schema.json").read_text())
MODEL = "gpt-image-2.6-sunburst"


@pytest.fixture
async def at() -> AsyncIterator[Bench]:
    async with bench(CASES["openai"]) as made:
        yield made


@pytest.fixture
async def client(at: Bench) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=at.fake.key, base_url=at.server.url, max_retries=0) as made:
        yield made


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", **SCHEMAS}


async def test_the_official_client_generates(at: Bench, client: openai.AsyncOpenAI) -> None:
    made = await client.images.generate(model=MODEL, prompt="a ferry", size="1536x1024", quality="high", n=1)
    assert made.data is not None
    assert made.data[0].b64_json is not None
    picture = images.prepare(base64.b64decode(made.data[0].b64_json), 1536, 1024, Limits())
    assert not picture.fitted
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    assert at.fake.orders[0].prompt == "a ferry"


@pytest.mark.parametrize("count", [1, 3])
async def test_the_official_client_edits(at: Bench, client: openai.AsyncOpenAI, count: int) -> None:
    sent = [("ref.png", picture(64, 64, shade=40 * number), "image/png") for number in range(count)]
    await client.images.edit(model=MODEL, prompt="the same ferry", image=sent if count > 1 else sent[0])
    assert at.fake.orders[0].references == tuple(data for _, data, _ in sent)


async def test_the_official_client_understands_the_fakes_errors(at: Bench, client: openai.AsyncOpenAI) -> None:
    at.fake.next(Fault(Kind.REFUSE), Fault(Kind.THROTTLE, seconds=2), Fault(Kind.STATUS, status=500))
    with pytest.raises(openai.BadRequestError) as refused:
        await client.images.generate(model=MODEL, prompt="x")
    assert refused.value.code == "moderation_blocked"
    with pytest.raises(openai.RateLimitError) as throttled:
        await client.images.generate(model=MODEL, prompt="x")
    assert throttled.value.response.headers["retry-after-ms"] == "2000"
    with pytest.raises(openai.InternalServerError):
        await client.images.generate(model=MODEL, prompt="x")
    with pytest.raises(openai.NotFoundError):
        await client.images.generate(model="dall-e-3", prompt="x")
    with pytest.raises(openai.BadRequestError, match="style"):
        await client.images.generate(model=MODEL, prompt="x", style="vivid")
    with pytest.raises(openai.BadRequestError, match="multiples of 16"):
        await client.images.generate(model=MODEL, prompt="x", size="1000x1000")
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(api_key="wrong").images.generate(model=MODEL, prompt="x")


async def test_what_we_send_is_what_the_specification_and_the_client_know(at: Bench) -> None:
    uses = tuple([await at.reference(number) for number in range(2)])
    for model in at.case.models():
        plain = (await at.provider.prepare(await at.job(model))).prepared
        edit = (await at.provider.prepare(await at.job(model, references=uses))).prepared
        assert plain is not None
        assert edit is not None
        body = OpenAI().submit(plain).body
        assert isinstance(body, JsonBody)
        jsonschema.validate(dict(body.value), schema("CreateImageRequest"))
        assert set(body.value) <= set(get_type_hints(image_generate_params.ImageGenerateParamsBase))
        form = OpenAI().submit(edit).body
        assert isinstance(form, MultipartBody)
        fields: dict[str, Any] = {**dict(form.fields), "n": int(dict(form.fields)["n"])}
        jsonschema.validate(
            {**fields, "image": [file.filename for file in form.files]}, schema("CreateImageEditRequest")
        )
        assert set(fields) <= set(get_type_hints(image_edit_params.ImageEditParamsBase))
        assert {file.name for file in form.files} == {"image[]"}


async def test_what_the_fake_answers_is_what_the_specification_says(at: Bench) -> None:
    # The specification knows three sizes only, and is older than the models.
    assert isinstance(at.fake, FakeOpenAI)
    await at.generate(await at.job(width=1024, height=1024))
    answer = await at.fake.answer(json.loads(at.fake.seen[-1].body), ())
    jsonschema.validate(json.loads(bytes(answer.body)), schema("ImagesResponse"))
