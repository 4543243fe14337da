"""The fakes as a server of their own, as `python -m tests.fakes` runs them."""

import asyncio
import sys

import pytest

from schemas.providers import SWITCHES
from services.generation.providers.catalogue import VENDORS
from services.generation.providers.local.assembly import LOCAL
from services.generation.providers.references import ReferenceReader
from services.generation.providers.vendor_provider import Timing
from services.generation.providers.vendor_settings import VendorSettings
from tests.fakes.__main__ import settings_for, together
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.vendors.bench import Bench, Inline
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.server import FakeServer


def test_every_vendor_has_a_fake_and_every_fake_a_vendor() -> None:
    assert {name for name, case in CASES.items() if case.shown} == {*VENDORS, *LOCAL}


@pytest.mark.parametrize("name", sorted(CASES))
async def test_a_fake_works_below_a_path_too(name: str) -> None:
    case, fake, store = CASES[name], CASES[name].fake(), FakeObjectStore()
    async with FakeServer(together({name: fake})) as server:
        url = settings_for({name: fake}, server.url)[case.address_variable or f"ICE_{name.upper()}_BASE_URL"]
        reader = ReferenceReader(store, Inline())
        provider = case.provider(fake.key, reader, url, timing=Timing(20, 20, pace=0.01))
        at = Bench(case, fake, server, provider, store)
        await provider.start()
        wanting = case.models(lambda traits: traits.references) or case.models()
        made = await at.generate(await at.job(wanting[0], references=(await at.reference(1),)))
        await provider.stop()
    assert made.data
    assert len(fake.bill) == 1


async def test_the_server_prints_settings_that_the_engine_understands(monkeypatch: pytest.MonkeyPatch) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes", "--port", "0"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        lines = [(await asyncio.wait_for(process.stdout.readline(), 60)).decode() for _ in range(2 * len(SWITCHES))]
    finally:
        process.terminate()
        await process.wait()
    for line in lines:
        monkeypatch.setenv(*line.removeprefix("export ").strip().split("=", 1))
    settings = VendorSettings()
    for name, make in VENDORS.items():
        assert settings.key(make().key_variable) is not None
        assert settings.base_url(name) is not None
    for make_local in LOCAL.values():
        vendor = make_local()
        assert settings.key(vendor.key_variable) is not None
        assert len(settings.addresses(vendor.address_variable)) == 1
