"""A vendor's bytes are checked before they are believed, and brought to exactly the size asked. Pure, CPU-bound.

Scaling never stretches: the picture is scaled to cover the asked size and what hangs over is cropped on both sides
alike. Bytes that are already a plain PNG of that size are delivered as they came: 8-bit RGB, one frame, upright,
opaque, in sRGB, and whole to the last chunk. Everything else is made so, and written anew.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

#: Formats that vendors deliver; every other decoder of Pillow stays shut.
FORMATS: Final = ("PNG", "JPEG", "WEBP")
THUMBNAIL_SIDE: Final = 512
_THUMBNAIL_QUALITY: Final = 85
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = 1
#: What brings a picture upright, by its EXIF orientation.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# PNG: bit depth 8 and colour type 2 stand at byte 24; the last chunk is empty and always the same.
_PNG_KIND: Final = slice(24, 26)
_PNG_RGB8: Final = b"\x08\x02"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_CHANNELS: Final = 3
#: As decoded, as RGB, scaled, and encoded: what `prepare` holds at once, at most.
_UNPACKED_PER_PIXEL: Final = 12
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

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return len(self.png) + len(self.thumbnail) + (len(self.original.data) if self.original else 0)


def expected_bytes(width: int, height: int) -> int:
    """Memory to reckon with for an image that is on its way: as large as unpacked, which no PNG much exceeds."""
    return width * height * _CHANNELS


def unpacked_bytes(data: bytes, limits: Limits) -> int:
    """Memory to reckon with while `prepare` works on these bytes; only their head is read.

    Raises:
        BadImageError: as `prepare`.
    """
    with _opened(data, limits) as image:
        return image.width * image.height * _UNPACKED_PER_PIXEL


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
    fitted = _describe_fit(image.size, (width, height), decoded.frames)
    if decoded.plain and not fitted:
        png, original = data, None
    else:
        original = _original(data, decoded)
        if image.size != (width, height):
            image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
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
    """The whole picture as upright sRGB.

    Attributes:
        image: the pixels.
        kind: Pillow's name of the file's format.
        size: pixels as they stand in the file, before it is turned upright.
        frames: pictures in the file, of which this is the first.
        plain: the bytes are a PNG of just that.
    """

    image: Image.Image
    kind: str
    size: tuple[int, int]
    frames: int
    plain: bool


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    """The file with its head read and its limits checked; whatever a decoder raises becomes `BadImageError`."""
    if not data:
        raise BadImageError("image: no bytes")
    if len(data) > limits.max_bytes:
        raise BadImageError(f"image: {len(data)} bytes, allowed are at most {limits.max_bytes}")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.size, limits)
            yield opened
    except BadImageError:
        raise
    except UnidentifiedImageError:
        told = f"image: {len(data)} bytes that can't be decoded: they begin with {data[:16]!r}"
        raise BadImageError(f"{told}, allowed are {', '.join(FORMATS)}") from None
    except Exception as error:
        raise BadImageError(f"image: {len(data)} bytes that can't be decoded: {_short(error)}") from error


def _decode(data: bytes, limits: Limits) -> _Decoded:
    with _opened(data, limits) as opened:
        kind, size, frames = opened.format or "", opened.size, getattr(opened, "n_frames", 1)
        opened.load()
        turn = _TURNS.get(_orientation(opened))
        foreign = _foreign_colours(opened)
        plain = (
            kind == "PNG"
            and data[_PNG_KIND] == _PNG_RGB8
            and data.endswith(_PNG_END)
            and frames == 1
            and turn is None
            and foreign is None
            and not opened.has_transparency_data
        )
        image = _opaque(opened, foreign)
        return _Decoded(image if turn is None else image.transpose(turn), kind, size, frames, plain)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(_ORIENTATION, _UPRIGHT)
    except Exception:  # noqa: BLE001 - broken metadata of a good picture is no reason to throw it away
        return _UPRIGHT
    return found if isinstance(found, int) else _UPRIGHT


def _foreign_colours(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The colour profile of the picture, when it isn't sRGB."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return None if "sRGB" in ImageCms.getProfileDescription(found) else found
    except (ImageCms.PyCMSError, OSError):
        return None


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    """Read from the header, before a pixel is unpacked."""
    if size[0] * size[1] > limits.max_pixels:
        raise BadImageError(f"image: {size[0]}×{size[1]} pixels, allowed are at most {limits.max_pixels} in all")


def _opaque(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """RGB without transparency: what is see-through becomes black, the ground of a film frame."""
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        colours = _rgb(layered.convert("RGB"), profile)
        return Image.composite(colours, Image.new("RGB", layered.size), layered.getchannel("A"))
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow's own conversion would clip instead of scale.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    return _rgb(image, profile)


def _rgb(image: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """The picture in sRGB; by its own profile where that fits its channels."""
    if profile is not None:
        coloured = image.convert("RGB") if image.mode == "P" else image
        try:
            converted = ImageCms.profileToProfile(coloured, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _describe_fit(have: tuple[int, int], want: tuple[int, int], frames: int) -> str:
    done = [] if frames == 1 else [f"the first of {frames} frames"]
    factor = max(want[0] / have[0], want[1] / have[1])
    if factor > 1:
        done.append(f"enlarged {factor:.2f} times")
    elif factor < 1:
        done.append("reduced")
    if have[0] * want[1] != have[1] * want[0]:
        done.append("cropped")
    return f"the model gave {have[0]}×{have[1]}: {', '.join(done)}" if done else ""


def _original(data: bytes, decoded: _Decoded) -> Original:
    return Original(
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        mime_type=f"image/{decoded.kind.lower()}",
        extension=_EXTENSIONS[decoded.kind],
        width=decoded.size[0],
        height=decoded.size[1],
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
