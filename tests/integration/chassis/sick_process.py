"""A service whose handler does what its message says: `python -m tests.integration.chassis.sick_process <stage>`.

A note `wait 3` keeps the handler for 3 s, the loop turning; `block 3` keeps the whole process; `die 0.5` kills it, as
the system does when memory runs out, half a second later.
"""

import asyncio
import os
import signal
import sys
import time

from services.chassis.app import Concurrent, On, ServiceApp, main, make_app
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, TOY_WIRE, Answered, Asked, answer


async def handle(asked: Asked) -> list[Answered]:
    how, _, seconds = asked.note.partition(" ")
    if how == "wait":
        await asyncio.sleep(float(seconds))
    elif how == "block":
        time.sleep(float(seconds))  # noqa: ASYNC251 - the fault to be shown
    elif how == "die":
        await asyncio.sleep(float(seconds))
        os.kill(os.getpid(), signal.SIGKILL)
    return [answer(asked)]


def build() -> ServiceApp:
    slow = Concurrent(slots=4, drain_s=30) if sys.argv[1] == "concurrent" else None
    return make_app(
        ServiceSettings(),
        name="toy",
        subscriptions=[On(ASKED, handle, emits=(Answered,))],
        concurrency=slow,
        wire=TOY_WIRE,
    )


if __name__ == "__main__":
    sys.exit(main(build))
