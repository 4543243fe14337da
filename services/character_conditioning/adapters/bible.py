"""The bible of characters in documents."""

from collections.abc import Iterable, Mapping

from schemas.bible import Character
from services.character_conditioning.domain import Roster, Wanted
from services.chassis.documents import Collection
from services.chassis.versions import Claim, Entry, Versions


class CharacterBible:
    """`Bible` over one collection."""

    def __init__(self, characters: Collection) -> None:
        self._versions = Versions(characters)

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._versions.prepare()

    async def keep(self, project_id: str, character: Character) -> Claim:
        """Store a version; the first content of a version stays."""
        entry = Entry(
            key=f"{project_id}/{character.id}",
            number=character.version,
            digest=character.digest,
            body=character.model_dump_json(),
        )
        return await self._versions.keep(entry, group=project_id)

    async def find(self, project_id: str, wanted: Iterable[Wanted]) -> Mapping[str, Character]:
        """The entries wanted, by character id; what isn't there is left out."""
        found = await self._versions.find((f"{project_id}/{item.character_id}", item.version) for item in wanted)
        characters = [Character.model_validate_json(entry.body) for entry in found.values()]
        return {character.id: character for character in characters}

    async def roster(self, project_id: str, about: Iterable[str]) -> Roster:
        """Everybody in a project, and the versions of those asked `about`."""
        newest = [Character.model_validate_json(entry.body) for entry in await self._versions.newest_of(project_id)]
        versions = {item: await self._versions.numbers(f"{project_id}/{item}") for item in sorted(set(about))}
        return Roster(names={character.id: character.name for character in newest}, versions=versions)
