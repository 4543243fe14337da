"""The provider `diffusers`: prepares what an order needs, and hands it to the studio. Free, and never in doubt."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from pydantic import ValidationError

from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.health import Check
from services.generation.ports import AdapterFiles
from services.generation.providers import fitting
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.diffusers import asking
from services.generation.providers.diffusers.asking import Material, Split
from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, family_of
from services.generation.providers.diffusers.orders import Order, Painted
from services.generation.providers.diffusers.painter_process import PainterProcess
from services.generation.providers.diffusers.studio import FileLostError, ForgottenError, Hear, Link, Studio
from services.generation.providers.errors import InvalidRequest, Outage, UnusableImage
from services.generation.providers.previz.guides import GuidePasses
from services.generation.providers.references import ReferenceReader
from services.generation.providers.regions import guides_of
from services.generation.providers.vendor import ModelTraits, Reference, ReferenceLimits, VendorJob

NAME: Final = "diffusers"
_FETCHES: Final = 3
_WHOLE: Final = ReferenceLimits(most=1, max_side=4096, strength=True)
#: Roles under which what `prepare` has drawn lies among a prepared job's references.
_MASK, _GUIDE = "drawn-mask", "drawn-guide"
T = TypeVar("T")


class Offload(Protocol):
    """CPU work beside the event loop, bounded."""

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on a thread and return its result."""
        ...


class DiffusersProvider:
    """Local models in a process of their own.

    Args:
        settings: checked (`DiffusersSettings.check`).
        references: reads reference images.
        files: of adapters.
        offload: draws masks and guides.
        link: makes the way to the painter's process; None = a process of this worker.
    """

    def __init__(
        self,
        settings: DiffusersSettings,
        references: ReferenceReader,
        files: AdapterFiles,
        offload: Offload,
        link: Callable[[Hear], Link] | None = None,
    ) -> None:
        self._settings = settings
        self._references = references
        self._files = files
        self._offload = offload
        self._studio = Studio(settings, link or (lambda hear: PainterProcess(settings, hear)))
        self._numbers = itertools.count(1)
        self._running: dict[str, str] = {}
        self._traits: dict[str, ModelTraits] = {
            name: asking.traits_of(model, family_of(name, model)) for name, model in settings.models.items()
        }

    @property
    def name(self) -> str:
        """`diffusers`."""
        return NAME

    @property
    def free(self) -> bool:
        """It costs nothing."""
        return True

    @property
    def models(self) -> tuple[str, ...]:
        """Those that the settings name."""
        return tuple(self._traits)

    @property
    def slots(self) -> int:
        """A batch that is painted, one that is prepared meanwhile, and one whose images are stored."""
        return 3 * self._settings.max_batch

    @property
    def checks(self) -> dict[str, Check]:
        """What the painter does, for `/readyz`: not ready while it warms up."""
        return {"painter": Check(ok=self._studio.ready, detail=self._studio.told)}

    @property
    def lacks(self) -> dict[str, tuple[str, ...]]:
        """What each model can't do here though its card says so; see `optional.Equipped`."""
        return {
            name: tuple(
                ability
                for ability, there in (
                    ("references", model.ip_adapter is not None and model.references > 0),
                    ("composition-guide", bool(model.controlnets)),
                )
                if not there
            )
            for name, model in self._settings.models.items()
        }

    async def start(self) -> None:
        """Start the painter's process; it loads its models meanwhile."""
        self._studio.start()

    async def stop(self) -> None:
        """End it."""
        await self._studio.stop()

    async def ping(self) -> None:
        """See whether it can paint.

        Raises:
            Outage: not yet: it loads its models.
            Configuration: it can't; said why.
        """
        self._studio.look()

    async def prepare(self, job: ImageJob) -> ImageJob:
        """Read references, fetch adapters, draw masks and guides; see `optional.Prepares`."""
        traits, parts = self._traits_of(job.model), asking.split(job)
        fitting.fitted(parts.job, traits, ())
        drawn, shown, begun, _ = await asyncio.gather(
            self._drawn(job),
            self._shown(parts.job, traits),
            self._begun(parts),
            asyncio.gather(*(self._fetched(lora) for lora in job.loras if asking.is_filed(lora))),
        )
        asked = fitting.fitted(parts.job, traits, (*shown, *begun, *drawn))
        return replace(job, prepared=asked)

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Paint it as soon as the painter can, maybe beside others; the image is the same.

        Raises:
            ProviderError: see `ImageProvider.generate`.
        """
        del accepted
        asked = job.prepared or await self._prepared(job)
        for _ in range(_FETCHES):
            order = await self._order(job, asked)
            self._running[job.generation_id] = order.order_id
            try:
                painted = await self._studio.paint(order)
            except ForgottenError:
                raise UnusableImage("given up: nobody wants it any more", charged=False) from None
            except FileLostError:
                continue
            finally:
                self._running.pop(job.generation_id, None)
            return self._image(job, asked, painted)
        raise Outage(
            f"adapters' files went {_FETCHES} times while the order waited: ICE_GENERATION_ADAPTER_MB is small"
        )

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Paint it again: it is free, and gives the same picture."""

        async def accepted(_: str) -> None:
            return

        del vendor_job_id
        return await self.generate(job, accepted)

    async def interrupt(self, generation_id: str) -> bool:
        """Give a call up, at its next step at the latest; see `optional.Interrupts`."""
        order_id = self._running.get(generation_id)
        return order_id is not None and self._studio.forget(order_id)

    async def _prepared(self, job: ImageJob) -> VendorJob:
        try:
            prepared = (await self.prepare(job)).prepared
        except Transient as error:
            raise Outage(f"references or adapters can't be read now: {error}") from error
        if prepared is None:
            raise TypeError("prepare: a job without its preparation")
        return prepared

    async def _order(self, job: ImageJob, asked: VendorJob) -> Order:
        model = self._settings.models[asked.model]
        loras = [lora for lora in asked.loras if asking.is_filed(lora)]
        try:
            paths = await asyncio.gather(*(self._fetched(lora) for lora in loras))
        except Transient as error:
            raise Outage(f"adapters can't be read now: {error}") from error
        by_role: dict[str, dict[str, bytes]] = {_MASK: {}, _GUIDE: {}}
        shown, begins, repaints = list[Reference](), list[Reference](), list[Reference]()
        for reference in asked.references:
            if reference.role in by_role:
                by_role[reference.role][reference.entity_id or ""] = reference.data
            elif reference.role in asking.BEGINS:
                begins.append(reference)
            elif reference.role == asking.REPAINTS:
                repaints.append(reference)
            else:
                shown.append(reference)
        material = Material(
            references=shown,
            start=begins[0] if begins else None,
            repaint=repaints[0] if repaints else None,
            files={lora.sha256 or "": path for lora, path in zip(loras, paths, strict=True)},
            masks=by_role[_MASK],
            guides=by_role[_GUIDE],
        )
        return asking.order_of(f"{job.generation_id}#{next(self._numbers)}", job, asked, model, material)

    def _image(self, job: ImageJob, asked: VendorJob, painted: Painted) -> GeneratedImage:
        return GeneratedImage(
            data=painted.data,
            seed_used=asked.seed,
            parameters={"model": asked.model, **painted.facts},
            degradations=asking.losses(job, asked, self._settings.models[asked.model]),
        )

    async def _shown(self, job: ImageJob, traits: ModelTraits) -> tuple[Reference, ...]:
        uses = fitting.references_to_send(job, traits)
        return await self._references.read(uses, traits.references) if uses and traits.references else ()

    async def _begun(self, parts: Split) -> tuple[Reference, ...]:
        uses: list[ReferenceUse] = [use for use in (parts.start, parts.repaint) if use is not None]
        return await self._references.read(uses, _WHOLE)

    async def _drawn(self, job: ImageJob) -> tuple[Reference, ...]:
        """Masks per character and guides, by the storyboard's own blocking."""
        kinds = asking.guide_kinds(job, self._settings.models[job.model])
        if not kinds and not asking.wants_masks(job):
            return ()
        try:
            passes = await self._offload.run(partial(guides_of, job))
        except ValidationError as error:
            raise InvalidRequest(f"the facts of the shot make no scene to be guided by: {error}") from error
        masks = (self._reference(_MASK, owner, data, job) for owner, data in passes.masks.items())
        return (*masks, *(self._reference(_GUIDE, kind, _pass_of(passes, kind), job) for kind in kinds))

    def _reference(self, role: str, entity_id: str, data: bytes, job: ImageJob) -> Reference:
        return Reference(data, "image/png", job.width, job.height, role, entity_id)

    async def _fetched(self, lora: Lora) -> Path:
        try:
            return await self._files.fetch(lora.uri or "", lora.sha256 or "")
        except (ObjectMissing, ObjectTooLarge, ValueError) as error:
            raise InvalidRequest(f"adapter {lora.lora_id}: {error}") from error

    def _traits_of(self, model: str) -> ModelTraits:
        with suppress(KeyError):
            return self._traits[model]
        raise InvalidRequest(f"model: {model!r}, allowed is one of: {', '.join(self._traits)}")


def _pass_of(passes: GuidePasses, kind: str) -> bytes:
    return {"depth": passes.depth, "pose": passes.pose, "line": passes.lineart}[kind]
