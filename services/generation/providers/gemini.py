"""Google's Gemini image models: up to 14 references, asked by aspect ratio. Answers with the image.

Endpoint, fields and finish reasons are of the official SDK (google-genai 3.4); sizes of the aspect ratios are those of
the 1K family. Prices are per image: the reply tells tokens, and no rates of them are known. Checked 2026-11-23.
"""

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final

from services.generation.providers.errors import Configuration, ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import (
    HttpCall,
    HttpReply,
    JsonBody,
    UnreadableReplyError,
    at,
    decoded,
    get,
    names_in,
    paid_post,
)
from services.generation.providers.reply_errors import MAX_RETRY_AFTER_S
from services.generation.providers.sizes import MEGAPIXEL_RATIOS, RatioList
from services.generation.providers.vendor import Made, ModelTraits, Reference, ReferenceLimits, Vendor, VendorJob

_RATIOS: Final = RatioList((*MEGAPIXEL_RATIOS.by_name, ("5:4", (1152, 896)), ("4:5", (896, 1152))))
#: Reasons for which a picture was held back after it was made.
_HELD_BACK: Final = frozenset({"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER"})
_REFUSED: Final = frozenset({"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "LANGUAGE", "NO_IMAGE"})
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"
_KEY_REASONS: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})


def _gemini(price_usd_micros: int, references: int, **more: Any) -> ModelTraits:  # noqa: ANN401 - traits
    return ModelTraits(
        sizes=_RATIOS,
        prompt_max_chars=30_000,
        price_usd_micros=price_usd_micros,
        seeds=(0, 2_147_483_647),
        # The whole request may have 20 MB, a third of it lost to base64.
        references=ReferenceLimits(most=references, max_bytes=1_000_000, max_side=3072, max_pixels=3072 * 3072),
        **more,
    )


MODELS: Final[Mapping[str, ModelTraits]] = {
    "gemini-nano-banana-2.1": _gemini(34_000, 14),
    "gemini-3.1-flash-image": _gemini(45_000, 14),
    "gemini-3-pro-image": _gemini(134_000, 14),
    "gemini-2.5-flash-image": _gemini(39_000, 3, retires=date(2027, 3, 15), successor="gemini-nano-banana-2.1"),
}


class Gemini(Vendor):
    """The Gemini API's `generateContent`, asked for images."""

    name = "google"
    key_variable = "GEMINI_API_KEY"
    base_url = "https://generativelanguage.googleapis.com/v1"
    models = MODELS
    slots = 16
    reply_timeout_s: ClassVar[float] = 180.0

    def authorization(self, key: str) -> Mapping[str, str]:
        """A header of its own; never in the URL, where logs would keep it."""
        return {"x-goog-api-key": key}

    def probe(self) -> HttpCall:
        """List the models."""
        return get("/models?pageSize=1000")

    def listed(self, reply: HttpReply) -> frozenset[str]:
        """Models of this key."""
        return frozenset(name.removeprefix("models/") for name in names_in(reply.at("models"), "name")) & MODELS.keys()

    def submit(self, job: VendorJob) -> HttpCall:
        """The prompt, then the references in their order."""
        settings: dict[str, Any] = {
            "responseModalities": ["IMAGE"],
            "candidateCount": 1,
            "imageConfig": {"aspectRatio": _RATIOS.name(job.size)},
        }
        if job.seed is not None:
            settings["seed"] = job.seed
        parts = [{"text": job.prompt}, *(_part(reference) for reference in job.references)]
        body = {"contents": [{"role": "user", "parts": parts}], "generationConfig": settings}
        return paid_post(f"/models/{job.model}:generateContent", JsonBody(body))

    def read(self, job: VendorJob, reply: HttpReply) -> Made:
        """The first image among the parts; thoughts and words are passed over."""
        blocked = reply.at("promptFeedback", "blockReason")
        if blocked:
            raise Refused(f"the prompt was blocked: {blocked}")
        reason = reply.word("candidates", 0, "finishReason")
        told = reply.at("candidates", 0, "finishMessage") or "no words"
        if reason in _HELD_BACK:
            raise Refused(f"the picture was held back: {reason}: {told}", charged=True, cost_usd_micros=self.price(job))
        if reason in _REFUSED:
            raise Refused(f"{reason}: {told}")
        parts = reply.at("candidates", 0, "content", "parts")
        if not isinstance(parts, list):
            raise UnreadableReplyError("candidates.0.content.parts: missing, allowed is a list")
        shown = [data for part in parts if not at(part, "thought") and (data := at(part, "inlineData", "data"))]
        if not shown:
            words = next((text for part in parts if isinstance(text := at(part, "text"), str)), "nothing")
            raise UnusableImage(f"it answered in words: {words[:200]!r}", cost_usd_micros=self.price(job))
        return Made(data=decoded(str(shown[0])), parameters={"finish_reason": reason})

    def failure(self, reply: HttpReply) -> ProviderError:
        """Google's reasons, else by status; `RetryInfo` says when to come back."""
        details = reply.at("error", "details") if reply.is_json else None
        found: list[Any] = details if isinstance(details, list) else []
        reasons = names_in(found, "reason")
        status = reply.at("error", "status") if reply.is_json else None
        # A wrong key and a country or account without billing are told as bad requests.
        if reasons & _KEY_REASONS or status == "FAILED_PRECONDITION":
            return Configuration(self.error_message(reply))
        error = super().failure(reply)
        delays = [at(detail, "retryDelay") for detail in found if at(detail, "@type") == _RETRY_INFO]
        error.retry_after_s = next((seconds for delay in delays if (seconds := _seconds(delay)) is not None), None)
        return error


def _part(reference: Reference) -> dict[str, Any]:
    return {"inlineData": {"mimeType": reference.mime_type, "data": base64.b64encode(reference.data).decode()}}


def _seconds(delay: object) -> float | None:
    """A duration of Google's JSON form, `7s` or `0.5s`."""
    try:
        return min(max(0.0, float(str(delay).removesuffix("s"))), MAX_RETRY_AFTER_S)
    except ValueError:
        return None
