"""How many calls to the judge a project has made, in the document database."""

from services.chassis.documents import Collection, DocumentStore

CALLS = "validation_judge_calls"
_TRIES = 20


class DocumentBudget:
    """One counter per project, raised by compare-and-set before each call.

    Args:
        documents: the database.
        most: calls that a project may make in all.
    """

    def __init__(self, documents: DocumentStore, most: int) -> None:
        self._calls: Collection = documents.collection(CALLS)
        self._most = most

    async def take(self, project_id: str) -> bool:
        """Whether there is a call left; it is used up then. A counter that everybody wants at once gives none."""
        for _ in range(_TRIES):
            found = await self._calls.get(project_id)
            if found is None:
                if self._most < 1:
                    return False
                if await self._calls.insert({"_id": project_id, "version": 1, "calls": 1}):
                    return True
                continue
            if found["calls"] >= self._most:
                return False
            changed = {**found, "calls": found["calls"] + 1, "version": found["version"] + 1}
            if await self._calls.replace(changed, found["version"]):
                return True
        return False
