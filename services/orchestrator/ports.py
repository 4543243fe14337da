"""What the orchestrator needs from outside its domain."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.project import Budget
from schemas.provider import ProviderHealthChanged
from schemas.vocabulary import SubjectKind
from services.orchestrator.domain.circuit import Circuit
from services.orchestrator.domain.funds import Funds
from services.orchestrator.domain.lessons import Lessons
from services.orchestrator.domain.state import Run, ShotState, WaitKind


class ShotStates(Protocol):
    """One document per shot. Every method raises `Transient` when the database is away."""

    async def load(self, project_id: str, subject: SubjectKind, shot_id: str) -> ShotState:
        """The state as saved last; a fresh one (version 0) for a shot not met yet."""
        ...

    async def save(self, state: ShotState) -> bool:
        """Save over the version that was loaded; False when another writer came first, and nothing is changed."""
        ...

    async def due(self, now: float, limit: int) -> Sequence[ShotState]:
        """Shots that a sweep has to look at by then (seconds since 1970), the longest due first."""
        ...

    async def wake(self, provider: str, now: float) -> int:
        """Make every shot due now that waits for this provider; how many there are."""
        ...

    async def resting(self) -> Mapping[WaitKind, int]:
        """How many shots have a run at rest, by kind."""
        ...


class Providers(Protocol):
    """How the providers are: by their workers' word, and by what the runs met. Raises `Transient` likewise."""

    async def note(self, event: ProviderHealthChanged) -> None:
        """Keep a worker's word, unless something newer is known."""
        ...

    async def failed(self, event: GenerationFailed) -> bool:
        """Count a failed call; whether it opened the provider's circuit or closed it."""
        ...

    async def answered(self, event: GenerationCompleted) -> bool:
        """Note that a provider answered; whether that closed its circuit."""
        ...

    async def probe(self, provider: str, run_id: str) -> bool:
        """Make this run the one that tries a provider again; False when another one does, or it is too early."""
        ...

    async def newest(self) -> Mapping[str, ProviderHealthChanged]:
        """The newest word by provider's name."""
        ...

    async def circuits(self) -> Mapping[str, Circuit]:
        """What the runs met, by provider's name."""
        ...


class Budgets(Protocol):
    """What projects with limits have used. Raises `Transient` likewise."""

    async def left(self, project_id: str, budget: Budget, run_id: str, *, scene_id: str, shot_id: str) -> Funds:
        """What is left for a run of this scene and shot, its own part not counted."""
        ...

    async def reserve(self, state: ShotState, run: Run, budget: Budget) -> bool:
        """Reserve what the run will have used once `state` is saved; False when a limit would be broken."""
        ...

    async def book(self, state: ShotState, run: Run) -> None:
        """Note what the run has used, as the saved `state` says."""
        ...


class LessonsKnown(Protocol):
    """What the retakes of projects have taught. Raises `Transient` likewise."""

    async def known(self, project_id: str) -> Lessons:
        """What is known so far."""
        ...

    async def note(self, state: ShotState, run: Run) -> None:
        """Note what the run has tried, as the saved `state` says."""
        ...


class Gauges(Protocol):
    """What an operator watches."""

    def resting(self, counts: Mapping[WaitKind, int]) -> None:
        """Show how many shots rest, by kind."""
        ...
