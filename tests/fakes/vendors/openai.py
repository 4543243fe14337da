"""OpenAI's Images API: strict about fields, sizes and models; answers with the image in base64 and its usage."""

import base64
import json
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.openai import MODELS, OpenAI
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import Part, fields, files, is_image

RETIRED = frozenset({"dall-e-2", "dall-e-3", "gpt-image-1"})
KNOWN = frozenset(
    {
        *("model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression"),
        *("moderation", "input_fidelity", "user"),
    }
)
TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
QUALITIES = {"low": 200, "medium": 440, "high": 1760, "auto": 1760, "xhigh": 3100, "max": 7000}
EXTENSIONS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    def __init__(self, message: str, param: str, code: str | None = None) -> None:
        super().__init__(message)
        self.param, self.code = param, code


class FakeOpenAI(FakeVendor):
    """Attributes that a test may set: `offered`, the models that the account has."""

    name: ClassVar[str] = "openai"

    def __init__(self, key: str = "sk-0123456789-abcdef-SECRET") -> None:
        super().__init__(key)
        self.offered = ["gpt-6", *MODELS]

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/models", At.PROBE, self._models),
            self.route("POST", "/images/generations", At.CREATE, self._generations),
            self.route("POST", "/images/edits", At.CREATE, self._edits),
        ]

    def error(self, status: int, message: str = "The server had an error", **fields: Any) -> Response:
        body = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **fields}
        return JSONResponse({"error": body}, status, headers={"x-request-id": "req_1"})

    def refusal(self) -> Response:
        words = "Your request was rejected by the safety system. safety_violations=[violence]."
        return self.error(400, words, type="image_generation_user_error", code="moderation_blocked")

    def throttled(self, seconds: float) -> Response:
        answer = self.error(429, "Rate limit reached", type="requests", code="rate_limit_exceeded")
        answer.headers["retry-after-ms"] = str(round(seconds * 1000))
        answer.headers["x-ratelimit-remaining-requests"] = "0"
        return answer

    async def _models(self, request: Request) -> Response:
        del request
        data = [{"id": name, "object": "model", "created": 1, "owned_by": "openai"} for name in self.offered]
        return JSONResponse({"object": "list", "data": data})

    async def _generations(self, request: Request) -> Response:
        try:
            return await self.answer(json.loads(await request.body()), ())
        except BadRequest as error:
            return self.error(400, str(error), param=error.param, code=error.code)

    async def _edits(self, request: Request) -> Response:
        kind, body = request.headers.get("content-type", ""), await request.body()
        try:
            return await self.answer(fields(kind, body), checked_pictures(files(kind, body)))
        except BadRequest as error:
            return self.error(400, str(error), param=error.param, code=error.code)

    async def answer(self, asked: dict[str, Any], references: tuple[bytes, ...]) -> Response:
        unknown = set(asked) - KNOWN
        if unknown:
            raise BadRequest(f"Unknown parameter: {min(unknown)!r}.", min(unknown), "unknown_parameter")
        model = str(asked.get("model"))
        if model not in MODELS or model in RETIRED:
            return self.error(404, f"The model {model!r} does not exist", code="model_not_found", param="model")
        prompt = asked.get("prompt")
        if not isinstance(prompt, str) or not prompt:
            raise BadRequest("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter")
        if len(prompt) > 32_000:
            raise BadRequest("Invalid 'prompt': string too long.", "prompt", "string_above_max_length")
        size, kind = checked_size(str(asked.get("size", "auto"))), str(asked.get("output_format", "png"))
        order = Order(model, prompt, size, references=references, extras=dict(asked))
        usage = self._usage(order, str(asked.get("quality", "auto")))
        image = await self.carry_out(order, cost_of(usage), EXTENSIONS[kind])
        return JSONResponse(
            {
                "created": 1_790_000_000,
                "data": [{"b64_json": base64.b64encode(image).decode()}],
                "background": "opaque",
                "output_format": kind,
                "quality": "high",
                "size": f"{size[0]}x{size[1]}",
                "usage": usage,
            }
        )

    def _usage(self, order: Order, quality: str) -> dict[str, Any]:
        words, images = max(1, len(order.prompt) // 4), 300 * len(order.references)
        made = QUALITIES[quality] * order.size[0] * order.size[1] // (1024 * 1024)
        return {
            "input_tokens": words + images,
            "input_tokens_details": {"text_tokens": words, "image_tokens": images},
            "output_tokens": made,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
            "total_tokens": words + images + made,
        }


def checked_pictures(found: list[Part]) -> tuple[bytes, ...]:
    """The images of an edit, as the API takes them."""
    pictures = [part for part in found if part.name in {"image", "image[]"}]
    if not 1 <= len(pictures) <= 16:
        raise BadRequest(f"{len(pictures)} images, expected 1 to 16", "image")
    if len(pictures) > 1 and any(part.name != "image[]" for part in pictures):
        raise BadRequest("Duplicate parameter: 'image'", "image")
    if not all(is_image(part.data) and part.mime_type in TYPES for part in pictures):
        raise BadRequest("Invalid image file or mode", "image", "invalid_image_file")
    return tuple(part.data for part in pictures)


def checked_size(text: str) -> tuple[int, int]:
    """A size that the current models take."""
    if text == "auto":
        return (1024, 1024)
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise BadRequest(f"Invalid value: {text!r}.", "size", "invalid_value")
    size = (int(width), int(height))
    if any(side % 16 for side in size) or max(size) > 3840 or max(size) > 3 * min(size):
        raise BadRequest(
            f"Invalid size {text}: sides must be multiples of 16, ratio up to 3:1", "size", "invalid_value"
        )
    if not 655_360 <= size[0] * size[1] <= 8_294_400:
        raise BadRequest(f"Invalid size {text}: outside of the pixel budget", "size", "invalid_value")
    return size


def cost_of(usage: dict[str, Any]) -> int:
    """By the model page: 5, 8 and 30 US dollars per million tokens of text in, image in, image out."""
    told = usage["input_tokens_details"]
    return int(told["text_tokens"] * 5 + told["image_tokens"] * 8 + usage["output_tokens"] * 30)


CASE = VendorCase(vendor=OpenAI, fake=FakeOpenAI, retired="dall-e-3", successor="gpt-image-2.6-sunburst")
