"""The driver of one server of one's own: looks what it has before sending, and asks again what it has lost."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pydantic import SecretStr, ValidationError

from schemas.conditioning import Degradation
from schemas.project import CompositionGuide
from services.chassis.clock import Clock
from services.generation.providers import fitting
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import Configuration, InvalidRequest, Outage, ProviderError, Throttled
from services.generation.providers.exchange import HttpReply
from services.generation.providers.local import gear as gears
from services.generation.providers.local.gear import Gear
from services.generation.providers.local.models import local_model
from services.generation.providers.local.parts import Guide, LocalJob, pictures, uploaded, with_parts
from services.generation.providers.local.vendor import JobLostError, LocalVendor, PictureLostError
from services.generation.providers.previz.backend import NoBackendError
from services.generation.providers.references import Offload, ReferenceReader
from services.generation.providers.regions import guides_of, regions_of
from services.generation.providers.vendor import ModelTraits, Reference
from services.generation.providers.vendor_provider import Timing, VendorProvider

#: What a server has changes when its operator puts a file there.
_FRESH_S: Final = 30.0
_LOOK_S: Final = 20.0
_TRIES: Final = 3
_KNOWN: Final = 4096


class LocalServer(VendorProvider):
    """One server.

    Args:
        vendor: its kind.
        key: empty = it wants none.
        references: reads reference images.
        offload: draws the storyboard's guides and the characters' masks.
        address: where it is; may be http and on a private network.
        timing: of waits.
        clock: for waits.
    """

    def __init__(  # noqa: PLR0913 - its parts
        self,
        vendor: LocalVendor,
        key: SecretStr,
        references: ReferenceReader,
        offload: Offload,
        address: str,
        *,
        timing: Timing | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(vendor, key, references, base_url=address, timing=timing, clock=clock)
        self.address = address
        self._local = vendor
        self._offload = offload
        self._gear: Gear | None = None
        self._gear_at = 0.0
        self._known: dict[str, Reference] = {}

    @property
    def models(self) -> tuple[str, ...]:
        """Models whose checkpoint is there; all of them before the first look."""
        gear = self._gear
        return tuple(
            name for name, traits in self._local.models.items() if gear is None or _checkpoint(traits, gear) is not None
        )

    @property
    def lacks(self) -> Mapping[str, tuple[str, ...]]:
        """By model, what it can't do here for want of nodes or files."""
        gear = self._gear
        if gear is None:
            return {}
        return {name: gears.lacks(local_model(self._local.models[name]), gear) for name in self.models}

    async def ping(self) -> None:
        """Look what the server has.

        Raises:
            ProviderError: `Outage`, or `Configuration` where it has no checkpoint of ours: says which it has.
        """
        try:
            await self.look()
        except Throttled:
            return
        except InvalidRequest as error:
            raise Configuration(f"{self.address} is no {self.name}: {error}") from None
        if not self.models:
            raise self._without_checkpoint(next(iter(self._local.models.values())))

    async def look(self) -> None:
        """Ask the server what it has, now.

        Raises:
            ProviderError: it can't be asked.
        """
        replies: list[HttpReply | None] = []
        first, *others = calls = self._local.survey()
        replies.append(await self._calls.ask(first, _LOOK_S))
        for call in others:
            try:
                replies.append(await self._calls.ask(call, _LOOK_S))
            except InvalidRequest:
                replies.append(None)
        self._gear = self._calls.understood(calls[0], lambda: self._local.gear(replies))
        self._gear_at = self._clock.monotonic()

    async def load(self) -> int:
        """Jobs that it has to do.

        Raises:
            ProviderError: it can't be asked.
        """
        call = self._local.queue()
        reply = await self._calls.ask(call, _LOOK_S)
        return self._calls.understood(call, lambda: self._local.waiting(reply))

    async def holds(self, vendor_job_id: str) -> bool:
        """Whether the server has, or had, a job of this id."""
        del vendor_job_id
        return False

    async def interrupt(self, generation_id: str) -> bool:
        """Give a call up that this process waits for; see `optional.Interrupts`."""
        del generation_id
        return False

    def progress(self, vendor_job_id: str) -> float | None:
        """Share of a job that is done, 0 to 1; None = nothing is told of it."""
        del vendor_job_id
        return None

    def shares(self, vendor_job_ids: Iterable[str]) -> list[float]:
        """Shares that are done of what is drawn, 0 to 1, as far as anything is told of it."""
        found = (self.progress(vendor_job_id) for vendor_job_id in vendor_job_ids)
        return [share for share in found if share is not None]

    async def prepare(self, job: ImageJob) -> ImageJob:
        """Look what the server has, leave out what it lacks, read and upload pictures; see `optional.Prepares`."""
        fitting.fitted(job, self._traits(job.model), ())
        if self._gear is None or self._clock.monotonic() - self._gear_at > _FRESH_S:
            await self.look()
        gear = self._gear
        ready = (await super().prepare(job)).prepared
        if ready is None or gear is None:
            raise TypeError("prepare: a job without its preparation")
        ready = gears.with_loras_there(ready, gear, self.address)
        losses: list[Degradation] = []
        try:
            regions = await self._offload.run(lambda: regions_of(job))
        except ValidationError:
            regions = ()
        local = with_parts(ready, regions, job.cast)
        drawn = await self._storyboard(job, gear, losses)
        local = replace(local, guides=(*drawn, *self._given(local, gear, losses)))
        local = replace(local, degradations=(*local.degradations, *losses), gear=gear, server=self.address)
        local = gears.with_losses_by_parts(local, gear, self.address)
        if self._local.wants_uploads:
            local = uploaded(local, [await self._uploaded(picture) for picture in pictures(local)])
        return replace(job, prepared=local)

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Make one image; what the server has lost in a restart is asked for again, as it is free."""
        with self._as_it_costs():
            for _ in range(_TRIES):
                try:
                    return await self._drawn(job, accepted)
                except (JobLostError, PictureLostError) as error:
                    self._known.clear()
                    job, why = replace(job, prepared=None), str(error)
            raise Outage(f"{self.name} at {self.address} has lost the job {_TRIES} times: {why}")

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Wait for the image of a job that the server has, or make it again where the server has lost it."""
        try:
            return await super().resume(job, vendor_job_id)
        except JobLostError:
            return await self.generate(job, _nobody)

    async def _drawn(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        return await self._generated(job, accepted)

    async def _uploaded(self, reference: Reference) -> Reference:
        """Uploaded once in this process's life, as long as the server keeps it."""
        digest = hashlib.sha256(reference.data).hexdigest()
        if digest not in self._known:
            while len(self._known) >= _KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[digest] = replace(await super()._uploaded(reference), data=b"")
        return replace(reference, uploaded=self._known[digest].uploaded)

    async def _storyboard(self, job: ImageJob, gear: Gear, losses: list[Degradation]) -> tuple[Guide, ...]:
        """The best guide of the storyboard that the server has a control model for, where the film wants one."""
        if job.run.project.composition is not CompositionGuide.PREVIZ:
            return ()
        kinds = gears.guide_kinds(local_model(self._local.models[job.model]), gear)
        if not kinds:
            losses.append(_no_guide(f"{self.address} has no control model for pose, depth or lines"))
            return ()
        try:
            drawn = await self._offload.run(lambda: guides_of(job))
        except (ValidationError, NoBackendError) as error:
            losses.append(_no_guide(f"the storyboard can't be drawn: {type(error).__name__}"))
            return ()
        # A skeleton says nothing of a frame without people.
        people = any(member.visible for member in job.cast)
        kind = next((kind for kind in kinds if people or kind != "pose"), kinds[0])
        data: bytes = getattr(drawn, kind)
        return (Guide(kind, Reference(data, "image/png", job.width, job.height, role="guide", entity_id=kind)),)

    def _given(self, local: LocalJob, gear: Gear, losses: list[Degradation]) -> tuple[Guide, ...]:
        """Pictures that came as references for the composition; their lines are found by the server."""
        given = [reference for reference in local.references if reference.role == "composition"]
        if given and gears.control_for("canny", local_model(local.traits), gear) is None:
            losses.append(_no_guide(f"{self.address} has no control model for lines"))
            return ()
        return tuple(Guide("canny", reference) for reference in given)

    def _traits(self, model: str) -> ModelTraits:
        """Of the model on this server: without an IP-Adapter it takes no references, but may begin with a picture."""
        traits = super()._traits(model)
        if self._gear is None:
            return traits
        if _checkpoint(traits, self._gear) is None:
            raise self._without_checkpoint(traits)
        reads = traits.references is not None and self._gear.reads(local_model(traits))
        begins = traits.start if self._gear.begins else None
        return replace(traits, references=traits.references if reads else None, start=begins)

    def _without_checkpoint(self, traits: ModelTraits) -> ProviderError:
        wanted, gear = local_model(traits).checkpoint, self._gear
        there = gears.listed(gear.checkpoints) if gear is not None else "none"
        named = f"ICE_{self.name.upper()}_MODELS says which is wanted"
        return Configuration(f"checkpoint {wanted!r} is not on {self.address}; it has {there} ({named})")


def _checkpoint(traits: ModelTraits, gear: Gear) -> str | None:
    return gears.file_of(local_model(traits).checkpoint, gear.checkpoints)


def _no_guide(reason: str) -> Degradation:
    return Degradation(
        code="composition-guide-not-supported", what="storyboard as composition guide", reason=reason[:500]
    )


async def _nobody(vendor_job_id: str) -> None:
    """For a job whose id is noted already."""
    del vendor_job_id
