"""The bible of locations and props in documents."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.bible import Entity, Location, Prop
from services.chassis.documents import Collection
from services.chassis.versions import Claim, Entry, Versions


def _entry(project_id: str, entity: Entity) -> Entry:
    return Entry(
        key=f"{project_id}/{entity.id}", number=entity.version, digest=entity.digest, body=entity.model_dump_json()
    )


class LocationBible:
    """`Locations` over one collection."""

    def __init__(self, locations: Collection) -> None:
        self._versions = Versions(locations)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._versions.prepare()

    async def keep(self, project_id: str, location: Location) -> Claim:
        """Store a version; the first content of a version stays."""
        return await self._versions.keep(_entry(project_id, location), group=project_id)

    async def find(self, project_id: str, location_id: str, version: int | None) -> Location | None:
        """One entry; version None = the newest."""
        wanted = (f"{project_id}/{location_id}", version)
        found = (await self._versions.find([wanted])).get(wanted)
        return None if found is None else Location.model_validate_json(found.body)

    async def names(self, project_id: str) -> Mapping[str, str]:
        """Names by id of all entries of a project."""
        newest = await self._versions.newest_of(project_id)
        return {item.id: item.name for item in (Location.model_validate_json(entry.body) for entry in newest)}

    async def versions(self, project_id: str, location_id: str) -> Sequence[int]:
        """Every version of an entry, ascending."""
        return await self._versions.numbers(f"{project_id}/{location_id}")


class PropBible:
    """`Props` over one collection."""

    def __init__(self, props: Collection) -> None:
        self._versions = Versions(props)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._versions.prepare()

    async def keep(self, project_id: str, prop: Prop) -> Claim:
        """Store a version; the first content of a version stays."""
        return await self._versions.keep(_entry(project_id, prop), group=project_id)

    async def find(self, project_id: str, prop_ids: Iterable[str], version: int | None = None) -> Mapping[str, Prop]:
        """Entries by id, the newest or those of a version; what isn't there is left out."""
        found = await self._versions.find((f"{project_id}/{prop_id}", version) for prop_id in prop_ids)
        return {prop.id: prop for prop in (Prop.model_validate_json(entry.body) for entry in found.values())}

    async def names(self, project_id: str) -> Mapping[str, str]:
        """Names by id of all entries of a project."""
        newest = await self._versions.newest_of(project_id)
        return {item.id: item.name for item in (Prop.model_validate_json(entry.body) for entry in newest)}
