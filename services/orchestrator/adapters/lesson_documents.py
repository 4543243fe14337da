"""`LessonsKnown` in a collection: one document per project that has had retakes, compare-and-set on its version."""

import asyncio
from collections import defaultdict

from services.chassis.documents import Collection
from services.chassis.failures import Transient
from services.orchestrator.domain.lessons import TRIES, LessonBook, Lessons, RunLines, trials_of
from services.orchestrator.domain.state import Run, ShotState

COLLECTION = "orchestrator_lessons"
#: Writers of one process take turns, so only other replicas can come first.
_RACES = 50


class LessonDocuments:
    """The projects' lessons; `tries` as `Lessons` has it."""

    def __init__(self, collection: Collection, *, tries: int = TRIES) -> None:
        self._collection = collection
        self._tries = tries
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def known(self, project_id: str) -> Lessons:
        """What retakes of the project have taught so far."""
        doc = await self._collection.get(project_id)
        return LessonBook.model_validate(doc).lessons(self._tries) if doc is not None else Lessons(tries=self._tries)

    async def note(self, state: ShotState, run: Run) -> None:
        """Note what the run has tried, as `state`, saved as the version that it carries, says."""
        lines = RunLines(stamp=state.version, trials=trials_of(run))
        if not lines.trials:
            return
        async with self._turns[state.project_id]:
            for _ in range(_RACES):
                doc = await self._collection.get(state.project_id)
                book = LessonBook.model_validate(doc) if doc is not None else LessonBook(project_id=state.project_id)
                noted = book.noted(run.run_id, lines)
                if noted is book or await self._save(noted):
                    return
        raise Transient(f"lessons of project {state.project_id}: {_RACES} writes in a row were overtaken")

    async def _save(self, book: LessonBook) -> bool:
        doc = {**book.model_dump(mode="json"), "_id": book.project_id, "version": book.version + 1}
        return await (self._collection.replace(doc, book.version) if book.version else self._collection.insert(doc))
