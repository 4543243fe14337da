"""Settings of a generation worker, beside those of every service."""

import os
from datetime import timedelta

from pydantic import Field

from services.chassis.settings import ServiceSettings
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.providers.vendor_settings import VendorSettings


def _spare_processors() -> int:
    return max(1, (os.cpu_count() or 1) - 1)


class GenerationSettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    generation_provider: str = Field(default="previz", pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    """Provider that this worker serves."""
    generation_concurrency: int | None = Field(default=None, ge=1, le=1000)
    """Generations at once; None = what keeps the provider busy."""
    generation_drain_s: float = Field(default=30.0, ge=0, le=600)
    """Seconds that running generations get to finish when the worker stops or loses partitions."""
    generation_lease_s: float = Field(default=60.0, gt=0, le=3600)
    """How long a worker's claim on a paid call holds without a sign of life. Must exceed the clocks' difference."""
    generation_free_lease_s: float = Field(default=10.0, gt=0, le=3600)
    """As above for a free provider, whose calls may be repeated: short, so that a restart goes on at once."""
    generation_in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    """What becomes of a paid call whose outcome is unknown: hold, retry-once or next-model."""
    generation_patience_s: float = Field(default=3600.0, gt=0, le=86_400)
    """How long an accepted call is asked for, over all interruptions, before it counts as in doubt."""
    generation_max_image_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """Largest file that is accepted from a provider."""
    generation_max_pixels: int = Field(default=8192 * 8192, ge=64 * 64, le=8192 * 8192)
    """Largest picture that is decoded: the largest that a shot may ask for."""
    generation_threads: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64)
    """Threads that decode and encode images."""
    generation_outages: int = Field(default=3, ge=1, le=100)
    """Outages in a row after which the provider is announced as down."""
    generation_probe_s: float = Field(default=5.0, gt=0, le=3600)
    """Seconds between looks at the provider's health."""
    vendors: VendorSettings = Field(default_factory=VendorSettings)
    """Keys and addresses of the vendors; variables of their own (`VendorSettings`), without the prefix."""
    previz_processes: int = Field(default_factory=_spare_processors, ge=1, le=256)
    """Processes that draw; default: all processors but one, at least one."""
    previz_timeout_s: float = Field(default=60.0, gt=0, le=600)
    """Longest that one drawing may take."""

    def lease(self, *, free: bool) -> timedelta:
        """How long a claim holds."""
        return timedelta(seconds=self.generation_free_lease_s if free else self.generation_lease_s)

    @property
    def patience(self) -> timedelta:
        """How long an accepted call is asked for."""
        return timedelta(seconds=self.generation_patience_s)
