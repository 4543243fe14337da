"""What the gateway has given out: versions of adapters, and versions of characters that it has changed itself.

Adding and assigning count versions up, and two people may do so at once. The first to write a number has it; the other
takes the next. Versions of adapters come in from their topic too, so that a lost database is rebuilt from it.
"""

from typing import Final

from schemas.adapter import Adapter
from schemas.bible import Character
from services.chassis.documents import DocumentStore
from services.chassis.versions import Entry, Versions
from services.gateway import domain
from services.gateway.domain.references import versions_of

ADAPTERS: Final = "adapters"
ASSIGNED: Final = "assigned_characters"


class AdapterBook:
    """Adapters by project and name, every version kept; and the newest version of each character."""

    def __init__(self, documents: DocumentStore) -> None:
        self._adapters = Versions(documents.collection(ADAPTERS))
        self._assigned = Versions(documents.collection(ASSIGNED))
        self._entities = documents.collection(domain.ENTITIES)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._adapters.prepare()
        await self._assigned.prepare()

    async def keep(self, project_id: str, adapter: Adapter) -> bool:
        """Note a version; False: another content has that number, and stays."""
        entry = Entry(f"{project_id}/{adapter.adapter_id}", adapter.version, adapter.digest, adapter.model_dump_json())
        return not (await self._adapters.keep(entry, group=project_id)).clashes

    async def newest(self, project_id: str, adapter_id: str) -> Adapter | None:
        """The newest version of an adapter; None = there is none of that name."""
        key = (f"{project_id}/{adapter_id}", None)
        found = (await self._adapters.find([key])).get(key)
        return None if found is None else Adapter.model_validate_json(found.body)

    async def all(self, project_id: str) -> list[Adapter]:
        """The newest version of every adapter of a project, by name."""
        return [Adapter.model_validate_json(entry.body) for entry in await self._adapters.newest_of(project_id)]

    async def character(self, project_id: str, character_id: str) -> Character | None:
        """The newest version of a character that is known here: published, or given out and on its way."""
        found = await self._entities.get(f"{project_id}/character/{character_id}")
        published = None if found is None else Character.model_validate(versions_of(found)[-1]["entity"])
        key = (f"{project_id}/{character_id}", None)
        entry = (await self._assigned.find([key])).get(key)
        given_out = None if entry is None else Character.model_validate_json(entry.body)
        known = [item for item in (published, given_out) if item is not None]
        return max(known, key=lambda item: item.version, default=None)

    async def give_out(self, project_id: str, character: Character) -> bool:
        """Note a character's version before it is published; False: another content has that number."""
        entry = Entry(f"{project_id}/{character.id}", character.version, character.digest, character.model_dump_json())
        return not (await self._assigned.keep(entry, group=project_id)).clashes
