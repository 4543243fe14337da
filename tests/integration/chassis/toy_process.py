"""A small service as a process: `python -m tests.integration.chassis.toy_process <stage> <handler seconds>`."""

import asyncio
import sys

from services.chassis.app import Concurrent, On, ServiceApp, main, make_app
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, TOY_WIRE, Answered, Asked, answer


async def handle(asked: Asked) -> list[Answered]:
    await asyncio.sleep(float(sys.argv[2]))
    return [answer(asked)]


def build() -> ServiceApp:
    slow = Concurrent(slots=16, drain_s=5) if sys.argv[1] == "concurrent" else None
    return make_app(
        ServiceSettings(),
        name="toy",
        subscriptions=[On(ASKED, handle, emits=(Answered,))],
        concurrency=slow,
        wire=TOY_WIRE,
    )


if __name__ == "__main__":
    sys.exit(main(build))
