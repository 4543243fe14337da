"""What servers of one's own promise beside the vendors' contract: a restart loses nothing, and nothing is silent."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from schemas.adapter import AdapterKind
from schemas.bible import Lora
from schemas.project import CompositionGuide
from services.generation.domain import images
from services.generation.providers.base import ImageJob
from services.generation.providers.errors import Configuration, Outage, UnusableImage
from services.generation.providers.local.assembly import make_comfyui, make_pool
from services.generation.providers.local.comfyui import prompt_id
from services.generation.providers.local.pool import ServerPool
from services.generation.providers.references import ReferenceReader
from services.generation.providers.vendor_provider import Timing
from tests.fakes.object_store import FakeObjectStore
from tests.fakes.requests import a_character, a_run, a_seed
from tests.fakes.vendors.a1111 import FakeA1111
from tests.fakes.vendors.bench import Bench, bench
from tests.fakes.vendors.case import Inline
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.comfyui import FakeComfyUI
from tests.fakes.vendors.faults import At, Fault, Kind
from tests.fakes.vendors.server import FakeServer

T = TypeVar("T")
BOTH = ("comfyui", "a1111")
TWO = (
    a_character("radha", seed=a_seed(1), loras=(Lora(lora_id="radha-xl"),)),
    a_character("krishna", seed=a_seed(2), loras=(Lora(lora_id="krishna-xl"),)),
)


@pytest.fixture
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with bench(CASES[request.param]) as made:
        yield made


@pytest.fixture
async def comfy() -> AsyncIterator[tuple[Bench, FakeComfyUI]]:
    async with bench(CASES["comfyui"]) as made:
        assert isinstance(made.fake, FakeComfyUI)
        yield made, made.fake


@pytest.fixture
async def webui() -> AsyncIterator[tuple[Bench, FakeA1111]]:
    async with bench(CASES["a1111"]) as made:
        assert isinstance(made.fake, FakeA1111)
        yield made, made.fake


def seen(at: Bench, which: At) -> int:
    return len([item for item in at.fake.seen if item.at is which])


async def until(condition: Callable[[], T]) -> T:
    for _ in range(6000):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def pool(at: Bench) -> ServerPool:
    assert isinstance(at.provider, ServerPool)
    return at.provider


def losses(made: Any) -> dict[str, str]:
    return {loss.code: loss.reason for loss in made.degradations}


async def two_shot(at: Bench, **changes: Any) -> ImageJob:
    run = a_run(shot={"shot_size": "medium", "framing": "two-shot"})
    uses = (await at.reference(1, entity_id="radha"), await at.reference(2, entity_id="krishna"))
    loras = tuple(lora for member in TWO for lora in member.loras)
    return await at.job(**{"run": run, "cast": TWO, "references": uses, "loras": loras, **changes})


# --- what a server lacks is known before it is asked ---


@pytest.mark.parametrize("at", BOTH, indirect=True)
async def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(at: Bench) -> None:
    assert isinstance(at.fake, FakeComfyUI | FakeA1111)
    at.fake.checkpoints = ["dreamshaper_8.safetensors"]
    with pytest.raises(Configuration, match=r"sd_xl_base_1\.0\.safetensors.*it has dreamshaper_8"):
        await at.provider.ping()
    assert at.provider.models == ()
    error = await at.failed()
    assert isinstance(error, Configuration)
    assert seen(at, At.CREATE) == 0


@pytest.mark.parametrize("at", BOTH, indirect=True)
async def test_an_adapter_that_is_not_there_is_left_out_and_listed_with_those_that_are(at: Bench) -> None:
    loras = (Lora(lora_id="nobody-xl"), Lora(lora_id="detail-tweaker-xl", scale=0.5))
    made = await at.generate(await at.job(loras=loras))
    assert [name.removesuffix(".safetensors") for name in at.fake.orders[-1].loras] == ["detail-tweaker-xl"]
    assert "detail-tweaker-xl" in losses(made)["lora-missing"]


@pytest.mark.parametrize("at", BOTH, indirect=True)
async def test_a_textual_inversion_is_named_in_the_prompt_where_the_server_tells_of_it(at: Bench) -> None:
    assert isinstance(at.fake, FakeComfyUI | FakeA1111)
    token = Lora(lora_id="token-mira", kind=AdapterKind.TEXTUAL_INVERSION, trigger_words=("<mira>",))
    job = replace(await at.job(loras=(token,)), prompt="<mira> waits")
    made = await at.generate(job)
    called = "embedding:people/token-mira waits" if isinstance(at.fake, FakeComfyUI) else "token-mira waits"
    assert (at.fake.orders[-1].prompt, at.fake.orders[-1].loras, losses(made)) == (called, (), {})
    at.fake.embeddings = None
    await at.provider.ping()
    assert set(losses(await at.generate(job))) == {"embedding-not-supported"}


@pytest.mark.parametrize("at", BOTH, indirect=True)
async def test_without_an_ip_adapter_references_are_announced_as_lacking_and_not_uploaded(at: Bench) -> None:
    assert isinstance(at.fake, FakeComfyUI | FakeA1111)
    await at.provider.ping()
    assert pool(at).lacks == {}
    if isinstance(at.fake, FakeComfyUI):
        at.fake.pack = False
    else:
        at.fake.modules.remove("ip-adapter-auto")
    await at.provider.ping()
    assert pool(at).lacks == {at.case.models()[0]: ("references",)}
    made = await at.generate(await at.job(references=(await at.reference(1),)))
    assert at.fake.orders[-1].references == ()
    assert "reference-dropped" in losses(made)


@pytest.mark.parametrize("at", BOTH, indirect=True)
async def test_the_storyboard_guides_the_picture_where_the_film_wants_it_and_the_server_can(at: Bench) -> None:
    assert isinstance(at.fake, FakeComfyUI | FakeA1111)
    run = a_run(project={"composition": CompositionGuide.PREVIZ})
    made = await at.generate(await at.job(run=run, width=512, height=288))
    told = str(at.fake.orders[-1].extras)
    assert "xinsir-openpose-sdxl" in told
    assert "composition-guide-not-supported" not in losses(made)
    if isinstance(at.fake, FakeComfyUI):
        at.fake.controls = []
    else:
        at.fake.models = [name for name in at.fake.models if "ip-adapter" in name]
    await at.provider.ping()
    assert pool(at).lacks == {at.case.models()[0]: ("composition-guide",)}
    made = await at.generate(await at.job(run=run, width=512, height=288))
    assert "composition-guide-not-supported" in losses(made)


# --- ComfyUI ---


async def test_a_server_that_is_restarted_in_the_middle_of_a_job_is_asked_again(
    comfy: tuple[Bench, FakeComfyUI],
) -> None:
    at, fake = comfy
    fake.polls = 1_000_000
    task = asyncio.create_task(at.generate(await at.job()))
    await until(lambda: fake.waiting)
    fake.polls = 1
    fake.restart()
    made = await task
    assert images.prepare(made.data, 1280, 720, images.Limits()).width == 1280
    assert seen(at, At.CREATE) == 2
    assert len(set(at.accepted)) == 1


async def test_a_job_that_a_dead_worker_has_sent_is_found_again_and_not_drawn_twice(
    comfy: tuple[Bench, FakeComfyUI],
) -> None:
    at, fake = comfy
    fake.polls, job = 1_000_000, await at.job()
    task = asyncio.create_task(at.generate(job))
    await until(lambda: fake.waiting)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    fake.jobs[fake.waiting[0]].polls_left = 1
    made = await at.generate(job)
    assert made.vendor_job_id == prompt_id(job.generation_id)
    assert seen(at, At.CREATE) == 1


async def test_the_end_of_a_job_is_heard_by_websocket_at_once(comfy: tuple[Bench, FakeComfyUI]) -> None:
    at, fake = comfy
    await at.provider.stop()
    at.provider = at.provided(timing=Timing(reply_s=20, job_s=60, pace=1000))
    await at.provider.start()
    await until(lambda: fake.listeners)
    fake.polls, fake.latency = 0, lambda: 0.2
    # Without the word of the socket the first look would come after half an hour.
    async with asyncio.timeout(60):
        made = await at.generate(await at.job())
    assert made.vendor_job_id is not None
    (check,) = pool(at).checks.values()
    assert "drawn: 100%" in check.detail


async def test_a_picture_is_uploaded_once_and_again_when_the_server_has_lost_it(
    comfy: tuple[Bench, FakeComfyUI],
) -> None:
    at, fake = comfy
    use = await at.reference(1)
    await at.generate(await at.job(references=(use,)))
    first, uploads = fake.written, seen(at, At.UPLOAD)
    await at.generate(await at.job(references=(use,)))
    assert (fake.written, seen(at, At.UPLOAD)) == (first, uploads)
    fake.uploads.clear()
    await at.generate(await at.job(references=(use,)))
    assert len(fake.orders[-1].references) == 1


async def test_a_job_is_taken_out_of_the_queue_or_stopped_and_ends_as_called_off(
    comfy: tuple[Bench, FakeComfyUI],
) -> None:
    at, fake = comfy
    fake.polls = 1_000_000
    tasks = [asyncio.create_task(at.generate(await at.job())) for _ in range(2)]
    await until(lambda: len(fake.waiting) == 2)
    running, pending = fake.waiting
    assert await at.provider.cancel(pending)
    assert fake.waiting == (running,)
    assert await at.provider.cancel(running)
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(error, UnusableImage)
        assert error.charged is False
    assert seen(at, At.CREATE) == 2
    assert not await at.provider.cancel(running)


async def test_a_gpu_without_memory_says_so(comfy: tuple[Bench, FakeComfyUI]) -> None:
    at, fake = comfy
    fake.next(Fault(Kind.FAIL, outcome="out-of-memory"))
    error = await at.failed()
    assert isinstance(error, UnusableImage)
    assert "KSampler failed: torch.OutOfMemoryError" in str(error)
    assert "too little memory" in str(error)


async def test_two_characters_have_their_own_prompts_adapters_and_pictures(comfy: tuple[Bench, FakeComfyUI]) -> None:
    at, fake = comfy
    fake.loras = ["radha-xl.safetensors", "krishna-xl.safetensors"]
    made = await at.generate(await two_shot(at))
    assert losses(made) == {}
    assert sorted(made.parameters["regions"].split(", ")) == ["krishna", "radha"]
    assert len(fake.orders[-1].references) == len(fake.orders[-1].loras) == 2
    fake.hooks = False
    await at.provider.ping()
    assert set(losses(await at.generate(await two_shot(at)))) == {"lora-not-regional"}


# --- several servers ---


@asynccontextmanager
async def two_servers() -> AsyncIterator[tuple[ServerPool, list[FakeComfyUI], list[FakeServer], Bench]]:
    fakes = [FakeComfyUI(), FakeComfyUI()]
    async with FakeServer(fakes[0]) as one, FakeServer(fakes[1]) as other:
        store = FakeObjectStore()
        reader, timing = ReferenceReader(store, Inline()), Timing(reply_s=20, job_s=20, pace=0.01)
        addresses = [one.url, other.url]
        made = make_pool(make_comfyui(), SecretStr(fakes[0].key), reader, Inline(), addresses, timing=timing)
        await made.start()
        try:
            yield made, fakes, [one, other], Bench(CASES["comfyui"], fakes[0], one, made, store)
        finally:
            await made.stop()


def _waiting(fakes: list[FakeComfyUI], wanted: int) -> bool:
    return sum(len(fake.waiting) for fake in fakes) == wanted


async def test_each_job_goes_to_the_server_with_least_to_do() -> None:
    async with two_servers() as (_, fakes, _, at):
        for fake in fakes:
            fake.polls = 1_000_000
        tasks = []
        for number in range(6):
            tasks.append(asyncio.create_task(at.generate(await at.job())))
            await until(partial(_waiting, fakes, number + 1))
        assert [len(fake.waiting) for fake in fakes] == [3, 3]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_server_that_goes_away_is_left_for_the_other_one() -> None:
    async with two_servers() as (made, fakes, servers, at):
        await made.ping()
        await servers[0].stop()
        for _ in range(2):
            assert (await at.generate(await at.job())).data
        assert (len(fakes[0].orders), len(fakes[1].orders)) == (0, 2)
        await made.ping()
        assert [check.ok for check in made.checks.values()] == [True, True]
        await servers[1].stop()
        with pytest.raises(Outage):
            await made.ping()
        assert [check.ok for check in made.checks.values()] == [False, False]
        assert isinstance(await at.failed(), Outage)


async def test_a_job_is_found_again_on_whichever_server_it_is_and_made_anew_where_none_has_it() -> None:
    async with two_servers() as (made, fakes, _, at):
        job = await at.job()
        await at.generate(job)
        (holder,) = (fake for fake in fakes if fake.orders)
        again = await made.resume(job, prompt_id(job.generation_id))
        assert again.data
        assert sum(len(fake.orders) for fake in fakes) == 1
        holder.restart()
        assert (await made.resume(job, prompt_id(job.generation_id))).data == again.data
        assert sum(len(fake.orders) for fake in fakes) == 2


async def test_only_a_server_that_has_the_checkpoint_is_asked() -> None:
    async with two_servers() as (made, fakes, _, at):
        fakes[0].checkpoints = ["dreamshaper_8.safetensors"]
        await made.ping()
        assert made.models == ("comfyui-sdxl",)
        for _ in range(3):
            await at.generate(await at.job())
        assert (len(fakes[0].orders), len(fakes[1].orders)) == (0, 3)


# --- AUTOMATIC1111 ---


async def test_each_reference_is_a_unit_within_its_own_characters_mask(webui: tuple[Bench, FakeA1111]) -> None:
    at, fake = webui
    fake.loras = ["radha-xl", "krishna-xl"]
    job = await two_shot(at)
    made = await at.generate(job)
    assert fake.orders[-1].loras == ("radha-xl", "krishna-xl")
    masks = [unit["effective_region_mask"] for unit in fake.units[-1]]
    assert len(set(masks)) == 2
    prepared = (await at.provider.prepare(job)).prepared
    parts: dict[str, Any] = {part.character_id: part.mask for part in prepared.parts}  # type: ignore[union-attr]
    assert masks == [base64.b64encode(parts[name].data).decode() for name in ("radha", "krishna")]
    assert set(losses(made)) == {"lora-not-regional", "regions-not-supported"}


async def test_a_drawing_of_a_worker_that_is_gone_is_interrupted_before_it_is_drawn_again(
    webui: tuple[Bench, FakeA1111],
) -> None:
    at, fake = webui
    fake.latency, job = lambda: 30.0, await at.job()
    task = asyncio.create_task(at.generate(job))
    await until(lambda: fake.current)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    fake.latency = lambda: 0.0
    assert (await at.generate(job)).data
    assert len(fake.interrupted) == 1


async def test_a_drawing_that_is_not_wanted_any_more_is_interrupted_and_its_half_picture_is_not_taken(
    webui: tuple[Bench, FakeA1111],
) -> None:
    at, fake = webui
    fake.latency, job = lambda: 30.0, await at.job()
    task = asyncio.create_task(at.generate(job))
    await until(lambda: fake.current)
    assert await pool(at).interrupt(job.generation_id)
    with pytest.raises(UnusableImage, match="called off"):
        await task
    assert not await pool(at).interrupt(job.generation_id)


async def test_how_far_a_drawing_is_is_told_while_it_is_drawn(webui: tuple[Bench, FakeA1111]) -> None:
    at, fake = webui
    fake.latency, job = lambda: 30.0, await at.job()
    task = asyncio.create_task(at.generate(job))
    await until(lambda: "drawn: 50%" in next(iter(pool(at).checks.values())).detail)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "drawn" not in next(iter(pool(at).checks.values())).detail


async def test_an_older_server_without_schedules_tasks_and_controlnet_still_draws(
    webui: tuple[Bench, FakeA1111],
) -> None:
    at, fake = webui
    fake.schedulers, fake.tasks, fake.extension = None, False, False
    made = await at.generate(await at.job(references=(await at.reference(1),)))
    assert "scheduler" not in fake.orders[-1].extras
    assert "alwayson_scripts" not in fake.orders[-1].extras
    assert "reference-dropped" in losses(made)
