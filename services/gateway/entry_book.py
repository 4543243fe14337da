"""Versions of bible entries that this gateway has given out, before their events have come back from the topic.

Two people may edit an entry at once, and a character also gets a new version when an adapter is assigned to it. The
first to write a number has it: what is published under it is what stands here, also when its writer died in between.
"""

from dataclasses import dataclass
from typing import Final

from schemas.base import Event
from schemas.bible import Character, CharacterDefined, Entity, Location, LocationDefined, Prop, PropDefined
from services.chassis.documents import DocumentStore
from services.chassis.versions import Entry, Versions
from services.gateway import domain
from services.gateway.domain.references import KINDS, versions_of

GIVEN_OUT: Final = "given_out_entries"


#: The database holds no larger whole number, and no event may carry one.
_LAST_VERSION: Final = 2**63 - 1


class EntryRefusedError(ValueError):
    """A version that could never be published; the message says why. Nothing was noted."""


@dataclass(frozen=True, slots=True)
class Newest:
    """An entry's newest version; `is_published` False: given out, and its event hasn't come in yet."""

    entity: Entity
    is_published: bool


class EntryBook:
    """The newest version of each entry: published, or given out and on its way.

    Args:
        documents: the database.
        max_bytes: of an entry that the broker takes.
    """

    def __init__(self, documents: DocumentStore, *, max_bytes: int = 4 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._given_out = Versions(documents.collection(GIVEN_OUT))
        self._entities = documents.collection(domain.ENTITIES)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._given_out.prepare()

    async def newest(self, project_id: str, kind: str, entity_id: str) -> Newest | None:
        """The newest version that is known here; None = there is none.

        Args:
            project_id: film project.
            kind: character, location or prop.
            entity_id: entry of the bible.
        """
        found = await self._entities.get(_key(project_id, kind, entity_id))
        published = None if found is None else KINDS[kind].model_validate(versions_of(found)[-1]["entity"])
        key = (_key(project_id, kind, entity_id), None)
        entry = (await self._given_out.find([key])).get(key)
        given_out = None if entry is None else KINDS[kind].model_validate_json(entry.body)
        if given_out is not None and (published is None or published.version < given_out.version):
            return Newest(given_out, is_published=False)
        return Newest(published, is_published=True) if published is not None else None

    async def give_out(self, project_id: str, entity: Entity) -> bool:
        """Note a version before it is published; False: another content has that number.

        Raises:
            EntryRefusedError: it is too large, or its number is; once noted, it would stand before every later edit.
        """
        key = _key(project_id, _kind_of(entity), entity.id)
        if entity.version > _LAST_VERSION:
            raise EntryRefusedError(f"version: {key} has the last one, {_LAST_VERSION}; allowed is no further edit")
        body = entity.model_dump_json()
        if len(body.encode()) > self._max_bytes:
            raise EntryRefusedError(f"entity: {len(body.encode()):,} bytes; allowed are at most {self._max_bytes:,}")
        entry = Entry(key, entity.version, entity.digest, body)
        return not (await self._given_out.keep(entry, group=project_id)).clashes


def defined(project_id: str, entity: Entity) -> Event:
    """The event that publishes an entry."""
    match entity:
        case Character():
            return CharacterDefined(project_id=project_id, character=entity)
        case Location():
            return LocationDefined(project_id=project_id, location=entity)
        case Prop():
            return PropDefined(project_id=project_id, prop=entity)
    raise TypeError(f"entity: {type(entity).__name__}, allowed are Character, Location and Prop")


def _kind_of(entity: Entity) -> str:
    return next(kind for kind, model in KINDS.items() if isinstance(entity, model))


def _key(project_id: str, kind: str, entity_id: str) -> str:
    return f"{project_id}/{kind}/{entity_id}"
