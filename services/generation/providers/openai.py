"""OpenAI Images: generations, and edits with up to 16 references. Answers with the image; takes no seed.

Models, fields, errors and shutdown dates are of the official SDK (openai 3.54) and the deprecations page; rates are the
model pages' and, for models without one, those of a third party's price table. Checked 2026-11-23.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from services.generation.providers.errors import Configuration, PromptTooLong, ProviderError, Refused
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    decoded,
    get,
    names_in,
    paid_post,
)
from services.generation.providers.sizes import SizeList, SizeRange
from services.generation.providers.vendor import MEBIBYTE, Made, ModelTraits, ReferenceLimits, Vendor, VendorJob

_REFUSALS: Final = frozenset({"moderation_blocked", "content_policy_violation", "image_content_policy_violation"})
_NO_MONEY: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_TOO_LONG: Final = frozenset({"string_above_max_length", "context_length_exceeded"})
_USUAL_PIXELS: Final = 1024 * 1024
_ANY: Final = SizeRange(min_side=256, max_side=3840, step=16, min_pixels=655_360, max_pixels=8_294_400, max_ratio=3)
_THREE: Final = SizeList(((1024, 1024), (1536, 1024), (1024, 1536)))
_REFERENCES: Final = ReferenceLimits(most=16, max_bytes=20 * MEBIBYTE, max_side=3840, max_pixels=8_294_400)


@dataclass(frozen=True, slots=True)
class Rates:
    """Price of a token, in millionths of a US dollar: US dollars per million tokens are just that."""

    text_in: float = 5
    image_in: float = 8
    image_out: float = 30
    text_out: float = 10


def _current(quality: str, price_usd_micros: int) -> ModelTraits:
    """A model of the second generation; the price is of 1024x1024 in that quality."""
    return ModelTraits(
        sizes=_ANY,
        prompt_max_chars=32_000,
        price_usd_micros=price_usd_micros,
        references=_REFERENCES,
        options={"quality": quality, "rates": Rates()},
    )


def _ending(price_usd_micros: int, rates: Rates, retires: date, successor: str, **fields: str) -> ModelTraits:
    """A model whose end is announced, or past."""
    return ModelTraits(
        sizes=_THREE,
        prompt_max_chars=32_000,
        price_usd_micros=price_usd_micros,
        references=_REFERENCES,
        retires=retires,
        successor=successor,
        options={"quality": "medium", "rates": rates, "edit_fields": fields},
    )


_BEST, _FAST = "gpt-image-2.6-sunburst", "gpt-image-2.6-flare"
_DECEMBER, _MAY, _OCTOBER = date(2026, 12, 1), date(2026, 5, 12), date(2026, 10, 23)
MODELS: Final[Mapping[str, ModelTraits]] = {
    _BEST: _current("high", 53_000),
    _FAST: _current("medium", 13_000),
    "gpt-image-2.5-sunburst": _current("high", 53_000),
    "gpt-image-2.5-sunburst-2026-09-08": _current("high", 53_000),
    "gpt-image-2.5-flare": _current("medium", 13_000),
    "gpt-image-2.5-flare-2026-09-08": _current("medium", 13_000),
    "gpt-image-2": _current("medium", 53_000),
    "gpt-image-2-2026-04-21": _current("medium", 53_000),
    "gpt-image-1.5": _ending(50_000, Rates(image_out=32), _DECEMBER, _BEST, input_fidelity="high"),
    "chatgpt-image-latest": _ending(50_000, Rates(image_out=32), _DECEMBER, _BEST),
    "gpt-image-1-mini": _ending(15_000, Rates(2, 2.5, 8), _DECEMBER, _FAST),
    "gpt-image-1": _ending(63_000, Rates(5, 10, 40), _OCTOBER, _BEST),
    "dall-e-3": _ending(40_000, Rates(), _MAY, _BEST),
    "dall-e-2": _ending(20_000, Rates(), _MAY, _FAST),
}


class OpenAI(Vendor):
    """OpenAI's Images API."""

    name = "openai"
    key_variable = "OPENAI_API_KEY"
    base_url = "https://api.openai.com/v1"
    models = MODELS
    slots = 16
    reply_timeout_s: ClassVar[float] = 300.0

    def probe(self) -> HttpCall:
        """List the models."""
        return get("/models")

    def listed(self, reply: HttpReply) -> frozenset[str]:
        """Models of this account; what has been shut down is gone from the list."""
        return names_in(reply.at("data"), "id") & self.models.keys()

    def submit(self, job: VendorJob) -> HttpCall:
        """A generation, or with references an edit."""
        fields: dict[str, Any] = {
            "model": job.model,
            "prompt": job.prompt,
            "n": 1,
            "size": f"{job.size[0]}x{job.size[1]}",
            "quality": job.traits.options["quality"],
            "background": "opaque",
            "output_format": "png",
        }
        if not job.references:
            return paid_post("/images/generations", JsonBody(fields))
        fields.update(job.traits.options.get("edit_fields", {}))
        # One image is `image`, several are `image[]`: the official client sends just that.
        part = "image" if len(job.references) == 1 else "image[]"
        files = tuple(
            File(part, f"{number:02}-{reference.role}.{reference.extension}", reference.data, reference.mime_type)
            for number, reference in enumerate(job.references, start=1)
        )
        return paid_post("/images/edits", MultipartBody(tuple((k, str(v)) for k, v in fields.items()), files))

    def read(self, job: VendorJob, reply: HttpReply) -> Made:
        """The image in base64, and what it cost by its tokens."""
        return Made(
            data=decoded(reply.text("data", 0, "b64_json")),
            cost_usd_micros=_cost(reply, job.traits.options["rates"]),
            parameters={f"made_{name}": reply.at(name) for name in ("size", "quality", "background") if reply.at(name)},
        )

    def failure(self, reply: HttpReply) -> ProviderError:
        """OpenAI's codes, else by status."""
        code = str(reply.at("error", "code") or "") if reply.is_json else ""
        words = self.error_message(reply)
        if code in _REFUSALS or (reply.is_json and reply.at("error", "type") == "image_generation_user_error"):
            return Refused(words)
        if code in _TOO_LONG:
            return PromptTooLong(words)
        if code in _NO_MONEY:
            return Configuration(f"{code}: {words}")
        return super().failure(reply)

    def price(self, job: VendorJob) -> int:
        """By size; only used when the reply tells no tokens."""
        return round(job.traits.price_usd_micros * max(1.0, job.size[0] * job.size[1] / _USUAL_PIXELS))


def _cost(reply: HttpReply, rates: Rates) -> int | None:
    """Usage × rates; None when the reply tells no usage."""
    total_in, out = reply.number("usage", "input_tokens"), reply.number("usage", "output_tokens")
    if total_in is None or out is None:
        return None
    images = reply.number("usage", "input_tokens_details", "image_tokens") or 0
    words = reply.number("usage", "output_tokens_details", "text_tokens") or 0
    return round(
        (total_in - images) * rates.text_in
        + images * rates.image_in
        + (out - words) * rates.image_out
        + words * rates.text_out
    )
