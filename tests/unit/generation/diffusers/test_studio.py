"""Who waits, who is painted together, what a death or a silence means; the test plays the painter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import (
    Broken,
    Failed,
    Forget,
    Forgotten,
    Idle,
    Order,
    Painted,
    Ready,
    Shrunk,
    Step,
    Warming,
)
from services.generation.providers.diffusers.studio import FileLostError, ForgottenError, Studio
from services.generation.providers.errors import Configuration, InvalidRequest, Outage, UnusableImage
from tests.fakes.painters import FakeLink


def order(order_id: str, **changes: Any) -> Order:
    given: dict[str, Any] = {
        "model": "sdxl", "prompt": "rain", "negative_prompt": "", "made": (64, 64), "wanted": (64, 64), "seed": 1,
        "steps": 4, "cfg_scale": 5.0,
    }  # fmt: skip
    return Order(order_id=order_id, **(given | changes))


def painted(order_id: str) -> Painted:
    return Painted(order_id, b"png", {})


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def studio(**settings: Any) -> AsyncIterator[tuple[Studio, FakeLink]]:
    link = FakeLink()
    made = Studio(DiffusersSettings(**({"batch_wait_s": 0.0, "max_batch": 2} | settings)), link)
    made.start()
    try:
        yield made, link
    finally:
        await made.stop()


@asynccontextmanager
async def ready(**settings: Any) -> AsyncIterator[tuple[Studio, FakeLink]]:
    async with studio(**settings) as (made, link):
        link.hear(Ready("a fake"))
        yield made, link


async def asked(made: Studio, *names: str, **changes: Any) -> list["asyncio.Task[Painted]"]:
    tasks = [asyncio.create_task(made.paint(order(name, **changes))) for name in names]
    await settle()
    return tasks


async def test_nothing_is_sent_before_the_painter_is_ready() -> None:
    async with studio() as (made, link):
        (task,) = await asked(made, "a")
        assert link.batches == []
        assert not made.ready
        link.hear(Warming("loading sdxl"))
        assert made.told == "loading sdxl; 1 waiting"
        with pytest.raises(Outage, match="loading sdxl"):
            made.look()
        link.hear(Ready("cuda"))
        await settle()
        assert link.batches == [["a"]]
        made.look()
        link.hear(painted("a"))
        assert await task == painted("a")


async def test_whoever_comes_while_it_paints_is_painted_together_next() -> None:
    async with ready() as (made, link):
        await asked(made, "a")
        tasks = await asked(made, "b", "c", "d")
        link.hear(Step(2, 4, 1))
        assert made.told == "painting 1 image(s): step 2 of 4; 3 waiting"
        link.hear(painted("a"))
        await settle()
        assert link.batches == [["a"]], "it isn't through before it says so"
        link.hear(Idle())
        await settle()
        assert link.batches == [["a"], ["b", "c"]]
        link.hear(painted("b"))
        link.hear(painted("c"))
        link.hear(Idle())
        await settle()
        assert link.batches[-1] == ["d"]
        assert [task.done() for task in tasks] == [True, True, False]


async def test_what_isnt_wanted_leaves_the_line_or_is_given_up_at_the_next_step() -> None:
    async with ready() as (made, link):
        at_work, waiting = [*await asked(made, "a"), *await asked(made, "b")]
        assert made.forget("b")
        with pytest.raises(ForgottenError):
            await waiting
        assert made.forget("a")
        assert link.sent[-1] == Forget("a")
        link.hear(Forgotten("a", 2))
        with pytest.raises(ForgottenError):
            await at_work
        assert not made.forget("a")


async def test_who_stops_waiting_takes_the_order_along() -> None:
    async with ready() as (made, link):
        first, second = [*await asked(made, "a"), *await asked(made, "b")]
        for task in (first, second):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert link.sent[1:] == [Forget("a")]
        link.hear(Forgotten("a", 1))
        link.hear(Idle())
        await settle()
        assert link.batches == [["a"]]


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        (Failed("a", "out of memory at 64x64, even alone", invalid=True), InvalidRequest),
        (Failed("a", "RuntimeError", invalid=False), UnusableImage),
        (Failed("a", "gone", invalid=False, lost_file=True), FileLostError),
    ],
)
async def test_a_failure_is_told_by_what_it_means(told: Failed, raised: type[Exception]) -> None:
    async with ready() as (made, link):
        (task,) = await asked(made, "a")
        link.hear(told)
        with pytest.raises(raised, match=told.reason) as caught:
            await task
        assert not getattr(caught.value, "charged", False)


async def test_after_memory_ran_out_batches_are_smaller() -> None:
    async with ready(max_batch=4) as (made, link):
        await asked(made, "a")
        link.hear(Shrunk(order("a").key, 1))
        await asked(made, "b", "c")
        link.hear(painted("a"))
        link.hear(Idle())
        await settle()
        assert link.batches == [["a"], ["b"]]


async def test_what_a_dying_process_had_in_hand_is_painted_again_in_smaller_company() -> None:
    async with ready() as (made, link):
        tasks = await asked(made, "a", "b")
        assert link.batches == [["a", "b"]]
        link.hear(painted("a"))
        link.die()
        assert link.starts == 2
        assert not made.ready
        link.hear(Ready("a fake"))
        await settle()
        assert link.batches == [["a", "b"], ["b"]]
        link.hear(painted("b"))
        assert [await task for task in tasks] == [painted("a"), painted("b")]


async def test_an_image_that_was_still_being_written_when_the_process_died_is_painted_again() -> None:
    async with ready() as (made, link):
        tasks = await asked(made, "a", "b", "c", "d")
        link.hear(Idle())
        await settle()
        assert link.batches == [["a", "b"], ["c", "d"]], "the next may be painted while pictures are written"
        link.hear(painted("a"))
        link.hear(painted("c"))
        link.die()
        link.hear(Ready("a fake"))
        await settle()
        assert sorted(name for batch in link.batches[2:] for name in batch) == ["b"], "one at a time after a death"
        link.hear(painted("b"))
        link.hear(Idle())
        await settle()
        link.hear(painted("d"))
        assert [(await task).order_id for task in tasks] == ["a", "b", "c", "d"]


async def test_an_order_under_which_the_process_dies_again_and_again_is_given_up() -> None:
    async with ready() as (made, link):
        (task,) = await asked(made, "a")
        for _ in range(3):
            link.die()
            link.hear(Ready("a fake"))
            await settle()
        with pytest.raises(UnusableImage, match=r"process ended \(-9\) under it 3 times"):
            await task
        (other,) = await asked(made, "b")
        link.hear(Idle())
        await settle()
        link.hear(painted("b"))
        assert await other


async def test_a_painter_that_cant_work_fails_everybody_and_says_why() -> None:
    async with studio() as (made, link):
        (task,) = await asked(made, "a")
        link.hear(Broken("no such file: unet"))
        with pytest.raises(Configuration, match="no such file: unet"):
            await task
        with pytest.raises(Configuration, match="no such file: unet"):
            await made.paint(order("b"))
        with pytest.raises(Configuration, match="no such file: unet"):
            made.look()
        assert link.starts == 1, "not started again at once"
        link.die(1)
        assert link.starts == 1


async def test_a_process_that_dies_while_it_gets_ready_is_not_started_for_ever() -> None:
    async with studio() as (made, link):
        for _ in range(3):
            link.die()
        assert link.starts == 3
        with pytest.raises(Configuration, match="3 times while starting"):
            made.look()


async def test_a_painter_without_a_sign_of_life_is_ended() -> None:
    async with ready(stalled_s=0.05) as (made, link):
        await asked(made, "a")
        assert link.kills == 0
        async with asyncio.timeout(60):
            await link.killed.wait()
        assert link.kills == 1


async def test_who_waits_when_the_worker_stops_meets_an_outage() -> None:
    async with ready() as (made, link):
        (task,) = await asked(made, "a")
        await made.stop()
        assert link.stopped
        with pytest.raises(Outage, match="stopped"):
            await task
        with pytest.raises(Outage, match="start"):
            await made.paint(order("b"))
