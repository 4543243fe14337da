"""An endpoint of one's own over HTTP: without a key, free of charge, with images on other hosts."""

from dataclasses import replace

import pytest

from services.generation.providers.custom import Custom
from services.generation.providers.errors import Outage, UnusableImage
from services.generation.providers.vendor import Vendor
from services.generation.providers.vendor_provider import Timing
from tests.fakes.vendors.bench import bench
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.custom import API, MODELS, FakeCustom
from tests.fakes.vendors.faults import Fault, Kind


def free() -> Vendor:
    models = {name: model.model_copy(update={"price_usd_micros": 0}) for name, model in MODELS.items()}
    return Custom(API.model_copy(update={"free": True}), models)


def without_key() -> FakeCustom:
    return FakeCustom(key="")


async def test_an_endpoint_needs_no_key() -> None:
    async with bench(replace(CASES["custom"], fake=without_key)) as at:
        await at.provider.ping()
        assert (await at.generate(await at.job())).data
        assert all("authorization" not in seen.headers for seen in at.fake.seen)


async def test_an_image_may_be_a_link_on_the_same_origin_and_nowhere_else() -> None:
    async with bench(CASES["custom"]) as at:
        assert isinstance(at.fake, FakeCustom)
        at.fake.links = True
        assert (await at.generate(await at.job())).data
        at.provider = at.provided(base_url=at.server.url.replace("127.0.0.1", "localhost") + "/v1")
        await at.provider.start()
        # The fake says where it is by the address that it was asked at.
        assert (await at.generate(await at.job())).data


@pytest.mark.parametrize("fault", [Fault(Kind.DROP, carried_out=True), Fault(Kind.MALFORMED), Fault(Kind.TRUNCATE)])
async def test_what_is_free_is_never_in_doubt_and_never_charged(fault: Fault) -> None:
    async with bench(replace(CASES["custom"], vendor=free)) as at:
        assert at.provider.free
        at.fake.next(fault)
        error = await at.failed()
        assert isinstance(error, Outage)
        assert error.charged is False
        assert (await at.generate(await at.job())).cost_usd_micros == 0


async def test_an_unusable_answer_of_what_is_free_is_not_charged() -> None:
    async with bench(replace(CASES["custom"], vendor=free)) as at:
        assert isinstance(at.fake, FakeCustom)
        at.fake.links = True
        at.provider = at.provided(timing=Timing(reply_s=20, job_s=20, pace=0.01, max_image_bytes=64))
        await at.provider.start()
        error = await at.failed()
        assert isinstance(error, UnusableImage)
        assert (error.charged, error.cost_usd_micros) == (False, 0)
