"""Numbered contents by key: all versions are kept, and the first content of a version stays.

Two kinds of documents in one collection: `<key>/<number>` holds one version, `<key>` the newest of them. A key must
not end in `/<number>` itself. Bodies are kept as JSON text, because their field names are the users' own and may hold
dots, dollars or anything else that a database gives a meaning to.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.chassis.documents import Collection, Document

_SHOWN: Final = 120
_MOST_DIFFERENCES: Final = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of what a key stands for."""

    key: str
    number: int
    digest: str
    body: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field on which two contents differ; values as JSON, shortened, `absent` where there is none."""

    path: str
    first: str
    now: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a content. `differences` (up to 20) are empty unless another content was first."""

    is_new: bool
    clashes: bool = False
    differences: tuple[Difference, ...] = ()

    @property
    def changes(self) -> str:
        """The differences in words, for messages."""
        return "; ".join(f"{item.path}: {item.now}, stored is {item.first}" for item in self.differences)


class Versions:
    """Versions in one collection."""

    def __init__(self, entries: Collection) -> None:
        self._entries = entries

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._entries.ensure_index([("key", 1)])
        await self._entries.ensure_index([("group", 1)])

    async def claim(self, entry: Entry) -> Claim:
        """Store this content for its key and number if nothing is there yet. Repeats bear no effect."""
        fresh = await self._entries.insert(
            {
                "_id": f"{entry.key}/{entry.number}",
                "key": entry.key,
                "number": entry.number,
                "digest": entry.digest,
                "body": entry.body,
            }
        )
        if fresh:
            return Claim(is_new=True)
        first = await self._entries.get(f"{entry.key}/{entry.number}")
        if first is None or first["digest"] == entry.digest:
            return Claim(is_new=False)
        return Claim(
            is_new=False, clashes=True, differences=differences(json.loads(first["body"]), json.loads(entry.body))
        )

    async def keep(self, entry: Entry, *, group: str) -> Claim:
        """`claim`, and make it the newest of its key unless a higher number is. Nothing is changed by a clash."""
        claim = await self.claim(entry)
        if not claim.clashes:
            await self._advance(entry, group)
        return claim

    async def find(self, wanted: Iterable[tuple[str, int | None]]) -> dict[tuple[str, int | None], Entry]:
        """The entries of (key, number); number None = the newest. What isn't there is left out."""
        by_id = {key if number is None else f"{key}/{number}": (key, number) for key, number in wanted}
        if not by_id:
            return {}
        found = await self._entries.find({"_id": {"$in": sorted(by_id)}})
        return {by_id[doc["_id"]]: _entry(doc) for doc in found}

    async def newest_of(self, group: str) -> list[Entry]:
        """The newest entry of every key of a group, by key."""
        found = await self._entries.find({"group": group}, sort=[("_id", 1)])
        return [_entry(doc) for doc in found]

    async def numbers(self, key: str) -> list[int]:
        """Every version kept of a key, ascending."""
        found = await self._entries.find({"key": key})
        return sorted(doc["number"] for doc in found)

    async def _advance(self, entry: Entry, group: str) -> None:
        newest: Document = {
            "_id": entry.key,
            "group": group,
            "number": entry.number,
            "digest": entry.digest,
            "body": entry.body,
        }
        while True:
            stored = await self._entries.get(entry.key)
            if stored is None:
                if await self._entries.insert({**newest, "version": 1}):
                    return
                continue
            if stored["number"] >= entry.number:
                return
            if await self._entries.replace({**newest, "version": stored["version"] + 1}, stored["version"]):
                return


def _entry(doc: Document) -> Entry:
    return Entry(key=str(doc.get("key", doc["_id"])), number=doc["number"], digest=doc["digest"], body=doc["body"])


def differences(first: Any, now: Any) -> tuple[Difference, ...]:  # noqa: ANN401 - any JSON value
    """Fields on which two JSON values differ, in order of path; at most 20."""
    found: list[Difference] = []
    _compare("", first, now, found)
    return tuple(found[:_MOST_DIFFERENCES])


_ABSENT: Final = object()


def _compare(path: str, first: Any, now: Any, found: list[Difference]) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(first, dict) and isinstance(now, dict):
        for name in sorted(first.keys() | now.keys()):
            _compare(f"{path}.{name}" if path else name, first.get(name, _ABSENT), now.get(name, _ABSENT), found)
    elif isinstance(first, list) and isinstance(now, list):
        for index in range(max(len(first), len(now))):
            one = first[index] if index < len(first) else _ABSENT
            other = now[index] if index < len(now) else _ABSENT
            _compare(f"{path}.{index}" if path else str(index), one, other, found)
    elif type(first) is not type(now) or first != now:
        found.append(Difference(path=path or "(whole)", first=_shown(first), now=_shown(now)))


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
