"""Leonardo.ai: jobs created on API v2; polls, uploads and the account on v1. Its webhook wakes the poll.

References are uploaded first, and become guidances of the kind that suits their role; adapters are elements. Endpoints
and fields are of the vendor's documentation (v2 guides captured 2026-10-08, v1 of its SDK 7.0.0); the two shapes of the
create reply and validation errors with status 200 were met by third-party clients. Refusals have no code, only words.
Failed jobs are refunded; a job can't be cancelled. Checked 2026-11-23; the hosts of uploads are unconfirmed.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from schemas.bible import Lora
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    ProviderError,
    Refused,
    UnusableImage,
)
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    at,
    believed,
    get,
    paid_post,
)
from services.generation.providers.leonardo_models import LAST_RESORT, MODELS, ROLE_KINDS
from services.generation.providers.vendor import Made, Pending, Reference, Uploaded, Vendor, VendorJob, VendorLimits

_POLL_S: Final = 2.0
_DOLLAR: Final = 1_000_000
_REFUSAL: Final = re.compile(
    r"content moderation filter|prompt appears to contain inappropriate|PROMPT_MODERATION_BLOCKED", re.IGNORECASE
)
_ACCOUNT: Final = re.compile(r"authorization hook|not enough (?:api )?(?:tokens|credits)|insufficient", re.IGNORECASE)
_VALIDATION: Final = "VALIDATION_ERROR"
#: Least strength, 0 to 1, of a level.
_LEVELS: Final = ((0.7, "HIGH"), (0.35, "MID"), (0.0, "LOW"))
#: `image_reference` has no level of its own for want of a wish; the other kinds are always given one.
_UNTOLD: Final = "MID"
#: Shapes of a create reply: v2 as live clients meet it, v2 as its specification says, v1.
_CREATED: Final[tuple[tuple[str, ...], ...]] = (("generate",), (), ("sdGenerationJob",))


class Leonardo(Vendor):
    """Leonardo.ai's production API."""

    name = "leonardo"
    key_variable = "LEONARDO_API_KEY"
    base_url = "https://cloud.leonardo.ai/api/rest"
    models = MODELS
    file_hosts = (
        ".leonardo.ai",
        ".s3.amazonaws.com",
        ".s3-accelerate.amazonaws.com",
        ".s3.us-east-1.amazonaws.com",
    )
    limits: ClassVar[VendorLimits] = VendorLimits(concurrent=10, calls=100, window_s=60)
    slots = 10
    reply_timeout_s: ClassVar[float] = 60.0
    has_jobs = True
    wants_uploads = True

    def probe(self) -> HttpCall:
        """Ask for the account."""
        return get("/v1/me")

    def upload(self, reference: Reference) -> HttpCall:
        """Ask where the file may be sent, within two minutes."""
        return HttpCall("POST", "/v1/init-image", JsonBody({"extension": reference.extension}))

    def read_upload(self, reference: Reference, reply: HttpReply) -> Uploaded:
        """The form that goes with the file to the store, without the key."""
        form = _fields(reply.at("uploadInitImage", "fields"))
        part = File("file", f"{reference.role}.{reference.extension}", reference.data, reference.mime_type)
        there = HttpCall("POST", reply.text("uploadInitImage", "url"), MultipartBody(form, (part,)), signed=False)
        return Uploaded(reply.text("uploadInitImage", "id"), there)

    def submit(self, job: VendorJob) -> HttpCall:
        """One private picture; nobody rewrites the prompt."""
        width, height = job.size
        asked: dict[str, Any] = {
            "prompt": job.prompt,
            "width": width,
            "height": height,
            "quantity": 1,
            "prompt_enhance": "OFF",
        }
        if job.negative_prompt:
            asked["negative_prompt"] = job.negative_prompt
        if job.seed is not None:
            asked["seed"] = job.seed
        if job.references:
            asked["guidances"] = _guidances(job.references, job.traits.options["guidances"])
        asked |= _elements(job.loras)
        return paid_post("/v2/generations", JsonBody({"model": job.model, "public": False, "parameters": asked}))

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        """The job, in any of the shapes of the reply; or errors that come with status 200."""
        del job
        path = next((p for p in _CREATED if reply.at(*p, "generationId")), None)
        if path is None:
            raise _invalid(reply.document if isinstance(reply.document, list) else reply.at("errors"))
        return Pending(reply.text(*path, "generationId"), _POLL_S, _cost(reply.at(*path, "cost")))

    def poll(self, vendor_job_id: str) -> HttpCall:
        """Ask for the generation."""
        return get(f"/v1/generations/{vendor_job_id}")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending:
        """The state of the generation; an unknown one is waited out."""
        status = reply.text("generations_by_pk", "status")
        if status == "FAILED":
            raise UnusableImage("the generation failed, and is refunded", charged=False)
        if status != "COMPLETE":
            return Pending(vendor_job_id, _POLL_S)
        cost = self.price(job)
        if reply.at("generations_by_pk", "generated_images", 0) is None:
            raise UnusableImage("the generation is complete, and has no image", charged=True, cost_usd_micros=cost)
        if reply.at("generations_by_pk", "generated_images", 0, "nsfw") is True:
            raise Refused("the picture was marked as unsafe", charged=True, cost_usd_micros=cost)
        seed = reply.number("generations_by_pk", "seed")
        url = reply.text("generations_by_pk", "generated_images", 0, "url")
        return Made(url=url, seed=None if seed is None else int(seed))

    def failure(self, reply: HttpReply) -> ProviderError:
        """Refusals and troubles of the account have words of their own, else by status."""
        words = self.error_message(reply)
        if _REFUSAL.search(words):
            return Refused(words)
        if _ACCOUNT.search(words):
            return Configuration(words)
        return super().failure(reply)


def _fields(text: object) -> tuple[tuple[str, str], ...]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UnreadableReplyError(f"uploadInitImage.fields: {str(text)[:60]!r}, allowed is JSON of texts as a text")
    return tuple(found.items())


def _guidances(references: Sequence[Reference], kinds: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The references by kind of guidance, in their order; `kinds` are those of the model."""
    found: dict[str, list[dict[str, Any]]] = {}
    for reference in references:
        wanted = (*ROLE_KINDS.get(reference.role, ()), *LAST_RESORT)
        kind = next((name for name in wanted if name in kinds), kinds[0])
        guides = found.setdefault(kind, [])
        guide: dict[str, Any] = {"image": {"id": reference.uploaded, "type": "UPLOADED"}}
        if reference.strength is not None or kind != "image_reference":
            guide["strength"] = _level(reference.strength)
        if kind == "image_reference":
            guide["order"] = len(guides)
        guides.append(guide)
    return found


def _level(strength: float | None) -> str:
    return _UNTOLD if strength is None else next(name for least, name in _LEVELS if strength >= least)


def _elements(loras: Sequence[Lora]) -> dict[str, list[dict[str, Any]]]:
    """Elements of the user's own have numbers; those of the platform UUIDs."""
    own = [{"userLoraId": int(lora.lora_id), "weight": lora.scale} for lora in loras if lora.lora_id.isdecimal()]
    others = [{"akUUID": lora.lora_id, "weight": lora.scale} for lora in loras if not lora.lora_id.isdecimal()]
    return {name: told for name, told in (("user_elements", own), ("platform_elements", others)) if told}


def _cost(told: object) -> int | None:
    """Millionths of a dollar; None for credits, of which the price depends on the plan."""
    amount = believed(at(told, "amount")) if at(told, "unit") == "DOLLARS" else None
    return round(amount * _DOLLAR) if amount is not None and amount >= 0 else None


def _invalid(errors: Any) -> ProviderError:  # noqa: ANN401 - JSON
    """The meaning of a list of errors with status 200, in the place of a job or under `errors`.

    Raises:
        UnreadableReplyError: it doesn't say that the call was wrong, so that it may have been carried out.
    """
    if not isinstance(errors, list):
        raise UnreadableReplyError("generationId: missing, and no errors; allowed is one of both")
    words = "; ".join(f"{at(item, 'message')} {_detail(item)}".strip() for item in errors)[:500]
    if _REFUSAL.search(words):
        return Refused(words)
    if errors and all(at(item, "extensions", "code") == _VALIDATION for item in errors):
        return InvalidRequest(f"the call was not taken: {words}")
    raise UnreadableReplyError(f"a list instead of a job: {words[:200]!r}")


def _detail(error: object) -> str:
    details = at(error, "extensions", "details")
    return "" if details is None else json.dumps(details)[:200]
