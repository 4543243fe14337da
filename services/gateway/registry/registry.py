"""The registry of adapters: files in by hash, versions counted, events out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from schemas.adapter import Adapter, AdapterDefined
from schemas.adapter.families import checked
from schemas.bible import Character
from services.chassis.clock import Clock
from services.chassis.failures import Transient
from services.chassis.object_store import StoredObject
from services.gateway.domain.adapters import Assignment, Wanted, assigned, described
from services.gateway.entry_book import EntryBook, defined
from services.gateway.ports import EventPublisher
from services.gateway.read_model import NotFoundError
from services.gateway.registry.book import AdapterBook
from services.gateway.registry.uploads import Upload

#: Rounds of taking the next number while others take it first.
_ROUNDS: Final = 10
_MEDIA_TYPE: Final = "application/octet-stream"


class Files(Protocol):
    """Where files are kept: the object store."""

    async def put_file(self, key: str, path: Path, content_type: str, metadata: Mapping[str, str]) -> StoredObject:
        """Store a file under `key`."""
        ...

    async def stat(self, uri: str) -> StoredObject | None:
        """What is there, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Added:
    """An adapter as it is in the registry now; `is_new` False: nothing changed."""

    adapter: Adapter
    is_new: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A character as it is now; `is_new` False: it had the adapter just so."""

    character: Character
    is_new: bool


class Registry:
    """Adds and assigns adapters. Repeats bear no effect: same file and same words are the same version.

    Args:
        book: versions of adapters.
        entries: versions of characters.
        files: the object store.
        bucket: its bucket.
        publisher: of the events.
        clock: dates new versions.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, made in one place
        self,
        book: AdapterBook,
        entries: EntryBook,
        files: Files,
        bucket: str,
        publisher: EventPublisher,
        clock: Clock,
    ) -> None:
        self._book = book
        self._entries = entries
        self._files = files
        self._bucket = bucket
        self._publisher = publisher
        self._clock = clock

    async def adapters(self, project_id: str) -> list[Adapter]:
        """The newest version of every adapter of a project, by name."""
        return await self._book.all(project_id)

    async def add(self, project_id: str, wanted: Wanted, upload: Upload) -> Added:
        """Check the file against what is said of it, keep it, and publish its entry.

        Raises:
            BadAdapterFileError: the file is of another kind or for another model.
            Transient: store, database or broker are away.
        """
        told = checked(upload.header, kind=wanted.kind, base=wanted.base)
        uri = await self._kept(upload)
        draft = described(wanted, told, uri=uri, sha256=upload.sha256, size=upload.size)
        for _ in range(_ROUNDS):
            before = await self._book.newest(project_id, wanted.adapter_id)
            is_new = before is None or before.digest != draft.digest
            adapter = draft if before is None else before
            if before is not None and is_new:
                adapter = draft.model_copy(update={"version": before.version + 1})
            if is_new:
                adapter = adapter.model_copy(update={"created_at": self._clock.now()})
            if await self._book.keep(project_id, adapter):
                # Also what was there before: the one who added it may have died before it was published.
                await self._publisher.publish([AdapterDefined(project_id=project_id, adapter=adapter)])
                return Added(adapter, is_new)
        raise Transient(f"adapter {wanted.adapter_id}: others are adding under this name at this moment")

    async def assign(self, project_id: str, adapter_id: str, character_id: str, assignment: Assignment) -> Given:
        """Publish the character's next version, which uses the adapter's newest.

        Raises:
            NotFoundError: no such adapter or character.
            MisassignedError: the adapter is another character's.
            ValidationError: the character has as many adapters as it can.
            Transient: database or broker are away.
        """
        adapter = await self._book.newest(project_id, adapter_id)
        if adapter is None:
            names = ", ".join(item.adapter_id for item in await self._book.all(project_id)) or "none"
            raise NotFoundError(
                f"adapter {adapter_id!r} of project {project_id!r} is unknown; there are: {names[:300]}"
            )
        for _ in range(_ROUNDS):
            newest = await self._entries.newest(project_id, "character", character_id)
            before = newest.entity if newest is not None else None
            if not isinstance(before, Character):
                raise NotFoundError(f"character {character_id!r} of project {project_id!r} is unknown")
            character = assigned(before, adapter, assignment)
            is_new = character is not before
            if is_new:
                character = character.model_copy(update={"updated_at": self._clock.now()})
            if not is_new or await self._entries.give_out(project_id, character):
                await self._publisher.publish([defined(project_id, character)])
                return Given(character, is_new)
        raise Transient(f"character {character_id}: others are changing it at this moment")

    async def _kept(self, upload: Upload) -> str:
        key = f"adapters/{upload.sha256}.safetensors"
        uri = f"s3://{self._bucket}/{key}"
        there = await self._files.stat(uri)
        if there is None or (there.sha256, there.size) != (upload.sha256, upload.size):
            await self._files.put_file(key, upload.path, _MEDIA_TYPE, {})
        return uri
