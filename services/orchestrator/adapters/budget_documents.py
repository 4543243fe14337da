"""`Budgets` in a collection: one document per project that has limits, compare-and-set on its version."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from schemas.project import Budget
from services.chassis.documents import Collection
from services.chassis.failures import Transient
from services.orchestrator.domain.funds import Book, Funds, Line, funds_left, opened
from services.orchestrator.domain.state import Run, ShotState

COLLECTION = "orchestrator_budgets"
#: Writers of one process take turns, so only other replicas can come first.
_RACES = 50


class KnownShots(Protocol):
    """Where the spending before a budget was set is found."""

    async def of_project(self, project_id: str) -> Sequence[ShotState]:
        """Every shot of a project."""
        ...


class BudgetDocuments:
    """The projects' books; `shots` tell what was used before a book was opened."""

    def __init__(self, collection: Collection, shots: KnownShots) -> None:
        self._collection = collection
        self._shots = shots
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def left(self, project_id: str, budget: Budget, run_id: str, *, scene_id: str, shot_id: str) -> Funds:
        """What is left for a run of this scene and shot, its own part not counted."""
        doc = await self._collection.get(project_id)
        book = Book.model_validate(doc) if doc is not None else await self._opened(project_id)
        return funds_left(book, budget, run_id, scene_id=scene_id, shot_id=shot_id)

    async def reserve(self, state: ShotState, run: Run, budget: Budget) -> bool:
        """Reserve what the run will have used once `state` is saved; False when a limit would be broken."""
        line = line_of(state, run, state.version + 1)
        return await self._change(state.project_id, lambda book: book.reserved(run.run_id, line, budget))

    async def book(self, state: ShotState, run: Run) -> None:
        """Note what the run has used, as `state`, saved as the version that it carries, says."""
        line = line_of(state, run, state.version)
        await self._change(state.project_id, lambda book: book.booked(run.run_id, line))

    async def _change(self, project_id: str, change: Callable[[Book], Book | None]) -> bool:
        async with self._turns[project_id]:
            for _ in range(_RACES):
                doc = await self._collection.get(project_id)
                book = Book.model_validate(doc) if doc is not None else await self._opened(project_id)
                changed = change(book)
                if changed is None:
                    return False
                if changed is book and doc is not None:
                    return True
                if await self._save(changed):
                    return True
        raise Transient(f"budget of project {project_id}: {_RACES} writes in a row were overtaken")

    def _save(self, book: Book) -> Awaitable[bool]:
        doc = {**book.model_dump(mode="json"), "_id": book.project_id, "version": book.version + 1}
        return self._collection.replace(doc, book.version) if book.version else self._collection.insert(doc)

    async def _opened(self, project_id: str) -> Book:
        shots = await self._shots.of_project(project_id)
        return opened(
            project_id,
            (
                (run.run_id, line_of(state, run, state.version).model_copy(update={"saved": True}))
                for state in shots
                for run in state.runs.values()
            ),
        )


def line_of(state: ShotState, run: Run, stamp: int) -> Line:
    """A run's line in the book, as of a version of its shot's document."""
    return Line(
        scene_id=run.scene_id,
        shot_id=state.shot_id,
        calls=run.attempts_used,
        usd_micros=run.cost_usd_micros,
        stamp=stamp,
    )
