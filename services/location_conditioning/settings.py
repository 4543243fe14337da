"""Settings of this service. Environment variables with the prefix `ICE_`."""

from pydantic import Field

from services.chassis.settings import ServiceSettings


class LocationConditioningSettings(ServiceSettings):
    """What every service has, and how long a frame waits."""

    bible_wait_s: float = Field(default=120.0, gt=0, le=86_400)
    """Seconds that a frame waits for bible entries that it names and nobody has published yet."""
    continuity_wait_s: float = Field(default=86_400.0, gt=0, le=30 * 86_400)
    """Seconds that a frame waits for an earlier keyframe; then it goes on without, and says so."""
    reference_wait_s: float = Field(default=86_400.0, gt=0, le=30 * 86_400)
    """Seconds that a frame waits for a plate or a prop view; then its project's policy decides."""
    sweep_every_s: float = Field(default=5.0, gt=0, le=3_600)
    """How often waits that are over are looked for."""
    sweep_warm_up_s: float = Field(default=15.0, ge=0, le=3_600)
    """Nothing expires in the first seconds after a start: what is waited for may lie in the backlog."""
