"""What servers of image APIs need: multipart bodies taken apart, images drawn."""

import hashlib
import io
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser

from PIL import Image


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart body; `filename` is None for a plain field."""

    name: str
    data: bytes
    filename: str | None = None
    mime_type: str | None = None


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a `multipart/form-data` body, in order; empty for another body."""
    if not content_type.startswith("multipart/form-data"):
        return []
    message = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    found = []
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        found.append(
            Part(
                name=str(part.get_param("name", header="content-disposition")),
                data=data if isinstance(data, bytes) else b"",
                filename=part.get_filename(),
                mime_type=part.get_content_type() if part.get_filename() else None,
            )
        )
    return found


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The plain fields of a multipart body."""
    return {part.name: part.data.decode() for part in parts(content_type, body) if part.filename is None}


def files(content_type: str, body: bytes) -> list[Part]:
    """The files of a multipart body."""
    return [part for part in parts(content_type, body) if part.filename is not None]


def drawn(width: int, height: int, key: str, kind: str = "PNG") -> bytes:
    """A picture of that size whose colours follow from `key`: few of them, so that it is drawn in no time."""
    colours = hashlib.sha256(key.encode()).digest()
    image = Image.new("P", (width, height), 0)
    image.putpalette(colours[:24])
    for number in range(1, 8):
        left, top = colours[23 + number] * width // 300, colours[8 + number] * height // 300
        image.paste(number, (left, top, min(width, left + width // 4 + 1), min(height, top + height // 4 + 1)))
    out = io.BytesIO()
    if kind == "PNG":
        image.save(out, kind, compress_level=1)
    else:
        image.convert("RGB").save(out, kind, quality=85)
    return out.getvalue()


def is_image(data: bytes) -> bool:
    """Whether a server could read it."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            image.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True
