"""A frame as the scorers see it: decoded, or the reason why it can't be. Never raises on bytes."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: The stored formats: what generation delivers, and what a vendor's original may be.
FORMATS: Final = ("PNG", "JPEG", "WEBP")
#: Long side of the copy that is measured: figures of a large frame and a small one compare, and cost the same.
ANALYSIS_SIDE: Final = 1024
#: Share of red, green and blue in the luma of gamma-coded video: ITU-R BT.709-6.
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)

Pixels = NDArray[np.uint8]
Luma = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for and announced. Sizes in pixels and bytes; `sha256` is hex."""

    width: int
    height: int
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at all."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 8192 * 8192


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes:
        width: of the whole picture in pixels.
        height: of the whole picture in pixels.
        pixels: analysis copy, at most 1024 a side, (height, width, 3), 0 to 255.
        luma: of the copy, (height, width), 0 (black) to 255 (white), gamma-coded.
    """

    width: int
    height: int
    pixels: Pixels
    luma: Luma


@dataclass(frozen=True, slots=True)
class Frame:
    """What came out of the store: `picture` is None when there is none, and `problem` says why.

    `sha256` and `size_bytes` are of the bytes found; None when none were.
    """

    wanted: Wanted
    picture: Picture | None
    problem: str
    sha256: str | None
    size_bytes: int | None


def missing(wanted: Wanted, problem: str) -> Frame:
    """A frame whose bytes could not be had."""
    return Frame(wanted, None, problem, None, None)


def decoded(data: bytes, wanted: Wanted, limits: Limits) -> Frame:
    """The frame of these bytes, whatever they are."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        picture = _decode(data, limits)
    except Exception as error:  # noqa: BLE001 - whatever a decoder trips over, the bytes are at fault
        text = f"{type(error).__name__}: {error}"
        return Frame(wanted, None, f"{len(data)} bytes that can't be decoded: {text[:200]}", digest, len(data))
    return Frame(wanted, picture, "", digest, len(data))


def _decode(data: bytes, limits: Limits) -> Picture:
    if len(data) > limits.max_bytes:
        raise ValueError(f"{len(data)} bytes, allowed are at most {limits.max_bytes}")
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > limits.max_pixels:
            raise ValueError(f"{width}×{height} pixels, allowed are at most {limits.max_pixels} in all")
        opened.load()
        small = _analysis_copy(opened if opened.mode == "RGB" else opened.convert("RGB"))
    pixels = np.asarray(small, dtype=np.uint8)
    return Picture(width, height, pixels, (pixels.astype(np.float32) @ _LUMA).astype(np.float32))


def _analysis_copy(image: Image.Image) -> Image.Image:
    scale = ANALYSIS_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
