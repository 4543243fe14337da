"""fal.ai: models behind one queue. A call is a request in the queue; its result lies at an address of its own.

Queue, states and headers are of the vendor's documentation and its client (fal-client 1.0.3); inputs and prices of the
models' own pages. References travel as data URLs. The reply tells no price. Checked 2026-11-23.
"""

import base64
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from services.generation.providers.errors import ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import (
    HttpCall,
    HttpReply,
    JsonBody,
    UnreadableReplyError,
    get,
    names_in,
    paid_post,
)
from services.generation.providers.sizes import MEGAPIXEL_RATIOS, SizeRange
from services.generation.providers.vendor import (
    MEBIBYTE,
    Look,
    Made,
    ModelTraits,
    Pending,
    ReferenceLimits,
    Vendor,
    VendorJob,
)

_POLL_S: Final = 1.0
_MEGAPIXEL: Final = 1024 * 1024
_REFUSED: Final = "content_policy_violation"
_BY_MODEL: Final = "x-fal-retryable"
_WAITING: Final = frozenset({"IN_QUEUE", "IN_PROGRESS"})
_FREE: Final = SizeRange(min_side=512, max_side=2048, step=16, max_pixels=4 * _MEGAPIXEL)


def _references(most: int) -> ReferenceLimits:
    # Data URLs make one JSON document of all references.
    return ReferenceLimits(most=most, max_bytes=2 * MEBIBYTE, max_side=2048, max_pixels=4 * _MEGAPIXEL)


#: `ratios`: asked by aspect ratio. With references a model is asked at `<model>/edit`.
MODELS: Final[Mapping[str, ModelTraits]] = {
    "fal-ai/flux-2-pro": ModelTraits(
        sizes=_FREE,
        prompt_max_chars=10_000,
        price_usd_micros=30_000,
        seeds=(0, 4_294_967_295),
        references=_references(8),
        options={"ratios": False},
    ),
    "fal-ai/nano-banana-2": ModelTraits(
        sizes=MEGAPIXEL_RATIOS,
        prompt_max_chars=10_000,
        price_usd_micros=80_000,
        references=_references(14),
        options={"ratios": True},
    ),
}


class Fal(Vendor):
    """fal's queue."""

    name = "fal"
    key_variable = "FAL_KEY"
    base_url = "https://queue.fal.run"
    models = MODELS
    file_hosts = (".fal.media", "fal.media")
    slots = 16
    reply_timeout_s: ClassVar[float] = 60.0
    has_jobs = True
    probe_finds_nothing = True

    def authorization(self, key: str) -> Mapping[str, str]:
        """A scheme of its own."""
        return {"authorization": f"Key {key}"}

    def probe(self) -> HttpCall:
        """Ask for a request that doesn't exist; a wrong key is refused before."""
        return get("/fal-ai/flux-2-pro/requests/00000000-0000-0000-0000-000000000000/status")

    def submit(self, job: VendorJob) -> HttpCall:
        """Into the queue, which must not carry it out twice by itself."""
        asked: dict[str, Any] = {"prompt": job.prompt, "num_images": 1, "output_format": "png"}
        if job.traits.options["ratios"]:
            asked["aspect_ratio"] = MEGAPIXEL_RATIOS.name(job.size)
        else:
            asked["image_size"] = {"width": job.size[0], "height": job.size[1]}
        if job.seed is not None:
            asked["seed"] = job.seed
        path = f"/{job.model}"
        if job.references:
            path = f"{path}/edit"
            asked["image_urls"] = [
                f"data:{item.mime_type};base64,{base64.b64encode(item.data).decode()}" for item in job.references
            ]
        return paid_post(path, JsonBody(asked), {"x-fal-no-retry": "1"})

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        """The request, named by its path in the queue: the id alone can't be asked for."""
        return Pending(f"{job.model}/requests/{reply.text('request_id')}", _POLL_S)

    def poll(self, vendor_job_id: str) -> HttpCall:
        """Ask for the status."""
        return get(f"/{vendor_job_id}/status")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending | Look:
        """The status, or the result that was looked at after it."""
        status = reply.word("status")
        if status in _WAITING:
            return Pending(vendor_job_id, _POLL_S)
        if status == "COMPLETED":
            return Look(get(f"/{vendor_job_id}"))
        url = reply.at("images", 0, "url")
        if not isinstance(url, str):
            raise UnreadableReplyError(f"status: {status[:40]!r} and no images, allowed is one of both")
        if reply.at("has_nsfw_concepts", 0) is True:
            # The picture is black; it was made, and is paid.
            raise Refused("the picture was held back", charged=True, cost_usd_micros=self.price(job))
        seed = reply.number("seed")
        return Made(url=url, seed=None if seed is None else int(seed))

    def cancel(self, vendor_job_id: str) -> HttpCall | None:
        """Ask for it; whether it was in time isn't told."""
        return HttpCall("PUT", f"/{vendor_job_id}/cancel")

    def failure(self, reply: HttpReply) -> ProviderError:
        """The error types of models, else by status."""
        kinds = names_in(_details(reply), "type")
        return Refused(self.error_message(reply)) if _REFUSED in kinds else super().failure(reply)

    def poll_failure(self, reply: HttpReply) -> ProviderError:
        """A result that is an error is what became of the request: bad input is found only when it is carried out."""
        error = self.failure(reply)
        if isinstance(error, Refused):
            return error
        # The model's own answer has this header: it is kept, and every look would find it again.
        of_model = _BY_MODEL in reply.headers and reply.is_json
        if of_model or (reply.status == HTTPStatus.UNPROCESSABLE_ENTITY and _details(reply)):
            return UnusableImage(f"the request failed: {self.error_message(reply)}", charged=False)
        return super().poll_failure(reply)

    def price(self, job: VendorJob) -> int:
        """Per megapixel begun, or per image where the size isn't free."""
        megapixels = 1 if job.traits.options["ratios"] else math.ceil(job.size[0] * job.size[1] / _MEGAPIXEL)
        return job.traits.price_usd_micros * megapixels


def _details(reply: HttpReply) -> list[Any]:
    found = reply.at("detail") if reply.is_json else None
    return found if isinstance(found, list) else []
