"""Names and files that are safe to make from what an event says."""

import contextlib
import re
import unicodedata
from pathlib import Path
from typing import Final

from services.cli.exits import CliError, Exit

_MAX_NAME: Final = 120
_UNSAFE: Final = re.compile(r"[^\w.-]+")
_RESERVED: Final = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def safe_name(text: str) -> str:
    """A file name from any text: letters (of any script), digits, `_`, `.` and `-`; never hidden, never empty."""
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip("._")[:_MAX_NAME]
    return f"_{plain}" if not plain or _RESERVED.match(plain) else plain


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        CliError: it can't be written; the message says which file and why.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        # Where a file stands in the way of its folder, there is nothing to take away, and asking fails again.
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CliError(f"{path} can't be written: {error.strerror or error}") from error


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file, one more than `limit` at most, so that the reader can tell that it is too big.

    Raises:
        CliError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise CliError(f"{path} can't be read: {error.strerror or error}", code=Exit.INVALID) from error
