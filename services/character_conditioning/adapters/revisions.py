"""The first content of every revision in documents, and of every regeneration of it."""

import json
from typing import Any

from schemas.project import ProjectSettings
from schemas.shot import Shot, ShotPlanned
from services.chassis.documents import Collection
from services.chassis.versions import Claim, Entry, Versions, differences


class ShotRevisions:
    """`Revisions` over one collection."""

    def __init__(self, revisions: Collection) -> None:
        self._versions = Versions(revisions)

    async def claim(self, planned: ShotPlanned) -> Claim:
        """Note the content; a clash says what differs from the first.

        A regeneration must have the content of its revision, but may wish for another model or seed policy.
        """
        content = _content(planned)
        claim = await self._versions.claim(
            Entry(
                key=_key(planned),
                number=planned.revision,
                digest=planned.digest,
                body=json.dumps(content, ensure_ascii=False),
            )
        )
        if claim.clashes or planned.regeneration_id is None:
            return claim
        wanted = (planned.partition_key(), planned.revision)
        first = (await self._versions.find([wanted])).get(wanted)
        if first is None:
            return claim
        expected = _wishing_as(planned, json.loads(first.body))
        if expected.digest == planned.digest:
            return claim
        return Claim(is_new=False, clashes=True, differences=differences(_content(expected), content))


def _content(planned: ShotPlanned) -> dict[str, Any]:
    return {
        "project": planned.project.model_dump(mode="json"),
        "shot": planned.shot.model_dump(mode="json", exclude={"created_at", "updated_at"}),
    }


def _wishing_as(planned: ShotPlanned, first: dict[str, Any]) -> ShotPlanned:
    """The first content of the revision with the wishes of its regeneration."""
    project = ProjectSettings.model_validate(first["project"])
    shot = Shot.model_validate(first["shot"])
    return planned.model_copy(
        update={
            "project": project.model_copy(update={"seed_policy": planned.project.seed_policy}),
            "shot": shot.model_copy(update={"model": planned.shot.model}),
        }
    )


def _key(planned: ShotPlanned) -> str:
    again = planned.regeneration_id
    # No identifier holds an `@`, so no shot has this for its own key.
    return planned.partition_key() if again is None else f"{planned.partition_key()}@{again}"
