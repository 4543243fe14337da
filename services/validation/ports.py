"""What the handlers need from outside."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from schemas.bible import ReferenceImage
from schemas.generation import GenerationCompleted
from schemas.validation import Score
from services.validation.domain.duplicates import Fingerprint, Neighbour
from services.validation.domain.intent import Plate

T = TypeVar("T")
StoredEvents = Sequence[dict[str, Any]]


class Frames(Protocol):
    """Decisions by generation id, and the fingerprints that they are compared with."""

    async def decided(self, generation_id: str) -> StoredEvents | None:
        """The events of an earlier decision, or None."""
        ...

    async def decide(self, event: GenerationCompleted, events: StoredEvents) -> bool:
        """Keep a decision with its events; False when there is one already."""
        ...

    async def neighbours(self, event: GenerationCompleted, own: Fingerprint) -> Sequence[Neighbour]:
        """Frames of other shots of the film that share a band; shots that continue each other are left out."""
        ...

    async def remember(self, event: GenerationCompleted, own: Fingerprint) -> None:
        """Let later frames be compared with this one; a repeat overwrites."""
        ...


class Plates(Protocol):
    """What reference pictures look like."""

    async def look_at(self, image: ReferenceImage) -> Plate:
        """The picture's palette and sight, or why there is none."""
        ...


class Judges(Protocol):
    """Measures by trained models and by other services; asked for in the settings."""

    async def scores(self, event: GenerationCompleted, data: bytes) -> Sequence[Score]:
        """What they measured on a frame; null where they could not. Never raises on what a model does."""
        ...


class SupersededRuns(Protocol):
    """Runs whose frames nobody waits for any more."""

    async def add(self, run_id: str) -> None:
        """Remember a run."""
        ...

    async def has(self, run_id: str) -> bool:
        """Whether the run was superseded."""
        ...


class Offload(Protocol):
    """CPU work beside the event loop, bounded."""

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on a thread and return its result."""
        ...
