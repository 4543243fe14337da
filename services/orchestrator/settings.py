"""Settings of the orchestrator, beside those of every service."""

from pathlib import Path

from pydantic import Field

from schemas.text import Slug
from services.chassis.settings import ServiceSettings
from services.orchestrator.domain.course import InDoubtPolicy


class OrchestratorSettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    providers: tuple[Slug, ...] = Field(default=("previz",), min_length=1)
    """Providers whose workers run in this deployment, as a JSON list; models of others are skipped."""
    orchestrator_catalogue: Path | None = None
    """Model catalogue, YAML; None = the one that ships with the engine."""
    orchestrator_in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    """What becomes of a run whose paid call may or may not have been made: hold or next-model."""
    orchestrator_health_fresh_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds that a reading of the providers' health is good for."""
