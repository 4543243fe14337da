"""The document database: the one module that knows motor and pymongo (docs/decisions/0002).

Documents are JSON dicts with `_id`; state documents carry a whole number `version` that `replace` compares and sets.
Network faults become `Transient`; nothing else of the driver gets out.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from pymongo import UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    NotPrimaryError,
    OperationFailure,
    WTimeoutError,
)

from services.chassis.failures import Transient
from services.chassis.settings import ServiceSettings, SettingsError

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection  # noqa: TID251 - this module's charge

Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]

_AWAY: Final = (AutoReconnect, ConnectionFailure, ExecutionTimeout, NotPrimaryError, WTimeoutError)
_DUPLICATE: Final = 11000
# Codes that MongoDB documents as retryable though they come as ordinary failures: interrupted, shutdown, no primary.
_RETRYABLE_CODES: Final = frozenset({6, 7, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})


@dataclass(frozen=True, slots=True)
class Upsert:
    """One write of `write_many`: set fields of the document `id`, making it where it isn't there yet.

    `set` replaces each named field (dots reach into sub-documents); `on_insert` applies only when the document is new;
    `least` lowers a number, or sets it where there is none.
    """

    id: str
    set: Mapping[str, Any]
    on_insert: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)


class Collection(Protocol):
    """Documents of one kind, by `_id`. Every method raises `Transient` when the database is away."""

    async def get(self, id: str) -> Document | None:  # noqa: A002 - the word for what it is
        """The document, or None."""
        ...

    async def insert(self, doc: Document) -> bool:
        """Add `doc`; False when its `_id` (or a unique index's key) is taken, and nothing is changed."""
        ...

    async def replace(self, doc: Document, expected_version: int) -> bool:
        """Replace the document of the same `_id` if its stored `version` is `expected_version`; False otherwise.

        Raises:
            ValueError: `doc["version"]` is not `expected_version + 1`.
        """
        ...

    async def put(self, doc: Document) -> None:
        """Write `doc` whole, whether or not it was there."""
        ...

    async def delete(self, id: str) -> bool:  # noqa: A002 - as above
        """Remove the document; False when there was none."""
        ...

    async def find(
        self,
        filter: Filter,  # noqa: A002
        sort: Sort | None = None,
        limit: int | None = None,
        skip: int = 0,
        without: Sequence[str] = (),
    ) -> list[Document]:
        """Documents that match a MongoDB filter, less the top-level fields named by `without`.

        `sort` as (field, 1 or -1) pairs; `limit` None = all.
        """
        ...

    async def count(self, filter: Filter) -> int:  # noqa: A002
        """How many documents match."""
        ...

    async def write_many(self, writes: Sequence[Upsert]) -> None:
        """Apply the writes in order, in one round trip; each is atomic, all together are not."""
        ...

    async def ensure_index(self, keys: Sort, *, unique: bool = False, name: str | None = None) -> None:
        """Create the index where it isn't there yet."""
        ...


class DocumentStore(Protocol):
    """Where collections come from: `Documents`, or a fake in tests."""

    def collection(self, name: str) -> Collection:
        """The collection of that name; nothing is sent."""
        ...


class Documents:
    """The database as a resource of a service. `collection()` may be called before `start()`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client: AsyncIOMotorClient[Document] | None = None

    def collection(self, name: str) -> Collection:
        """The collection of that name; nothing is sent."""
        return _MongoCollection(self, name)

    async def start(self) -> None:
        """Connect.

        Raises:
            SettingsError: the address can't be one.
            Transient: the database doesn't answer within `mongo_timeout_ms`.
        """
        # Imported here: it costs 100 ms that a service without a database, and the CLI, shouldn't pay.
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415, TID251 - this module's charge

        timeout = self._settings.mongo_timeout_ms
        try:
            self._client = AsyncIOMotorClient(
                self._settings.mongo_url.get_secret_value(),
                serverSelectionTimeoutMS=timeout,
                connectTimeoutMS=timeout,
                socketTimeoutMS=timeout * 4,
                tz_aware=True,
            )
        except (ConfigurationError, ValueError) as error:
            raise SettingsError(f"ICE_MONGO_URL: '***': {error}") from None
        await self.ping()

    async def stop(self) -> None:
        """Close every connection. A second call does nothing."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            Transient: it gives none.
        """
        async with database_faults("ping"):
            await self._connected()[self._settings.mongo_database].command("ping")

    def raw(self, name: str) -> "AsyncIOMotorCollection[Document]":
        """The driver's collection, for this module alone."""
        return self._connected()[self._settings.mongo_database][name]

    def _connected(self) -> "AsyncIOMotorClient[Document]":
        if self._client is None:
            raise Transient("database: not connected; start() was not called or stop() was")
        return self._client


@asynccontextmanager
async def database_faults(what: str) -> AsyncIterator[None]:
    """Turn the driver's network faults into `Transient`; `what` names the operation in its message."""
    try:
        yield
    except DuplicateKeyError:
        raise
    except _AWAY as error:
        raise Transient(f"database, {what}: {_short(error)}") from error
    except InvalidOperation as error:
        # The service stops, or opens its resources anew, while a request is under way.
        if "after close" not in str(error):
            raise
        raise Transient(f"database, {what}: {_short(error)}") from error
    except OperationFailure as error:
        if error.code in _RETRYABLE_CODES or error.has_error_label("RetryableWriteError"):
            raise Transient(f"database, {what}: {_short(error)}") from error
        raise


def _short(error: Exception, limit: int = 300) -> str:
    # Server selection errors carry timeouts and the whole topology; their head tells what is needed, and no password.
    text = f"{type(error).__name__}: {str(error).partition(' (configured timeouts')[0]}"
    return text if len(text) <= limit else text[: limit - 1] + "…"


class _MongoCollection:
    def __init__(self, documents: Documents, name: str) -> None:
        self._documents = documents
        self._name = name

    async def get(self, id: str) -> Document | None:  # noqa: A002
        async with database_faults(f"get {self._name}/{id}"):
            found: Document | None = await self._documents.raw(self._name).find_one({"_id": id})
            return found

    async def insert(self, doc: Document) -> bool:
        async with database_faults(f"insert {self._name}/{doc['_id']}"):
            try:
                await self._documents.raw(self._name).insert_one(doc)
            except DuplicateKeyError:
                return False
            return True

    async def replace(self, doc: Document, expected_version: int) -> bool:
        check_next_version(doc, expected_version)
        async with database_faults(f"replace {self._name}/{doc['_id']}"):
            result = await self._documents.raw(self._name).replace_one(
                {"_id": doc["_id"], "version": expected_version}, doc
            )
            return bool(result.matched_count)

    async def put(self, doc: Document) -> None:
        async with database_faults(f"put {self._name}/{doc['_id']}"):
            try:
                await self._documents.raw(self._name).replace_one({"_id": doc["_id"]}, doc, upsert=True)
            except DuplicateKeyError:
                # Two upserts of a new id at once: MongoDB lets one insert and tells the other to come again.
                await self._documents.raw(self._name).replace_one({"_id": doc["_id"]}, doc, upsert=True)

    async def delete(self, id: str) -> bool:  # noqa: A002
        async with database_faults(f"delete {self._name}/{id}"):
            result = await self._documents.raw(self._name).delete_one({"_id": id})
            return bool(result.deleted_count)

    async def find(
        self,
        filter: Filter,  # noqa: A002
        sort: Sort | None = None,
        limit: int | None = None,
        skip: int = 0,
        without: Sequence[str] = (),
    ) -> list[Document]:
        if limit == 0:
            return []
        async with database_faults(f"find {self._name}"):
            cursor = self._documents.raw(self._name).find(
                dict(filter),
                dict.fromkeys(without, 0) or None,
                sort=list(sort) if sort else None,
                limit=limit or 0,
                skip=skip,
            )
            found: list[Document] = await cursor.to_list(None)
            return found

    async def count(self, filter: Filter) -> int:  # noqa: A002
        async with database_faults(f"count {self._name}"):
            return int(await self._documents.raw(self._name).count_documents(dict(filter)))

    async def write_many(self, writes: Sequence[Upsert]) -> None:
        if not writes:
            return
        async with database_faults(f"write {self._name}"):
            try:
                await self._documents.raw(self._name).bulk_write([_update(write) for write in writes], ordered=True)
            except BulkWriteError as error:
                if any(item.get("code") == _DUPLICATE for item in error.details.get("writeErrors", ())):
                    raise Transient(f"database, write {self._name}: another writer was at the same id") from error
                raise

    async def ensure_index(self, keys: Sort, *, unique: bool = False, name: str | None = None) -> None:
        options: dict[str, Any] = {"unique": True} if unique else {}
        if name is not None:
            options["name"] = name
        async with database_faults(f"index {self._name}"):
            await self._documents.raw(self._name).create_index(list(keys), **options)


def _update(write: Upsert) -> UpdateOne:
    change: dict[str, Any] = {}
    if write.set:
        change["$set"] = dict(write.set)
    if write.on_insert:
        change["$setOnInsert"] = dict(write.on_insert)
    if write.least:
        change["$min"] = dict(write.least)
    return UpdateOne({"_id": write.id}, change or {"$setOnInsert": {}}, upsert=True)


def check_next_version(doc: Document, expected_version: int) -> None:
    """A replacing document must carry the version after the one it replaces.

    Raises:
        ValueError: it doesn't; named with the id.
    """
    if doc.get("version") != expected_version + 1:
        raise ValueError(
            f"document {doc.get('_id')!r}: version {doc.get('version')!r}, allowed is {expected_version + 1} "
            "(the expected one plus 1)"
        )
