"""A service under a flood: `python -m tests.integration.chassis.flood_process <stage> <order file> <handler seconds>`.

The file gets a line per message that is begun: its topic and number.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.chassis.app import Concurrent, On, ServiceApp, main, make_app
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, OTHER, TOY_WIRE, Answered, Asked

SLOTS = 4


def noting(order: Path, seconds: float, kind: str) -> Callable[[Asked], Awaitable[list[Answered]]]:
    file = order.open("a", buffering=1, encoding="ascii")

    async def handle(asked: Asked) -> list[Answered]:
        file.write(f"{kind} {asked.number}\n")
        await asyncio.sleep(seconds)
        return [Answered(name=asked.name, number=asked.number)]

    return handle


def build() -> ServiceApp:
    stage, order, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    return make_app(
        ServiceSettings(),
        name="toy",
        subscriptions=[
            On(OTHER, noting(order, seconds, "express"), emits=(Answered,)),
            On(ASKED, noting(order, seconds, "standard"), emits=(Answered,)),
        ],
        concurrency=Concurrent(slots=SLOTS, drain_s=5) if stage == "concurrent" else None,
        wire=TOY_WIRE,
    )


if __name__ == "__main__":
    sys.exit(main(build))
