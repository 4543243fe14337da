"""A generation worker whose vendor writes every call to a bill.

    python -m tests.integration.scaling.billing_worker <bill> <seconds per call>

Each line of the bill: when (Unix time), which process, whose call (generation id).
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from services.chassis.app import main
from services.generation.app import build
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.settings import GenerationSettings
from tests.fakes.provider import picture

PROVIDER = "billing"


class BillingProvider:
    """Paid, slow, answers by itself: a call that is repeated is paid again, and a lost answer is in doubt."""

    name = PROVIDER
    free = False
    models: tuple[str, ...] = (PROVIDER,)
    slots = 4

    def __init__(self, bill: Path, seconds: float) -> None:
        self._bill = bill
        self._seconds = seconds
        self._picture = picture(64, 64)

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        del accepted
        line = f"{time.time()} {os.getpid()} {job.generation_id}\n".encode()
        # One write in append mode: whole lines, whoever else writes.
        bill = os.open(self._bill, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(bill, line)
        finally:
            os.close(bill)
        await asyncio.sleep(self._seconds)
        return GeneratedImage(self._picture, seed_used=job.seed, cost_usd_micros=10_000)

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        raise AssertionError(f"{job.generation_id}: no job {vendor_job_id} was ever accepted")


if __name__ == "__main__":
    provider = BillingProvider(Path(sys.argv[1]), float(sys.argv[2]))
    sys.exit(main(lambda: build(GenerationSettings(), provider)))
