"""The first content of every revision in documents."""

import json

from schemas.shot import ShotPlanned
from services.chassis.documents import Collection
from services.chassis.versions import Claim, Entry, Versions


class ShotRevisions:
    """`Revisions` over one collection."""

    def __init__(self, revisions: Collection) -> None:
        self._versions = Versions(revisions)

    async def claim(self, planned: ShotPlanned) -> Claim:
        """Note the content; a clash says what differs from the first."""
        content = {
            "project": planned.project.model_dump(mode="json"),
            "shot": planned.shot.model_dump(mode="json", exclude={"created_at", "updated_at"}),
        }
        return await self._versions.claim(
            Entry(
                key=planned.partition_key(),
                number=planned.revision,
                digest=planned.digest,
                body=json.dumps(content, ensure_ascii=False),
            )
        )
