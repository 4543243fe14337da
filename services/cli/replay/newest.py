"""The newest of each subject, in one small entry per subject. Pure."""

import sys
from collections.abc import Iterable
from typing import NamedTuple

from services.cli.replay.facts import Rank

Chosen = dict[int, frozenset[int]]
"""Offsets to send, by partition."""


class _Entry(NamedTuple):
    partition: int
    offset: int
    wanted: bool
    revision: int = 0
    making: str = ""
    take: int = 0


class NewestMakings:
    """The newest making of each subject: the higher revision, then the making that came later, then the higher take.

    Of two contents of one making the first stands, as for the services.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def offer(self, rank: Rank, partition: int, offset: int, *, wanted: bool) -> None:
        """Take in the next event of a topic; each subject's events come in order."""
        known = self._entries.get(rank.subject)
        if known is not None and not _newer(rank, known):
            return
        entry = _Entry(partition, offset, wanted, rank.revision, sys.intern(rank.making), rank.take)
        self._entries[rank.subject] = entry

    def chosen(self) -> Chosen:
        """Where the newest of each subject that is wanted stands."""
        return _places(self._entries.values())

    def has(self, subject: str) -> bool:
        """Whether anything of the subject was offered."""
        return subject in self._entries


def _newer(rank: Rank, known: _Entry) -> bool:
    if rank.revision != known.revision:
        return rank.revision > known.revision
    return rank.making != known.making or rank.take > known.take


class NewestRecords:
    """The newest record of each key of a compacted topic. An older one, repeated, would take the newest one's place."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}

    def offer(self, key: bytes, partition: int, offset: int, *, wanted: bool) -> None:
        """Take in the next record; one that isn't wanted still takes the place of those before it."""
        self._entries[key] = _Entry(partition, offset, wanted)

    def chosen(self) -> Chosen:
        """Where the newest of each key that is wanted stands."""
        return _places(self._entries.values())


def _places(entries: Iterable[_Entry]) -> Chosen:
    found: dict[int, set[int]] = {}
    for entry in entries:
        if entry.wanted:
            found.setdefault(entry.partition, set()).add(entry.offset)
    return {part: frozenset(offsets) for part, offsets in found.items()}
