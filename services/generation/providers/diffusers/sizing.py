"""Sizes that the models were trained on, and where the asked picture lies within the made one. Pure.

Few sizes are asked of a model, whatever is wanted: it paints these best, and orders of one size share a batch. The
worker scales the answer to cover what is wanted and crops its middle (`domain/images.py`).
"""

from typing import Final

from services.generation.providers.sizes import Size

#: Buckets of SDXL's training near one megapixel, from its report (arXiv 2307.01952, appendix I), the usual shapes.
SDXL: Final[tuple[Size, ...]] = (
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344),
    (1536, 640), (640, 1536),
)  # fmt: skip
#: Stable Diffusion 1.5 was trained on squares of 512; these keep near that many pixels, in steps of its deepest layer.
SD15: Final[tuple[Size, ...]] = (
    (512, 512), (576, 448), (448, 576), (640, 448), (448, 640), (704, 384), (384, 704), (768, 320), (320, 768),
)  # fmt: skip
