"""Stores that stop dead at a chosen operation, as a killed process would."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.chassis.documents import Collection, Document, DocumentStore, Filter, Sort, Upsert
from services.chassis.object_store import MAX_OBJECT_BYTES, NO_METADATA, ObjectStore, StoredObject


class KilledError(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass
class Fuse:
    """Counts durable steps. At one of them the process dies, before it or right after; then nothing works any more.

    Attributes:
        number: the step of its death, from 1; 0 = it lives.
        after: die when the step's effect is there and its caller doesn't know yet.
        burnt: the process is dead.
        steps: what was begun, in order, for messages and counts; those that failed too.
    """

    number: int = 0
    after: bool = False
    burnt: bool = False
    steps: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Around one durable step; its death takes the place of what the step returns or raises."""
        self.check()
        self.steps.append(name)
        last = len(self.steps) == self.number
        if last and not self.after:
            self.burn()
        try:
            yield
        finally:
            if last:
                self.burn()
            # Another task of this process may have died meanwhile.
            self.check()

    def check(self) -> None:
        """The dead do nothing."""
        if self.burnt:
            raise KilledError

    def burn(self) -> None:
        """Die."""
        self.burnt = True
        raise KilledError


class CrashingDocuments(DocumentStore):
    """A document store on a fuse: every read and write is an operation."""

    def __init__(self, documents: DocumentStore, fuse: Fuse) -> None:
        self._documents = documents
        self._fuse = fuse

    def collection(self, name: str) -> Collection:
        return CrashingCollection(self._documents.collection(name), self._fuse, name)

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return


class CrashingCollection(Collection):
    def __init__(self, collection: Collection, fuse: Fuse, name: str = "") -> None:
        self._collection = collection
        self._fuse = fuse
        self._name = name

    async def get(self, id: str) -> Document | None:  # noqa: A002 - the protocol's word
        with self._fuse.step(f"get {self._name}"):
            return await self._collection.get(id)

    async def insert(self, doc: Document) -> bool:
        with self._fuse.step(f"insert {self._name}"):
            return await self._collection.insert(doc)

    async def replace(self, doc: Document, expected_version: int) -> bool:
        with self._fuse.step(f"replace {self._name}"):
            return await self._collection.replace(doc, expected_version)

    async def put(self, doc: Document) -> None:
        with self._fuse.step(f"put {self._name}"):
            await self._collection.put(doc)

    async def delete(self, id: str) -> bool:  # noqa: A002
        with self._fuse.step(f"delete {self._name}"):
            return await self._collection.delete(id)

    async def find(
        self,
        filter: Filter,  # noqa: A002
        sort: Sort | None = None,
        limit: int | None = None,
        skip: int = 0,
        without: Sequence[str] = (),
    ) -> list[Document]:
        with self._fuse.step(f"find {self._name}"):
            return await self._collection.find(filter, sort, limit, skip, without)

    async def count(self, filter: Filter) -> int:  # noqa: A002
        with self._fuse.step(f"count {self._name}"):
            return await self._collection.count(filter)

    async def write_many(self, writes: Sequence[Upsert]) -> None:
        # Each write is atomic, all together are not.
        for write in writes:
            with self._fuse.step(f"write {self._name}"):
                await self._collection.write_many([write])

    async def ensure_index(self, keys: Sort, *, unique: bool = False, name: str | None = None) -> None:
        await self._collection.ensure_index(keys, unique=unique, name=name)


class CrashingObjects(ObjectStore):
    def __init__(self, objects: ObjectStore, fuse: Fuse) -> None:
        self._objects = objects
        self._fuse = fuse

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return

    async def put(
        self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        with self._fuse.step("put object"):
            return await self._objects.put(key, data, content_type, metadata)

    async def get(self, uri: str, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        with self._fuse.step("get object"):
            return await self._objects.get(uri, max_bytes)

    async def put_file(
        self, key: str, path: Path, content_type: str, metadata: Mapping[str, str] = NO_METADATA
    ) -> StoredObject:
        with self._fuse.step("put object"):
            return await self._objects.put_file(key, path, content_type, metadata)

    async def get_file(self, uri: str, path: Path, max_bytes: int = MAX_OBJECT_BYTES) -> StoredObject:
        with self._fuse.step("get object"):
            return await self._objects.get_file(uri, path, max_bytes)

    async def stat(self, uri: str) -> StoredObject | None:
        with self._fuse.step("stat object"):
            return await self._objects.stat(uri)

    async def presign(self, uri: str, expires_s: int = 900) -> str:
        return await self._objects.presign(uri, expires_s)

    async def list(self, prefix: str) -> "list[StoredObject]":
        return await self._objects.list(prefix)
