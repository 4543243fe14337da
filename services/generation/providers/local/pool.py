"""Several servers of one's own as one provider: each job goes to the server that has least to do."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.chassis.health import Check
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import Configuration, Outage, ProviderError
from services.generation.providers.local.parts import LocalJob
from services.generation.providers.local.server import LocalServer
from services.generation.providers.optional import CallbackHints
from services.generation.providers.vendor import VendorLimits

log = logging.getLogger(__name__)


class ServerPool:
    """Servers of one kind as an `ImageProvider`, with all of `optional`.

    Args:
        servers: at least one, of one kind.
    """

    def __init__(self, servers: Sequence[LocalServer]) -> None:
        self._servers = tuple(servers)
        self._busy: Counter[str] = Counter()
        self._jobs: dict[str, set[str]] = {server.address: set() for server in servers}
        self._trouble: dict[str, str] = {}
        self._turn = 0

    @property
    def name(self) -> str:
        """The kind's slug."""
        return self._servers[0].name

    @property
    def free(self) -> bool:
        """They cost nothing, so no call is ever in doubt."""
        return True

    @property
    def models(self) -> tuple[str, ...]:
        """Models that at least one server has."""
        return tuple(dict.fromkeys(name for server in self._servers for name in server.models))

    @property
    def lacks(self) -> Mapping[str, tuple[str, ...]]:
        """By model, what none of the servers that have it can do; models that lack nothing aren't in it."""
        found: dict[str, tuple[str, ...]] = {}
        for model in self.models:
            told = [server.lacks[model] for server in self._servers if model in server.lacks]
            common = tuple(what for what in told[0] if all(what in other for other in told)) if told else ()
            if common:
                found[model] = common
        return found

    @property
    def slots(self) -> int:
        """One that is drawn and one that is ready, per server."""
        return sum(server.slots for server in self._servers)

    @property
    def limits(self) -> VendorLimits:
        """Their queues take everything."""
        return VendorLimits()

    async def start(self) -> None:
        """Make the clients."""
        for server in self._servers:
            await server.start()

    async def stop(self) -> None:
        """Close every connection."""
        for server in self._servers:
            await server.stop()

    async def ping(self) -> None:
        """See whether a server can be used; look what each has.

        Raises:
            ProviderError: none can, and why the first can't.
        """
        told = await asyncio.gather(*(server.ping() for server in self._servers), return_exceptions=True)
        failed = [error for error in told if error is not None]
        self._trouble = {
            server.address: str(error)[:300] for server, error in zip(self._servers, told, strict=True) if error
        }
        for error in failed:
            if not isinstance(error, ProviderError):
                raise error
        if len(failed) == len(self._servers):
            raise failed[0]
        for error in failed:
            log.warning("a server of %s can't be used: %s", self.name, error)

    async def prepare(self, job: ImageJob) -> ImageJob:
        """Choose the server with least to do, and prepare the job for it; see `optional.Prepares`."""
        return await self._placed(job, set())

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Make one image; a server that goes away is left for another, as nothing is lost by drawing again."""
        left: set[str] = set()
        while True:
            if not isinstance(job.prepared, LocalJob):
                job = await self._placed(job, left)
            server = self._server_of(job)
            self._busy[server.address] += 1
            try:
                return await server.generate(job, self._noting(server, accepted))
            except Outage as error:
                left.add(server.address)
                if len(left) == len(self._servers):
                    raise
                log.warning("generation %s goes to another server: %s", job.generation_id, error)
                job = replace(job, prepared=None)
            finally:
                self._busy[server.address] -= 1

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Wait for a job that one of the servers has; where none has it, it is made again."""
        for server in self._servers:
            try:
                found = await server.holds(vendor_job_id)
            except ProviderError as error:
                log.info("%s can't be asked for job %s: %s", server.address, vendor_job_id, error)
                continue
            if found:
                return await server.resume(job, vendor_job_id)

        async def accepted(_: str) -> None:
            return

        return await self.generate(replace(job, prepared=None), accepted)

    async def cancel(self, vendor_job_id: str) -> bool:
        """Call a job off, on whichever server it is; see `optional.Cancels`."""
        told = await asyncio.gather(*(server.cancel(vendor_job_id) for server in self._servers), return_exceptions=True)
        return any(answer is True for answer in told)

    async def interrupt(self, generation_id: str) -> bool:
        """Give a call up; see `optional.Interrupts`."""
        return any([await server.interrupt(generation_id) for server in self._servers])

    @property
    def checks(self) -> dict[str, Check]:
        """Each server by its address: whether it can be used, and what it draws; see `optional.Tells`."""
        return {f"{self.name} {server.address}": self._check(server) for server in self._servers}

    def _check(self, server: LocalServer) -> Check:
        trouble = self._trouble.get(server.address)
        if trouble is not None:
            return Check(ok=len(self._trouble) < len(self._servers), detail=trouble)
        shares = server.shares(tuple(self._jobs[server.address]))
        drawn = ", ".join(f"{share:.0%}" for share in shares if share)
        return Check(ok=True, detail=f"{self._busy[server.address]} asked for" + (f", drawn: {drawn}" if drawn else ""))

    def use_hints(self, hints: CallbackHints) -> None:
        """See `optional.Hinted`."""
        for server in self._servers:
            server.use_hints(hints)

    def _noting(self, server: LocalServer, accepted: Accepted) -> Accepted:
        """Remember the job while it runs, so that its progress can be told."""
        jobs = self._jobs[server.address]

        async def noted(vendor_job_id: str) -> None:
            while len(jobs) >= server.slots:
                jobs.pop()
            jobs.add(vendor_job_id)
            await accepted(vendor_job_id)

        return noted

    def _server_of(self, job: ImageJob) -> LocalServer:
        address = job.prepared.server if isinstance(job.prepared, LocalJob) else ""
        return next((server for server in self._servers if server.address == address), self._servers[0])

    async def _placed(self, job: ImageJob, left: set[str]) -> ImageJob:
        """The job, prepared for the server with least to do that can take it.

        Raises:
            ProviderError: none can; what the best of them said.
        """
        candidates = [server for server in self._servers if server.address not in left]
        if len(self._servers) > 1:
            candidates = await self._by_load(job, candidates)
        failed: ProviderError | None = None
        for server in candidates:
            try:
                return await server.prepare(job)
            except (Outage, Configuration) as error:
                # Another server may be up, or have the checkpoint.
                failed = failed or error
        raise failed or Outage(f"{self.name}: no server is left")

    async def _by_load(self, job: ImageJob, servers: Sequence[LocalServer]) -> list[LocalServer]:
        """Servers with least to do first, those without the model and those that don't answer last."""
        self._turn += 1
        order = [servers[(self._turn + place) % len(servers)] for place in range(len(servers))]
        told = await asyncio.gather(*(server.load() for server in order), return_exceptions=True)
        loads = {
            server.address: max(load, self._busy[server.address]) if isinstance(load, int) else None
            for server, load in zip(order, told, strict=True)
        }

        def worse(server: LocalServer) -> tuple[bool, bool, int]:
            load = loads[server.address]
            return (load is None, job.model not in server.models, load or 0)

        return sorted(order, key=worse)
