"""Settings of the gateway, beside those of every service."""

from pydantic import Field

from services.chassis.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    http_port: int = Field(default=8080, ge=0, le=65_535)
    """Port of the JSON API, health and metrics; 0 = no server."""
    gateway_link_s: int = Field(default=900, ge=10, le=3600)
    """Seconds that a presigned link to an image is good for."""
    providers: tuple[str, ...] = ("previz",)
    """Providers of this deployment, whose generation topics are read."""
    gateway_page_size: int = Field(default=500, ge=1, le=5000)
    """Most items that one answer lists; the rest follows with `?after=`."""
