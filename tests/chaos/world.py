"""Everything that one run starts: servers, proxy, vendor, services."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from schemas import topics
from schemas.topics import TopicSpec
from services.chassis.provision import provision
from services.chassis.settings import ServiceSettings
from services.local_stack.servers import database, object_store, ports, probes
from services.local_stack.servers.process import Child
from services.local_stack.servers.server import Server, ServerPlan
from tests.chaos.film import CATALOGUE
from tests.chaos.processes import ROOT, Service, environment, used_s
from tests.fixtures.kafka_jars import ApacheKafka
from tests.fixtures.settings import FixtureSettings

BROKERS: Final = (1, 2, 3)
LINKS: Final = ("database", "object-store", "vendor", "kafka-1", "kafka-2", "kafka-3")
SERVICES: Final = (
    "character_conditioning",
    "location_conditioning",
    "prompt_builder",
    "orchestrator",
    "generation-1",
    "generation-2",
    "validation",
    "gateway",
)
BUCKET: Final = "ice"
DATABASE: Final = "ice"
_PORTS: Final = ("mongo", "vendor")
_START_WITHIN_S: Final = 120.0
_DISK_MB: Final = 256
_PARTITIONS: Final = 4
_KEYS: Final = object_store.Keys("chaos-access", "chaos-secret-key")

#: Shorter than in production (README), so that each fault is met and recovered from within the run.
HASTE: Final = {
    "ICE_KAFKA_SESSION_TIMEOUT_MS": "4000",
    "ICE_KAFKA_DRAIN_S": "3",
    "ICE_KAFKA_REQUEST_TIMEOUT_MS": "10000",
    "ICE_MONGO_TIMEOUT_MS": "3000",
    "ICE_S3_TIMEOUT_S": "5",
    "ICE_RETRY_CAP_S": "3",
    "ICE_GRACE_S": "10",
    "ICE_GENERATION_LEASE_S": "8",
    "ICE_GENERATION_DRAIN_S": "3",
    "ICE_VALIDATION_DRAIN_S": "3",
    "ICE_GENERATION_CONCURRENCY": "8",
    "ICE_CONTINUITY_WAIT_S": "20",
    "ICE_SWEEP_EVERY_S": "2",
    "ICE_SWEEP_WARM_UP_S": "3",
    "ICE_GENERATION_PROBE_S": "1",
}


#: Of these, what is no limit of time.
_COUNTS: Final = frozenset({"ICE_GENERATION_CONCURRENCY"})


def hasty(pace: float) -> dict[str, str]:
    """The time limits of the services, `pace` times as long."""
    return {name: value if name in _COUNTS else f"{float(value) * pace:g}" for name, value in HASTE.items()}


def specs() -> tuple[TopicSpec, ...]:
    """Every topic of the run, with few partitions."""
    return tuple(replace(spec, partitions=min(spec.partitions, _PARTITIONS)) for spec in topics.specs(("chaos",)))


@dataclass
class Disk:
    """A small disk for the object store, which can be filled: a memory disk where this user may mount one."""

    path: Path
    mounted: bool = False

    def mount(self) -> None:
        """Mount it; without the right to, it is a plain folder and can't be filled."""
        self.path.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(self.path)]
        with contextlib.suppress(OSError):
            self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def unmount(self) -> None:
        """Let it go, with all that it holds."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], capture_output=True, check=False)
            self.mounted = False

    def fill(self) -> bool:
        """Leave no byte free; False where that can't be done."""
        if not self.mounted:
            return False
        with (self.path / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 65536)
        return True

    def free(self) -> None:
        """Give the space back."""
        (self.path / "ballast").unlink(missing_ok=True)


class World:
    """One run's servers and services in a folder.

    Args:
        folder: empty; logs and evidence go here.
        data: the servers' data go into a new folder below this one.
        brokers: nodes of the cluster, 1 to 3.
        pace: time limits are so many times as long.
    """

    def __init__(self, folder: Path, data: Path, *, brokers: int = len(BROKERS), pace: float = 1.0) -> None:
        self.folder = folder
        self.nodes = BROKERS[:brokers]
        self.pace = pace
        self.logs = folder / "logs"
        self.data = Path(tempfile.mkdtemp(prefix="ice-chaos-", dir=data))
        self.logs.mkdir(parents=True)
        self.bill = folder / "bill.jsonl"
        self.disk = Disk(self.data / "object-store")
        chosen = ports.choose((*(f"link {name}" for name in LINKS), *object_store.PORTS, *_PORTS, *SERVICES), {}, {})
        self._links = {name: chosen[f"link {name}"] for name in LINKS}
        self._ports = chosen
        self.kafka = ApacheKafka(
            self.data / "kafka",
            cache=FixtureSettings().test_cache,
            nodes=brokers,
            heap_mb=320,
            start_within_s=_START_WITHIN_S * pace,
            advertised={node: f"127.0.0.1:{self._links[f'kafka-{node}']}" for node in self.nodes},
        )
        self._proxy: subprocess.Popen[bytes] | None = None
        self._vendor: Child | None = None
        self.services = {name: self._service(name) for name in SERVICES}
        self.database, self.object_store = self._storage()

    @property
    def mongo_url(self) -> str:
        """The database itself, past the proxy."""
        return database.url(self._ports["mongo"])

    @property
    def s3_endpoint(self) -> str:
        """The object store itself, past the proxy."""
        return object_store.endpoint(self._ports)

    @property
    def s3_keys(self) -> object_store.Keys:
        """How to get into the object store."""
        return _KEYS

    @property
    def planner(self) -> ServiceSettings:
        """Settings of the shot planner, which isn't under test: past the proxy."""
        brokers = ",".join(self.kafka.address(node) for node in self.nodes)
        return ServiceSettings(
            kafka_bootstrap=brokers,
            kafka_replication_factor=len(self.nodes),
            kafka_request_timeout_ms=int(10_000 * self.pace),
        )

    async def start(self) -> None:
        """Start servers, then topics, then services; returns when all are ready."""
        self.disk.mount()
        (self.folder / "catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
        self._start_proxy()
        self._vendor = Child(
            (sys.executable, "-m", "tests.chaos.vendor", str(self._ports["vendor"]), str(self.bill)),
            env=environment({}),
            log=self.logs / "vendor.log",
            cwd=ROOT,
        )
        await asyncio.gather(self.kafka.start(), self.database.start(), self.object_store.start())
        await self._vendor_listens()
        await provision(self.planner, specs())
        for service in self.services.values():
            service.start()
        ready = await asyncio.gather(*(service.ready(60 * self.pace) for service in self.services.values()))
        late = [name for name, is_ready in zip(self.services, ready, strict=True) if not is_ready]
        if late:
            raise SystemExit(f"not ready within {60 * self.pace:.0f} s: {', '.join(late)}; see {self.logs}")

    async def _vendor_listens(self) -> None:
        for _ in range(int(600 * self.pace)):
            if await probes.port_open(self._ports["vendor"]):
                return
            await asyncio.sleep(0.1)
        raise SystemExit(f"the vendor did not start; see {self.logs / 'vendor.log'}")

    def tell_proxy(self, order: dict[str, Any]) -> None:
        """Give the proxy one order."""
        if self._proxy is not None and self._proxy.stdin is not None:
            self._proxy.stdin.write((json.dumps(order) + "\n").encode())
            self._proxy.stdin.flush()

    def processor_s(self) -> dict[str, float]:
        """Processor seconds of what runs now, since each was last started."""
        pids = {name: service.pid for name, service in self.services.items()}
        pids |= {f"kafka-{node}": self.kafka.pid(node) for node in self.nodes}
        pids |= {"database": self.database.pid, "object-store": self.object_store.pid}
        pids |= {"vendor": self._vendor.pid if self._vendor else None}
        pids |= {"proxy": self._proxy.pid if self._proxy else None, "conductor": os.getpid()}
        return {name: used_s(pid) for name, pid in pids.items() if pid is not None}

    async def stop_services(self) -> list[str]:
        """SIGTERM to each; names of those that did not end by themselves within their grace."""
        ended = await asyncio.gather(*(service.stop(20 * self.pace) for service in self.services.values()))
        return [name for name, well in zip(self.services, ended, strict=True) if not well]

    def destroy(self, *, keep_data: bool) -> None:
        """Kill what runs and remove the data."""
        for service in self.services.values():
            service.kill()
        self.kafka.kill()
        self.database.kill()
        self.object_store.kill()
        if self._vendor is not None:
            self._vendor.kill()
        if self._proxy is not None:
            self._proxy.kill()
            self._proxy.wait()
        for log in self.data.glob("kafka/*.log"):
            shutil.copy(log, self.logs)
        self.disk.unmount()
        if not keep_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def _start_proxy(self) -> None:
        targets = {
            "database": self._ports["mongo"],
            "object-store": self._ports["s3"],
            "vendor": self._ports["vendor"],
            **{f"kafka-{node}": int(self.kafka.address(node).rpartition(":")[2]) for node in self.nodes},
        }
        links = [f"{name}={port}:{targets[name]}" for name, port in self._links.items() if name in targets]
        with (self.logs / "proxy.log").open("wb") as log:
            self._proxy = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.proxy", *links],
                env=environment({}),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _storage(self) -> tuple[Server, Server]:
        documents = self.data / "database"
        documents.mkdir()
        base = database.plan(self._ports["mongo"], logs=self.logs, folder=self.data, data=documents)
        objects = object_store.plan(
            self._ports, logs=self.logs, folder=self.data, data=self.disk.path, keys=_KEYS, buckets=(BUCKET,)
        )
        return Server(_patient(base, self.pace)), Server(_patient(objects, self.pace))

    def _service(self, name: str) -> Service:
        clock = self.folder / f"{name}.clock"
        module = name.rpartition("-")[0] or name
        links = {key: f"127.0.0.1:{port}" for key, port in self._links.items()}
        env = hasty(self.pace) | {
            "ICE_KAFKA_BOOTSTRAP": ",".join(links[f"kafka-{node}"] for node in self.nodes),
            "ICE_KAFKA_REPLICATION_FACTOR": str(len(self.nodes)),
            "ICE_MONGO_URL": f"mongodb://{links['database']}/?directConnection=true",
            "ICE_MONGO_DATABASE": DATABASE,
            "ICE_S3_ENDPOINT": links["object-store"],
            "ICE_S3_ACCESS_KEY": _KEYS.access_key,
            "ICE_S3_SECRET_KEY": _KEYS.secret_key,
            "ICE_S3_BUCKET": BUCKET,
            "ICE_PROVIDERS": '["chaos"]',
            "ICE_ORCHESTRATOR_CATALOGUE": str(self.folder / "catalogue.yaml"),
            "ICE_HTTP_PORT": str(self._ports[name]),
            "CHAOS_CLOCK": str(clock),
            "CHAOS_VENDOR": f"http://{links['vendor']}",
        }
        return Service(name, module, self._ports[name], env, self.logs / f"{name}.log", clock)


def _patient(plan: ServerPlan, pace: float) -> ServerPlan:
    """Two processors are shared with everything else."""
    return replace(plan, start_within_s=_START_WITHIN_S * pace)
