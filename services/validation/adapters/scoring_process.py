"""Scorers with trained models, in processes of their own: they hold the interpreter lock and much memory."""

import asyncio
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from schemas.validation import Outcome, Score
from services.chassis.failures import Transient
from services.validation.adapters.scorers.catalogue import ScorerSettings, made
from services.validation.domain.cases import Case, CaseScorer, judged

log = logging.getLogger(__name__)

Make = Callable[[ScorerSettings], Sequence[CaseScorer]]

_TRIES: Final = 2
_LOAD_S: Final = 120.0
#: Seconds that frames in hand get when the service stops.
_END_S: Final = 5.0
_loaded: list[CaseScorer] = []


class ScoringProcesses:
    """A pool of processes that each hold every scorer asked for; a dead one is replaced.

    Args:
        settings: the scorers.
        processes: how many, from 1; each holds its own copy of the models.
        limit_s: longest that one frame may take.
        make: makes the scorers, at the top level of a module.
    """

    def __init__(self, settings: ScorerSettings, processes: int, limit_s: float, make: Make = made) -> None:
        self._settings = settings
        self._processes = processes
        self._limit_s = limit_s
        self._make = make
        self._pool: ProcessPoolExecutor | None = None
        self._warm: ProcessPoolExecutor | None = None
        self._checks: tuple[str, ...] = ()

    async def start(self) -> None:
        """Make the pool and load the models once, so that a missing extra stops the start.

        Raises:
            RuntimeError: a scorer can't be made; says which and why.
        """
        self._pool = self._open()
        try:
            async with asyncio.timeout(_LOAD_S):
                loop = asyncio.get_running_loop()
                self._checks = await loop.run_in_executor(self._pool, _checks, self._make, self._settings)
                self._warm = self._pool
        except Exception as error:
            await self.stop()
            raise RuntimeError(f"ICE_VALIDATION_SCORERS: {', '.join(self._settings.names)}: {error}") from error

    async def stop(self) -> None:
        """End the processes; a frame in hand gets a few seconds. A second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_end, pool, _END_S)

    async def ping(self) -> None:
        """Raise `Transient` when they aren't started."""
        if self._pool is None:
            raise Transient("scoring processes: start() was not called or stop() was")

    async def score(self, case: Case) -> tuple[Score, ...]:
        """Every score of every scorer; null with the reason when the processes die of the frame, or take too long."""
        why = f"the scoring process died {_TRIES} times while it measured this frame"
        for _ in range(_TRIES):
            await self.ping()
            pool = self._pool
            assert pool is not None  # noqa: S101 - ping has seen it
            try:
                # A pool made anew has its models to load first, which must not count as a frame that hangs.
                async with asyncio.timeout(self._limit_s if self._warm is pool else self._limit_s + _LOAD_S):
                    loop = asyncio.get_running_loop()
                    found = await loop.run_in_executor(pool, _score, self._make, self._settings, case)
                self._warm = pool
                return found  # noqa: TRY300 - of the tries that may break
            except BrokenProcessPool:
                log.warning("a scoring process died; the pool is made anew")
                self._replace(pool)
            except TimeoutError:
                self._replace(pool)
                why = f"scoring took more than {self._limit_s:g} s"
                break
        return tuple(
            Score(check=check, outcome=Outcome.NOT_MEASURED, measured_with="scoring-process 1", detail=why)
            for check in self._checks
        )

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            self._pool = self._open()
            _end(broken, 0.0)

    def _open(self) -> ProcessPoolExecutor:
        # A fork would copy the threads' locks of the parent; spawned processes start clean.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, mp_context=context, initializer=_enter)


def _end(pool: ProcessPoolExecutor, grace_s: float) -> None:
    """End a pool for good: one that hangs would work on for nobody, and nobody waits for it."""
    processes = list((pool._processes or {}).values())  # noqa: SLF001 - the pool names them nowhere else
    pool.shutdown(wait=False, cancel_futures=True)
    deadline = time.monotonic() + grace_s
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()


def _enter() -> None:
    # Ctrl-C goes to the whole group; the service decides when its processes end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _scorers(make: Make, settings: ScorerSettings) -> list[CaseScorer]:
    if not _loaded:
        _loaded.extend(make(settings))
    return _loaded


def _checks(make: Make, settings: ScorerSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check for scorer in _scorers(make, settings) for check in scorer.checks))


def _score(make: Make, settings: ScorerSettings, case: Case) -> tuple[Score, ...]:
    return tuple(score for scorer in _scorers(make, settings) for score in judged(scorer, case))
