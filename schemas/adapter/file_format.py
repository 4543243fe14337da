"""What a file of adapters must be: safetensors, read without running anything. The format's facts, pure.

A safetensors file is 8 bytes with the length N of its header (little-endian), N bytes of JSON that name each tensor
with its type, shape and place, then the tensors without gaps (github.com/huggingface/safetensors). Formats that are
pickles (`.pt`, `.bin`, `.ckpt`) run code when they are read, so they are refused by their first bytes, whatever they
are called.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Bytes before the header.
LENGTH_BYTES: Final = 8
#: Longest header that is read. Large files have headers of some hundred KiB; trainers' metadata may add a few MiB.
MAX_HEADER_BYTES: Final = 16 * 1024 * 1024
MAX_TENSORS: Final = 100_000

_BITS: Final = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
_PICKLES: Final = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_SHOWN: Final = 80


class BadAdapterFileError(ValueError):
    """The file isn't what it must be; the message says what it has and what is allowed."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its type as the format calls it, its shape, and its bytes from `start` to `end` after the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself.

    Attributes:
        tensors: by name.
        metadata: free text by name, as the trainer left it.
        size: bytes that the whole file must have.
    """

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: int = 0


def header_length(first: bytes) -> int:
    """Bytes of the JSON header, from the first eight of the file.

    Raises:
        BadAdapterFileError: a pickle, or no safetensors file.
    """
    if first.startswith(_PICKLES):
        raise BadAdapterFileError(
            "file: a pickle (.pt, .bin, .ckpt), which runs code when it is read; allowed is safetensors: convert it"
        )
    if len(first) < LENGTH_BYTES:
        raise BadAdapterFileError(f"file: {len(first)} bytes; allowed is a safetensors file")
    length = int.from_bytes(first[:LENGTH_BYTES], "little")
    # The shortest header is `{}`; a header begins with a brace, so any other file gives a senseless length.
    if not 2 <= length <= MAX_HEADER_BYTES:  # noqa: PLR2004 - see above
        raise BadAdapterFileError(
            f"file: not safetensors, or a header of {length} bytes; allowed are 2 to {MAX_HEADER_BYTES}"
        )
    return length


def read_header(data: bytes, file_size: int | None = None) -> Header:
    """The header of a file that begins with `data`, checked against the format.

    Args:
        data: the first eight bytes and the whole header at least.
        file_size: of the whole file, in bytes; None = not known yet.

    Raises:
        BadAdapterFileError: it breaks the format, or the file's size isn't what the header says.
    """
    length = header_length(data[:LENGTH_BYTES])
    text = data[LENGTH_BYTES : LENGTH_BYTES + length]
    if len(text) < length:
        raise BadAdapterFileError(f"file: ends within its header, after {len(data)} of {LENGTH_BYTES + length} bytes")
    told = _json_object(text)
    metadata = _metadata(told.pop("__metadata__", {}))
    if not 1 <= len(told) <= MAX_TENSORS:
        raise BadAdapterFileError(f"file: {len(told)} tensors; allowed are 1 to {MAX_TENSORS}")
    tensors = {name: _tensor(name, value) for name, value in told.items()}
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != end:
            raise BadAdapterFileError(f"file: tensor {_short(name)} begins at {tensor.start}; allowed is {end}")
        end = tensor.end
    size = LENGTH_BYTES + length + end
    if file_size is not None and file_size != size:
        raise BadAdapterFileError(f"file: {file_size} bytes; its header says {size}: it is cut off, or more was added")
    return Header(tensors, metadata, size)


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadAdapterFileError("file: its header isn't JSON; allowed is a safetensors file") from error
    if not isinstance(told, dict):
        raise BadAdapterFileError("file: its header isn't a JSON object; allowed is a safetensors file")
    return told


def _metadata(told: object) -> dict[str, str]:
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise BadAdapterFileError("file: __metadata__ of its header; allowed is text by name")
    return told


def _tensor(name: str, told: object) -> Tensor:
    match told:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]} if (
            dtype in _BITS and all(type(side) is int and side >= 0 for side in shape) and 0 <= start <= end
        ):
            wanted = math.prod(shape) * _BITS[dtype] // 8
            if end - start == wanted:
                return Tensor(dtype, tuple(shape), start, end)
            raise BadAdapterFileError(
                f"file: tensor {_short(name)} has {end - start} bytes; its type and shape need {wanted}"
            )
    raise BadAdapterFileError(f"file: tensor {_short(name)}: {_short(told)}; allowed are dtype, shape, data_offsets")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
