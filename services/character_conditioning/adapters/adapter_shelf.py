"""The registry of adapters in documents."""

from collections.abc import Iterable

from schemas.adapter import Adapter
from services.character_conditioning.domain.adapters import Found, WantedAdapter
from services.chassis.documents import Collection
from services.chassis.versions import Claim, Entry, Versions


class AdapterShelf:
    """`KnownAdapters` over one collection."""

    def __init__(self, adapters: Collection) -> None:
        self._versions = Versions(adapters)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._versions.prepare()

    async def keep(self, project_id: str, adapter: Adapter) -> Claim:
        """Store a version; the first content of a version stays."""
        entry = Entry(f"{project_id}/{adapter.adapter_id}", adapter.version, adapter.digest, adapter.model_dump_json())
        return await self._versions.keep(entry, group=project_id)

    async def find(self, project_id: str, wanted: Iterable[WantedAdapter]) -> Found:
        """The adapters wanted; what isn't there is left out."""
        asked = frozenset(wanted)
        newest = await self._at(project_id, ((item.adapter_id, None) for item in asked))
        by_id = {adapter.adapter_id: adapter for adapter in newest}
        found = {item: by_id[item.adapter_id] for item in asked if _fits(item, by_id.get(item.adapter_id))}
        for item in asked - found.keys():
            if item.adapter_id in by_id:
                found |= await self._older(project_id, item)
        return found

    async def _older(self, project_id: str, wanted: WantedAdapter) -> Found:
        """A version that isn't the newest any more, by its file; the newest of them."""
        numbers = await self._versions.numbers(f"{project_id}/{wanted.adapter_id}")
        versions = await self._at(project_id, ((wanted.adapter_id, number) for number in numbers))
        fitting = [adapter for adapter in versions if _fits(wanted, adapter)]
        return {wanted: max(fitting, key=lambda adapter: adapter.version)} if fitting else {}

    async def _at(self, project_id: str, keys: Iterable[tuple[str, int | None]]) -> list[Adapter]:
        found = await self._versions.find((f"{project_id}/{adapter_id}", number) for adapter_id, number in keys)
        return [Adapter.model_validate_json(entry.body) for entry in found.values()]

    async def names(self, project_id: str) -> list[str]:
        """Every adapter of a project, by name."""
        found = await self._versions.newest_of(project_id)
        return [Adapter.model_validate_json(entry.body).adapter_id for entry in found]


def _fits(wanted: WantedAdapter, adapter: Adapter | None) -> bool:
    return adapter is not None and wanted.sha256 in {None, adapter.sha256}
