"""Black Forest Labs: jobs behind polling URLs of a region, states in words, references as base64."""

import base64
import binascii
import json
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.bfl import BlackForestLabs
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Handler, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import is_image

CREDITS: Final = {
    "flux-2-max": 7.0,
    "flux-2-pro": 3.0,
    "flux-2-flex": 5.0,
    "flux-2-klein-9b": 1.4,
    "flux-2-klein-4b": 1.4,
}
KNOWN: Final = frozenset(
    {"prompt", "width", "height", "seed", "output_format", "prompt_upsampling", "safety_tolerance"}
)
FLEX: Final = frozenset({"steps", "guidance"})
MODERATED: Final = "Request Moderated"


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class FakeBlackForestLabs(FakeVendor):
    name: ClassVar[str] = "bfl"

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/credits", At.PROBE, self._credits),
            self.route("GET", "/v1/get_result", At.POLL, self._result),
            self.route("POST", "/v1/{model}", At.CREATE, self._create),
        ]

    def authorized(self, request: Request) -> bool:
        return request.headers.get("x-key") == self.key

    def error(self, status: int, message: str = "something went wrong") -> Response:
        return JSONResponse({"detail": message}, status)

    async def refuse(self, request: Request, handler: Handler) -> Response:
        # The call is taken; its job says so.
        answer = await handler(request)
        list(self.jobs.values())[-1].outcome = MODERATED
        return answer

    async def _credits(self, request: Request) -> Response:
        del request
        return JSONResponse({"credits": 1000.0})

    async def _create(self, request: Request) -> Response:
        model = request.path_params["model"]
        if model not in CREDITS:
            return self.error(404, "Not Found")
        try:
            order = order_of(model, json.loads(await request.body()))
        except BadRequest as error:
            said = {"loc": ["body", error.field], "msg": str(error), "type": "value_error"}
            return JSONResponse({"detail": [said]}, 422)
        megapixels = -(-order.size[0] * order.size[1] // (1024 * 1024))
        cost = round((CREDITS[model] * megapixels + 1.5 * len(order.references)) * 10_000)
        name = f"{len(self.jobs) + 1:08x}-0000-4000-8000-{len(self.orders):012x}"
        url = f"{self.root_url(request)}/v1/get_result?id={name}"
        self.take_job(order, cost, url)
        return JSONResponse({"id": name, "polling_url": url, "cost": cost / 10_000, "output_mp": megapixels})

    async def _result(self, request: Request) -> Response:
        job = self.polled(str(request.url))
        if job is None:
            return JSONResponse({"id": request.query_params.get("id"), "status": "Task not found", "result": None}, 404)
        told: dict[str, Any] = {"id": request.query_params["id"], "progress": 0.5, "result": None, "details": None}
        if job.outcome is not None:
            return JSONResponse({**told, "status": job.outcome, "details": {"Moderation Reasons": ["x"]}})
        if not job.done():
            return JSONResponse({**told, "status": "Pending"})
        sample = self.file_url(request, self.picture(job.order))
        return JSONResponse({**told, "status": "Ready", "result": {"sample": sample, "seed": job.order.seed or 1}})


def order_of(model: str, asked: dict[str, Any]) -> Order:
    """What a call orders, checked as the vendor's reference says."""
    most = 4 if "klein" in model else 8
    names = ["input_image", *(f"input_image_{number}" for number in range(2, most + 1))]
    unknown = set(asked) - KNOWN - set(names) - (FLEX if model == "flux-2-flex" else frozenset())
    if unknown:
        raise BadRequest(min(unknown), "Extra inputs are not permitted")
    if not asked.get("prompt"):
        raise BadRequest("prompt", "Field required")
    width, height = asked.get("width", 1024), asked.get("height", 1024)
    if width % 16 or height % 16 or min(width, height) < 64 or width * height > 4 * 1024 * 1024:
        raise BadRequest("width", f"{width}x{height}: multiples of 16, at most 4 megapixels")
    given = [name for name in names if name in asked]
    if given != names[: len(given)]:
        raise BadRequest(given[-1], "input images must be given in order")
    pictures = tuple(_picture(name, asked[name]) for name in given)
    if not 1 <= asked.get("steps", 50) <= 50 or not 1.5 <= asked.get("guidance", 5) <= 10:
        raise BadRequest("steps", "steps 1 to 50, guidance 1.5 to 10")
    return Order(
        model=model,
        prompt=asked["prompt"],
        size=(width, height),
        seed=asked.get("seed"),
        references=pictures,
        steps=asked.get("steps"),
        cfg_scale=asked.get("guidance"),
        extras={name: value for name, value in asked.items() if name not in names},
    )


def _picture(name: str, text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(name, "Invalid base64") from None
    if not is_image(data):
        raise BadRequest(name, "Invalid image")
    return data


CASE = VendorCase(vendor=BlackForestLabs, fake=FakeBlackForestLabs, refused_job=MODERATED, failed_job="Error")
