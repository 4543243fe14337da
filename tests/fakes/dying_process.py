"""A small service that ends itself at a chosen moment: `python -m tests.fakes.dying_process <stage> <moment> <folder>`.

Moments: `effects` = the effect of a message is there, nothing is published; `acknowledged` = its events are
acknowledged, nothing is committed. The process dies at its 25th message, as by `kill -9`: nothing is flushed or closed.
The effect of a message is a file in the folder.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.chassis.app import Concurrent, On, ServiceApp, main, make_app
from services.chassis.publishing import Delivery, EventPublisher, Outgoing
from services.chassis.settings import ServiceSettings
from tests.fakes.toy_events import ASKED, TOY_WIRE, Answered, Asked, answer

DIED: Final = 9
_AT: Final = 25


class Countdown:
    """Ends the process at the 25th call."""

    def __init__(self) -> None:
        self._count = 0

    def step(self) -> None:
        self._count += 1
        if self._count >= _AT:
            os._exit(DIED)


class DyingPublisher(EventPublisher):
    """Dies when enough deliveries are acknowledged."""

    countdown: Countdown | None = None

    async def unacknowledged(self, deliveries: Sequence[Delivery]) -> list[Outgoing]:
        failed = await super().unacknowledged(deliveries)
        if deliveries and self.countdown is not None:
            self.countdown.step()
        return failed


def build(stage: str, moment: str, folder: Path) -> ServiceApp:
    """The service, ready to die."""
    countdown = Countdown()

    async def handle(asked: Asked) -> list[Answered]:
        # Long enough for the concurrent stage to commit before it dies.
        await asyncio.sleep(0.1)
        (folder / f"{asked.name}-{asked.number}").touch()
        if moment == "effects":
            countdown.step()
        return [answer(asked)]

    settings = ServiceSettings()
    app = make_app(
        settings,
        name="toy",
        subscriptions=[On(ASKED, handle, emits=(Answered,))],
        concurrency=Concurrent(slots=4, drain_s=5) if stage == "concurrent" else None,
        wire=TOY_WIRE,
    )
    publisher = DyingPublisher(settings, app.name, wire=TOY_WIRE, metrics=app.metrics)
    publisher.countdown = countdown if moment == "acknowledged" else None
    app.publisher = publisher
    return app


if __name__ == "__main__":
    sys.exit(main(lambda: build(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
