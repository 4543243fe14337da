"""Versions of adapters that the gateway has given out.

Adding counts versions up, and two people may do so at once. The first to write a number has it; the other takes the
next. Versions come in from their topic too, so that a lost database is rebuilt from it.
"""

from typing import Final

from schemas.adapter import Adapter
from services.chassis.documents import DocumentStore
from services.chassis.versions import Entry, Versions

ADAPTERS: Final = "adapters"


class AdapterBook:
    """Adapters by project and name, every version kept."""

    def __init__(self, documents: DocumentStore) -> None:
        self._adapters = Versions(documents.collection(ADAPTERS))

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._adapters.prepare()

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
