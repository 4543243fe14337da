"""Making one image: wait for the call's turn, send it or resume it, and check what comes before it is believed."""

import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from schemas.generation import GenerationRequested
from services.chassis.failures import Busy, Transient
from services.chassis.interruption import unless_interrupted
from services.generation.domain import images
from services.generation.domain import ledger as rules
from services.generation.domain.ledger import State
from services.generation.ports import Claim, ClaimLostError, Place, Ports, Rules
from services.generation.providers.base import GeneratedImage, ImageJob, ImageProvider
from services.generation.providers.errors import InvalidRequest, ProviderError, Throttled, UnusableImage
from services.generation.providers.optional import Cancels, Interrupts, Prepares

log = logging.getLogger(__name__)
T = TypeVar("T")

#: After so long a wait it is worth asking whether the image is still wanted.
_LONG_WAIT_S = 1.0


class SupersededError(Exception):
    """The run was superseded while its call waited for its turn."""


@dataclass(frozen=True, slots=True)
class Received:
    """An image that came and can be believed, and the memory that it takes until `place.leave()`."""

    made: GeneratedImage
    picture: images.Picture
    place: Place


class Maker:
    """Makes images for one worker.

    Attributes:
        unsent: calls that are marked as sending in the ledger, and of which this process knows that they weren't sent.
    """

    def __init__(self, provider: ImageProvider, ports: Ports, worker: Rules) -> None:
        self.unsent: set[str] = set()
        self._provider = provider
        self._ports = ports
        self._rules = worker
        self._at_vendor: dict[str, tuple[str, str]] = {}
        self._here: dict[str, str] = {}
        self._asked_to_stop: set[str] = set()

    async def make(self, request: GenerationRequested, claim: Claim, *, resume: bool) -> Received:
        """Get the image of a claimed call.

        Args:
            request: what to make.
            claim: on it.
            resume: the vendor has accepted the call before: only ask for its image.

        Raises:
            ProviderError: the call ended without an image.
            SupersededError: its run was superseded before its turn came; nothing was sent.
            Busy: the worker stops, and its turn has not come.
            Transient, ClaimLostError: as stores and claims do.
        """
        expected = images.expected_bytes(request.width, request.height)
        place = await self._turn(claim, self._ports.memory.enter(expected))
        try:
            vendor_job_id = claim.entry.vendor_job_id if resume else None
            if vendor_job_id is None:
                made = await self._sent(request, claim, place)
            else:
                made = await self._resumed(request, vendor_job_id)
            place.resize(len(made.data))
            picture = await self._believed(request, made)
            place.resize(picture.size_bytes)
        except BaseException:
            place.leave()
            raise
        finally:
            self._at_vendor.pop(request.generation_id, None)
            self._asked_to_stop.discard(request.generation_id)
        return Received(made, picture, place)

    async def cancel_superseded(self) -> None:
        """Ask the vendor to stop the jobs of superseded runs. Their ends are waited for all the same.

        Raises:
            Transient: the database is away.
        """
        if isinstance(self._provider, Interrupts):
            await self._interrupt_superseded(self._provider)
        if not isinstance(self._provider, Cancels):
            return
        going_on = {key: about for key, about in self._at_vendor.items() if key not in self._asked_to_stop}
        if not going_on:
            return
        unwanted = await self._ports.superseded.among({run_id for run_id, _ in going_on.values()})
        for generation_id, (run_id, vendor_job_id) in going_on.items():
            if run_id not in unwanted:
                continue
            # Asked once: if it can't be stopped, it is finished like any other.
            self._asked_to_stop.add(generation_id)
            try:
                stopped = await self._provider.cancel(vendor_job_id)
            except ProviderError as error:
                log.info("generation %s of a superseded run can't be cancelled: %s", generation_id, error)
            else:
                log.info("generation %s of a superseded run: cancelled=%s", generation_id, stopped)

    async def _interrupt_superseded(self, provider: Interrupts) -> None:
        going_on = {key: run_id for key, run_id in self._here.items() if key not in self._asked_to_stop}
        unwanted = await self._ports.superseded.among(set(going_on.values())) if going_on else set()
        for generation_id in [key for key, run_id in going_on.items() if run_id in unwanted]:
            self._asked_to_stop.add(generation_id)
            await provider.interrupt(generation_id)

    async def _resumed(self, request: GenerationRequested, vendor_job_id: str) -> GeneratedImage:
        self._at_vendor[request.generation_id] = (request.run.run_id, vendor_job_id)
        self._ports.limits.occupy()
        try:
            return await self._provider.resume(ImageJob.from_request(request), vendor_job_id)
        finally:
            self._ports.limits.release()

    async def _sent(self, request: GenerationRequested, claim: Claim, place: Place) -> GeneratedImage:
        """Wait for the call's turn within the vendor's limits and make it; once more after a short pause of his."""
        models = self._provider.models
        # A provider that prepares knows more: which model was retired, and what replaces it.
        if not isinstance(self._provider, Prepares) and request.model not in models:
            raise InvalidRequest(f"model: {request.model!r}, allowed is one of: {', '.join(models)}")
        expected = images.expected_bytes(request.width, request.height)
        job = ImageJob.from_request(request)
        if isinstance(self._provider, Prepares):
            job = await self._provider.prepare(job)
            if job.prepared is not None:
                place.resize(expected + sum(len(reference.data) for reference in job.prepared.references))
        clock, first = self._ports.clock, self._ports.clock.monotonic()
        while True:
            began = clock.monotonic()
            await self._turn(claim, self._ports.limits.acquire(request.lane, self._rules.throttle_wait_s))
            try:
                waited = clock.monotonic() - began
                self._ports.meter.waited(request.lane, waited)
                if waited > _LONG_WAIT_S and await self._ports.superseded.has(claim.entry.run_id):
                    raise SupersededError
                return await self._called(job, claim)
            except Throttled as error:
                await self._throttled(claim, error, clock.monotonic() - first)
            finally:
                self._ports.limits.release()

    async def _called(self, job: ImageJob, claim: Claim) -> GeneratedImage:
        lease = self._rules.lease
        if not self._provider.free:
            try:
                await claim.advance(lambda entry, now: rules.sending(entry, now=now, lease=lease))
                claim.check()
            except (Transient, ClaimLostError):
                self.unsent.add(job.generation_id)
                raise
            self.unsent.discard(job.generation_id)

        async def accepted(vendor_job_id: str) -> None:
            await claim.advance(lambda entry, now: rules.accepted(entry, vendor_job_id, now=now, lease=lease))
            self._at_vendor[job.generation_id] = (claim.entry.run_id, vendor_job_id)

        self._here[job.generation_id] = claim.entry.run_id
        try:
            return await self._provider.generate(job, accepted)
        except ProviderError:
            if isinstance(self._provider, Interrupts) and job.generation_id in self._asked_to_stop:
                raise SupersededError from None
            raise
        finally:
            self._here.pop(job.generation_id, None)

    async def _throttled(self, claim: Claim, error: Throttled, waited_s: float) -> None:
        """Tell every worker of the pause; return when it is short enough to be waited out."""
        if claim.entry.state is State.ACCEPTED:
            raise error
        lease, longest = self._rules.lease, self._rules.throttle_wait_s
        # Whatever goes wrong from here on: the vendor has not taken this call.
        self.unsent.add(claim.entry.generation_id)
        pause_s = await self._ports.limits.throttled(error.retry_after_s, str(error))
        if waited_s + pause_s > longest:
            raise Throttled(str(error), retry_after_s=pause_s) from error
        if not self._provider.free:
            await claim.advance(lambda entry, now: rules.unsent(entry, now=now, lease=lease))

    async def _turn(self, claim: Claim, wait: Coroutine[Any, Any, T]) -> T:
        """Wait for something that is shared out. Whoever stops meanwhile gives the claim back."""
        try:
            return await unless_interrupted(wait)
        except Busy:
            with suppress(Transient, ClaimLostError):
                await claim.advance(lambda entry, now: rules.given_back(entry, now=now))
            raise

    async def _believed(self, request: GenerationRequested, made: GeneratedImage) -> images.Picture:
        """The vendor's bytes as a picture of exactly the asked size."""
        try:
            return await self.picture(request, made.data)
        except images.BadImageError as error:
            charged = bool(made.cost_usd_micros) or not self._provider.free
            raise UnusableImage(str(error), charged=charged, cost_usd_micros=made.cost_usd_micros) from error

    async def picture(self, request: GenerationRequested, data: bytes) -> images.Picture:
        """Received bytes as a picture of exactly the asked size; the same bytes always make the same picture.

        Raises:
            BadImageError: they are no usable picture.
        """
        size, offload = (request.width, request.height), self._ports.offload
        unpacked = await offload.run(partial(images.unpacked_bytes, data, self._rules.limits))
        place = await self._ports.unpacking.enter(unpacked)
        try:
            return await offload.run(partial(images.prepare, data, *size, self._rules.limits))
        finally:
            place.leave()
