"""Painters without torch: a link that a test plays the painter on, and painters for a real process."""

import asyncio
import io
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from services.chassis.failures import ObjectMissing, Transient
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.diffusers.orders import Forget, Forgotten, Order, Paint, Painted, Step, Told, Warming
from services.generation.providers.diffusers.studio import Hear


def picture(order: Order) -> bytes:
    """A flat picture of the made size, its colour the seed's."""
    out = io.BytesIO()
    Image.new("RGB", order.made, (order.seed % 256, order.seed // 256 % 256, 90)).save(out, "PNG")
    return out.getvalue()


class FakeLink:
    """The painter's process, played by the test: it reads `sent` and says with `hear` what happens."""

    def __init__(self) -> None:
        self.hear: Hear = lambda _: None
        self.sent: list[Paint | Forget] = []
        self.starts = 0
        self.kills = 0
        self.killed = asyncio.Event()
        self.asked: asyncio.Queue[Order] = asyncio.Queue()
        self.stopped = False
        self.exit_code: int | None = None

    def __call__(self, hear: Hear) -> "FakeLink":
        self.hear = hear
        return self

    def start(self) -> None:
        self.starts += 1

    def send(self, message: Paint | Forget) -> None:
        self.sent.append(message)
        for order in message.orders if isinstance(message, Paint) else ():
            self.asked.put_nowait(order)

    def kill(self) -> None:
        self.kills += 1
        self.killed.set()

    async def stop(self) -> None:
        self.stopped = True

    def die(self, code: int = -9) -> None:
        self.exit_code = code
        self.hear(None)

    @property
    def batches(self) -> list[list[str]]:
        return [[order.order_id for order in sent.orders] for sent in self.sent if isinstance(sent, Paint)]


class Quick:
    """Paints at once, in a real process."""

    def __init__(self, _settings: DiffusersSettings, tell: Callable[[Told], None]) -> None:
        self._tell = tell

    def load(self) -> str:
        self._tell(Warming("loading nothing"))
        return "a fake"

    def paint(self, orders: Sequence[Order], wanted: Callable[[str], bool]) -> None:
        for order in orders:
            self._tell(Step(1, order.steps, len(orders)))
            if order.prompt == "die":
                os._exit(3)
            until = time.monotonic() + 30
            while order.prompt == "wait" and wanted(order.order_id) and time.monotonic() < until:
                time.sleep(0.01)
            if wanted(order.order_id):
                self._tell(Painted(order.order_id, picture(order), {"pid": os.getpid(), "batch": len(orders)}))
            else:
                self._tell(Forgotten(order.order_id, 1))


class Unready(Quick):
    """Can't get ready."""

    def load(self) -> str:
        raise RuntimeError("CUDA driver version is insufficient")


def local_model(folder: Path, kind: str = "StableDiffusionXLPipeline") -> Path:
    """A folder that looks like a model's from outside."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_index.json").write_text(f'{{"_class_name": "{kind}"}}')
    return folder


class NoFiles:
    """A registry without adapters."""

    async def fetch(self, uri: str, sha256: str) -> Path:
        raise ObjectMissing(f"{uri} ({sha256})")


class Files:
    """A registry's files, by address; each fetch is counted, and may be refused once."""

    def __init__(self, *uris: str) -> None:
        self.uris = uris
        self.fetched: list[str] = []
        self.away = False

    async def fetch(self, uri: str, sha256: str) -> Path:
        if self.away:
            raise Transient("object store away")
        if uri not in self.uris:
            raise ObjectMissing(uri)
        self.fetched.append(uri)
        return Path("/cache") / f"{sha256}.safetensors"
