"""A real process with a painter that needs no torch: it paints, dies, can't get ready, and ends with its worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import Order
from services.generation.providers.diffusers.painter_entry import Make
from services.generation.providers.diffusers.painter_process import PainterProcess
from services.generation.providers.diffusers.studio import ForgottenError, Studio
from services.generation.providers.errors import Configuration, UnusableImage
from tests.fakes.painters import Quick, Unready, picture

SETTINGS = DiffusersSettings(batch_wait_s=0.0, max_batch=4)


def order(name: str, prompt: str = "rain") -> Order:
    return Order(name, "sdxl", prompt, "", (64, 64), (64, 64), seed=3, steps=1, cfg_scale=1.0)


@asynccontextmanager
async def studio(make: Make) -> AsyncIterator[Studio]:
    made = Studio(SETTINGS, lambda hear: PainterProcess(SETTINGS, hear, make))
    made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_images_are_painted_given_up_and_survive_the_death_of_the_process() -> None:
    async with studio(Quick) as made:
        first = await made.paint(order("a"))
        assert first.data == picture(order("a"))
        waiting = asyncio.create_task(made.paint(order("b", "wait")))
        while not made.forget("b"):  # noqa: ASYNC110 - it is not yet in the other process' hands
            await asyncio.sleep(0.01)
        with pytest.raises(ForgottenError):
            await waiting
        with pytest.raises(UnusableImage, match=r"process ended \(3\) under it 3 times"):
            await made.paint(order("c", "die"))
        again = await made.paint(order("d"))
        assert again.facts["pid"] != first.facts["pid"]


async def test_a_painter_that_cant_get_ready_says_why() -> None:
    async with studio(Unready) as made:
        with pytest.raises(Configuration, match="RuntimeError: CUDA driver version is insufficient"):
            await made.paint(order("a"))
