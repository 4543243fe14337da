"""Tracks of shots in documents."""

from services.chassis.documents import Collection, Document
from services.location_conditioning.domain.continuity import Evolve, ShotTrack


class ShotTracks:
    """`Tracks` over one collection."""

    def __init__(self, shots: Collection) -> None:
        self._shots = shots

    async def get(self, project_id: str, shot_id: str) -> ShotTrack | None:
        """The track of a shot; None = nothing was heard of it."""
        found = await self._shots.get(f"{project_id}/{shot_id}")
        return None if found is None else ShotTrack.model_validate(found["track"])

    async def evolve(self, project_id: str, shot_id: str, change: Evolve, *, is_new: bool = False) -> bool:
        """Apply a pure change to a track, made where there is none; writers that race are all counted.

        Returns:
            Whether the track was made by this call.
        """
        key = f"{project_id}/{shot_id}"
        found = None if is_new else await self._shots.get(key)
        while found is None:
            track = change(ShotTrack(shot_id=shot_id))
            if await self._shots.insert(_document(key, 1, track)):
                return True
            found = await self._shots.get(key)
        while found is not None:
            known = ShotTrack.model_validate(found["track"])
            track = change(known)
            if track == known:
                break
            version = found["version"]
            if await self._shots.replace(_document(key, version + 1, track), version):
                break
            found = await self._shots.get(key)
        return False


def _document(key: str, version: int, track: ShotTrack) -> Document:
    return {"_id": key, "version": version, "track": track.model_dump(mode="json")}
