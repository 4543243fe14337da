"""`ShotStates` in a collection: one document per shot, compare-and-set on its version.

Beside the state a document holds what finds it: `due` (with `is_due`, as not every database walks an index by a range
alone), the kinds of rest in it, and the providers that it waits for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.vocabulary import SubjectKind
from services.chassis.documents import Collection, Upsert
from services.orchestrator.domain.state import ShotState, WaitKind, document_id

COLLECTION = "orchestrator_shots"


class ShotDocuments:
    """The shots' states; `collection` is the orchestrator's own."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def prepare(self) -> None:
        """Create the indexes; once per start."""
        await self._collection.ensure_index([("is_due", 1), ("due", 1)])
        await self._collection.ensure_index([("rests", 1)])
        await self._collection.ensure_index([("waits_on", 1)])
        await self._collection.ensure_index([("project_id", 1)])

    async def load(self, project_id: str, subject: SubjectKind, shot_id: str) -> ShotState:
        """The state as saved last; a fresh one (version 0) for a shot not met yet."""
        doc = await self._collection.get(document_id(project_id, subject, shot_id))
        if doc is None:
            return ShotState(project_id=project_id, subject=subject, shot_id=shot_id)
        return ShotState.model_validate(doc)

    async def save(self, state: ShotState) -> bool:
        """Save over the version that was loaded; False when another writer came first, and nothing is changed."""
        doc = {
            **state.model_dump(mode="json"),
            **_found_by(state),
            "_id": state.document_id,
            "version": state.version + 1,
        }
        if state.version == 0:
            return await self._collection.insert(doc)
        return await self._collection.replace(doc, state.version)

    async def due(self, now: float, limit: int) -> Sequence[ShotState]:
        """Shots that a sweep has to look at by then (seconds since 1970), the longest due first."""
        wanted = {"is_due": True, "due": {"$lte": now}}
        found = await self._collection.find(wanted, sort=[("due", 1)], limit=limit)
        return tuple(ShotState.model_validate(doc) for doc in found)

    async def wake(self, provider: str, now: float) -> int:
        """Make every shot due now that waits for this provider; how many there are."""
        found = await self._collection.find({"waits_on": provider}, without=("caused", "runs"))
        # The version is left alone: a writer who overtakes this loses the wake-up, and the run its early look only.
        await self._collection.write_many(
            [Upsert(str(doc["_id"]), {"is_due": True, "due": now, "woken": True}) for doc in found]
        )
        return len(found)

    async def resting(self) -> Mapping[WaitKind, int]:
        """How many shots have a run at rest, by kind."""
        return {kind: await self._collection.count({"rests": kind.value}) for kind in WaitKind}

    async def of_project(self, project_id: str) -> Sequence[ShotState]:
        """Every shot of a project, without what its inputs caused."""
        found = await self._collection.find({"project_id": project_id}, without=("caused",))
        return tuple(ShotState.model_validate(doc) for doc in found)


def _found_by(state: ShotState) -> dict[str, Any]:
    """Fields that indexes need; none where nothing has to find the shot."""
    waits = [run.wait for run in state.runs.values() if run.wait is not None]
    found: dict[str, Any] = {}
    due = state.due
    if due is not None:
        found |= {"is_due": True, "due": due}
    if waits:
        found["rests"] = sorted({wait.kind.value for wait in waits})
        found["waits_on"] = sorted({provider for wait in waits for provider in wait.providers})
    return found
