"""Encoded pictures as numbers, within the limits of frames."""

import hashlib
import io
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.validation.domain.frame import FORMATS, Limits

Pixels = NDArray[np.uint8]

_LIMITS: Final = Limits()
_SHOWN: Final = 12


def picture(data: bytes, most: int) -> Image.Image:
    """An RGB picture of at most `most` pixels a side.

    Raises:
        ValueError: too many bytes or pixels.
        OSError: no picture.
    """
    if len(data) > _LIMITS.max_bytes:
        raise ValueError(f"{len(data)} bytes; allowed are at most {_LIMITS.max_bytes}")
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > _LIMITS.max_pixels:
            raise ValueError(f"{opened.width}×{opened.height} pixels; allowed are at most {_LIMITS.max_pixels}")
        copy = opened.convert("RGB")
    copy.thumbnail((most, most), Image.Resampling.LANCZOS)
    return copy


def file_name(path: Path) -> str:
    """A model file as scores name it: its name and the start of its sha256."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"{path.name} sha256:{digest.hexdigest()[:_SHOWN]}"
