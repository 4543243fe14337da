"""What servers of image APIs need: multipart bodies taken apart, images drawn."""

import colorsys
import io
import random
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from typing import Final

from PIL import Image

_COLUMNS: Final = 4
_FIELDS: Final = 12


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
    """A picture of that size, another one for each `key`: twelve fields of all hues, in no time.

    The order of the fields and their shades follow from the key. As every hue is there, a check that looks for the
    colours of somebody's clothes finds them: whether a film by fakes passes it mustn't hang on what `key` is.
    """
    dice = random.Random(key)
    order = list(range(_FIELDS))
    shades = [_shade(number / _FIELDS, dice) for number in order]
    dice.shuffle(order)
    image = Image.new("P", (_COLUMNS, _FIELDS // _COLUMNS))
    image.putpalette([level for shade in shades for level in shade])
    image.putdata(order)
    image = image.resize((width, height), Image.Resampling.NEAREST)
    out = io.BytesIO()
    if kind == "PNG":
        image.save(out, kind, compress_level=1)
    else:
        image.convert("RGB").save(out, kind, quality=85)
    return out.getvalue()


def _shade(hue: float, dice: random.Random) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue, dice.uniform(0.6, 0.9), dice.uniform(0.5, 0.9))
    return round(red * 255), round(green * 255), round(blue * 255)


def is_image(data: bytes) -> bool:
    """Whether a server could read it."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            image.load()
    except (OSError, ValueError, SyntaxError):
        return False
    return True
