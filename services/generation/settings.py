"""Settings of a generation worker, beside those of every service."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field

from services.chassis.settings import ServiceSettings
from services.generation.domain.ledger import InDoubtPolicy
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings
from services.generation.providers.vendor import VendorLimits
from services.generation.providers.vendor_settings import VendorSettings

_FREE_STOP_S: Final = 30.0
_PAID_STOP_S: Final = 150.0


def _spare_processors() -> int:
    return max(1, (os.cpu_count() or 1) - 1)


class GenerationSettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    generation_provider: str = Field(default="previz", pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    """Provider that this worker serves."""
    generation_concurrency: int | None = Field(default=None, ge=1, le=1000)
    """Generations at once; None = what keeps the provider busy."""
    generation_drain_s: float = Field(default=30.0, ge=0, le=600)
    """Seconds that running generations get to finish when the worker loses partitions; meanwhile its group waits."""
    generation_stop_s: float | None = Field(default=None, ge=0, le=3600)
    """Seconds that they get when the worker stops. A paid call that is cut off then is in doubt, unless the vendor has
    given a job id. None = 30 for a free provider, 150 for a paid one."""
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
    generation_memory_mb: int = Field(default=1024, ge=16, le=1024 * 1024)
    """Mebibytes for images in flight, from the call to the stored image; calls wait while they are used up."""
    generation_unpacking_mb: int = Field(default=1024, ge=16, le=1024 * 1024)
    """Mebibytes for pictures that are unpacked at once, at 12 bytes per pixel; a larger one is unpacked alone."""
    generation_limit_concurrent: int | None = Field(default=None, ge=1, le=100_000)
    """Calls at once that the vendor allows the account, over all workers; None = as the vendor documents."""
    generation_limit_calls: int | None = Field(default=None, ge=1, le=1_000_000)
    """Calls that may begin within the window below, over all workers; None = as the vendor documents."""
    generation_limit_window_s: float | None = Field(default=None, gt=0, le=86_400)
    """Seconds of that window; None = as the vendor documents, one minute where he has none."""
    generation_limit_skew_s: float = Field(default=2.0, ge=0, le=60)
    """How far the workers' clocks may differ; taken off the vendor's limits."""
    generation_throttle_wait_s: float = Field(default=30.0, ge=0, le=3600)
    """Longest pause of the vendor that a call waits out; a longer one ends it as throttled, for the router."""
    generation_outages: int = Field(default=3, ge=1, le=100)
    """Outages in a row after which the provider is announced as down."""
    generation_probe_s: float = Field(default=5.0, gt=0, le=3600)
    """Seconds between looks at the provider's health."""
    generation_adapter_folder: Path = Path(".ice/adapters")
    """Where files of LoRAs and textual inversions are kept; one folder may serve all workers of a machine."""
    generation_adapter_mb: int = Field(default=20 * 1024, ge=1, le=64 * 1024 * 1024)
    """Mebibytes that they may take together; the least recently used make room."""
    vendors: VendorSettings = Field(default_factory=VendorSettings)
    """Keys and addresses of the vendors; variables of their own (`VendorSettings`), without the prefix."""
    diffusers: DiffusersSettings = Field(default_factory=DiffusersSettings)
    """Models on this machine; variables of their own (`DiffusersSettings`)."""
    previz_processes: int = Field(default_factory=_spare_processors, ge=1, le=256)
    """Processes that draw; default: all processors but one, at least one."""
    previz_timeout_s: float = Field(default=60.0, gt=0, le=600)
    """Longest that one drawing may take."""

    def lease(self, *, free: bool) -> timedelta:
        """How long a claim holds."""
        return timedelta(seconds=self.generation_free_lease_s if free else self.generation_lease_s)

    def stop_s(self, *, free: bool) -> float:
        """How long running generations get when the worker stops."""
        if self.generation_stop_s is not None:
            return self.generation_stop_s
        return _FREE_STOP_S if free else _PAID_STOP_S

    def limits(self, vendor: VendorLimits) -> VendorLimits:
        """The vendor's limits, or what the operator knows better: accounts differ."""
        return VendorLimits(
            concurrent=self.generation_limit_concurrent or vendor.concurrent,
            calls=self.generation_limit_calls or vendor.calls,
            window_s=self.generation_limit_window_s or vendor.window_s,
        )

    @property
    def patience(self) -> timedelta:
        """How long an accepted call is asked for."""
        return timedelta(seconds=self.generation_patience_s)
