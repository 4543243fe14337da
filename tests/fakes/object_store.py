"""An object store in a dict, with the same rules as the real one."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.object_store import (
    MAX_OBJECT_BYTES,
    NO_METADATA,
    StoredObject,
    check_expiry,
    parse_uri,
)


class FakeObjectStore:
    """`ObjectStore` in memory. Set `away` to a reason and every call raises `Transient` with it.

    `content_types` and `metadata` show what was stored, by key.
    """

    def __init__(self, bucket: str = "ice") -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.away: str | None = None

    def copy(self) -> "FakeObjectStore":
        """The same objects, to go another way from here."""
        found = FakeObjectStore(self.bucket)
        found.objects = dict(self.objects)
        found.content_types = dict(self.content_types)
        found.metadata = dict(self.metadata)
        return found

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        self._check_here()

    async def put(
        self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        self._check_here()
        uri = f"s3://{self.bucket}/{key}"
        parse_uri(uri, self.bucket)
        self.objects[key] = bytes(data)
        self.content_types[key] = content_type
        self.metadata[key] = dict(metadata)
        return self._stored(key)

    async def put_file(
        self, key: str, path: Path, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        return await self.put(key, await asyncio.to_thread(path.read_bytes), content_type, metadata)

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        data = await self.get(uri, max_bytes)
        await asyncio.to_thread(_overwrite, path, data)
        return StoredObject(uri, hashlib.sha256(data).hexdigest(), len(data))

    async def get(self, uri: str, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        self._check_here()
        key = parse_uri(uri, self.bucket)
        if key not in self.objects:
            raise ObjectMissing(uri)
        data = self.objects[key]
        if len(data) > max_bytes:
            raise ObjectTooLarge(uri, len(data), max_bytes)
        return data

    async def stat(self, uri: str) -> StoredObject | None:
        self._check_here()
        key = parse_uri(uri, self.bucket)
        return self._stored(key) if key in self.objects else None

    async def presign(self, uri: str, expires_s: int = 900) -> str:
        self._check_here()
        check_expiry(expires_s)
        return f"https://objects.test/{self.bucket}/{parse_uri(uri, self.bucket)}?expires={expires_s}"

    async def list(self, prefix: str) -> list[StoredObject]:
        self._check_here()
        return [
            StoredObject(f"s3://{self.bucket}/{key}", "", len(data))
            for key, data in sorted(self.objects.items())
            if key.startswith(prefix)
        ]

    def _stored(self, key: str) -> StoredObject:
        data = self.objects[key]
        return StoredObject(f"s3://{self.bucket}/{key}", hashlib.sha256(data).hexdigest(), len(data))

    def _check_here(self) -> None:
        if self.away is not None:
            raise Transient(f"object store: {self.away}")


def _overwrite(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
