"""What the orchestrator needs from outside its domain."""

from collections.abc import Mapping
from typing import Protocol

from schemas.provider import ProviderHealthChanged
from schemas.vocabulary import SubjectKind
from services.orchestrator.domain.state import ShotState


class ShotStates(Protocol):
    """One document per shot. Every method raises `Transient` when the database is away."""

    async def load(self, project_id: str, subject: SubjectKind, shot_id: str) -> ShotState:
        """The state as saved last; a fresh one (version 0) for a shot not met yet."""
        ...

    async def save(self, state: ShotState) -> bool:
        """Save over the version that was loaded; False when another writer came first, and nothing is changed."""
        ...


class ProviderHealths(Protocol):
    """The newest word on each provider."""

    async def note(self, event: ProviderHealthChanged) -> None:
        """Keep it, unless something newer is known."""
        ...

    async def newest(self) -> Mapping[str, ProviderHealthChanged]:
        """By provider's name."""
        ...
