"""Decisions, fingerprints and superseded runs in the document database."""

from collections.abc import Sequence
from typing import Any

from schemas.generation import GenerationCompleted
from services.chassis.clock import Clock
from services.chassis.documents import Collection, DocumentStore
from services.validation.domain.duplicates import Fingerprint, Neighbour
from services.validation.ports import StoredEvents

FRAMES = "frames"
FINGERPRINTS = "frame_fingerprints"
SUPERSEDED_RUNS = "validation_superseded_runs"
_MOST_NEIGHBOURS = 200


class DocumentFrames:
    """Decisions in `frames`, fingerprints in `frame_fingerprints`; `_id` = generation id in both.

    They are apart because a comparison reads many fingerprints, and a decision carries a whole event.
    """

    def __init__(self, documents: DocumentStore, clock: Clock) -> None:
        self._frames: Collection = documents.collection(FRAMES)
        self._fingerprints: Collection = documents.collection(FINGERPRINTS)
        self._clock = clock

    async def prepare(self) -> None:
        """Create the index that finds candidates by band."""
        await self._fingerprints.ensure_index([("project_id", 1), ("bands", 1)])

    async def decided(self, generation_id: str) -> StoredEvents | None:
        """The events of an earlier decision, or None."""
        doc = await self._frames.get(generation_id)
        return None if doc is None else doc["events"]

    async def decide(self, event: GenerationCompleted, events: StoredEvents) -> bool:
        """Keep a decision with its events; False when there is one already."""
        decision = {
            "_id": event.generation_id,
            "version": 1,
            "run_id": event.run.run_id,
            "project_id": event.run.project.project_id,
            "shot_id": event.run.shot.shot_id,
            "decided_at": self._clock.now().isoformat(),
            "events": list(events),
        }
        return await self._frames.insert(decision)

    async def neighbours(self, event: GenerationCompleted, own: Fingerprint) -> Sequence[Neighbour]:
        """Frames of other shots of the film that share a band, the shots of its own continuity left out."""
        shot_id = event.run.shot.shot_id
        found = await self._fingerprints.find(
            {
                "project_id": event.run.project.project_id,
                "bands": {"$in": list(own.bands)},
                "shot_id": {"$nin": [shot_id, *_continued(event)]},
            },
            limit=_MOST_NEIGHBOURS,
        )
        subject = event.run.subject.value
        return tuple(_neighbour(doc) for doc in found if shot_id not in doc["continues"] and doc["subject"] == subject)

    async def remember(self, event: GenerationCompleted, own: Fingerprint) -> None:
        """Let later frames be compared with this one; a repeat overwrites."""
        await self._fingerprints.put(
            {
                "_id": event.generation_id,
                "project_id": event.run.project.project_id,
                "shot_id": event.run.shot.shot_id,
                "code": event.run.shot.code or event.run.shot.shot_id,
                "subject": event.run.subject.value,
                "continues": _continued(event),
                # As text: 288 bits are more than a number of the database holds.
                "bits": f"{own.bits:x}",
                "bands": list(own.bands),
                "colour": list(own.colour),
            }
        )


class DocumentSupersededRuns:
    """Run ids in a collection of validation's own."""

    def __init__(self, documents: DocumentStore, clock: Clock) -> None:
        self._runs: Collection = documents.collection(SUPERSEDED_RUNS)
        self._clock = clock

    async def add(self, run_id: str) -> None:
        """Remember a run; a repeat changes nothing."""
        await self._runs.insert({"_id": run_id, "noticed_at": self._clock.now().isoformat()})

    async def has(self, run_id: str) -> bool:
        """Whether the run was superseded."""
        return await self._runs.get(run_id) is not None


def _continued(event: GenerationCompleted) -> list[str]:
    """Shots that this frame is meant to match."""
    return sorted({frame.shot_id for frame in event.continuity})


def _neighbour(doc: dict[str, Any]) -> Neighbour:
    red, green, blue = doc["colour"]
    return Neighbour(doc["shot_id"], doc["code"], Fingerprint(int(doc["bits"], 16), (red, green, blue)))
