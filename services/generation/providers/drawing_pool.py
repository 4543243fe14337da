"""Drawing processes: all processors but one, a dead one is replaced and its drawing done again."""

import asyncio
import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from services.generation.providers import drawing_worker
from services.generation.providers.drawing_worker import Draw, Hello
from services.generation.providers.errors import Configuration, Outage
from services.generation.providers.previz.scene import PrevizScene

log = logging.getLogger(__name__)

_TRIES: Final = 3
_READY_S: Final = 60.0


class DrawingPool:
    """A pool of processes that draw scenes.

    Args:
        processes: how many, from 1.
        limit_s: longest that one drawing may take.
        artist: draws a scene, at the top level of a module; the previz artist.
        hello: what a process answers that can draw, as above.
    """

    def __init__(
        self, processes: int, limit_s: float, artist: Draw = drawing_worker.draw, hello: Hello = drawing_worker.ready
    ) -> None:
        self.processes = processes
        self._limit_s = limit_s
        self._artist = artist
        self._hello = hello
        self._pool: ProcessPoolExecutor | None = None
        self._answers = False

    def start(self) -> None:
        """Make the pool; its processes come with the work."""
        self._pool = self._make()
        self._answers = False

    async def stop(self) -> None:
        """End the processes after the drawings in hand. A second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def ready(self) -> None:
        """See whether processes can be started and answer; known already when one has, and none has died since.

        Raises:
            Outage: they can't, or they don't.
            Configuration: the artist can't work here.
        """
        pool = self._open()
        if self._answers:
            return
        try:
            async with asyncio.timeout(_READY_S):
                await asyncio.get_running_loop().run_in_executor(pool, self._hello)
        except BrokenProcessPool as error:
            self._replace(pool)
            raise Outage("drawing processes end as soon as they are started") from error
        except TimeoutError as error:
            raise Outage(f"drawing processes gave no answer in {_READY_S:g} s") from error
        except Exception as error:
            raise Configuration(f"the previz artist can't work here: {error}") from error
        self._answers = True

    async def draw(self, scene: PrevizScene) -> bytes:
        """A PNG of the scene.

        Raises:
            Outage: the process died under this drawing again and again.
            TimeoutError: the drawing took too long.
            Exception: whatever the artist raised.
        """
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES):
            pool = self._open()
            try:
                return await loop.run_in_executor(pool, drawing_worker.draw_in_time, self._artist, scene, self._limit_s)
            except BrokenProcessPool:
                log.warning("a drawing process died; the pool is made anew")
                self._replace(pool)
        raise Outage(f"the drawing process died {_TRIES} times in a row")

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        # Every drawing of the broken pool comes here; the first makes the new one.
        if self._pool is broken:
            self._answers = False
            self._pool = self._make()
            broken.shutdown(wait=False, cancel_futures=True)

    def _make(self) -> ProcessPoolExecutor:
        # A fork would copy the threads' locks of the parent; spawned processes start clean.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.processes, mp_context=context, initializer=drawing_worker.enter)

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            raise Outage("drawing processes: start() was not called or stop() was")
        return self._pool
