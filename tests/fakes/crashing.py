"""Stores that stop dead at a chosen operation, as a killed process would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.chassis.documents import Collection, Document, DocumentStore, Filter, Sort, Upsert
from services.chassis.object_store import MAX_OBJECT_BYTES, NO_METADATA, ObjectStore, StoredObject


class KilledError(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass
class Fuse:
    """Counts durable steps down. At 0 the process dies, before the step or right after it; then nothing works any more.

    Attributes:
        left: steps until death; 0 = never.
        after: die when the step's effect is there and its caller doesn't know yet.
        burnt: the process is dead.
        steps: what was taken, in order, for messages and counts.
    """

    left: int = 0
    after: bool = False
    burnt: bool = False
    steps: list[str] = field(default_factory=list)

    def before_one(self, name: str = "") -> None:
        self.check()
        self.steps.append(name)
        if not self.after:
            self._burn()

    def check(self) -> None:
        """The dead do nothing."""
        if self.burnt:
            raise KilledError

    def after_one(self) -> None:
        if self.burnt or self.after:
            self._burn()

    def _burn(self) -> None:
        self.left -= 1
        if self.left == 0 or self.burnt:
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
        self._fuse.before_one(f"get {self._name}")
        found = await self._collection.get(id)
        self._fuse.after_one()
        return found

    async def insert(self, doc: Document) -> bool:
        self._fuse.before_one(f"insert {self._name}")
        done = await self._collection.insert(doc)
        self._fuse.after_one()
        return done

    async def replace(self, doc: Document, expected_version: int) -> bool:
        self._fuse.before_one(f"replace {self._name}")
        done = await self._collection.replace(doc, expected_version)
        self._fuse.after_one()
        return done

    async def put(self, doc: Document) -> None:
        self._fuse.before_one(f"put {self._name}")
        await self._collection.put(doc)
        self._fuse.after_one()

    async def delete(self, id: str) -> bool:  # noqa: A002
        self._fuse.before_one(f"delete {self._name}")
        done = await self._collection.delete(id)
        self._fuse.after_one()
        return done

    async def find(
        self,
        filter: Filter,  # noqa: A002
        sort: Sort | None = None,
        limit: int | None = None,
        skip: int = 0,
        without: Sequence[str] = (),
    ) -> list[Document]:
        self._fuse.before_one(f"find {self._name}")
        found = await self._collection.find(filter, sort, limit, skip, without)
        self._fuse.after_one()
        return found

    async def count(self, filter: Filter) -> int:  # noqa: A002
        self._fuse.before_one(f"count {self._name}")
        found = await self._collection.count(filter)
        self._fuse.after_one()
        return found

    async def write_many(self, writes: Sequence[Upsert]) -> None:
        # Each write is atomic, all together are not.
        for write in writes:
            self._fuse.before_one(f"write {self._name}")
            await self._collection.write_many([write])
            self._fuse.after_one()

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
        self._fuse.before_one("put object")
        done = await self._objects.put(key, data, content_type, metadata)
        self._fuse.after_one()
        return done

    async def get(self, uri: str, max_bytes: int = MAX_OBJECT_BYTES) -> bytes:
        self._fuse.before_one("get object")
        found = await self._objects.get(uri, max_bytes)
        self._fuse.after_one()
        return found

    async def stat(self, uri: str) -> StoredObject | None:
        self._fuse.before_one("stat object")
        found = await self._objects.stat(uri)
        self._fuse.after_one()
        return found

    async def presign(self, uri: str, expires_s: int = 900) -> str:
        return await self._objects.presign(uri, expires_s)

    async def list(self, prefix: str) -> "list[StoredObject]":
        return await self._objects.list(prefix)
