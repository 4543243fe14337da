"""The one driver of all vendors: makes an `ImageProvider` of a vendor's pure functions.

`vendor_calls.py` says what a failed call means for money, `vendor_jobs.py` waits for jobs, `safe_fetch.py` downloads,
`references.py` reads reference images, `fitting.py` keeps a job within the model's traits.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic import SecretStr

from services.chassis.clock import Clock, SystemClock
from services.chassis.failures import Transient
from services.generation.providers import fitting, guiding
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.call_records import parameters_of, plain_values
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    OutcomeUnknown,
    ProviderError,
    Throttled,
    UnusableImage,
)
from services.generation.providers.exchange import HttpCall, HttpReply, UnreadableReplyError, decoded
from services.generation.providers.host_rules import HostRules
from services.generation.providers.optional import CallbackHints
from services.generation.providers.references import ReferenceReader
from services.generation.providers.safe_fetch import FetchError, safe_fetch
from services.generation.providers.vendor import Made, ModelTraits, Pending, Reference, Vendor, VendorJob, VendorLimits
from services.generation.providers.vendor_calls import VendorCalls
from services.generation.providers.vendor_http import VendorHttp
from services.generation.providers.vendor_jobs import VendorJobs

_PROBE_S = 15.0
_FREE_S = 60.0
_CONNECTIONS = 512
_MAX_SEED = 4_294_967_295
#: What a vendor calls its price of one image, and is none.
_MAX_COST_USD_MICROS = 10_000_000_000
_PAGES = (b"<!doctype", b"<html")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is waited; None = what suits the vendor. `pace` is a factor on the waits between looks."""

    reply_s: float | None = None
    job_s: float | None = None
    pace: float = 1.0
    max_image_bytes: int = 64 * 1024 * 1024


class VendorProvider:
    """A vendor as an `ImageProvider`, with all of `optional`.

    Args:
        vendor: its module.
        key: for its API.
        references: reads reference images.
        base_url: the operator's own address for it; None = the vendor's.
        timing: of waits.
        file_hosts: further hosts that serve images and take uploads, beside those of the vendor.
        clock: for waits, dates in `Retry-After` and retired models.
    """

    def __init__(  # noqa: PLR0913 - its parts
        self,
        vendor: Vendor,
        key: SecretStr,
        references: ReferenceReader,
        *,
        base_url: str | None = None,
        timing: Timing | None = None,
        file_hosts: tuple[str, ...] = (),
        clock: Clock | None = None,
    ) -> None:
        timing, self._clock = timing or Timing(), clock or SystemClock()
        self._vendor = vendor
        self._listed: frozenset[str] | None = None
        self._references = references
        self._timing = timing
        self._rules = HostRules(
            base_url or vendor.base_url, base_url is not None, vendor.api_hosts, (*vendor.file_hosts, *file_hosts)
        )
        self._http = VendorHttp(vendor, self._rules, key, _CONNECTIONS)
        self._calls = VendorCalls(vendor, self._http, key, self._clock)
        job_s = vendor.job_timeout_s if timing.job_s is None else timing.job_s
        self._jobs = VendorJobs(vendor, self._calls, self._clock, job_s, timing.pace)
        self._reply_s = vendor.reply_timeout_s if timing.reply_s is None else timing.reply_s

    @property
    def name(self) -> str:
        """The vendor's slug."""
        return self._vendor.name

    @property
    def free(self) -> bool:
        """Vendors cost; an endpoint of one's own may not."""
        return self._vendor.free

    @property
    def models(self) -> tuple[str, ...]:
        """Models that aren't retired today, and that the vendor lists for this key where it lists any."""
        return tuple(
            name
            for name, traits in self._vendor.models.items()
            if not self._retired(traits) and (self._listed is None or name in self._listed)
        )

    @property
    def slots(self) -> int:
        """Calls at once that keep it busy."""
        return self._vendor.slots

    @property
    def limits(self) -> VendorLimits:
        """What the vendor allows an account."""
        return self._vendor.limits

    async def start(self) -> None:
        """Make the client; the first connection comes with the first call."""
        await self._http.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self._http.stop()

    async def ping(self) -> None:
        """Ask the vendor for something free; where that is the list of models, note which there are.

        Raises:
            ProviderError: `Outage` or `Configuration`.
        """
        try:
            reply = await self._calls.ask(call := self._vendor.probe(), min(_PROBE_S, self._reply_s))
        except Throttled:
            # It knows us, and that was the question.
            return
        except InvalidRequest as error:
            if not self._vendor.probe_finds_nothing:
                raise Configuration(str(error)) from None
        else:
            self._listed = self._calls.understood(call, lambda: self._read_probe(reply))

    def _read_probe(self, reply: HttpReply) -> frozenset[str] | None:
        if reply.body[:200].lstrip().lower().startswith(_PAGES):
            variable = f"ICE_{self.name.upper().replace('-', '_')}_BASE_URL"
            told = f"is answered with a web page, {reply.excerpt[:100]}"
            raise Configuration(f"{self.name}: the probe {told}: does {variable} lead to its API?")
        # A list without a single model of ours is another list than we think.
        return (self._vendor.listed(reply) if reply.is_json else None) or None

    async def prepare(self, job: ImageJob) -> ImageJob:
        """Read, scale and upload the references, and draw the guide; see `optional.Prepares`."""
        traits = self._traits(job.model)
        references: tuple[Reference, ...] = ()
        fitting.fitted(job, traits, references)
        start = fitting.start_to_send(job, traits)
        if start is not None and traits.start is not None:
            made = traits.sizes.nearest(job.width, job.height)
            begun = await self._references.read_start(start, traits.start, made, (job.width, job.height))
            references = (begun,)
        guides: tuple[Reference, ...] = ()
        if traits.guide is not None and guiding.wanted(job, traits):
            guides = (await guiding.drawn(job, traits.guide, self._references.offload),)
            traits = guiding.room_beside(traits)
        uses = fitting.references_to_send(job, traits)
        if uses and traits.references is not None:
            references = (*references, *await self._references.read(uses, traits.references))
        prepared = fitting.fitted(job, traits, references)
        shown = (*guides, *references)
        if self._vendor.wants_uploads:
            shown = tuple(await asyncio.gather(*(self._uploaded(reference) for reference in shown)))
        return replace(job, prepared=replace(prepared, references=shown))

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        """Make one image; see `ImageProvider.generate`."""
        with self._as_it_costs():
            return await self._generated(job, accepted)

    async def _generated(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        asked = job.prepared or await self._prepared(job)
        call = self._submission(asked)
        reply = await self._calls.ask(call, self._reply_s)
        answer = self._calls.understood(call, lambda: self._vendor.read(asked, reply))
        told = answer.cost_usd_micros
        if answer.vendor_job_id is not None:
            await accepted(answer.vendor_job_id)
        made = answer if isinstance(answer, Made) else await self._jobs.made(asked, answer)
        cost = told if made.cost_usd_micros is None else made.cost_usd_micros
        made = replace(made, cost_usd_micros=cost, vendor_job_id=answer.vendor_job_id)
        return await self._image(asked, made, parameters_of(call, asked))

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        """Wait for the image of a call that was accepted earlier; see `ImageProvider.resume`."""
        traits = self._vendor.models.get(job.model)
        if traits is None:
            raise self._unknown(job.model)
        asked = fitting.fitted(job, traits, ())
        with self._as_it_costs():
            made = await self._jobs.made(asked, Pending(vendor_job_id, 0))
            return await self._image(asked, replace(made, vendor_job_id=vendor_job_id), {"model": job.model})

    async def cancel(self, vendor_job_id: str) -> bool:
        """Call an accepted job off; see `optional.Cancels`."""
        call = self._vendor.cancel(vendor_job_id)
        if call is None:
            return False
        reply = await self._calls.ask(call, _FREE_S)
        return self._calls.understood(call, lambda: self._vendor.stopped(reply))

    def use_hints(self, hints: CallbackHints) -> None:
        """Look at a job as soon as its callback has come; see `optional.Hinted`."""
        self._jobs.use_hints(hints)

    @contextmanager
    def _as_it_costs(self) -> Iterator[None]:
        """What is free is never in doubt, and never charged."""
        try:
            yield
        except ProviderError as error:
            if not self.free:
                raise
            if isinstance(error, OutcomeUnknown):
                raise Outage(str(error)) from None
            error.charged, error.cost_usd_micros = False, 0
            raise

    async def _prepared(self, job: ImageJob) -> VendorJob:
        try:
            prepared = (await self.prepare(job)).prepared
        except Transient as error:
            raise Outage(f"references can't be read now: {error}") from error
        if prepared is None:
            raise TypeError("prepare: a job without its preparation")
        return prepared

    def _submission(self, asked: VendorJob) -> HttpCall:
        try:
            return self._vendor.submit(asked)
        except ValueError as error:
            raise InvalidRequest(f"{asked.model}: {error}") from error

    async def _uploaded(self, reference: Reference) -> Reference:
        call = self._vendor.upload(reference)
        reply = await self._calls.ask(call, _FREE_S)
        uploaded = self._calls.understood(call, lambda: self._vendor.read_upload(reference, reply))
        if uploaded.then is not None:
            await self._calls.ask(uploaded.then, _FREE_S)
        return replace(reference, uploaded=uploaded.reference)

    async def _image(self, asked: VendorJob, made: Made, parameters: dict[str, Any]) -> GeneratedImage:
        data = made.data if made.data is not None else await self._fetched(made)
        told = made.cost_usd_micros
        believed = told is not None and 0 <= told <= _MAX_COST_USD_MICROS
        cost = told if told is not None and believed else self._vendor.price(asked)
        basis = "vendor" if believed else "estimate"
        return GeneratedImage(
            data=data,
            seed_used=_seed_used(asked, made),
            cost_usd_micros=cost,
            vendor_job_id=made.vendor_job_id,
            parameters={**parameters, **plain_values(made.parameters), "cost_basis": basis},
            degradations=asked.degradations,
        )

    async def _fetched(self, made: Made) -> bytes:
        limit, timing, url = self._timing.max_image_bytes, self._timing, made.url or ""
        if url.startswith("data:"):
            return self._within(url, made)
        try:
            return await safe_fetch(self._http, self._rules, url, limit, _FREE_S, timing.pace)
        except FetchError as error:
            if error.passing and made.vendor_job_id is not None:
                # The vendor has the job: it can be asked for again, with a fresh URL.
                raise Outage(f"{self.name}: {error}") from None
            raise UnusableImage(f"{self.name}: {error}", cost_usd_micros=made.cost_usd_micros or 0) from None

    def _within(self, url: str, made: Made) -> bytes:
        """The picture within a data URL; what a reply holds is bounded already."""
        try:
            return decoded(url)
        except UnreadableReplyError as error:
            raise UnusableImage(f"{self.name}: {error}", cost_usd_micros=made.cost_usd_micros or 0) from None

    def _traits(self, model: str) -> ModelTraits:
        traits = self._vendor.models.get(model)
        if traits is None:
            raise self._unknown(model)
        if self._retired(traits):
            instead = f", use {traits.successor}" if traits.successor else ""
            raise InvalidRequest(f"model: {model!r} was retired on {traits.retires}{instead}")
        if self._listed is not None and model not in self._listed:
            raise Configuration(f"model: {model!r} is not among those that {self.name} lists for this key")
        return traits

    def _unknown(self, model: str) -> InvalidRequest:
        return InvalidRequest(f"model: {model!r}, allowed is one of: {', '.join(self.models)}")

    def _retired(self, traits: ModelTraits) -> bool:
        return traits.retires is not None and traits.retires <= self._clock.now().date()


def _seed_used(asked: VendorJob, made: Made) -> int | None:
    if asked.seed is None:
        return None
    told = made.seed
    return told if told is not None and 0 <= told <= _MAX_SEED else asked.seed
