"""Settings of the gateway, beside those of every service."""

from datetime import timedelta
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from schemas.providers import SWITCHES, with_keys
from schemas.text import Slug
from services.chassis.settings import ServiceSettings, variables_set


class GatewaySettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    http_port: int = Field(default=8080, ge=0, le=65_535)
    """Port of the JSON API, health and metrics; 0 = no server."""
    gateway_link_s: int = Field(default=900, ge=10, le=3600)
    """Seconds that a presigned link to an image is good for."""
    providers: tuple[Slug, ...] = Field(
        default_factory=lambda: with_keys(variables_set(SWITCHES.values())), min_length=1
    )
    """Providers of this deployment, whose generation topics are read, as a JSON list.
    Not given: previz, every vendor whose key is set, every server of one's own whose address is."""
    gateway_page_size: int = Field(default=500, ge=1, le=5000)
    """Most items that one answer lists; the rest follows with `?after=`."""
    gateway_adapter_mb: int = Field(default=2048, ge=1, le=64 * 1024)
    """Largest file of an adapter that is taken, in mebibytes."""
    gateway_upload_folder: Path | None = None
    """Where files lie while they come in, two at a time; None = the system's temporary folder."""
    leonardo_callback_key: SecretStr | None = Field(
        default=None, min_length=16, validation_alias=AliasChoices("LEONARDO_CALLBACK_KEY", "ICE_LEONARDO_CALLBACK_KEY")
    )
    """Leonardo's webhook callback key, as set when the API key was made; None = Leonardo's jobs are polled only."""
    gateway_callback_window_s: float = Field(default=900, ge=60, le=86_400)
    """How old a vendor's callback may be, in seconds; an older one is a replay."""

    @property
    def callback_keys(self) -> dict[str, SecretStr]:
        """Callback key by provider, of those that have one."""
        key = self.leonardo_callback_key
        return {} if key is None else {"leonardo": key}

    @property
    def callback_window(self) -> timedelta:
        """How old a vendor's callback may be."""
        return timedelta(seconds=self.gateway_callback_window_s)
