"""Settings of the local stack. Environment variables with the prefix `ICE_LOCAL_`; wrong ones stop the start-up."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings


class StackSettings(Settings):
    """Where the stack lives on this machine. What each service does is in the service's own settings (`ICE_...`)."""

    model_config = SettingsConfigDict(
        env_prefix="ICE_LOCAL_", frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    folder: Path = Path(".ice")
    """Data, logs, ports and credentials of the stack; one stack at a time runs on a folder."""
    kafka_port: int = Field(default=0, ge=0, le=65_535)
    """Port of the broker; 0 = the same as last time if free, else any."""
    mongo_port: int = Field(default=0, ge=0, le=65_535)
    """Port of the database; 0 as above."""
    s3_port: int = Field(default=0, ge=0, le=65_535)
    """Port of the object store; 0 as above."""
    gateway_port: int = Field(default=0, ge=0, le=65_535)
    """Port of the HTTP API; 0 as above."""
    min_free_mb: int = Field(default=512, ge=0, le=1_048_576)
    """The stack does not start with less free disk space, MiB."""

    def fixed_ports(self) -> dict[str, int]:
        """The ports that were asked for by number."""
        asked = {
            "kafka": self.kafka_port,
            "mongo": self.mongo_port,
            "s3": self.s3_port,
            "gateway": self.gateway_port,
        }
        return {name: port for name, port in asked.items() if port}
