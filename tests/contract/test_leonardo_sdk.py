"""The fake of Leonardo is held to Leonardo's own client (it speaks v1), and our requests to what is specified."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from leonardo_ai_sdk import LeonardoAiSDK
from leonardo_ai_sdk.models import errors, operations
from leonardo_ai_sdk.models.shared import JobStatus
from leonardo_ai_sdk.models.shared.cost import Cost, Unit

from schemas.bible import Lora
from services.generation.providers.exchange import JsonBody
from services.generation.providers.leonardo import Leonardo
from services.generation.providers.leonardo_models import MODELS
from tests.fakes.provider import picture
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.leonardo import FAILED, FakeLeonardo

SCHEMAS = json.loads((Path(__file__).parents[1] / "fixtures" / "leonardo_schema.json").read_text())


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", **SCHEMAS}


@pytest.fixture
async def at() -> AsyncIterator[Bench]:
    async with bench(CASES["leonardo"]) as made:
        yield made


@pytest.fixture
async def client(at: Bench) -> AsyncIterator[LeonardoAiSDK]:
    async with LeonardoAiSDK(bearer_auth=at.fake.key, server_url=f"{at.server.url}{at.case.base_path}/v1") as made:
        yield made


async def created(client: LeonardoAiSDK) -> str:
    body = operations.CreateGenerationRequestBody(prompt="a ferry", width=1024, height=576, num_images=1, seed=7)
    answer = await client.image.create_generation_async(request=body)
    assert answer.object is not None
    job = answer.object.sd_generation_job
    assert job
    assert isinstance(job.cost, Cost)
    assert job.cost.unit is Unit.DOLLARS
    assert isinstance(job.generation_id, str)
    return job.generation_id


async def polled(client: LeonardoAiSDK, job_id: str) -> operations.GetGenerationByIDGenerations:
    answer = await client.image.get_generation_by_id_async(id=job_id)
    assert answer.object is not None
    found = answer.object.generations_by_pk
    assert isinstance(found, operations.GetGenerationByIDGenerations)
    return found


async def test_the_official_client_creates_and_waits(at: Bench, client: LeonardoAiSDK) -> None:
    job_id = await created(client)
    assert (await polled(client, job_id)).status is JobStatus.PENDING
    done = await polled(client, job_id)
    assert (done.status, done.seed, done.image_width) == (JobStatus.COMPLETE, 7, 1024)
    assert done.generated_images is not None
    (image,) = done.generated_images
    assert image.nsfw is False
    assert image.url is not None
    async with httpx.AsyncClient() as plain:
        assert (await plain.get(image.url)).content == at.fake.picture(at.fake.orders[0])


async def test_the_official_client_reads_what_v2_has_made(at: Bench, client: LeonardoAiSDK) -> None:
    made = await at.generate(await at.job(seed_to_send=11))
    assert made.vendor_job_id is not None
    done = await polled(client, made.vendor_job_id)
    assert (done.id, done.seed, done.prompt) == (made.vendor_job_id, 11, at.fake.orders[0].prompt)


async def test_the_official_client_sees_a_failed_job(at: Bench, client: LeonardoAiSDK) -> None:
    job_id = await created(client)
    at.fake.jobs[job_id].outcome = FAILED
    assert (await polled(client, job_id)).status is JobStatus.FAILED


async def test_the_official_client_is_told_where_to_upload(at: Bench, client: LeonardoAiSDK) -> None:
    body = operations.UploadInitImageRequestBody(extension="png")
    answer = await client.init_images.upload_init_image_async(request=body)
    assert answer.object is not None
    told = answer.object.upload_init_image
    assert told
    assert isinstance(told.fields, str)
    assert isinstance(told.url, str)
    data = picture(64, 64)
    async with httpx.AsyncClient() as plain:
        # As the vendor's guide does it: its fields first, the file last, no key.
        sent = await plain.post(told.url, data=json.loads(told.fields), files={"file": ("a.png", data, "image/png")})
    assert sent.status_code == 204
    assert at.fake.uploads[str(told.id)] == data


async def test_the_official_client_knows_its_account(client: LeonardoAiSDK) -> None:
    answer = await client.user.get_user_self_async()
    assert answer.object is not None
    assert answer.object.user_details
    assert answer.object.user_details[0].api_concurrency_slots == 10


async def test_the_official_client_understands_the_fakes_errors(at: Bench, client: LeonardoAiSDK) -> None:
    assert isinstance(at.fake, FakeLeonardo)
    body = operations.CreateGenerationRequestBody(prompt="a ferry", width=1001, height=576, num_images=1)
    with pytest.raises(errors.SDKError) as raised:
        await client.image.create_generation_async(request=body)
    assert raised.value.status_code == 400
    assert json.loads(raised.value.body)["code"] == "bad-request"


@pytest.mark.parametrize("flat", [False, True])
async def test_a_reply_in_credits_is_an_estimate_and_one_in_dollars_is_the_cost(at: Bench, flat: bool) -> None:
    assert isinstance(at.fake, FakeLeonardo)
    at.fake.flat = flat
    made = await at.generate(await at.job())
    assert made.parameters["cost_basis"] == ("estimate" if flat else "vendor")
    assert made.parameters["parameters.prompt_enhance"] == "OFF"
    assert made.parameters["public"] is False


@pytest.mark.parametrize("model", sorted(MODELS))
async def test_our_requests_are_as_specified(at: Bench, model: str) -> None:
    limits = MODELS[model].references
    assert limits is not None
    uses = tuple([await at.reference(number, strength=0.8) for number in range(limits.most)])
    loras = (Lora(lora_id="4711"), Lora(lora_id="93cec898-0fb0-4fb0-9f18-8b8423560a1d"))
    wanted = await at.job(model, references=uses, loras=loras, negative_prompt="umbrellas", seed_to_send=7)
    prepared = (await at.provider.prepare(wanted)).prepared
    assert prepared is not None
    for name, call in (
        ("Create", Leonardo().submit(prepared)),
        ("UploadInitImage", Leonardo().upload(prepared.references[0])),
    ):
        assert isinstance(call.body, JsonBody)
        jsonschema.validate(call.body.value, schema(name))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"model": model, "parameters": {"prompt": "x", "prompt_enhance": "off"}}, schema("Create"))


async def test_every_field_of_a_request_is_understood_by_the_fake(at: Bench) -> None:
    uses = (await at.reference(1, strength=0.8),)
    await at.generate(await at.job("kino-xl", references=uses, loras=(Lora(lora_id="4711"),), seed_to_send=7))
    (order,) = at.fake.orders
    assert (order.loras, len(order.references), order.seed) == (("4711",), 1, 7)
