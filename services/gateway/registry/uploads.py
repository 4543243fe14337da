"""A file of an adapter on its way in: to a temporary file, hashed as it comes, refused as soon as it can't be one."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from schemas.adapter.file_format import LENGTH_BYTES, Header, header_length, read_header

_WRITE_BYTES: Final = 1024 * 1024
_MEBIBYTE: Final = 1024 * 1024


class UploadTooLargeError(ValueError):
    """More bytes came than are allowed."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole file that came in. `path` is there until the upload is over."""

    path: Path
    sha256: str
    header: Header

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.header.size


class Uploads:
    """Takes files, a few at a time.

    Args:
        folder: for temporary files; None = the system's.
        max_bytes: largest file.
        at_once: files that come in at the same time; others wait.
    """

    def __init__(self, folder: Path | None, *, max_bytes: int, at_once: int = 2) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._room = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def receive(self, stream: AsyncIterable[bytes]) -> AsyncIterator[Upload]:
        """A safetensors file from the parts of a request's body.

        Raises:
            UploadTooLargeError: more than `max_bytes`.
            BadAdapterFileError: a pickle, another format, or a file that is cut off.
        """
        async with self._room:
            file = await asyncio.to_thread(self._temporary)
            try:
                yield await self._taken(stream, file)
            finally:
                await asyncio.to_thread(file.close)

    def _temporary(self) -> IO[bytes]:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(prefix="ice-adapter-", suffix=".safetensors", dir=self._folder)

    async def _taken(self, stream: AsyncIterable[bytes], file: IO[bytes]) -> Upload:
        digest, size, pending = hashlib.sha256(), 0, bytearray()
        head, header = bytearray(), None
        async for part in stream:
            size += len(part)
            if size > self._max_bytes:
                raise UploadTooLargeError(
                    f"file: more than {self._max_bytes // _MEBIBYTE} MiB; allowed is that much (ICE_GATEWAY_ADAPTER_MB)"
                )
            pending += part
            if header is None:
                head += part
                header = _header_in(head)
            if len(pending) >= _WRITE_BYTES:
                data, pending = bytes(pending), bytearray()
                await asyncio.to_thread(_write, file, data, digest.update)
        await asyncio.to_thread(_write, file, bytes(pending), digest.update)
        # Again, now that the size is known: a file that was cut off is told here.
        whole = await asyncio.to_thread(_read_header, file, size)
        return Upload(Path(file.name), digest.hexdigest(), whole)


def _header_in(head: bytearray) -> Header | None:
    """The header, once it has come whole; what can't be one raises at once."""
    if len(head) < LENGTH_BYTES or len(head) < LENGTH_BYTES + header_length(bytes(head[:LENGTH_BYTES])):
        return None
    return read_header(bytes(head))


def _write(file: IO[bytes], data: bytes, update: Callable[[bytes], None]) -> None:
    file.write(data)
    update(data)


def _read_header(file: IO[bytes], size: int) -> Header:
    file.flush()
    file.seek(0)
    first = file.read(LENGTH_BYTES)
    return read_header(first + file.read(header_length(first)), size)
