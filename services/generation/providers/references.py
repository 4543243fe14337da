"""Reference images: read from our object store and brought within a model's limits, before anything is sent."""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from PIL import Image, ImageOps

from schemas.generation import ReferenceUse
from services.chassis.failures import ObjectMissing, ObjectTooLarge
from services.generation.providers.cutting import cut
from services.generation.providers.errors import InvalidRequest
from services.generation.providers.laying import laid
from services.generation.providers.sizes import Size
from services.generation.providers.vendor import Reference, ReferenceLimits

_READ: Final = ("PNG", "JPEG", "WEBP")
_MIME: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_MAX_READ_BYTES: Final = 64 * 1024 * 1024
_MAX_READ_PIXELS: Final = 8192 * 8192
_QUALITY: Final = 92
_SMALLER: Final = 0.75
_LEAST_SIDE: Final = 64
#: What a picture is read by before it is brought to the size of a frame.
_ANY: Final = ReferenceLimits(most=1, max_bytes=_MAX_READ_BYTES, max_side=8192, max_pixels=_MAX_READ_PIXELS)
_NOT_LAID_OUT: Final = "the sheet has no such view in its place: it was sent whole"
T = TypeVar("T")


class ReferenceStore(Protocol):
    """Where references lie; the chassis' `ObjectStore` is one. Raises `Transient` when it is away."""

    async def get(self, uri: str, max_bytes: int = ...) -> bytes:
        """The bytes of an object; `ObjectMissing`, `ObjectTooLarge`."""
        ...


class Offload(Protocol):
    """CPU work beside the event loop, bounded."""

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on a thread and return its result."""
        ...


class ReferenceReader:
    """Reads references.

    Attributes:
        offload: threads for what takes long.
    """

    def __init__(self, store: ReferenceStore, offload: Offload) -> None:
        self.offload = offload
        self._store = store

    async def read(self, uses: Sequence[ReferenceUse], limits: ReferenceLimits) -> tuple[Reference, ...]:
        """The references within `limits`, in the order asked.

        Raises:
            InvalidRequest: one doesn't exist or is no image.
            Transient: the object store is away.
        """
        return tuple(await asyncio.gather(*(self._one(use, limits) for use in uses)))

    async def read_start(self, use: ReferenceUse, limits: ReferenceLimits, made: Size, wanted: Size) -> Reference:
        """A picture to begin with, of the made size; see `fit_start`, and `read` for what it raises."""
        data = await self._bytes(use)
        return await self.offload.run(lambda: fit_start(data, use, limits, made, wanted))

    async def _one(self, use: ReferenceUse, limits: ReferenceLimits) -> Reference:
        data = await self._bytes(use)
        return await self.offload.run(lambda: fit_reference(data, use, limits))

    async def _bytes(self, use: ReferenceUse) -> bytes:
        try:
            return await self._store.get(use.uri, max_bytes=_MAX_READ_BYTES)
        except (ObjectMissing, ObjectTooLarge) as error:
            raise InvalidRequest(f"reference {use.role} {use.entity_id}: {error}") from error


def fit_reference(data: bytes, use: ReferenceUse, limits: ReferenceLimits) -> Reference:
    """A reference as it is where it is within the limits, else cut, scaled down (never stretched) and encoded anew.

    Args:
        data: PNG, JPEG or WebP.
        use: what it is for. Of a sheet that isn't laid out as it should be, the whole is sent, which `loss` says.
        limits: of the model.

    Raises:
        InvalidRequest: no such image, or one that no scaling brings within the limits.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_READ) as image:
            kind, size = str(image.format), image.size
            if size[0] * size[1] > _MAX_READ_PIXELS:
                raise InvalidRequest(f"reference {use.uri}: {size[0]}x{size[1]}, allowed are {_MAX_READ_PIXELS} pixels")
            # Also what is sent as it is: half a picture would be half a face.
            image.load()
            fits = kind in limits.formats and len(data) <= limits.max_bytes and size == _scaled(size, limits)
            if use.region is None and fits:
                return _reference(data, kind, size, use, limits)
            upright = ImageOps.exif_transpose(image)
            upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidRequest(f"reference {use.uri}: no image that can be read ({type(error).__name__})") from None
    part = cut(upright, use.region) if use.region is not None else upright
    if part is None and fits:
        return replace(_reference(data, kind, size, use, limits), loss=_NOT_LAID_OUT)
    sent = _encoded_within(upright if part is None else part, use, limits)
    return sent if part is not None else replace(sent, loss=_NOT_LAID_OUT)


def fit_start(data: bytes, use: ReferenceUse, limits: ReferenceLimits, made: Size, wanted: Size) -> Reference:
    """A picture to begin with: its middle of the wanted shape, laid onto the made size where the later crop keeps it.

    So what is delivered lies upon it point by point, and models that take their size from the picture make the right
    one.

    Args:
        data: PNG, JPEG or WebP of any shape.
        use: what it is for.
        limits: of the model; of a size beyond them it is sent smaller, and the model enlarges it.
        made: size that is asked of the model, pixels.
        wanted: size that is delivered, pixels.

    Raises:
        InvalidRequest: no such image.
    """
    whole = fit_reference(data, use, _ANY)
    with Image.open(io.BytesIO(whole.data)) as image:
        upright = ImageOps.exif_transpose(image)
        picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    return _encoded_within(laid(_on_white(picture), made, wanted, edge=True), use, limits)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _encoded_within(upright: Image.Image, use: ReferenceUse, limits: ReferenceLimits) -> Reference:
    size = _scaled(upright.size, limits)
    while min(size) >= min(_LEAST_SIDE, *upright.size):
        small = upright if size == upright.size else upright.resize(size, Image.Resampling.LANCZOS)
        for kind in limits.formats:
            encoded = _encoded(small, kind)
            if len(encoded) <= limits.max_bytes:
                return _reference(encoded, kind, size, use, limits)
        size = (int(size[0] * _SMALLER), int(size[1] * _SMALLER))
    raise InvalidRequest(f"reference {use.uri}: can't be made smaller than {limits.max_bytes} bytes")


def _scaled(size: tuple[int, int], limits: ReferenceLimits) -> tuple[int, int]:
    width, height = size
    by_pixels = (limits.max_pixels / (width * height)) ** 0.5
    factor = min(1.0, limits.max_side / max(size), by_pixels)
    return (max(1, int(width * factor)), max(1, int(height * factor)))


def _encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        image = _on_white(image)
    image.save(out, kind, **({} if kind == "PNG" else {"quality": _QUALITY}))
    return out.getvalue()


def _reference(data: bytes, kind: str, size: tuple[int, int], use: ReferenceUse, limits: ReferenceLimits) -> Reference:
    return Reference(
        data=data,
        mime_type=_MIME[kind],
        width=size[0],
        height=size[1],
        role=use.role,
        entity_id=use.entity_id,
        strength=use.strength if limits.strength else None,
    )
