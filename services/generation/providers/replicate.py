"""Replicate: official models by name, references uploaded as files, every call a prediction that is polled for.

Endpoints and states are of the official SDK (replicate 1.0.7) and its HTTP reference; inputs and prices of the models'
own pages, which may change without notice. The reply tells no price. Checked 2026-11-23.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from services.generation.providers.errors import ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    get,
    paid_post,
)
from services.generation.providers.reply_errors import MAX_RETRY_AFTER_S
from services.generation.providers.sizes import MEGAPIXEL_RATIOS, SizeRange
from services.generation.providers.vendor import (
    MEBIBYTE,
    Made,
    ModelTraits,
    Pending,
    Reference,
    ReferenceLimits,
    Uploaded,
    Vendor,
    VendorJob,
    VendorLimits,
)

_POLL_S: Final = 1.0
_FREE: Final = SizeRange(min_side=256, max_side=2048, step=16, max_pixels=4 * 1024 * 1024)
#: Models tell a refusal in words of their own, in an error that is otherwise like any other.
_REFUSAL: Final = re.compile(r"nsfw|sensitive|safety|moderat|prohibited|content policy|flagged", re.IGNORECASE)
_WAIT: Final = re.compile(r"(?:in|after) ~?(\d+(?:\.\d+)?) ?s", re.IGNORECASE)


def _model(
    price_usd_micros: int, references: int, field: str, *, ratios: bool = False, seeds: bool = True
) -> ModelTraits:
    """A model; `field` is the input that takes its references, `ratios`: it is asked by aspect ratio."""
    return ModelTraits(
        sizes=MEGAPIXEL_RATIOS if ratios else _FREE,
        prompt_max_chars=10_000,
        price_usd_micros=price_usd_micros,
        seeds=(0, 2_147_483_647) if seeds else None,
        references=ReferenceLimits(most=references, max_bytes=8 * MEBIBYTE),
        options={"references": field, "ratios": ratios},
    )


MODELS: Final[Mapping[str, ModelTraits]] = {
    "black-forest-labs/flux-2-pro": _model(45_000, 8, "input_images"),
    "black-forest-labs/flux-2-flex": _model(60_000, 8, "input_images"),
    "google/nano-banana-2": _model(80_000, 14, "image_input", ratios=True, seeds=False),
}


class Replicate(Vendor):
    """Replicate's predictions of official models."""

    name = "replicate"
    key_variable = "REPLICATE_API_KEY"
    base_url = "https://api.replicate.com/v1"
    models = MODELS
    file_hosts = (".replicate.delivery", "replicate.delivery")
    limits: ClassVar[VendorLimits] = VendorLimits(calls=600, window_s=60)
    slots = 32
    reply_timeout_s: ClassVar[float] = 60.0
    has_jobs = True
    wants_uploads = True

    def probe(self) -> HttpCall:
        """Ask for the account."""
        return get("/account")

    def upload(self, reference: Reference) -> HttpCall:
        """A file, deleted by the vendor after a day."""
        part = File("content", f"{reference.role}.{reference.extension}", reference.data, reference.mime_type)
        return HttpCall("POST", "/files", MultipartBody(files=(part,)))

    def read_upload(self, reference: Reference, reply: HttpReply) -> Uploaded:
        """The address that models read it at."""
        del reference
        return Uploaded(reply.text("urls", "get"))

    def submit(self, job: VendorJob) -> HttpCall:
        """A prediction of the model's newest official version."""
        options = job.traits.options
        asked: dict[str, Any] = {"prompt": job.prompt, "output_format": "png"}
        if options["ratios"]:
            asked["aspect_ratio"] = MEGAPIXEL_RATIOS.name(job.size)
        else:
            asked |= {"aspect_ratio": "custom", "width": job.size[0], "height": job.size[1]}
        if job.seed is not None:
            asked["seed"] = job.seed
        if job.references:
            asked[options["references"]] = [reference.uploaded for reference in job.references]
        return paid_post(f"/models/{job.model}/predictions", JsonBody({"input": asked}))

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        """The prediction; one that has ended already is read by the first poll."""
        del job
        return Pending(reply.text("id"), _POLL_S)

    def poll(self, vendor_job_id: str) -> HttpCall:
        """Ask for the prediction."""
        return get(f"/predictions/{vendor_job_id}")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending:
        """The prediction's state; outputs are deleted after an hour."""
        del job
        status = reply.text("status")
        if status == "succeeded":
            output = reply.at("output")
            url = output[0] if isinstance(output, list) and output else output
            if not isinstance(url, str):
                raise UnreadableReplyError(f"output: {str(url)[:60]!r}, allowed is a URL or a list of them")
            return Made(url=url)
        if status in {"failed", "canceled", "aborted"}:
            words = str(reply.at("error") or "no words")[:500]
            if _REFUSAL.search(words):
                raise Refused(words)
            raise UnusableImage(f"the prediction {status}: {words}", charged=False)
        return Pending(vendor_job_id, _POLL_S)

    def cancel(self, vendor_job_id: str) -> HttpCall | None:
        """Cancel the prediction."""
        return HttpCall("POST", f"/predictions/{vendor_job_id}/cancel")

    def stopped(self, reply: HttpReply) -> bool:
        """Whether it was still in time."""
        return reply.word("status") in {"canceled", "aborted"}

    def failure(self, reply: HttpReply) -> ProviderError:
        """By status; how long to wait is told as a number, or in words only."""
        error = super().failure(reply)
        told = _WAIT.search(self.error_message(reply))
        number = reply.number("retry_after") if reply.is_json else None
        wait_s = float(told[1]) if number is None and told else number
        error.retry_after_s = None if wait_s is None else min(max(0.0, wait_s), MAX_RETRY_AFTER_S)
        return error
