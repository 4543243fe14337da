"""What runs in the painter's process: it listens on one thread and paints on the other. Light until it is there."""

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Protocol

from services.generation.providers import drawing_worker
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import (
    Broken,
    Forget,
    Idle,
    Order,
    Paint,
    Ready,
    Told,
)

Tell = Callable[[Told], None]


class Paints(Protocol):
    """The painter itself."""

    def load(self) -> str:
        """Get ready; the device's name."""
        ...

    def paint(self, orders: Sequence[Order], wanted: Callable[[str], bool]) -> None:
        """Paint orders of one key, telling each one's end; `wanted` says whether an image is still wanted."""
        ...


Make = Callable[[DiffusersSettings, Tell], Paints]


def real(settings: DiffusersSettings, tell: Tell) -> Paints:
    """The painter that needs torch."""
    from services.generation.providers.diffusers.painter.painting import Painter, silence  # noqa: PLC0415 - only here

    silence()
    return Painter(settings, tell)


def run(connection: Connection, settings: DiffusersSettings, make: Make) -> None:
    """Serve until told to end, or until the other side has gone."""
    drawing_worker.enter()
    logging.basicConfig(level=logging.WARNING)
    given: SimpleQueue[Paint | None] = SimpleQueue()
    forgotten: set[str] = set()
    threading.Thread(target=_listen, args=(connection, given, forgotten), daemon=True).start()
    telling = threading.Lock()

    def tell(message: Told) -> None:
        # Whoever writes pictures tells of them from other threads.
        with telling:
            connection.send(message)

    try:
        painter = make(settings, tell)
        device = painter.load()
    except Exception as error:
        logging.getLogger(__name__).exception("the painter can't get ready")
        tell(Broken(" ".join(f"{type(error).__name__}: {error}".split())[:500]))
        return
    tell(Ready(device))
    while (asked := given.get()) is not None:
        painter.paint(asked.orders, lambda order_id: order_id not in forgotten)
        forgotten.difference_update({order.order_id for order in asked.orders})
        tell(Idle())


def _listen(connection: Connection, given: "SimpleQueue[Paint | None]", forgotten: set[str]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while (message := connection.recv()) is not None:
            if isinstance(message, Forget):
                forgotten.add(message.order_id)
            else:
                given.put(message)
    given.put(None)
