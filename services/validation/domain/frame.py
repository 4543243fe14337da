"""A frame as the scorers see it: decoded, or the reason why it can't be. Never raises on bytes."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.validation.domain.colours import Colours, Places, cells_of
from services.validation.domain.intent import UNSAID, Intent

#: The stored formats: what generation delivers, and what a vendor's original may be.
FORMATS: Final = ("PNG", "JPEG", "WEBP")
#: Long side of the copy that is measured: figures of a large frame and a small one compare, and cost the same.
ANALYSIS_SIDE: Final = 1024
#: Side, about, of the copy that colours and layout are measured on: neither needs detail.
_SMALL_SIDE: Final = 170
#: Least side of that copy, where the picture has as much: an extreme ratio must not shrink to a line.
_SMALL_LEAST: Final = 48
_AVERAGED: Final = 2
#: Lines whose levels are counted, at least: all of a small picture, every so-manieth of a large one.
_COUNTED_LINES: Final = 128

Pixels = NDArray[np.uint8]
Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for and announced. Sizes in pixels and bytes; `sha256` is hex."""

    width: int
    height: int
    sha256: str
    size_bytes: int
    intent: Intent = UNSAID


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at all."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 8192 * 8192


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, and what most checks need of it, made once.

    Attributes:
        width: of the whole picture in pixels.
        height: of the whole picture in pixels.
        image: analysis copy, at most 1024 a side, RGB.
        luma: of the copy, (height, width), 0 (black) to 255 (white), gamma-coded, ITU-R BT.601 (what JPEG stores).
        levels: how many pixels of at least 128 lines of `luma` have each of the 256 levels.
        small: copy of about 170 a side, (height, width, 3), 0 to 255.
        small_luma: luma of that copy.
        cells: cell of the histogram that each pixel of that copy lies in, (height, width).
        colours: the colours of that copy.
        mean_colour: mean red, green and blue of that copy, 0 to 255.
    """

    width: int
    height: int
    image: Image.Image
    luma: Luma
    levels: NDArray[np.float64]
    small: Pixels
    small_luma: Luma
    cells: Places
    colours: Colours
    mean_colour: tuple[float, float, float]

    @property
    def pixels(self) -> Pixels:
        """The analysis copy as numbers, (height, width, 3); made anew at every call, since few frames need it."""
        return np.asarray(self.image, dtype=np.uint8)


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
        # A JPEG several times too large is scaled while it is decoded; other formats don't listen.
        opened.draft("RGB", _within(width, height))
        opened.load()
        copy = _analysis_copy(opened if opened.mode == "RGB" else opened.convert("RGB"))
    luma = copy.convert("L")
    small = _small_copy(copy)
    pixels = np.asarray(small, dtype=np.uint8)
    cells = cells_of(pixels)
    return Picture(
        width=width,
        height=height,
        image=copy,
        luma=np.asarray(luma, dtype=np.uint8),
        levels=np.array(_some_lines(luma).histogram(), dtype=np.float64),
        small=pixels,
        small_luma=np.asarray(small.convert("L"), dtype=np.uint8),
        cells=cells,
        colours=Colours.of(cells),
        mean_colour=_mean_colour(small),
    )


def _within(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, ANALYSIS_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _analysis_copy(image: Image.Image) -> Image.Image:
    size = _within(*image.size)
    return image if size == image.size else image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _some_lines(luma: Image.Image) -> Image.Image:
    step = max(1, luma.height // _COUNTED_LINES)
    # Of a large picture's lines every other pixel.
    size = (-(-luma.width // min(2, step)), -(-luma.height // step))
    return luma if step == 1 else luma.resize(size, Image.Resampling.NEAREST)


def _mean_colour(image: Image.Image) -> tuple[float, float, float]:
    # By counts of levels, which Pillow makes several times faster than NumPy a mean along the outer axis.
    counts = np.array(image.histogram(), dtype=np.float64).reshape(3, -1)
    red, green, blue = (counts @ np.arange(counts.shape[1]) / (image.width * image.height)).tolist()
    return red, green, blue


def _small_copy(image: Image.Image) -> Image.Image:
    factor = max(1, min(round(max(image.size) / _SMALL_SIDE), min(image.size) // _SMALL_LEAST))
    if factor >= 2 * _AVERAGED:
        # The mean of four pixels of a block is as good as the mean of all, at a third of the cost.
        skipped = factor // _AVERAGED
        size = (image.width // skipped, image.height // skipped)
        return image.resize(size, Image.Resampling.NEAREST).reduce(_AVERAGED)
    return image.reduce(factor)
