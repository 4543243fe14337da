"""Where in the frame each adapter and reference is heard: soft masks on the model's grid. Pure arithmetic on pictures.

The storyboard's masks are exact outlines; a diffusion model paints nearly the same people, so each mask is widened and
softened. It never reaches into another character's outline: nobody's face is mixed with another's.
"""

import io
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from services.generation.providers.diffusers.orders import Order, Size, Where
from services.generation.providers.laying import laid

Field = NDArray[np.float32]
#: Pixels per cell of the latent grid, in every model of these families.
CELL: Final = 8
#: How far a mask is widened and softened, in shares of the frame's shorter side.
_WIDENED: Final = 0.04
_SOFTENED: Final = 0.02
_HALF: Final = 0.5


class Fields:
    """The fields of one order, each of the made size in cells: rows, columns; 0 = not heard here, 1 = fully.

    A character that the masks don't show is heard everywhere: better a mixed face than a lost one.
    """

    def __init__(self, order: Order) -> None:
        rows, columns = order.made[1] // CELL, order.made[0] // CELL
        self._everywhere: Field = np.ones((rows, columns), np.float32)
        outlines = {owner: _outline(data, order.made, order.wanted) for owner, data in order.masks.items()}
        self._owners = _apart({owner: outline for owner, outline in outlines.items() if outline.any()})

    @property
    def everywhere(self) -> Field:
        """The whole frame."""
        return self._everywhere

    @property
    def around(self) -> Field:
        """Where no character is; the whole frame when they leave nothing of it."""
        if not self._owners:
            return self._everywhere
        rest: Field = np.clip(1.0 - sum(self._owners.values(), start=np.zeros_like(self._everywhere)), 0.0, 1.0)
        return rest if rest.max() > _HALF else self._everywhere

    def of(self, owner: str | None) -> Field:
        """A character's part of the frame; the whole for None and for one that no mask shows."""
        return self._everywhere if owner is None else self._owners.get(owner, self._everywhere)

    def where(self, where: Where, owner: str | None) -> Field:
        """The part of the frame that a reference speaks about."""
        if where is Where.OWNER:
            return self.of(owner)
        return self.around if where is Where.AROUND else self._everywhere


def placed(data: bytes, made: Size, wanted: Size, mode: str, *, edge: bool) -> Image.Image:
    """A picture of the wanted frame, laid onto the made one so that the later crop gives it back; see `laid`.

    Args:
        data: the picture.
        made: size of the result, pixels.
        wanted: size that is cropped from it.
        mode: Pillow's mode of the result.
        edge: what lies around it continues its edge; else it is black.
    """
    with Image.open(io.BytesIO(data)) as image:
        return laid(image.convert(mode), made, wanted, edge=edge)


def _outline(data: bytes, made: Size, wanted: Size) -> NDArray[np.uint8]:
    mask = placed(data, made, wanted, "L", edge=True)
    cells = mask.resize((made[0] // CELL, made[1] // CELL), Image.Resampling.BOX)
    return np.asarray(cells)


def _apart(outlines: Mapping[str, NDArray[np.uint8]]) -> dict[str, Field]:
    """Wide and soft, and none of it within another's outline."""
    exact = {owner: outline.astype(np.float32) / 255.0 for owner, outline in outlines.items()}
    wide = {}
    for owner, outline in outlines.items():
        free = np.ones_like(exact[owner])
        for other, theirs in exact.items():
            if other != owner:
                free *= 1.0 - theirs
        wide[owner] = np.maximum(_softened(outline), exact[owner]) * np.maximum(free, exact[owner])
    shared = np.maximum(sum(wide.values(), start=np.zeros(1, np.float32)), 1.0)
    return {owner: (field / shared).astype(np.float32) for owner, field in wide.items()}


def _softened(outline: NDArray[np.uint8]) -> Field:
    side = min(outline.shape)
    image = Image.fromarray(outline, "L").filter(ImageFilter.MaxFilter(2 * max(1, round(side * _WIDENED)) + 1))
    soft = image.filter(ImageFilter.GaussianBlur(max(0.5, side * _SOFTENED)))
    return np.asarray(soft).astype(np.float32) / 255.0
