"""What an order shows the model: reference images with their fields, guides, and an image to begin with."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch  # noqa: TID251 - the painter's own process
from diffusers.models.embeddings import ImageProjection
from PIL import Image

from services.generation.providers.diffusers.fields import Field, Fields, placed
from services.generation.providers.diffusers.orders import Order, Picture
from services.generation.providers.diffusers.painter.models import Model

_KEPT = 64
_LITTLE = 8


class Looks:
    """Reference images as a model's IP-Adapter sees them; the last ones are kept, films repeat them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._kept: dict[str, torch.Tensor] = {}
        self._nobody: torch.Tensor | None = None

    @property
    def nobody(self) -> torch.Tensor:
        """What stands for no reference."""
        if self._nobody is None:
            self._nobody = self._encode(Image.new("RGB", (_LITTLE, _LITTLE)))[1]
        return self._nobody

    def of(self, picture: Picture) -> torch.Tensor:
        """Its embedding, without a batch's dimension.

        Raises:
            OSError, ValueError: no image that can be read.
        """
        key = hashlib.sha256(picture.data).hexdigest()
        found = self._kept.pop(key, None)
        if found is None:
            found = self._encoded(picture.data)
        self._kept[key] = found
        while len(self._kept) > _KEPT:
            self._kept.pop(next(iter(self._kept)))
        return found

    def _encoded(self, data: bytes) -> torch.Tensor:
        with Image.open(io.BytesIO(data)) as image:
            return self._encode(image.convert("RGB"))[0]

    def _encode(self, shown: Image.Image) -> tuple[torch.Tensor, torch.Tensor]:
        pipeline = self._model.pipeline
        # "Plus" adapters project what the encoder sees in its last layer but one; the plain ones its one vector.
        (projection,) = pipeline.unet.encoder_hid_proj.image_projection_layers
        hidden = not isinstance(projection, ImageProjection)
        somebody, nobody = pipeline.encode_image(shown, self._model.device, 1, hidden)
        return somebody[0], nobody[0]


def references(
    looks: Looks, shown: Sequence[Sequence[tuple[torch.Tensor, Field, float]]], *, guided: bool, cells: tuple[int, int]
) -> dict[str, Any]:
    """Arguments of the pipeline for the references of a batch.

    Every image of the batch has as many as the one with most; what the others lack lies under a field of zeros, which
    adds exactly nothing. A reference's strength is in its field.

    Args:
        looks: of the model's IP-Adapter.
        shown: for each image its references: embedding, field, strength.
        guided: whether each image goes through the network twice, without and with its prompt.
        cells: rows and columns of the fields.
    """
    most = max(1, *(len(each) for each in shown))
    nobody, nowhere = looks.nobody, np.zeros(cells, np.float32)
    seen, fields = [], []
    for each in shown:
        lacking = most - len(each)
        seen.append(torch.stack([*(look for look, _, _ in each), *[nobody] * lacking]))
        fields.append(np.stack([*(field * np.float32(strength) for _, field, strength in each), *[nowhere] * lacking]))
    embeddings = torch.stack(seen)
    masks = torch.from_numpy(np.stack(fields)).to(device=embeddings.device, dtype=embeddings.dtype)
    if guided:
        embeddings = torch.cat([nobody.expand_as(embeddings), embeddings])
        masks = torch.cat([masks, masks])
    return {"ip_adapter_image_embeds": [embeddings], "cross_attention_kwargs": {"ip_adapter_masks": [masks]}}


def shown_by(order: Order, fields: Fields, looks: Looks) -> list[tuple[torch.Tensor, Field, float]]:
    """An order's references with their fields and strengths.

    Raises:
        OSError, ValueError: one is no image.
    """
    return [
        (looks.of(picture), fields.where(picture.where, picture.owner), picture.strength) for picture in order.pictures
    ]


def beginnings(orders: Sequence[Order]) -> dict[str, Any]:
    """Arguments of the pipeline for the images that a batch begins with; all of one key."""
    starts = [(order, order.start) for order in orders if order.start is not None]
    if not starts:
        return {}
    given: dict[str, Any] = {
        "image": [placed(start.data, order.made, order.wanted, "RGB", edge=True) for order, start in starts],
        "strength": starts[0][1].denoise,
    }
    masks = [(order, start.repaint) for order, start in starts if start.repaint is not None]
    if masks:
        given["mask_image"] = [placed(mask, order.made, order.wanted, "L", edge=True) for order, mask in masks]
    return given


def guides(model: Model, orders: Sequence[Order]) -> dict[str, Any]:
    """Arguments of the pipeline for the guides of a batch; all of one key."""
    kinds = sorted(orders[0].guides)
    if not kinds:
        return {}
    planes = []
    for kind in kinds:
        # Depth goes on beyond the wanted frame; a skeleton or a line doesn't.
        laid = [placed(order.guides[kind], order.made, order.wanted, "RGB", edge=kind == "depth") for order in orders]
        cells = np.stack([np.asarray(image, np.float32).transpose(2, 0, 1) / 255.0 for image in laid])
        planes.append(torch.from_numpy(cells).to(device=model.device, dtype=model.dtype))
    name = "image" if orders[0].start is None else "control_image"
    return {name: planes, "controlnet_conditioning_scale": [model.given.guide_scale] * len(kinds)}
