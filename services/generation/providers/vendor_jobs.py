"""Waits for a vendor's job: polls with back-off, bears failing polls, and looks at once when a callback has come."""

import asyncio
from functools import partial
from typing import Final

from services.chassis.clock import Clock
from services.generation.providers.errors import Outage, OutcomeUnknown, Throttled
from services.generation.providers.optional import CallbackHints
from services.generation.providers.vendor import Look, Made, Pending, Vendor, VendorJob
from services.generation.providers.vendor_calls import VendorCalls

_POLL_S: Final = 30.0
_TRIES: Final = 6
_SLOWER: Final = 1.25
_LONGEST_WAIT_S: Final = 15.0
_FIRST_WAIT_S: Final = 1.0
_MOST_LOOKS: Final = 3


class _Sleep:
    async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
        del vendor_job_id
        await asyncio.sleep(timeout_s)
        return False


class VendorJobs:
    """Waits for the jobs of one vendor.

    Args:
        vendor: whose.
        calls: sends the polls.
        clock: measures the wait.
        job_s: longest wait at a stretch.
        pace: factor on every wait.
    """

    def __init__(self, vendor: Vendor, calls: VendorCalls, clock: Clock, job_s: float, pace: float) -> None:
        self._vendor = vendor
        self._calls = calls
        self._clock = clock
        self._job_s = job_s
        self._pace = pace
        self._hints: CallbackHints = _Sleep()

    def use_hints(self, hints: CallbackHints) -> None:
        """Look as soon as a callback has come, too."""
        self._hints = hints

    async def made(self, job: VendorJob, pending: Pending) -> Made:
        """The image of a job, as soon as the vendor has it.

        Raises:
            ProviderError: what the vendor says of the job; `Outage`, `Throttled` or `OutcomeUnknown` when it doesn't
                say anything for too long, though it has the job.
        """
        job_id, failures = pending.vendor_job_id, 0
        ends, wait_s = self._clock.monotonic() + self._job_s, pending.poll_after_s
        while True:
            left_s = max(0.0, ends - self._clock.monotonic())
            await self._hints.wait(job_id, min(wait_s * self._pace, left_s))
            late = self._clock.monotonic() >= ends
            try:
                answer = await self._look(job, job_id)
            except (Outage, Throttled, OutcomeUnknown) as error:
                failures += 1
                if failures == _TRIES or late:
                    raise
                wait_s = max(_FIRST_WAIT_S * 2 ** (failures - 1), error.retry_after_s or 0)
                continue
            if isinstance(answer, Made):
                return answer
            if late:
                raise OutcomeUnknown(f"{self._vendor.name}: job {job_id} isn't done after {self._job_s:g} s")
            failures = 0
            wait_s = min(max(answer.poll_after_s, wait_s * _SLOWER), max(_LONGEST_WAIT_S, answer.poll_after_s))

    async def _look(self, job: VendorJob, job_id: str) -> Made | Pending:
        call = self._vendor.poll(job_id)
        for _ in range(_MOST_LOOKS):
            reply = await self._calls.ask(call, _POLL_S, self._vendor.poll_failure)
            read = partial(self._vendor.read_poll, job, job_id, reply)
            answer: Made | Pending | Look = self._calls.understood(call, read)
            if not isinstance(answer, Look):
                return answer
            call = answer.call
        raise Outage(f"{self._vendor.name}: job {job_id} is done, and its result always lies elsewhere")
