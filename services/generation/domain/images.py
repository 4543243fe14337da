"""A vendor's bytes are checked before they are believed, and brought to exactly the size asked. Pure, CPU-bound.

Scaling never stretches: the picture is scaled to cover the asked size and what hangs over is cropped on both sides
alike. Bytes that are already a plain PNG of that size are delivered as they came.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

#: Formats that vendors deliver; every other decoder of Pillow stays shut.
FORMATS: Final = ("PNG", "JPEG", "WEBP")
THUMBNAIL_SIDE: Final = 512
_THUMBNAIL_QUALITY: Final = 85
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = 1
_EXTENSIONS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}


class BadImageError(ValueError):
    """The bytes are no image that can be used; says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at all: bytes of the file, pixels of the picture."""

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 8192 * 8192


@dataclass(frozen=True, slots=True)
class Original:
    """A vendor's own bytes, kept when something else is delivered."""

    data: bytes
    sha256: str
    mime_type: str
    extension: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What is delivered: a PNG of exactly the asked size, RGB, and a JPEG thumbnail of at most 512 pixels a side.

    Attributes:
        png: bytes.
        sha256: hex, over `png`.
        width: pixels.
        height: pixels.
        thumbnail: JPEG bytes.
        original: the vendor's bytes, when `png` is not these.
        fitted: what was done to reach the size, for people; empty when it came right.
    """

    png: bytes
    sha256: str
    width: int
    height: int
    thumbnail: bytes
    original: Original | None
    fitted: str


def prepare(data: bytes, width: int, height: int, limits: Limits) -> Picture:
    """Check a vendor's bytes and make what is delivered of them.

    Args:
        data: PNG, JPEG or WebP.
        width: pixels to deliver.
        height: pixels to deliver.
        limits: on what is read.

    Raises:
        BadImageError: no such image, broken, truncated, or beyond the limits.
    """
    decoded = _decode(data, limits)
    image = decoded.image
    fitted = _describe_fit(image.size, (width, height))
    if decoded.plain and not fitted:
        png, original = data, None
    else:
        original = _original(data, decoded)
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS) if fitted else image
        png = _encode_png(image)
    return Picture(
        png=png,
        sha256=hashlib.sha256(png).hexdigest(),
        width=width,
        height=height,
        thumbnail=_thumbnail(image),
        original=original,
        fitted=fitted,
    )


@dataclass(frozen=True, slots=True)
class _Decoded:
    """The whole picture as upright RGB; `plain`: the bytes are a PNG of just that."""

    image: Image.Image
    kind: str
    plain: bool


def _decode(data: bytes, limits: Limits) -> _Decoded:
    if not data:
        raise BadImageError("image: no bytes")
    if len(data) > limits.max_bytes:
        raise BadImageError(f"image: {len(data)} bytes, allowed are at most {limits.max_bytes}")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.size, limits)
            kind = opened.format or ""
            still = getattr(opened, "n_frames", 1) == 1
            upright = opened.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
            opened.load()
            plain = kind == "PNG" and opened.mode == "RGB" and still and upright and not opened.has_transparency_data
            return _Decoded(_opaque(opened if upright else ImageOps.exif_transpose(opened)), kind, plain)
    except BadImageError:
        raise
    except Exception as error:
        raise BadImageError(f"image: {len(data)} bytes that can't be decoded: {_short(error)}") from error


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    """Read from the header, before a pixel is unpacked."""
    if size[0] * size[1] > limits.max_pixels:
        raise BadImageError(f"image: {size[0]}×{size[1]} pixels, allowed are at most {limits.max_pixels} in all")


def _opaque(image: Image.Image) -> Image.Image:
    """RGB without transparency: what is see-through becomes black, the ground of a film frame."""
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered).convert("RGB")
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow's own conversion would clip instead of scale.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    return image.convert("RGB")


def _describe_fit(have: tuple[int, int], want: tuple[int, int]) -> str:
    if have == want:
        return ""
    done = "scaled" if have[0] * want[1] == have[1] * want[0] else "scaled and cropped"
    return f"the model gave {have[0]}×{have[1]}: {done}"


def _original(data: bytes, decoded: _Decoded) -> Original:
    return Original(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        mime_type=f"image/{decoded.kind.lower()}",
        extension=_EXTENSIONS[decoded.kind],
        width=decoded.image.width,
        height=decoded.image.height,
    )


def _encode_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    """Shrinks the picture in place, since it is not needed any more."""
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_THUMBNAIL_QUALITY)
    return out.getvalue()


def _short(error: BaseException, limit: int = 200) -> str:
    text = f"{type(error).__name__}: {error}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
