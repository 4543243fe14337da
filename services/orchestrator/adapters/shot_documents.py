"""`ShotStates` in a collection: one document per shot, compare-and-set on its version."""

from schemas.vocabulary import SubjectKind
from services.chassis.documents import Collection
from services.orchestrator.domain.state import ShotState, document_id

COLLECTION = "orchestrator_shots"


class ShotDocuments:
    """The shots' states; `collection` is the orchestrator's own."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

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
            "_id": state.document_id,
            "version": state.version + 1,
        }
        if state.version == 0:
            return await self._collection.insert(doc)
        return await self._collection.replace(doc, state.version)
