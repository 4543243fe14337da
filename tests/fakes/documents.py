"""A document database in dicts: the same answers as MongoDB for the filters and writes that our services use."""

import asyncio
import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.chassis.documents import Collection, Document, Filter, Sort, Upsert, check_next_version
from services.chassis.failures import Transient

_MISSING: Final = object()


class FakeDocuments:
    """`Documents` in memory. Set `away` to a reason and every call raises `Transient` with it."""

    def __init__(self) -> None:
        self.away: str | None = None
        self._collections: dict[str, FakeCollection] = {}

    def collection(self, name: str) -> "FakeCollection":
        if name not in self._collections:
            self._collections[name] = FakeCollection(self)
        return self._collections[name]

    def names(self) -> list[str]:
        """The collections that anybody asked for."""
        return sorted(self._collections)

    def copy(self) -> "FakeDocuments":
        """The same documents, to go another way from here."""
        found = FakeDocuments()
        for name, collection in self._collections.items():
            twin = found.collection(name)
            twin.docs = dict(collection.docs)
            twin.unique = list(collection.unique)
        return found

    def content(self) -> dict[str, dict[str, Document]]:
        """Every document by collection and id; empty collections are left out."""
        return {name: dict(found.docs) for name, found in self._collections.items() if found.docs}

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        await self.turn()

    async def turn(self) -> None:
        """What every operation costs: a turn of the loop, so that races are as possible as with the real thing."""
        await asyncio.sleep(0)
        if self.away is not None:
            raise Transient(f"database: {self.away}")


class FakeCollection(Collection):
    """`Collection` in memory. `docs` is the truth, open to a test's eyes."""

    def __init__(self, documents: FakeDocuments) -> None:
        self._documents = documents
        self.docs: dict[str, Document] = {}
        self.unique: list[tuple[str, ...]] = []

    async def get(self, id: str) -> Document | None:  # noqa: A002 - the protocol's word
        await self._documents.turn()
        return copy.deepcopy(self.docs.get(id))

    async def insert(self, doc: Document) -> bool:
        await self._documents.turn()
        if doc["_id"] in self.docs or self._collides(doc):
            return False
        self.docs[doc["_id"]] = copy.deepcopy(doc)
        return True

    async def replace(self, doc: Document, expected_version: int) -> bool:
        check_next_version(doc, expected_version)
        await self._documents.turn()
        stored = self.docs.get(doc["_id"])
        if stored is None or stored.get("version") != expected_version:
            return False
        self.docs[doc["_id"]] = copy.deepcopy(doc)
        return True

    async def put(self, doc: Document) -> None:
        await self._documents.turn()
        self.docs[doc["_id"]] = copy.deepcopy(doc)

    async def delete(self, id: str) -> bool:  # noqa: A002
        await self._documents.turn()
        return self.docs.pop(id, None) is not None

    async def find(
        self,
        filter: Filter,  # noqa: A002
        sort: Sort | None = None,
        limit: int | None = None,
        skip: int = 0,
        without: Sequence[str] = (),
    ) -> list[Document]:
        await self._documents.turn()
        found = [doc for doc in self.docs.values() if matches(doc, filter)]
        for name, direction in reversed(sort or ()):
            found.sort(key=lambda doc: _rank(_first(doc, name)), reverse=direction < 0)
        end = None if limit is None else skip + limit
        return [
            {name: copy.deepcopy(value) for name, value in doc.items() if name not in without}
            for doc in found[skip:end]
        ]

    async def count(self, filter: Filter) -> int:  # noqa: A002
        await self._documents.turn()
        return sum(matches(doc, filter) for doc in self.docs.values())

    async def write_many(self, writes: Sequence[Upsert]) -> None:
        await self._documents.turn()
        for write in writes:
            fresh = write.id not in self.docs
            # A stored document is replaced, never changed in place: so a copy of `docs` is a snapshot.
            doc = copy.deepcopy(self.docs.get(write.id, {"_id": write.id}))
            for name, value in (*write.set.items(), *(write.on_insert.items() if fresh else ())):
                _assign(doc, name, copy.deepcopy(value))
            for name, least in write.least.items():
                before = _first(doc, name)
                _assign(doc, name, min(before, least) if isinstance(before, int | float) else least)
            self.docs[write.id] = doc

    async def ensure_index(self, keys: Sort, *, unique: bool = False, name: str | None = None) -> None:
        del name
        await self._documents.turn()
        if unique:
            self.unique.append(tuple(key for key, _ in keys))

    def _collides(self, doc: Document) -> bool:
        return any(
            all(_first(doc, key) == _first(other, key) for key in keys)
            for keys in self.unique
            for other in self.docs.values()
        )


def matches(doc: Mapping[str, Any], filter: Filter) -> bool:  # noqa: A002 - MongoDB's word
    """Whether a document fits a MongoDB filter: equality, dots, arrays, $and $or and the comparisons below."""
    return all(_clause(doc, name, wanted) for name, wanted in filter.items())


def _clause(doc: Mapping[str, Any], name: str, wanted: object) -> bool:
    if name in {"$and", "$or"} and isinstance(wanted, Sequence):
        return (all if name == "$and" else any)(matches(doc, part) for part in wanted)
    if name.startswith("$"):
        raise ValueError(f"filter operator {name} is not known to the fake")
    values = _values(doc, name)
    if isinstance(wanted, Mapping) and any(key.startswith("$") for key in wanted):
        return all(_compare(values, key, operand) for key, operand in wanted.items())
    return _equal(values, wanted)


def _compare(values: list[Any], name: str, operand: Any) -> bool:
    if name in _BY_VALUES:
        return _BY_VALUES[name](values, operand)
    if name not in _BY_ORDER:
        raise ValueError(f"filter operator {name} is not known to the fake")
    ordered = [value for value in values if type(value) is type(operand) or _numbers(value, operand)]
    return any(_BY_ORDER[name](value, operand) for value in ordered)


def _numbers(left: object, right: object) -> bool:
    return all(isinstance(item, int | float) and not isinstance(item, bool) for item in (left, right))


def _equal(values: list[Any], wanted: object) -> bool:
    # MongoDB: null matches a missing field too.
    return any(value == wanted or (wanted is None and value is _MISSING) for value in values)


def _values(doc: object, path: str) -> list[Any]:
    """Every value that MongoDB would compare: the field itself, and the items where an array lies on the way."""
    head, _, rest = path.partition(".")
    if isinstance(doc, list):
        found = [value for item in doc for value in _values(item, path) if value is not _MISSING]
        return found or [_MISSING]
    value = doc.get(head, _MISSING) if isinstance(doc, Mapping) else _MISSING
    if rest:
        return _values(value, rest)
    return [value, *value] if isinstance(value, list) else [value]


def _first(doc: Mapping[str, Any], path: str) -> Any:
    value = _values(doc, path)[0]
    return None if value is _MISSING else value


def _rank(value: Any) -> tuple[int, Any]:
    """BSON's order of types: null, numbers, strings, booleans."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (3, value)
    if isinstance(value, int | float):
        return (1, value)
    return (2, str(value))


def _assign(doc: Document, path: str, value: object) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        doc = doc.setdefault(parent, {})
    doc[last] = value


_BY_VALUES: Final[dict[str, Callable[[list[Any], Any], bool]]] = {
    "$exists": lambda values, wanted: any(value is not _MISSING for value in values) == bool(wanted),
    "$in": lambda values, wanted: any(_equal(values, item) for item in wanted),
    "$nin": lambda values, wanted: not any(_equal(values, item) for item in wanted),
    "$ne": lambda values, wanted: not _equal(values, wanted),
    "$eq": _equal,
}
_BY_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
