"""Pictures for training: decoded under limits, brought into a bucket, compared by what they show."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageOps

MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_PIXELS: Final = 8192 * 8192
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
#: Sides of buckets are multiples of this: what the models' autoencoders and the trainers' buckets agree on.
_STEP: Final = 64
_LONGEST: Final = 2.0
#: A picture is enlarged to its bucket by no more than this: beyond, the trainer would learn the blur.
_MOST_ENLARGED: Final = 1.5
_HASH_SIDE: Final = 8
_SMALL_SIDE: Final = 32

Box = tuple[int, int, int, int]


class UnusablePictureError(ValueError):
    """The picture can't be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture in its bucket.

    Attributes:
        png: its bytes.
        crop: what was kept of the source: left, top, right, bottom in its pixels.
        size: width and height now.
        phash: 64 bits; near pictures differ in few.
    """

    png: bytes
    crop: Box
    size: tuple[int, int]
    phash: int


def buckets(area_side: int) -> list[tuple[int, int]]:
    """Sizes of about `area_side`² pixels, from 1:2 to 2:1, in steps of 64."""
    found = set()
    for width in range(_STEP, int(area_side * _LONGEST) + 1, _STEP):
        height = int(area_side * area_side / width) // _STEP * _STEP
        if height and 1 / _LONGEST <= width / height <= _LONGEST:
            found.add((width, height))
    return sorted(found)


def bucket_for(width: int, height: int, area_side: int) -> tuple[int, int]:
    """The bucket whose form is nearest to a picture's."""
    ratio = np.log(width / height)
    return min(buckets(area_side), key=lambda size: (abs(float(np.log(size[0] / size[1]) - ratio)), size))


def prepared(data: bytes, area_side: int) -> Prepared:
    """The picture in the bucket that fits it best: as little as possible is cut off, on both sides alike.

    Raises:
        UnusablePictureError: no picture, too large, or too small.
    """
    image = _decoded(data)
    width, height = bucket_for(*image.size, area_side)
    scale = max(width / image.width, height / image.height)
    if scale > _MOST_ENLARGED:
        raise UnusablePictureError(
            f"{image.width}x{image.height} pixels; {width}x{height} or a little less is needed for this model"
        )
    kept_width, kept_height = min(image.width, round(width / scale)), min(image.height, round(height / scale))
    left, top = (image.width - kept_width) // 2, (image.height - kept_height) // 2
    crop = (left, top, left + kept_width, top + kept_height)
    fitted = image.resize((width, height), Image.Resampling.LANCZOS, box=crop)
    out = io.BytesIO()
    fitted.save(out, "PNG")
    return Prepared(out.getvalue(), crop, (width, height), perceptual_hash(fitted))


def _decoded(data: bytes) -> Image.Image:
    if len(data) > MAX_BYTES:
        raise UnusablePictureError(f"{len(data)} bytes; allowed are {MAX_BYTES}")
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if image.width * image.height <= _MAX_PIXELS:
            return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusablePictureError(f"no PNG, JPEG or WebP picture ({type(error).__name__})") from error
    raise UnusablePictureError(f"{image.width}x{image.height} pixels; allowed are {_MAX_PIXELS}")


def perceptual_hash(image: Image.Image) -> int:
    """64 bits of a picture's coarse structure: signs of its lowest frequencies against their median.

    The usual pHash: 32 x 32 grey levels, discrete cosine transform, the 8 x 8 lowest frequencies.
    """
    grey = np.asarray(image.convert("L").resize((_SMALL_SIDE, _SMALL_SIDE), Image.Resampling.BOX), dtype=np.float64)
    frequencies = np.arange(_HASH_SIDE)[:, None] * (2 * np.arange(_SMALL_SIDE)[None, :] + 1)
    cosines = np.cos(np.pi * frequencies / (2 * _SMALL_SIDE))
    low = (cosines @ grey @ cosines.T).ravel()
    bits = low > np.median(low[1:])
    return int("".join("1" if bit else "0" for bit in bits), 2)


def nearest(phash: int, others: Sequence[int]) -> tuple[int, int] | None:
    """Index of the picture that is most alike, and in how many bits it differs; None when there are no others."""
    distances = [(other ^ phash).bit_count() for other in others]
    return min(((index, bits) for index, bits in enumerate(distances)), key=lambda item: item[1], default=None)
