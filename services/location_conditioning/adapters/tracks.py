"""Tracks of shots in documents."""

from services.chassis.documents import Collection
from services.location_conditioning.domain.continuity import Evolve, ShotTrack


class ShotTracks:
    """`Tracks` over one collection."""

    def __init__(self, shots: Collection) -> None:
        self._shots = shots

    async def get(self, project_id: str, shot_id: str) -> ShotTrack | None:
        """The track of a shot; None = nothing was heard of it."""
        found = await self._shots.get(f"{project_id}/{shot_id}")
        return None if found is None else ShotTrack.model_validate(found["track"])

    async def evolve(self, project_id: str, shot_id: str, change: Evolve) -> None:
        """Apply a pure change to a track, made where there is none; writers that race are all counted."""
        key = f"{project_id}/{shot_id}"
        while True:
            found = await self._shots.get(key)
            if found is None:
                track = change(ShotTrack(shot_id=shot_id))
                if await self._shots.insert({"_id": key, "version": 1, "track": track.model_dump(mode="json")}):
                    return
                continue
            known = ShotTrack.model_validate(found["track"])
            track = change(known)
            if track == known:
                return
            version = found["version"]
            doc = {"_id": key, "version": version + 1, "track": track.model_dump(mode="json")}
            if await self._shots.replace(doc, version):
                return
