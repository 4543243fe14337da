"""Providers: how they are, and what their webhooks say."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from schemas.base import Event, Identifier
from schemas.text import Name, Slug, Text


class ProviderState(StrEnum):
    """Whether the router may send work."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class ProviderHealthChanged(Event):
    """A provider's health changed, or its worker started."""

    TYPE: ClassVar[str] = "film.provider.health_changed"

    provider: Slug
    """Provider."""
    state: ProviderState
    """up, degraded or down."""
    reason: Text = ""
    """Why, for people."""
    models: tuple[Name, ...] = ()
    """Models that its workers can call now."""
    lacks: dict[Name, tuple[Slug, ...]] = Field(default_factory=dict, max_length=200)
    """What a model can't do now though its card says so, by model: `references`, `composition-guide`, `start-image`.
    Servers of one's own have what their operator has put there."""
    sequence: int = Field(ge=0)
    """Grows with every change: milliseconds since 1970 when it was noticed."""

    def identity(self) -> tuple[str, ...]:
        """One per provider and change."""
        return (self.provider, str(self.sequence), self.state.value)

    def partition_key(self) -> str:
        """The provider."""
        return self.provider


class ProviderCallbackReceived(Event):
    """An authenticated webhook of a vendor; secrets in the body are stripped."""

    TYPE: ClassVar[str] = "film.provider.callback_received"

    provider: Slug
    """Provider."""
    vendor_job_id: Identifier
    """Vendor's job id, the partition key."""
    body: dict[str, Any]
    """The body without its secrets."""

    def identity(self) -> tuple[str, ...]:
        """One per vendor job."""
        return (self.provider, self.vendor_job_id)

    def partition_key(self) -> str:
        """The vendor's job id."""
        return self.vendor_job_id
