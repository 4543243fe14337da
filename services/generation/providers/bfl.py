"""Black Forest Labs: FLUX.2 with up to eight references. Every call is a job, polled for at the URL that is answered.

Endpoints, fields and states are of the vendor's documentation and its published skills; prices per megapixel of its
price page. `cost` is told in credits of 0.01 USD. Checked 2026-11-23; longest prompt and least side are ours.
"""

import base64
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from services.generation.providers.errors import Refused, UnusableImage
from services.generation.providers.exchange import (
    HttpCall,
    HttpReply,
    JsonBody,
    UnreadableReplyError,
    get,
    paid_post,
)
from services.generation.providers.sizes import SizeRange
from services.generation.providers.vendor import (
    MEBIBYTE,
    Made,
    ModelTraits,
    Pending,
    ReferenceLimits,
    Vendor,
    VendorJob,
    VendorLimits,
)

_CREDIT: Final = 10_000
_MEGAPIXEL: Final = 1024 * 1024
_SIZES: Final = SizeRange(min_side=256, max_side=4096, step=16, max_pixels=4 * _MEGAPIXEL)
_MAX_JOB_ID: Final = 200
_POLL_S: Final = 1.0


def _flux(made: int, told: int = 0, *, references: int = 8, **more: Any) -> ModelTraits:  # noqa: ANN401 - traits
    """A model by its price per megapixel made, and per megapixel of references, in millionths of a US dollar."""
    return ModelTraits(
        sizes=_SIZES,
        prompt_max_chars=32_000,
        price_usd_micros=made + told,
        seeds=(0, 4_294_967_295),
        # The whole request travels as JSON, a third larger than its images.
        references=ReferenceLimits(most=references, max_bytes=4 * MEBIBYTE, max_pixels=2 * _MEGAPIXEL),
        options={"made": made, "told": told},
        **more,
    )


MODELS: Final[Mapping[str, ModelTraits]] = {
    "flux-2-max": _flux(70_000),
    "flux-2-pro": _flux(30_000, 15_000),
    "flux-2-flex": _flux(50_000, steps=(1, 50), cfg_scale=(1.5, 10.0)),
    "flux-2-klein-9b": _flux(14_000, references=4),
    "flux-2-klein-4b": _flux(14_000, references=4),
}


class BlackForestLabs(Vendor):
    """Black Forest Labs' API."""

    name = "bfl"
    key_variable = "BFL_API_KEY"
    base_url = "https://api.bfl.ai"
    models = MODELS
    api_hosts = (".bfl.ai",)
    file_hosts = (".bfl.ai",)
    limits: ClassVar[VendorLimits] = VendorLimits(concurrent=24)
    slots = 24
    reply_timeout_s: ClassVar[float] = 60.0
    has_jobs = True

    def authorization(self, key: str) -> Mapping[str, str]:
        """A header of its own."""
        return {"x-key": key}

    def probe(self) -> HttpCall:
        """Ask for the credits."""
        return get("/v1/credits")

    def submit(self, job: VendorJob) -> HttpCall:
        """One call per model; references are `input_image`, `input_image_2` and so on, in base64."""
        fields: dict[str, Any] = {
            "prompt": job.prompt,
            "width": job.size[0],
            "height": job.size[1],
            "output_format": "png",
            # The prompt was written by the engine, and is recorded: nobody rewrites it.
            "prompt_upsampling": False,
        }
        optional = {"seed": job.seed, "steps": job.steps, "guidance": job.cfg_scale}
        fields |= {name: value for name, value in optional.items() if value is not None}
        for number, reference in enumerate(job.references, start=1):
            name = "input_image" if number == 1 else f"input_image_{number}"
            fields[name] = base64.b64encode(reference.data).decode()
        return paid_post(f"/v1/{job.model}", JsonBody(fields))

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        """The job. Its polling URL is its name, since the region that it names is the only one that knows it."""
        del job
        url, job_id = reply.at("polling_url"), reply.text("id")
        name = url if isinstance(url, str) and 0 < len(url) <= _MAX_JOB_ID else job_id
        cost = reply.number("cost")
        return Pending(name, _POLL_S, None if cost is None else round(cost * _CREDIT))

    def poll(self, vendor_job_id: str) -> HttpCall:
        """At the URL, or for an id at the base URL."""
        return get(vendor_job_id if "://" in vendor_job_id else f"/v1/get_result?id={vendor_job_id}")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending:
        """The vendor's states; an unknown one is waited out."""
        status = reply.text("status")
        if status == "Ready":
            return Made(url=reply.text("result", "sample"))
        if status == "Request Moderated":
            raise Refused("the request was moderated")
        if status == "Content Moderated":
            # The picture was made before it was looked at, and nothing says that it is free.
            raise Refused("the picture was moderated", charged=True, cost_usd_micros=self.price(job))
        if status == "Error":
            raise UnusableImage(f"the vendor failed: {reply.at('details') or 'no words'}", charged=False)
        if status == "Task not found":
            raise UnreadableReplyError(f"job {vendor_job_id} is not known there")
        return Pending(vendor_job_id, _POLL_S)

    def price(self, job: VendorJob) -> int:
        """By megapixels made and shown, each begun one counting."""
        options = job.traits.options
        made = math.ceil(job.size[0] * job.size[1] / _MEGAPIXEL) * options["made"]
        return int(made + sum(math.ceil(r.width * r.height / _MEGAPIXEL) for r in job.references) * options["told"])
