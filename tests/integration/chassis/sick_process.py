"""A service whose handler does what its message says: `python -m tests.integration.chassis.sick_process <stage>`.

A note `wait FILE` keeps the handler until there is that file, the loop turning; `block FILE` keeps the whole process;
`die 0.5` kills it, as the system does when memory runs out, half a second later.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from services.chassis.app import Concurrent, On, ServiceApp, main, make_app
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, TOY_WIRE, Answered, Asked, answer

_LOOK_S = 0.05


async def handle(asked: Asked) -> list[Answered]:
    how, _, what = asked.note.partition(" ")
    if how == "wait":
        while not Path(what).exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(_LOOK_S)
    elif how == "block":
        while not Path(what).exists():  # noqa: ASYNC240 - likewise
            time.sleep(_LOOK_S)  # noqa: ASYNC251 - the fault to be shown
    elif how == "die":
        await asyncio.sleep(float(what))
        os.kill(os.getpid(), signal.SIGKILL)
    return [answer(asked)]


def build() -> ServiceApp:
    slow = Concurrent(slots=4, drain_s=100) if sys.argv[1] == "concurrent" else None
    return make_app(
        ServiceSettings(),
        name="toy",
        subscriptions=[On(ASKED, handle, emits=(Answered,))],
        concurrency=slow,
        wire=TOY_WIRE,
    )


if __name__ == "__main__":
    sys.exit(main(build))
