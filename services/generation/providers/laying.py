"""Where a wanted picture lies within the one that a model makes. Pure.

Many models make some sizes only. The worker scales such an answer to cover what is wanted and crops its middle
(`domain/images.py`); a picture that goes in (a guide, a mask, one to begin with) is laid so that this gives it back.
"""

import numpy as np
from PIL import Image

from services.generation.providers.sizes import Size

#: How far a picture's shape may be off, in shares of a side, before anything is cropped from it: roundings of sizes.
_LIKE = 0.01


def kept_box(made: Size, wanted: Size) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (pixels of the made picture) of its middle that has the wanted shape.

    What is drawn into this box lands on the delivered picture exactly; everything around it is cropped away.
    """
    scale = min(made[0] / wanted[0], made[1] / wanted[1])
    width, height = max(1, round(wanted[0] * scale)), max(1, round(wanted[1] * scale))
    left, top = (made[0] - width) // 2, (made[1] - height) // 2
    return left, top, left + width, top + height


def laid(picture: Image.Image, made: Size, wanted: Size, *, edge: bool) -> Image.Image:
    """A picture of the wanted frame on a canvas of the made size, in `kept_box`; never stretched.

    Args:
        picture: of the wanted shape; of another, its middle of that shape is taken.
        made: size of the result, pixels.
        wanted: size that is cropped from it in the end, pixels.
        edge: what lies around it continues its edge; else it is black.
    """
    left, top, right, bottom = kept_box(made, wanted)
    inner = picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS, box=_middle(picture.size, wanted))
    if not edge:
        canvas = Image.new(picture.mode, made)
        canvas.paste(inner, (left, top))
        return canvas
    margins = [(top, made[1] - bottom), (left, made[0] - right)]
    cells = np.asarray(inner)
    return Image.fromarray(np.pad(cells, [*margins, (0, 0)][: cells.ndim], mode="edge"), picture.mode)


def _middle(size: Size, wanted: Size) -> tuple[float, float, float, float]:
    """The box of a picture's middle that has the wanted shape; all of it where it nearly has that."""
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    width, height = wanted[0] * scale, wanted[1] * scale
    if width >= size[0] * (1 - _LIKE) and height >= size[1] * (1 - _LIKE):
        return (0, 0, *size)
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return (left, top, left + width, top + height)
