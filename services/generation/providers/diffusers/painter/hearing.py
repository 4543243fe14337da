"""Each adapter is heard only where its character is, and only in the images of a batch that asked for it.

A LoRA adapter adds the product of two small matrices to a layer's output. A hook multiplies what the first one makes by
a field: per image of the batch its strength, and on layers whose output has a place in the frame the strength at that
place. So orders with different adapters share a batch: what an image didn't ask for is multiplied by zero. (The second
matrix is the same everywhere, so weighing before it is the same as behind it, on a few columns instead of hundreds.)

What reads the words (keys and values of cross-attention) has no place in the frame: there the strength alone counts, so
two characters' adapters both touch the reading of the prompt. Their fields keep them apart in everything else.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch  # noqa: TID251 - the painter's own process
from torch.nn import functional  # noqa: TID251 - as above

from services.generation.providers.diffusers.fields import Field

#: Ends of the names of layers whose input is the words.
_READS_WORDS = ("attn2.to_k", "attn2.to_v")
_PLANE = 4
_TOKENS = 3


class Hearing:
    """What the layers' hooks look at; `listen` sets it before a batch."""

    def __init__(self) -> None:
        self._fields: dict[str, torch.Tensor] = {}
        self._weights: dict[tuple[Any, ...], torch.Tensor] = {}
        self._cells = (1, 1)

    def listen(self, fields: Mapping[str, Sequence[Field]], device: Any, dtype: Any) -> None:  # noqa: ANN401 - torch's
        """Set the fields: for each adapter one per image of the batch, zeros where an image didn't ask for it."""
        self._fields = {
            name: torch.from_numpy(np.stack(each)).unsqueeze(1).to(device=device, dtype=dtype)
            for name, each in fields.items()
        }
        self._weights = {}
        self._cells = next((field.shape for each in fields.values() for field in each), (1, 1))

    def attach(self, network: Any, name: str) -> int:  # noqa: ANN401 - a diffusers model
        """Hook an adapter's products in a network; how many there are."""
        layers = [
            (path, layer) for path, layer in network.named_modules() if name in (getattr(layer, "lora_A", None) or {})
        ]
        for path, layer in layers:
            # A second matrix with a bias adds it everywhere, so only behind it the field reaches all of the product.
            biased = layer.lora_B[name].bias is not None
            weighed = layer.lora_B[name] if biased else layer.lora_A[name]
            weighed.register_forward_hook(partial(self._weigh, name, path.endswith(_READS_WORDS)))
        return len(layers)

    def _weigh(self, name: str, words: bool, _layer: Any, _given: Any, made: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - a hook's
        if name not in self._fields:
            return made
        places = made.shape[2:] if made.ndim == _PLANE else made.shape[1:-1]
        key = (name, words, made.dtype, made.shape[0], *places)
        weights = self._weights.get(key)
        if weights is None:
            # Hundreds of layers have the same few shapes.
            weights = self._weights[key] = self._of_shape(name, words, made).to(made.dtype)
        return made * weights

    def _of_shape(self, name: str, words: bool, made: torch.Tensor) -> torch.Tensor:
        """The field of an adapter as a product of this shape is multiplied by it."""
        fields = self._fields[name]
        # With guidance every image is there twice: all without their prompt, then all with it.
        times = made.shape[0] // fields.shape[0]
        if made.ndim == _PLANE:
            return self._at(name, made.shape[2], made.shape[3]).repeat(times, 1, 1, 1)
        if made.ndim == _TOKENS and not words:
            rows, columns = self._grid(made.shape[1])
            return self._at(name, rows, columns).flatten(1).unsqueeze(-1).repeat(times, 1, 1)
        return fields.amax(dim=(1, 2, 3)).repeat(times).view(-1, *([1] * (made.ndim - 1)))

    def _at(self, name: str, rows: int, columns: int) -> torch.Tensor:
        return functional.interpolate(self._fields[name].float(), size=(rows, columns), mode="area")

    def _grid(self, tokens: int) -> tuple[int, int]:
        """Rows and columns of a layer that has so many places; each layer halves the one before, rounding up."""
        rows, columns = self._cells
        while rows * columns > tokens and rows * columns > 1:
            rows, columns = (rows + 1) // 2, (columns + 1) // 2
        if rows * columns != tokens:
            raise ValueError(f"a layer of {tokens} places, allowed are halvings of {self._cells[0]}x{self._cells[1]}")
        return rows, columns
