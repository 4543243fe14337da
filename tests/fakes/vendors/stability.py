"""Stability AI: v2beta as multipart, v1 as JSON; strict about fields, ratios and guiding images; its own errors."""

import base64
import io
import json
from typing import Any, ClassVar, Final

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.stability import MODELS, Stability
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import fields, files, is_image

RATIOS: Final = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
COMMON: Final = frozenset({"prompt", "negative_prompt", "seed", "output_format"})
#: Fields beside the common ones, by path.
FIELDS: Final = {
    "generate/core": frozenset({"aspect_ratio", "style_preset"}),
    "generate/ultra": frozenset({"aspect_ratio", "style_preset", "strength"}),
    "generate/sd3": frozenset({"aspect_ratio", "model", "mode", "strength", "cfg_scale"}),
    "control/structure": frozenset({"control_strength"}),
    "control/sketch": frozenset({"control_strength"}),
    "control/style": frozenset({"aspect_ratio", "fidelity"}),
}
NAMES: Final = {
    "generate/core": "stable-image-core",
    "generate/ultra": "stable-image-ultra",
    "control/structure": "stable-image-structure",
    "control/sketch": "stable-image-sketch",
    "control/style": "stable-image-style",
}
KINDS: Final = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
ERRORS: Final = {
    401: "unauthorized",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    413: "payload_too_large",
    429: "rate_limit_exceeded",
}
TRAINED: Final = frozenset({(1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640)})
MAX_BODY: Final = 10 * 1024 * 1024


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    pass


class FakeStability(FakeVendor):
    """Attributes that a test may set: `blurs`, to answer with a blurred picture and 200; `engines` of v1."""

    name: ClassVar[str] = "stability"

    def __init__(self, key: str = "sk-0123456789-abcdef-SECRET") -> None:
        super().__init__(key)
        self.blurs = False
        self.engines = ["stable-diffusion-xl-1024-v1-0"]

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/engines/list", At.PROBE, self._engines),
            self.route("POST", "/v2beta/stable-image/{path:path}", At.CREATE, self._v2beta),
            self.route("POST", "/v1/generation/{engine}/text-to-image", At.CREATE, self._v1),
        ]

    def error(self, status: int, message: str = "something went wrong", name: str | None = None) -> Response:
        told = name or ERRORS.get(status, "internal_error" if status >= 500 else "bad_request")
        return JSONResponse({"id": "2f1c", "name": told, "errors": [message], "message": message}, status)

    def refusal(self) -> Response:
        return self.error(403, "Your request was flagged by our content moderation system", "content_moderation")

    def throttled(self, seconds: float) -> Response:
        # The vendor sends no header: the lock-out is always a minute.
        del seconds
        return self.error(429, "You have exceeded the rate limit of 150 requests within a 10 second period")

    async def _engines(self, request: Request) -> Response:
        del request
        about = {"name": "SDXL 1.0", "description": "Stability-AI Stable Diffusion XL v1.0", "type": "PICTURE"}
        return JSONResponse([{"id": name, **about} for name in self.engines])

    async def _v2beta(self, request: Request) -> Response:
        path, kind, body = request.path_params["path"], request.headers.get("content-type", ""), await request.body()
        if path not in FIELDS:
            return self.error(404, f"no such endpoint: {path}")
        if len(body) > MAX_BODY:
            return self.error(413, "payload is larger than 10MiB")
        if not kind.startswith("multipart/form-data"):
            return self.error(400, "content-type: must be multipart/form-data")
        try:
            order = v2beta_order(path, fields(kind, body), [part.data for part in files(kind, body) if part.data])
        except BadRequest as error:
            return self.error(400, str(error))
        output = KINDS[str(order.extras.get("output_format", "png"))]
        image = await self.carry_out(order, MODELS[order.model].price_usd_micros, output)
        finish = "CONTENT_FILTERED" if self.blurs else "SUCCESS"
        seed = str(order.seed or 1234)
        if request.headers.get("accept") == "application/json":
            told = {"image": base64.b64encode(image).decode(), "finish_reason": finish, "seed": int(seed)}
            return JSONResponse(told)
        head = {"seed": seed, "finish-reason": finish, "x-request-id": "r1"}
        return Response(image, media_type=f"image/{output.lower()}", headers=head)

    async def _v1(self, request: Request) -> Response:
        engine = request.path_params["engine"]
        if engine not in self.engines:
            return self.error(404, f"the specified engine (ID {engine}) was not found")
        try:
            order = v1_order(engine, json.loads(await request.body()))
        except BadRequest as error:
            return self.error(400, str(error))
        image = await self.carry_out(order, MODELS[engine].price_usd_micros)
        told = {"base64": base64.b64encode(image).decode(), "seed": order.seed or 1234, "finishReason": "SUCCESS"}
        return JSONResponse({"artifacts": [told | ({"finishReason": "CONTENT_FILTERED"} if self.blurs else {})]})


def v2beta_order(path: str, asked: dict[str, str], images: list[bytes]) -> Order:
    """What a multipart call orders, checked as the vendor's reference says."""
    unknown = set(asked) - COMMON - FIELDS[path]
    if unknown:
        raise BadRequest(f"{min(unknown)}: unknown field for {path}")
    if not 1 <= len(asked.get("prompt", "")) <= 10_000:
        raise BadRequest("prompt: must be 1 to 10000 characters")
    if not 0 <= int(asked.get("seed", "0")) <= 4_294_967_294:
        raise BadRequest("seed: must be 0 to 4294967294")
    if path == "generate/core" and images:
        raise BadRequest("image: not taken here")
    if path.startswith("control/") and len(images) != 1:
        raise BadRequest("image: is required")
    if len(images) > 1:
        raise BadRequest("image: one is taken")
    size = _size(path, asked, images)
    begins = bool(images) and path.startswith("generate/")
    return Order(
        model=asked.get("model", NAMES.get(path, "")),
        prompt=asked["prompt"],
        size=size,
        negative_prompt=asked.get("negative_prompt", ""),
        seed=int(asked["seed"]) if "seed" in asked else None,
        references=() if begins else tuple(images),
        start=images[0] if begins else None,
        remade=float(asked["strength"]) if begins else None,
        cfg_scale=float(asked["cfg_scale"]) if "cfg_scale" in asked else None,
        extras=dict(asked),
    )


def _size(path: str, asked: dict[str, str], images: list[bytes]) -> tuple[int, int]:
    if asked.get("aspect_ratio", "1:1") not in RATIOS:
        raise BadRequest(f"aspect_ratio: {asked['aspect_ratio']!r} must be one of {', '.join(RATIOS)}")
    for name in ("strength", "control_strength", "fidelity"):
        if not 0 <= float(asked.get(name, "0.5")) <= 1:
            raise BadRequest(f"{name}: must be 0 to 1")
    if path == "generate/sd3":
        _sd3(asked, images)
    elif path == "generate/ultra" and bool(images) != ("strength" in asked):
        raise BadRequest("strength: required with an image, and only then")
    if images and path in {"generate/sd3", "control/structure", "control/sketch"}:
        return _checked(images[0], wide=path == "generate/sd3")
    return RATIOS[asked.get("aspect_ratio", "1:1")]


def _sd3(asked: dict[str, str], images: list[bytes]) -> None:
    if asked.get("model") not in {"sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash"}:
        raise BadRequest(f"model: {asked.get('model')!r} is not supported")
    if not 1 <= float(asked.get("cfg_scale", "4")) <= 10:
        raise BadRequest("cfg_scale: must be 1 to 10")
    guided = asked.get("mode", "text-to-image") == "image-to-image"
    if guided != bool(images) or guided != ("strength" in asked):
        raise BadRequest("image-to-image: needs mode, image and strength together")
    if guided and "aspect_ratio" in asked:
        raise BadRequest("aspect_ratio: only valid for text-to-image")


def _checked(data: bytes, *, wide: bool) -> tuple[int, int]:
    if not is_image(data):
        raise BadRequest("image: is no image")
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    if min(width, height) < 64 or not 4_096 <= width * height <= 9_437_184:
        raise BadRequest(f"image: {width}x{height} is outside of the limits")
    if not wide and max(width, height) > 2.5 * min(width, height):
        raise BadRequest("image: aspect ratio must be between 1:2.5 and 2.5:1")
    return width, height


def v1_order(engine: str, asked: dict[str, Any]) -> Order:
    """What a JSON call to SDXL orders."""
    size = (asked.get("width", 0), asked.get("height", 0))
    if tuple(sorted(size, reverse=True)) not in TRAINED:
        raise BadRequest(f"for {engine} the allowed dimensions are {sorted(TRAINED)}, got {size}")
    if not 10 <= asked.get("steps", 30) <= 50 or not 0 <= asked.get("cfg_scale", 7) <= 35:
        raise BadRequest("steps: 10 to 50; cfg_scale: 0 to 35")
    prompts = asked.get("text_prompts") or []
    if not prompts or any(not 1 <= len(item["text"]) <= 2_000 for item in prompts):
        raise BadRequest("text_prompts: at least one, each 1 to 2000 characters")
    return Order(
        model=engine,
        prompt=" ".join(item["text"] for item in prompts if item.get("weight", 1) > 0),
        size=size,
        negative_prompt=" ".join(item["text"] for item in prompts if item.get("weight", 1) < 0),
        seed=asked.get("seed"),
        steps=asked.get("steps"),
        cfg_scale=asked.get("cfg_scale"),
        extras=dict(asked),
    )


CASE = VendorCase(
    vendor=Stability, fake=FakeStability, throttle_tells=False, locked_out_s=60, tells_cost=False, least_references=1
)
