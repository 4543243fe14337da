"""Artists for drawing processes; at the top level of a module, so that a process can import them by name."""

import os
import signal
import time
from pathlib import Path

from services.generation.providers.previz.scene import PrevizScene
from tests.fakes.provider import picture


def plain(scene: PrevizScene) -> bytes:
    return picture(scene.width, scene.height, shade=scene.seed % 256)


def dies_once(scene: PrevizScene) -> bytes:
    """Kills its process the first time; `scene.description` names the file that remembers it."""
    mark = Path(scene.description)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(scene)


def always_dies(scene: PrevizScene) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return plain(scene)


def never_ends(scene: PrevizScene) -> bytes:
    time.sleep(60)
    return plain(scene)


def fails(scene: PrevizScene) -> bytes:
    raise RuntimeError(f"no idea how to draw {scene.description}")


def tells_its_process(scene: PrevizScene) -> bytes:
    """The process number instead of a picture, and another for its parent's death to be watched by."""
    del scene
    return str(os.getpid()).encode()


def hello() -> str:
    return "test"


def cannot_work() -> str:
    raise ImportError("libdrawing.so is missing")
