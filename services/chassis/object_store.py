"""Images and other large objects, by `s3://bucket/key`. The blocking `minio` client behind one bounded thread pool."""

import asyncio
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.settings import ServiceSettings

__all__ = [
    "MAX_OBJECT_BYTES",
    "ObjectMissing",
    "ObjectStore",
    "ObjectTooLarge",
    "S3ObjectStore",
    "StoredObject",
]

MAX_OBJECT_BYTES: Final = 64 * 1024 * 1024
MAX_PRESIGN_S: Final = 3_600
NO_METADATA: Final[Mapping[str, str]] = MappingProxyType({})
_SHA256: Final = "sha256"
_CHUNK: Final = 256 * 1024
_MISSING_CODES: Final = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_TRANSIENT_CODES: Final = frozenset(
    {
        "InternalError",
        "ServiceUnavailable",
        "SlowDown",
        "RequestTimeout",
        "OperationAborted",
        "XMinioStorageFull",
        "XMinioServerNotInitialized",
        "InsufficientStorage",
        "NoSuchBucket",  # the provisioner hasn't been there yet, or the store was restored without it
    }
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the store; `size` in bytes. `sha256` is hex over them, "" when someone else stored it."""

    uri: str
    sha256: str
    size: int


class ObjectStore(Protocol):
    """Where bytes live. Every method raises `Transient` when the store is away or full."""

    async def put(
        self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        """Store `data` under `key`, replacing what was there; returns when the store has it, whole."""
        ...

    async def get(self, uri: str, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        """The bytes of an object.

        Raises:
            ObjectMissing: there is none.
            ObjectTooLarge: it has more than `max_bytes`; no more than that is read.
        """
        ...

    async def put_file(
        self, key: str, path: Path, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        """As `put`, from a file, for what is too large to hold in memory."""
        ...

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        """Write an object's bytes over a file that exists; answers size and sha256 of what came.

        Raises:
            ObjectMissing: there is none.
            ObjectTooLarge: it has more than `max_bytes`; no more than that is written.
            OSError: the file can't be written.
        """
        ...

    async def stat(self, uri: str) -> StoredObject | None:
        """What is known of an object without reading it; None when there is none."""
        ...

    async def presign(self, uri: str, expires_s: int = 900) -> str:
        """A URL by which anybody can read the object for `expires_s` seconds (1 to 3600)."""
        ...

    async def list(self, prefix: str) -> list[StoredObject]:
        """Objects whose key starts with `prefix`, by key; their `sha256` is "" (a listing doesn't tell it)."""
        ...


def parse_uri(uri: str, bucket: str) -> str:
    """The key of `s3://bucket/key`.

    Raises:
        ValueError: another scheme, another bucket, or no key.
    """
    parts = urlsplit(uri)
    key = parts.path.removeprefix("/")
    if parts.scheme != "s3" or parts.netloc != bucket or not key or parts.query or parts.fragment:
        raise ValueError(f"uri: {uri!r}, allowed is 's3://{bucket}/<key>'")
    return key


def check_expiry(expires_s: int) -> None:
    """Bound a presigned URL's life.

    Raises:
        ValueError: not 1 to 3600 seconds.
    """
    if not 1 <= expires_s <= MAX_PRESIGN_S:
        raise ValueError(f"expires_s: {expires_s}, allowed is 1 to {MAX_PRESIGN_S}")


class S3ObjectStore:
    """An S3 endpoint as a resource of a service."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._pool: ThreadPoolExecutor | None = None
        self._http: urllib3.PoolManager | None = None
        self._client: Minio | None = None
        self._signer: Minio | None = None

    async def start(self) -> None:
        """Make the client and its threads; the first request comes with `ping()` or the first use."""
        settings = self._settings
        # Retries are the caller's: he alone knows how long his message may wait.
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=min(5.0, settings.s3_timeout_s), read=settings.s3_timeout_s),
            maxsize=settings.s3_threads,
            cert_reqs="CERT_REQUIRED",
            retries=False,
        )
        self._client = self._connect(settings.s3_endpoint)
        # Signing asks nobody, but the signature covers the host: links for the outside need a client of their own.
        self._signer = self._connect(settings.s3_public_endpoint or settings.s3_endpoint)
        self._pool = ThreadPoolExecutor(settings.s3_threads, thread_name_prefix="object-store")

    def _connect(self, endpoint: str) -> Minio:
        settings = self._settings
        scheme, _, host = endpoint.rstrip("/").rpartition("://")
        return Minio(
            host,
            access_key=settings.s3_access_key or None,
            secret_key=settings.s3_secret_key.get_secret_value() or None,
            secure=scheme == "https" if scheme else settings.s3_secure,
            region=settings.s3_region,
            http_client=self._http,
        )

    async def stop(self) -> None:
        """Let running requests end, then close threads and connections. A second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)
        if self._http is not None:
            self._http.clear()
            self._http = None
        self._client = self._signer = None

    async def ping(self) -> None:
        """Ask for the bucket.

        Raises:
            Transient: the store doesn't answer, or the bucket isn't there.
        """
        found = await self._call("ping", lambda client: client.bucket_exists(self._bucket))
        if not found:
            raise Transient(f"object store: bucket {self._bucket!r} does not exist")

    async def ensure_bucket(self) -> None:
        """Create the bucket where it isn't there yet."""

        def create(client: Minio) -> None:
            if not client.bucket_exists(self._bucket):
                client.make_bucket(self._bucket)

        await self._call(f"create bucket {self._bucket}", create)

    async def put(
        self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        """Store `data` under `key`, with its sha256 as metadata, and check that the store has every byte."""
        uri = f"s3://{self._bucket}/{key}"
        parse_uri(uri, self._bucket)

        def upload(client: Minio) -> StoredObject:
            content = StoredObject(uri, hashlib.sha256(data).hexdigest(), len(data))
            return _uploaded(client, self._bucket, content, io.BytesIO(data), content_type, metadata)

        return await self._call(f"put {uri}", upload, uri)

    async def put_file(
        self, key: str, path: Path, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        """Store a file under `key`, in parts where it is large, and check that the store has every byte."""
        uri = f"s3://{self._bucket}/{key}"
        parse_uri(uri, self._bucket)

        def upload(client: Minio) -> StoredObject:
            with path.open("rb") as file:
                content = StoredObject(uri, hashlib.file_digest(file, "sha256").hexdigest(), file.tell())
                file.seek(0)
                return _uploaded(client, self._bucket, content, file, content_type, metadata)

        return await self._call(f"put {uri}", upload, uri)

    async def get(self, uri: str, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        """The bytes of an object, never reading more than `max_bytes`."""
        key = parse_uri(uri, self._bucket)

        def download(client: Minio) -> bytes:
            return b"".join(_chunks(client, self._bucket, key, uri, max_bytes))

        return await self._call(f"get {uri}", download, uri)

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        """Write an object's bytes over a file, never more than `max_bytes`; answers what came, not what was told."""
        key = parse_uri(uri, self._bucket)

        def download(client: Minio) -> StoredObject:
            digest, size = hashlib.sha256(), 0
            with _of_the_disk():
                # Unbuffered: what can't be written is told where it is written.
                file = path.open("r+b", buffering=0)
            with file:
                for chunk in _chunks(client, self._bucket, key, uri, max_bytes):
                    with _of_the_disk():
                        _write_whole(file, chunk)
                    digest.update(chunk)
                    size += len(chunk)
                with _of_the_disk():
                    file.truncate()
            return StoredObject(uri=uri, sha256=digest.hexdigest(), size=size)

        try:
            return await self._call(f"get {uri}", download, uri)
        except _DiskError as error:
            raise error.fault from error

    async def stat(self, uri: str) -> StoredObject | None:
        """What is known of an object without reading it; None when there is none."""
        key = parse_uri(uri, self._bucket)
        try:
            found = await self._call(f"stat {uri}", lambda client: client.stat_object(self._bucket, key), uri)
        except ObjectMissing:
            return None
        return _described(uri, found)

    async def presign(self, uri: str, expires_s: int = 900) -> str:
        """A URL by which anybody can read the object for `expires_s` seconds (1 to 3600)."""
        check_expiry(expires_s)
        key = parse_uri(uri, self._bucket)

        def sign(client: Minio) -> str:
            signer = self._signer or client
            return signer.presigned_get_object(self._bucket, key, expires=timedelta(seconds=expires_s))

        return await self._call(f"presign {uri}", sign)

    async def list(self, prefix: str) -> list[StoredObject]:
        """Objects whose key starts with `prefix`, by key."""

        def collect(client: Minio) -> "list[StoredObject]":
            found = client.list_objects(self._bucket, prefix=prefix, recursive=True)
            return [
                StoredObject(f"s3://{self._bucket}/{item.object_name}", "", item.size or 0)
                for item in found
                if not item.is_dir
            ]

        return sorted(await self._call(f"list {prefix}", collect), key=lambda item: item.uri)

    async def _call(self, what: str, call: Callable[[Minio], T], uri: str | None = None) -> T:
        if self._pool is None or self._client is None:
            raise Transient("object store: not connected; start() was not called or stop() was")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _guarded, call, self._client, what, uri)


class _DiskError(Exception):
    """An `OSError` of this machine's disk, told apart from those of the network."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(str(fault))
        self.fault = fault


@contextmanager
def _of_the_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _DiskError(error) from error


def _uploaded(  # noqa: PLR0913 - an object is all of these
    client: Minio,
    bucket: str,
    content: StoredObject,
    data: BinaryIO,
    content_type: str,
    metadata: Mapping[str, str],
) -> StoredObject:
    """Store `content.size` bytes, with their sha256 as metadata.

    Raises:
        Transient: the store has another number of bytes.
    """
    key = parse_uri(content.uri, bucket)
    client.put_object(
        bucket,
        key,
        data,
        content.size,
        content_type=content_type,
        metadata={**metadata, _SHA256: content.sha256},
    )
    stored = client.stat_object(bucket, key)
    if stored.size != content.size:
        raise Transient(f"object store: {content.uri} has {stored.size} bytes after a write of {content.size}")
    return content


def _write_whole(file: io.FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _chunks(client: Minio, bucket: str, key: str, uri: str, max_bytes: int) -> Iterator[bytes]:
    """An object's bytes, piece by piece.

    Raises:
        ObjectTooLarge: more than `max_bytes` are announced or come.
    """
    response = client.get_object(bucket, key)
    try:
        size = int(response.headers.get("content-length", 0))
        if size > max_bytes:
            raise ObjectTooLarge(uri, size, max_bytes)
        read = 0
        for chunk in response.stream(_CHUNK):
            read += len(chunk)
            if read > max_bytes:
                raise ObjectTooLarge(uri, read, max_bytes)
            yield chunk
        if read < size:
            raise Transient(f"object store: {uri} ended after {read} of {size} bytes")
    finally:
        response.close()
        response.release_conn()


def _guarded(call: Callable[[Minio], T], client: Minio, what: str, uri: str | None) -> T:
    try:
        return call(client)
    except S3Error as error:
        if uri is not None and error.code in _MISSING_CODES:
            raise ObjectMissing(uri) from error
        status = error.response.status if error.response is not None else 0
        if error.code in _TRANSIENT_CODES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Transient(f"object store, {what}: {error.code}: {error.message}") from error
        raise
    except (HTTPError, OSError, ServerError, InvalidResponseError) as error:
        raise Transient(f"object store, {what}: {type(error).__name__}: {error}") from error
    except MinioException as error:
        raise RuntimeError(f"object store, {what}: {type(error).__name__}: {error}") from error


def _described(uri: str, found: Object) -> StoredObject:
    metadata = {name.lower(): value for name, value in (found.metadata or {}).items()}
    return StoredObject(uri, str(metadata.get(f"x-amz-meta-{_SHA256}", "")), found.size or 0)
