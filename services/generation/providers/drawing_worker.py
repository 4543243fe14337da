"""What runs inside a drawing process. Imported there by name, so it stays light until a process needs the artist."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from services.generation.providers.previz.scene import PrevizScene

Draw = Callable[[PrevizScene], bytes]
Hello = Callable[[], str]


def draw(scene: PrevizScene) -> bytes:
    """A PNG of the scene, by the previz artist."""
    from services.generation.providers.previz import drawing, sheets  # noqa: PLC0415 - only drawing processes load them

    return sheets.render_sheet(scene) if scene.is_sheet else drawing.render(scene)


def enter() -> None:
    """Set a new drawing process up: it ends with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def ready() -> str:
    """Load the artist, so that the first drawing doesn't wait for it; the backend that it paints with.

    Raises:
        ImportError, NoBackendError: a library is missing.
    """
    from services.generation.providers.previz import drawing  # noqa: PLC0415 - as above

    return type(drawing.available_backend()).__name__


def draw_in_time(artist: Draw, scene: PrevizScene, limit_s: float) -> bytes:
    """Call the artist on the process's main thread.

    Raises:
        TimeoutError: the drawing took longer than `limit_s`.
    """

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"drawing took longer than {limit_s:g} s")

    if not hasattr(signal, "setitimer"):
        return artist(scene)
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        return artist(scene)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_with(parent: int) -> None:
    # The pool's queue is inherited by every worker, so none of them sees it close when the parent is killed.
    multiprocessing.connection.wait([parent])
    os._exit(1)
