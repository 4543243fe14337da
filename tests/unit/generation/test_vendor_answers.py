"""What the driver makes of a good answer's parts before they go into records: pictures in URLs, and costs."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis.clock import SystemClock
from services.generation.providers.base import GeneratedImage, ImageJob
from services.generation.providers.errors import Outage, OutcomeUnknown, UnusableImage
from services.generation.providers.exchange import HttpCall, HttpReply, JsonBody, get, paid_post
from services.generation.providers.host_rules import HostRules
from services.generation.providers.references import ReferenceReader
from services.generation.providers.sizes import SizeRange
from services.generation.providers.vendor import Made, ModelTraits, Vendor, VendorJob
from services.generation.providers.vendor_calls import VendorCalls
from services.generation.providers.vendor_http import VendorHttp
from services.generation.providers.vendor_provider import VendorProvider
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.requests import a_request
from tests.fakes.vendors.bench import Inline
from tests.fakes.vendors.server import FakeServer

PRICE = 40_000


class Telling(Vendor):
    """Answers with whatever it was told to."""

    name = "telling"
    key_variable = "TELLING_API_KEY"
    base_url = "https://api.telling.example"
    models: Mapping[str, ModelTraits] = {"m": ModelTraits(SizeRange(64, 4096), 500, PRICE)}

    def __init__(self, made: Made) -> None:
        self.made = made

    def probe(self) -> HttpCall:
        return get("/")

    def submit(self, job: VendorJob) -> HttpCall:
        return paid_post("/", JsonBody({"prompt": job.prompt}))

    def read(self, job: VendorJob, reply: HttpReply) -> Made:
        del job, reply
        return self.made


class Good(VendorHttp):
    """Every call is answered, and nobody is asked."""

    async def send(self, call: HttpCall, limit_s: float) -> HttpReply:
        del call, limit_s
        return HttpReply(200)


async def answered(made: Made) -> GeneratedImage:
    vendor = Telling(made)
    provider = VendorProvider(vendor, SecretStr("key"), ReferenceReader(FakeObjectStore(), Inline()))
    provider._calls._http = Good(vendor, provider._rules, SecretStr("key"), 1)
    job = ImageJob.from_request(a_request(provider="telling", model="m", seed_to_send=None, references=()))

    async def accepted(vendor_job_id: str) -> None:
        raise AssertionError(vendor_job_id)

    return await provider.generate(job, accepted)


async def test_a_picture_within_its_url_is_taken_from_it() -> None:
    url = f"data:image/png;base64,{base64.b64encode(b'picture').decode()}"
    assert (await answered(Made(url=url))).data == b"picture"
    with pytest.raises(UnusableImage, match="base64") as raised:
        await answered(Made(url="data:image/png;base64,!"))
    assert raised.value.charged


@pytest.mark.parametrize(
    ("told", "cost", "basis"),
    [
        (12, 12, "vendor"),
        (0, 0, "vendor"),
        (None, PRICE, "estimate"),
        (-1, PRICE, "estimate"),
        (10**19, PRICE, "estimate"),
    ],
)
async def test_a_cost_that_nobody_would_pay_is_not_believed(told: int | None, cost: int, basis: str) -> None:
    made = await answered(Made(data=b"picture", cost_usd_micros=told))
    assert (made.cost_usd_micros, made.parameters["cost_basis"]) == (cost, basis)


@pytest.mark.parametrize("address", ["http://api..vendor.example", "http://xn--a.vendor.example", "http://[v1.x]/"])
async def test_an_address_that_no_resolver_understands_is_an_outage(address: str) -> None:
    values: dict[str, Any] = {"base_url": address}
    provider = VendorProvider(Telling(Made()), SecretStr("k"), ReferenceReader(FakeObjectStore(), Inline()), **values)
    await provider.start()
    try:
        with pytest.raises(Outage):
            await provider.ping()
    finally:
        await provider.stop()


ENCODED = pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])


async def unread(encoding: str, call: HttpCall) -> None:
    """Send a call to a server that answers in an encoding that nobody asked for."""

    async def answer(request: Request) -> Response:
        assert request.headers["accept-encoding"] == "identity"
        return Response(b"\x1b\x03\x00", headers={"content-encoding": encoding})

    async with FakeServer(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])) as server:
        vendor = Telling(Made(data=b""))
        http = VendorHttp(vendor, HostRules(server.url, trusted=True), SecretStr("key"), 1)
        await http.start()
        try:
            await VendorCalls(vendor, http, SecretStr("key"), SystemClock()).ask(call, 60.0)
        finally:
            await http.stop()


@ENCODED
async def test_a_paid_answer_in_an_encoding_that_cannot_be_read_is_in_doubt_and_says_so(encoding: str) -> None:
    named = encoding.rpartition(" ")[2]
    with pytest.raises(OutcomeUnknown, match=f"content-encoding '{named}', allowed is identity"):
        await unread(encoding, paid_post("/", JsonBody({})))


async def test_a_free_look_in_such_an_encoding_is_repeated_later() -> None:
    with pytest.raises(Outage, match="content-encoding 'br'"):
        await unread("br", get("/"))
