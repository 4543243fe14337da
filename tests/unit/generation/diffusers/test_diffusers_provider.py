"""The provider between the engine and the painter; the test plays the painter."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.chassis.failures import Transient
from services.generation.providers.base import ImageJob
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel
from services.generation.providers.diffusers.orders import (
    Broken,
    Failed,
    Forget,
    Forgotten,
    Idle,
    Order,
    Painted,
    Ready,
    Warming,
    Where,
)
from services.generation.providers.diffusers.provider import DiffusersProvider
from services.generation.providers.errors import Configuration, InvalidRequest, Outage, UnusableImage
from services.generation.providers.optional import Equipped, Interrupts, Prepares, Tells
from services.generation.providers.references import ReferenceReader
from tests.fakes.frames import encoded, scenery
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.painters import FakeLink, Files, local_model
from tests.fakes.requests import a_character, a_request, a_run
from tests.fakes.vendors.bench import Inline

SHA = "a" * 64
URI = f"s3://ice/adapters/{SHA}.safetensors"
LORA = Lora(lora_id="radha-xl", uri=URI, sha256=SHA, base_model="sdxl")
FACE = ReferenceUse(uri="s3://ice/radha.png", role="character", entity_id="radha")


class Bench:
    """A provider, its painter, and what it reads."""

    def __init__(self, folder: Path, **model: Any) -> None:
        self.link, self.files, self.store = FakeLink(), Files(URI), FakeObjectStore()
        settings = DiffusersSettings(models={"sdxl": LocalModel(path=local_model(folder), **model)}, batch_wait_s=0)
        self.provider = DiffusersProvider(
            settings, ReferenceReader(self.store, Inline()), self.files, Inline(), link=self.link
        )

    async def ordered(self, job: ImageJob) -> tuple["asyncio.Task[Any]", Order]:
        """Ask for an image; the order as the painter gets it."""
        task = asyncio.create_task(self.provider.generate(job, nothing_accepted))
        async with asyncio.timeout(60):
            return task, await self.link.asked.get()


async def nothing_accepted(_: str) -> None:
    raise AssertionError("it has no jobs")


def job(**changes: Any) -> ImageJob:
    radha = a_character("radha", loras=(LORA,))
    values = {"cast": (radha,), "width": 320, "height": 192, "seed_to_send": 5, "model": "sdxl", **changes}
    return ImageJob.from_request(a_request(**values))


@pytest.fixture
async def bench(tmp_path: Path) -> Any:
    (tmp_path / "ip.safetensors").touch()
    made = Bench(
        tmp_path / "m", ip_adapter=tmp_path / "ip.safetensors", image_encoder=tmp_path, controlnets={"pose": tmp_path}
    )
    await made.store.put("radha.png", encoded(scenery(64, 64)), "image/png")
    await made.provider.start()
    made.link.hear(Ready("a fake"))
    yield made
    await made.provider.stop()


def test_it_is_what_the_worker_looks_for(tmp_path: Path) -> None:
    provider = Bench(tmp_path).provider
    assert all(isinstance(provider, kind) for kind in (Prepares, Interrupts, Tells, Equipped))
    assert (provider.name, provider.free, provider.models) == ("diffusers", True, ("sdxl",))
    assert provider.lacks == {"sdxl": ("references", "composition-guide")}


async def test_an_order_holds_all_that_its_image_needs(bench: Bench) -> None:
    asked = job(loras=(LORA,), references=(FACE,), run=a_run(project={"composition": "previz"}))
    prepared = await bench.provider.prepare(asked)
    task, order = await bench.ordered(prepared)
    assert [(adapter.owner, adapter.path) for adapter in order.adapters] == [("radha", f"/cache/{SHA}.safetensors")]
    assert [(picture.where, picture.owner) for picture in order.pictures] == [(Where.OWNER, "radha")]
    assert set(order.masks) == {"radha"}
    assert set(order.guides) == {"pose"}
    bench.link.hear(Painted(order.order_id, b"png", {"batch": 1}))
    image = await task
    assert (image.data, image.seed_used, image.cost_usd_micros) == (b"png", 5, 0)
    assert image.parameters == {"model": "sdxl", "batch": 1}
    assert image.vendor_job_id is None


async def test_a_store_that_is_away_is_met_before_anything_is_painted(bench: Bench) -> None:
    bench.files.away = True
    with pytest.raises(Transient):
        await bench.provider.prepare(job(loras=(LORA,)))
    with pytest.raises(Outage, match="can't be read now"):
        await bench.provider.generate(job(loras=(LORA,)), nothing_accepted)
    assert bench.link.batches == []


async def test_an_adapter_that_the_registry_doesnt_have_is_an_invalid_request(bench: Bench) -> None:
    lost = LORA.model_copy(update={"uri": "s3://ice/adapters/lost.safetensors"})
    with pytest.raises(InvalidRequest, match="adapter radha-xl"):
        await bench.provider.prepare(job(loras=(lost,)))


async def test_a_file_that_made_room_while_the_order_waited_is_fetched_again(bench: Bench) -> None:
    task, first = await bench.ordered(job(loras=(LORA,)))
    bench.link.hear(Failed(first.order_id, "gone", invalid=False, lost_file=True))
    bench.link.hear(Idle())
    async with asyncio.timeout(60):
        second = await bench.link.asked.get()
    bench.link.hear(Painted(second.order_id, b"png", {}))
    assert (await task).data == b"png"
    assert len(bench.files.fetched) >= 3


async def test_a_call_that_isnt_wanted_is_given_up(bench: Bench) -> None:
    task, order = await bench.ordered(job())
    assert await bench.provider.interrupt(job().generation_id)
    assert bench.link.sent[-1] == Forget(order.order_id)
    bench.link.hear(Forgotten(order.order_id, 3))
    with pytest.raises(UnusableImage, match="nobody wants it") as caught:
        await task
    assert not caught.value.charged
    assert not await bench.provider.interrupt(job().generation_id)


async def test_it_isnt_ready_while_it_warms_up_and_says_what_it_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.provider.start()
    bench.link.hear(Warming("loading sdxl"))
    check = bench.provider.checks["painter"]
    assert (check.ok, check.detail) == (False, "loading sdxl; 0 waiting")
    with pytest.raises(Outage, match="loading sdxl"):
        await bench.provider.ping()
    bench.link.hear(Ready("cuda"))
    await bench.provider.ping()
    assert bench.provider.checks["painter"].ok
    bench.link.hear(Broken("no kernel image"))
    with pytest.raises(Configuration, match="no kernel image"):
        await bench.provider.ping()
    await bench.provider.stop()


async def test_an_unknown_model_is_an_invalid_request(bench: Bench) -> None:
    with pytest.raises(InvalidRequest, match="model: 'flux', allowed is one of: sdxl"):
        await bench.provider.prepare(job(model="flux"))
