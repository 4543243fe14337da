"""What the handlers need from the outside."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from schemas.bible import Location, Prop
from schemas.reference import ReferenceEnded
from services.chassis.versions import Claim
from services.location_conditioning.domain.continuity import Evolve, ShotTrack


class Locations(Protocol):
    """The locations of every project, all versions kept."""

    async def keep(self, project_id: str, location: Location) -> Claim:
        """Store a version; the first content of a version stays."""
        ...

    async def find(self, project_id: str, location_id: str, version: int | None) -> Location | None:
        """One entry; version None = the newest."""
        ...

    async def names(self, project_id: str) -> Mapping[str, str]:
        """Names by id of all entries of a project."""
        ...

    async def versions(self, project_id: str, location_id: str) -> Sequence[int]:
        """Every version of an entry, ascending."""
        ...


class Props(Protocol):
    """The props of every project, all versions kept."""

    async def keep(self, project_id: str, prop: Prop) -> Claim:
        """Store a version; the first content of a version stays."""
        ...

    async def find(self, project_id: str, prop_ids: Iterable[str], version: int | None = None) -> Mapping[str, Prop]:
        """Entries by id, the newest or those of a version; what isn't there is left out."""
        ...

    async def names(self, project_id: str) -> Mapping[str, str]:
        """Names by id of all entries of a project."""
        ...


class Tracks(Protocol):
    """What is known of every shot's keyframes."""

    async def get(self, project_id: str, shot_id: str) -> ShotTrack | None:
        """The track of a shot; None = nothing was heard of it."""
        ...

    async def evolve(self, project_id: str, shot_id: str, change: Evolve, *, is_new: bool = False) -> bool:
        """Apply a pure change to a track, made where there is none; writers that race are all counted.

        Args:
            project_id: film project.
            shot_id: shot.
            change: what becomes of the track.
            is_new: the caller believes that there is none yet, which saves a read; right or not, the result is.

        Returns:
            Whether the track was made by this call.
        """
        ...


class MadeReferences(Protocol):
    """What became of every plate and prop view: the newest that was made, or why there is none."""

    async def keep(self, ended: ReferenceEnded) -> None:
        """Take an end in. A picture stays though another making of it fails; one that came before changes nothing."""
        ...

    async def find(self, keys: Iterable[str]) -> Mapping[str, ReferenceEnded]:
        """How references ended, by key; those still to come are left out."""
        ...
