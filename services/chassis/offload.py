"""CPU work on a bounded number of threads, for code that lets go of the interpreter lock (Pillow, numpy, hashlib)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from services.chassis.failures import Transient

T = TypeVar("T")


class ThreadOffload:
    """A thread pool as a resource of the service.

    Args:
        threads: at most so many at once.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Make the pool; threads come with the work."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="offload")

    async def stop(self) -> None:
        """Let running work end. A second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def ping(self) -> None:
        """Raise `Transient` when it isn't started."""
        self._open()

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on a thread of the pool.

        Raises:
            Transient: the pool isn't started, or is being stopped.
        """
        return await asyncio.get_running_loop().run_in_executor(self._open(), work)

    def _open(self) -> ThreadPoolExecutor:
        if self._pool is None:
            raise Transient("offload threads: start() was not called or stop() was")
        return self._pool
