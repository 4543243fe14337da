"""Everything that measures beyond the plain checks: the scoring processes, and the judge that reads pictures."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from schemas.bible import ReferenceImage
from schemas.generation import GenerationCompleted
from schemas.validation import Score
from services.chassis.failures import ObjectMissing, ObjectTooLarge
from services.chassis.object_store import ObjectStore
from services.validation.domain.cases import Case, Role, Shown, words_of
from services.validation.domain.frame import Limits
from services.validation.domain.gates import Bounds, bounds_for
from services.validation.domain.intent import plates_in_light, worn

#: Pictures of one entity that are handed over, best for the shot first.
_MOST: Final = 3


class CaseScoring(Protocol):
    """Scores of a case, from another process."""

    async def score(self, case: Case) -> Sequence[Score]:
        """Every score; null where nothing could be measured."""
        ...


class Judge(Protocol):
    """Scores of a frame with all that its event says, from another service."""

    async def judge(self, event: GenerationCompleted, case: Case) -> Sequence[Score]:
        """Every score; null where nothing could be measured."""
        ...


class CaseJudges:
    """Reads the references once and asks everybody at the same time.

    Args:
        objects: where frames and references are.
        scoring: the scoring processes; None = none were asked for.
        judge: the judge that reads pictures; None = likewise.
        bounds: of projects and styles.
        limits: of what is read.
    """

    def __init__(
        self, objects: ObjectStore, scoring: CaseScoring | None, judge: Judge | None, bounds: Bounds, limits: Limits
    ) -> None:
        self._objects = objects
        self._scoring = scoring
        self._judge = judge
        self._bounds = bounds
        self._limits = limits

    async def scores(self, event: GenerationCompleted, data: bytes) -> Sequence[Score]:
        """Everybody's scores, the processes' first."""
        case = await self._case(event, data)
        asked = []
        if self._scoring is not None:
            asked.append(self._scoring.score(case))
        if self._judge is not None:
            asked.append(self._judge.judge(event, case))
        found = await asyncio.gather(*asked)
        return tuple(score for scores in found for score in scores)

    async def _case(self, event: GenerationCompleted, data: bytes) -> Case:
        wanted = [
            (Role.CHARACTER, member.character_id, image)
            for member in event.visible_cast
            for image in worn(member)[:_MOST]
        ]
        place = event.location
        if place is not None:
            wanted += [(Role.LOCATION, place.location_id, image) for image in plates_in_light(place)[:_MOST]]
        shown = [Shown(role, name, found) for role, name, image in wanted if (found := await self._read(image))]
        return Case(
            data=data,
            cast=tuple((member.character_id, member.name) for member in event.visible_cast),
            references=tuple(shown),
            style=event.run.style,
            words=words_of(event),
            bounds=bounds_for(self._bounds, event.run.project.project_id, event.run.style),
        )

    async def _read(self, image: ReferenceImage) -> bytes | None:
        try:
            return await self._objects.get(image.uri, self._limits.max_bytes)
        except (ObjectMissing, ObjectTooLarge, ValueError):
            # Somebody else's bucket, or not stored yet: the scorer says that it has no reference.
            return None
