"""Drawing processes die, hang and fail without taking the worker along."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.generation.providers.drawing_pool import DrawingPool
from services.generation.providers.drawing_worker import Draw
from services.generation.providers.errors import Configuration, Outage
from services.generation.providers.previz.scene import PrevizScene
from tests.fakes import artists

pytestmark = pytest.mark.integration
SCENE = PrevizScene(width=64, height=64)


@asynccontextmanager
async def pool_of(
    artist: Draw, *, limit_s: float = 120, hello: Callable[[], str] = artists.hello
) -> AsyncIterator[DrawingPool]:
    pool = DrawingPool(1, limit_s, artist, hello)
    pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


async def test_a_drawing_whose_process_dies_is_drawn_again_by_a_new_one(tmp_path: Path) -> None:
    scene = SCENE.model_copy(update={"description": str(tmp_path / "died")})
    async with pool_of(artists.dies_once) as pool:
        both = await asyncio.gather(pool.draw(scene), pool.draw(scene))
        assert list(both) == [artists.plain(scene), artists.plain(scene)]
        await pool.ready()


async def test_a_drawing_that_kills_every_process_is_an_outage() -> None:
    async with pool_of(artists.always_dies) as pool:
        with pytest.raises(Outage, match="died 3 times"):
            await pool.draw(SCENE)


async def test_a_drawing_that_never_ends_is_stopped_and_the_process_lives_on() -> None:
    async with pool_of(artists.never_ends, limit_s=0.3) as pool:
        for _ in range(2):
            with pytest.raises(TimeoutError, match=r"longer than 0\.3 s"):
                await pool.draw(SCENE)


async def test_an_artist_that_cannot_work_here_is_a_matter_of_configuration() -> None:
    async with pool_of(artists.plain, hello=artists.cannot_work) as pool:
        with pytest.raises(Configuration, match=r"libdrawing\.so is missing"):
            await pool.ready()


async def test_a_stopped_pool_is_an_outage() -> None:
    async with pool_of(artists.plain) as pool:
        await pool.stop()
        with pytest.raises(Outage, match="stop"):
            await pool.draw(SCENE)


async def test_drawing_processes_leave_ctrl_c_to_the_worker() -> None:
    async with pool_of(artists.tells_its_process) as pool:
        process = int(await pool.draw(SCENE))
        os.kill(process, signal.SIGINT)
        assert int(await pool.draw(SCENE)) == process


_PARENT = """
import asyncio, sys
from services.generation.providers.drawing_pool import DrawingPool
from services.generation.providers.previz.scene import PrevizScene
from tests.fakes import artists

async def main():
    pool = DrawingPool(1, 30, artists.tells_its_process, artists.hello)
    pool.start()
    print((await pool.draw(PrevizScene(width=64, height=64))).decode(), flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_drawing_processes_end_when_the_worker_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": root}
    ) as parent:
        assert parent.stdout is not None
        drawing = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 60
    while _lives(drawing):
        assert time.monotonic() < deadline, f"process {drawing} outlived its parent"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
