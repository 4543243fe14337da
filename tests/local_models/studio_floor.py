"""Tiny models on the disk, orders for them, and a painter that works in this process."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch  # noqa: TID251 - real models, in an environment of their own
from numpy.typing import NDArray
from PIL import Image

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel
from services.generation.providers.diffusers.orders import Adapter, Order, Painted, Step, Told
from services.generation.providers.diffusers.painter.models import Model
from services.generation.providers.diffusers.painter.painting import Painter, silence
from tests.local_models import tiny

SIZE = (128, 64)
T = TypeVar("T")
Cells = NDArray[np.int16]


def models(folder: Path) -> dict[str, LocalModel]:
    """SDXL with everything, and Stable Diffusion 1.5 with an IP-Adapter."""
    sdxl, sd15 = tiny.sdxl(folder / "sdxl"), tiny.sd15(folder / "sd15")
    encoder = tiny.image_encoder(folder / "encoder")
    return {
        "sdxl": LocalModel(
            path=sdxl,
            ip_adapter=tiny.ip_adapter(folder / "ip" / "sdxl.safetensors", sdxl),
            image_encoder=encoder,
            controlnets={
                "pose": tiny.controlnet(folder / "pose", sdxl, 5),
                "depth": tiny.controlnet(folder / "d", sdxl, 6),
            },
            sizes=(SIZE,),
        ),
        "sd15": LocalModel(
            path=sd15,
            ip_adapter=tiny.ip_adapter(folder / "ip" / "sd15.safetensors", sd15),
            image_encoder=encoder,
            sizes=(SIZE,),
        ),
    }


@dataclass
class Floor:
    """A painter and all that it has told.

    Attributes:
        folder: where the models are; adapters are made there too.
        painter: loaded.
        told: since the last `paint`.
    """

    folder: Path
    painter: Painter
    told: list[Told] = field(default_factory=list)

    def paint(self, *orders: Order, wanted: Callable[[str], bool] = lambda _: True) -> dict[str, Cells]:
        """Paint these together; the pictures that came, by order."""
        self.told.clear()
        self.painter.paint(orders, wanted)
        self.painter.finish()
        return {told.order_id: cells(told.data) for told in self.heard(Painted)}

    def heard(self, kind: type[T]) -> list[T]:
        return [told for told in self.told if isinstance(told, kind)]

    @property
    def steps(self) -> list[int]:
        return [step.number for step in self.heard(Step)]

    def model(self, name: str = "sdxl") -> Model:
        return self.painter._models[name]

    def adapter(self, name: str, owner: str | None = None, scale: float = 1.0, *words: str) -> Adapter:
        """An adapter of a file that was made here."""
        path = self.folder / f"{name}.safetensors"
        return Adapter(name, str(path), hashlib.sha256(path.read_bytes()).hexdigest(), scale, words, owner)


def floor(folder: Path, **settings: Any) -> Floor:
    """Models, adapters `mira`, `otto`, `reads`, `word` (SDXL) and `small` (1.5), and a loaded painter."""
    # Two threads of a busy machine wait for each other longer than they work.
    torch.set_num_threads(1)
    silence()
    found = models(folder)
    for seed, name in enumerate(("mira", "otto", "reads"), start=11):
        tiny.lora(folder / f"{name}.safetensors", folder / "sdxl", seed, reads=name == "reads")
    tiny.lora(folder / "small.safetensors", folder / "sd15", 21, family="sd15", reads=True)
    tiny.embedding(folder / "word.safetensors", 31, second=True)
    told: list[Told] = []
    painter = Painter(DiffusersSettings(models=found, device="cpu", **settings), told.append)
    painter.load()
    return Floor(folder, painter, told)


def order(order_id: str, **changes: Any) -> Order:
    """Two people in the rain, mira on the left and otto on the right."""
    given: dict[str, Any] = {
        "model": "sdxl", "prompt": "two people, rain", "negative_prompt": "blurred", "made": SIZE, "wanted": SIZE,
        "seed": 7, "steps": 2, "cfg_scale": 4.0, "masks": {"mira": side(left=True), "otto": side(left=False)},
    }  # fmt: skip
    return Order(order_id=order_id, **(given | changes))


def flat(colour: str) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(out, "PNG")
    return out.getvalue()


def side(*, left: bool) -> bytes:
    """A mask of a figure on one side, far from the middle."""
    mask, out = Image.new("L", SIZE, 0), io.BytesIO()
    across = (8, 40) if left else (88, 120)
    mask.paste(255, (across[0], 8, across[1], 64))
    mask.save(out, "PNG")
    return out.getvalue()


def cells(data: bytes) -> Cells:
    return np.asarray(Image.open(io.BytesIO(data))).astype(np.int16)


def apart(one: Cells, other: Cells) -> int:
    """Greatest difference of two pictures, in levels of 255."""
    return int(np.abs(one - other).max())
