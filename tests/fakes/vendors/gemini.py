"""Gemini's `generateContent` for images: strict about fields and ratios; refuses with status 200, as the vendor."""

import base64
import binascii
import json
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.gemini import MODELS, Gemini
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import is_image

RATIOS: Final = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
    "3:2": (1248, 832),
    "2:3": (832, 1248),
    "4:3": (1184, 864),
    "3:4": (864, 1184),
    "5:4": (1152, 896),
    "4:5": (896, 1152),
    "21:9": (1536, 672),
}
STATUS: Final = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}  # fmt: skip
SETTINGS: Final = frozenset({"responseModalities", "candidateCount", "imageConfig", "seed", "temperature"})
MAX_BODY: Final = 20 * 1024 * 1024


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    pass


class FakeGemini(FakeVendor):
    """Attributes that a test may set: `finish`, the reason why a picture is held back; `offered`, the key's models."""

    name: ClassVar[str] = "google"

    def __init__(self, key: str = "AIza-0123456789-abcdef-SECRET") -> None:
        super().__init__(key)
        self.finish: str | None = None
        self.offered = ["gemini-9-flash", *MODELS]

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/models", At.PROBE, self._models),
            self.route("POST", "/v1/models/{call}", At.CREATE, self._generate),
        ]

    def authorized(self, request: Request) -> bool:
        return request.headers.get("x-goog-api-key") == self.key

    def error(
        self, status: int, message: str = "something went wrong", details: list[dict[str, Any]] | None = None
    ) -> Response:
        told = {"code": status, "message": message, "status": STATUS.get(status, "INTERNAL"), "details": details or []}
        return JSONResponse({"error": told}, status)

    def refusal(self) -> Response:
        return JSONResponse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {}})

    def throttled(self, seconds: float) -> Response:
        told = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:g}s"}
        return self.error(429, "You exceeded your current quota", [told])

    async def _models(self, request: Request) -> Response:
        del request
        return JSONResponse({"models": [{"name": f"models/{name}"} for name in self.offered]})

    async def _generate(self, request: Request) -> Response:
        model, _, method = request.path_params["call"].partition(":")
        body = await request.body()
        if model not in MODELS or method != "generateContent":
            return self.error(404, f"models/{model} is not found for API version v1")
        if len(body) > MAX_BODY:
            return self.error(400, "Request payload size exceeds the limit: 20971520 bytes.")
        try:
            order = order_of(model, json.loads(body))
        except BadRequest as error:
            return self.error(400, str(error))
        if self.finish is not None:
            self._charge(order, MODELS[model].price_usd_micros)
            return JSONResponse({"candidates": [{"finishReason": self.finish, "finishMessage": "held back"}]})
        image = await self.carry_out(order, MODELS[model].price_usd_micros)
        parts = [
            {"text": "Let me think of the light.", "thought": True},
            {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(image).decode()}},
        ]
        usage = {"promptTokenCount": len(order.prompt) // 4, "candidatesTokenCount": 1290, "totalTokenCount": 2000}
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        return JSONResponse({"candidates": [candidate], "usageMetadata": usage, "modelVersion": model})


def order_of(model: str, asked: dict[str, Any]) -> Order:
    """What a call orders, checked as the API checks it."""
    settings = asked.get("generationConfig", {})
    unknown = (set(asked) - {"contents", "generationConfig"}) | (set(settings) - SETTINGS)
    if unknown:
        raise BadRequest(f"Invalid JSON payload received. Unknown name {min(unknown)!r}")
    ratio = settings.get("imageConfig", {}).get("aspectRatio", "1:1")
    if ratio not in RATIOS:
        raise BadRequest(f"aspect_ratio {ratio!r} is not supported")
    if not -(2**31) <= settings.get("seed", 0) < 2**31:
        raise BadRequest("Invalid value at 'generation_config.seed' (TYPE_INT32)")
    parts = [part for content in asked["contents"] for part in content["parts"]]
    prompt = " ".join(part["text"] for part in parts if "text" in part)
    if not prompt:
        raise BadRequest("contents is not specified")
    pictures = tuple(_picture(part["inlineData"]) for part in parts if "inlineData" in part)
    references = MODELS[model].references
    if references is None or len(pictures) > references.most:
        raise BadRequest(f"at most {references and references.most} images")
    return Order(
        model, prompt, RATIOS[ratio], seed=settings.get("seed"), references=pictures, extras={"settings": settings}
    )


def _picture(told: dict[str, str]) -> bytes:
    try:
        # Protocol buffers' JSON takes both alphabets and both spellings; Google's client sends the unexpected ones.
        data = base64.b64decode(told["data"].translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("Base64 decoding failed") from None
    if not is_image(data) or told.get("mimeType", told.get("mime_type")) not in {
        "image/png",
        "image/jpeg",
        "image/webp",
    }:
        raise BadRequest("Unable to process input image")
    return data


CASE = VendorCase(vendor=Gemini, fake=FakeGemini, base_path="/v1", tells_cost=False)
