"""The one interface of every image provider.

A provider is a renderer on this machine or a driver of a vendor's API. The worker around it owns the ledger, retries,
storage and events; the provider turns a job into image bytes, or raises an error of `errors`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.bible import Lora
from schemas.conditioning import CharacterConditioning, Degradation, LocationConditioning, PropConditioning
from schemas.generation import GenerationRequested, ReferenceUse
from schemas.run import RunContext
from services.generation.providers.vendor import VendorJob

Accepted = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ImageJob:
    """All that a provider may know of a request: what is sent as it is, and the planned facts behind it.

    Attributes:
        generation_id: of the call; what a vendor gets as its idempotency key where it takes one.
        model: model of the catalogue.
        prompt: as it is to be sent.
        negative_prompt: empty when the model takes none.
        width: pixels to deliver.
        height: pixels to deliver.
        seed: to send; None when the model takes none.
        references: in the order of sending.
        loras: adapters to apply.
        steps: sampling steps; None = the model's default.
        cfg_scale: guidance scale; None = the model's default.
        run: shot, project and role, for a provider that draws from facts.
        cast: everybody named, the invisible included and marked.
        location: the place; None when the shot names none.
        props: in the order of the shot.
        prepared: what `optional.Prepares` has made ready; None = nothing was.
    """

    generation_id: str
    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    seed: int | None
    references: tuple[ReferenceUse, ...]
    loras: tuple[Lora, ...]
    steps: int | None
    cfg_scale: float | None
    run: RunContext
    cast: tuple[CharacterConditioning, ...]
    location: LocationConditioning | None
    props: tuple[PropConditioning, ...]
    prepared: VendorJob | None = None

    @classmethod
    def from_request(cls, request: GenerationRequested) -> "ImageJob":
        """The job of a request; nothing else goes in."""
        return cls(
            generation_id=request.generation_id,
            model=request.model,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            width=request.width,
            height=request.height,
            seed=request.seed_to_send,
            references=request.references,
            loras=request.loras,
            steps=request.steps,
            cfg_scale=request.cfg_scale,
            run=request.run,
            cast=request.cast,
            location=request.location,
            props=request.props,
        )


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """A provider's answer, not yet believed.

    Attributes:
        data: PNG, JPEG or WebP bytes as they came.
        seed_used: the seed, only when one was sent.
        cost_usd_micros: what it cost, in millionths of a US dollar.
        vendor_job_id: the vendor's id of the call, when it has one.
        parameters: what the model was called with; JSON values, no secrets.
        degradations: what the provider left out beyond those that the request lists.
    """

    data: bytes
    seed_used: int | None = None
    cost_usd_micros: int = 0
    vendor_job_id: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    degradations: tuple[Degradation, ...] = ()


class ImageProvider(Protocol):
    """Makes images. Opened by `start`, closed by `stop`; safe for many calls at once."""

    @property
    def name(self) -> str:
        """The provider's slug, part of its topics' names."""
        ...

    @property
    def free(self) -> bool:
        """True: calls cost nothing and may be repeated, so none is ever in doubt."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Models that can be called."""
        ...

    @property
    def slots(self) -> int:
        """Calls at once that keep it busy, when the operator doesn't say."""
        ...

    async def start(self) -> None:
        """Open what is needed; returns soon."""
        ...

    async def stop(self) -> None:
        """Close it; a second call does nothing."""
        ...

    async def ping(self) -> None:
        """See whether calls would work, at no cost.

        Raises:
            ProviderError: `Outage` or `Configuration`, saying what is missing.
        """
        ...

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Make one image.

        Args:
            job: what to make.
            accepted: awaited with the vendor's job id as soon as it is known and before the first poll, so that a
                crash afterwards resumes the poll and doesn't pay again. Not called by a provider that answers at once.

        Raises:
            ProviderError: every way in which the call ends without an image.
        """
        ...

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Wait for the image of a call that the vendor has accepted earlier; sends nothing that costs.

        Raises:
            ProviderError: as `generate`.
        """
        ...
