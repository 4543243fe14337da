"""Embedding networks by path, as ONNX files: ArcFace and AdaFace for faces, DINOv2 and CLIP for pictures.

The extra `onnx` brings the runtime; the files are the operator's own, under their own licences.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from services.validation.adapters.scorers.pictures import file_name

Vectors = NDArray[np.float64]

_PLACES: Final = 3
_IMAGE: Final = 4


class EmbedderSettings(BaseModel):
    """A network that turns a picture into a vector, and how it wants its pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    """The ONNX file: one input (n, 3, side, side), an output (n, d), or (n, places, d) of which the first is taken."""
    side: int = Field(default=224, ge=8, le=1024)
    """Pixels a side that it takes: 112 for ArcFace and AdaFace, 224 for DINOv2 and CLIP."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Subtracted from red, green and blue of 0 to 1; ImageNet's, as DINOv2 takes them."""
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """What that is divided by."""
    bgr: bool = False
    """Blue first, as AdaFace takes it."""


class Input(Protocol):
    """An input of a network."""

    name: str


class Network(Protocol):
    """A network as the runtime gives it."""

    def get_inputs(self) -> Sequence[Input]:
        """What it takes."""
        ...

    def run(self, names: Sequence[str] | None, given: Mapping[str, NDArray[Any]]) -> Sequence[NDArray[Any]]:
        """Its outputs of that name, or all."""
        ...


def session(path: Path) -> Network:
    """A network on the processor, with one thread: there are processes beside it.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
        FileNotFoundError: there is no such file.
    """
    if find_spec("onnxruntime") is None:
        raise ModuleNotFoundError("onnxruntime is not installed; allowed is the extra `onnx`")
    if not path.is_file():
        raise FileNotFoundError(f"path: {path}; allowed is an ONNX file")
    runtime: Any = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    made: Network = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return made


class OnnxEmbedder:
    """One network, run on the processor.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, settings: EmbedderSettings) -> None:
        self._session = session(settings.path)
        self._input = self._session.get_inputs()[0].name
        self._settings = settings
        self.model = file_name(settings.path)

    def embed(self, image: Image.Image) -> Vectors:
        """The picture's vector, (1, d).

        Raises:
            ValueError: the network answers with something else.
        """
        found = self._run(image)
        return found[:, 0, :] if found.ndim == _PLACES else found

    def places(self, image: Image.Image) -> Vectors | None:
        """Vectors of the picture's places, (places, d), without the first, which is of the whole; None = no such."""
        found = self._run(image)
        return found[0, 1:, :] if found.ndim == _PLACES else None

    def _run(self, image: Image.Image) -> Vectors:
        settings = self._settings
        square = image.convert("RGB").resize((settings.side, settings.side), Image.Resampling.BICUBIC)
        pixels = np.asarray(square, dtype=np.float32) / 255.0
        scaled = (pixels - np.array(settings.mean, np.float32)) / np.array(settings.deviation, np.float32)
        channels = scaled[:, :, ::-1] if settings.bgr else scaled
        batch = np.ascontiguousarray(channels.transpose(2, 0, 1)[None])
        found: Vectors = np.asarray(self._session.run(None, {self._input: batch})[0], dtype=np.float64)
        if found.ndim not in (2, _PLACES) or len(found) != 1:
            raise ValueError(f"{settings.path.name}: answers with shape {found.shape}; allowed are (1, d), (1, n, d)")
        return found
