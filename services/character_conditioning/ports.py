"""What the handlers need from the outside."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from schemas.bible import Character
from schemas.reference import ReferenceEnded, ReferenceRequested
from schemas.shot import ShotPlanned
from services.character_conditioning.domain import Roster, Wanted
from services.chassis.versions import Claim


class Bible(Protocol):
    """The characters of every project, all versions kept."""

    async def keep(self, project_id: str, character: Character) -> Claim:
        """Store a version; the first content of a version stays."""
        ...

    async def find(self, project_id: str, wanted: Iterable[Wanted]) -> Mapping[str, Character]:
        """The entries wanted, by character id; what isn't there is left out."""
        ...

    async def roster(self, project_id: str, about: Iterable[str]) -> Roster:
        """Everybody in a project, and the versions of those asked `about`."""
        ...


class Revisions(Protocol):
    """What each revision of each shot was first published with."""

    async def claim(self, planned: ShotPlanned) -> Claim:
        """Note the content; a clash says what differs from the first."""
        ...


class MadeSheets(Protocol):
    """What became of every sheet: the newest that was made, or why there is none."""

    async def keep(self, ended: ReferenceEnded) -> None:
        """Take an end in. A sheet stays though another making of it fails; one that came before changes nothing."""
        ...

    async def find(self, keys: Iterable[str]) -> Mapping[str, ReferenceEnded]:
        """How sheets ended, by key; those still to come are left out."""
        ...


class Asks(Protocol):
    """Who asked first for each reference."""

    async def is_first(self, asked: ReferenceRequested) -> bool:
        """Whether this is the first request for it, or that one again."""
        ...
