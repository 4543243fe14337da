"""A worker that does nothing but take its turns at a vendor: `python -m tests.integration.limits_process …`."""

import argparse
import asyncio
import sys
import time

from pydantic import SecretStr

from schemas.topics import Lane
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.settings import ServiceSettings
from services.generation.adapters.limits import SharedLimits
from services.generation.domain.limits import Terms
from services.generation.providers.optional import VendorLimits


async def main(given: argparse.Namespace) -> None:
    settings = ServiceSettings(mongo_url=SecretStr(given.url), mongo_database=given.database)
    documents = Documents(settings)
    await documents.start()
    terms = Terms(limits=VendorLimits(concurrent=given.slots), lease_s=given.lease_s, call_s=0.8, skew_s=0.2)
    limits = SharedLimits(
        documents, SystemClock(), provider="acme", owner=given.owner, terms=terms, renew_s=given.renew_s
    )
    await limits.start()

    async def call(number: int) -> None:
        await limits.acquire(Lane.STANDARD, 240.0)
        tell("begin", number)
        await asyncio.sleep(given.seconds)
        tell("end", number)
        limits.release()

    def tell(what: str, number: int) -> None:
        sys.stdout.write(f"{what} {number} {time.time()}\n")
        sys.stdout.flush()

    await asyncio.gather(*(call(number) for number in range(given.calls)))
    await limits.stop()
    await documents.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, kind in (("url", str), ("database", str), ("owner", str), ("slots", int), ("calls", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--seconds", type=float, default=0.1)
    parser.add_argument("--renew-s", type=float, default=0.1)
    parser.add_argument("--lease-s", type=float, default=60.0)
    asyncio.run(main(parser.parse_args()))
