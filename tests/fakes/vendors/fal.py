"""The queue of fal: requests by model path, status and result at addresses of their own; bad input fails later."""

import base64
import binascii
import json
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.fal import Fal
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Handler, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import is_image

FLUX: Final = frozenset({"prompt", "num_images", "output_format", "image_size", "seed", "image_urls"})
BANANA: Final = frozenset({"prompt", "num_images", "output_format", "aspect_ratio", "image_urls"})
INPUTS: Final = {"fal-ai/flux-2-pro": FLUX, "fal-ai/nano-banana-2": BANANA}
RATIOS: Final = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
    "3:2": (1248, 832),
    "2:3": (832, 1248),
    "4:3": (1184, 864),
    "3:4": (864, 1184),
    "21:9": (1536, 672),
}
POLICY: Final = "content_policy_violation"
FAILED: Final = "downstream_service_error"


class BadInput(Exception):  # noqa: N818 - an answer, not a fault of the fake
    pass


class FakeFal(FakeVendor):
    name: ClassVar[str] = "fal"

    def routes(self) -> list[Route]:
        here = "/{owner}/{app}/requests/{request_id}"
        return [
            self.route("GET", f"{here}/status", At.POLL, self._status),
            self.route("PUT", f"{here}/cancel", At.CANCEL, self._cancel),
            self.route("GET", here, At.POLL, self._result),
            self.route("POST", "/{owner}/{app}", At.CREATE, self._create),
            self.route("POST", "/{owner}/{app}/edit", At.CREATE, self._create),
        ]

    def authorized(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Key {self.key}"

    def error(self, status: int, message: str = "something went wrong") -> Response:
        return JSONResponse({"detail": message}, status)

    async def refuse(self, request: Request, handler: Handler) -> Response:
        # The queue takes everything; the model's answer is the refusal.
        answer = await handler(request)
        list(self.jobs.values())[-1].outcome = POLICY
        return answer

    async def _create(self, request: Request) -> Response:
        model = "{owner}/{app}".format_map(request.path_params)
        if model not in INPUTS:
            return self.error(404, f"Application '{request.path_params['app']}' not found")
        asked = json.loads(await request.body())
        edits = request.url.path.endswith("/edit")
        try:
            order, outcome = order_of(model, asked, edits=edits), None
        except BadInput as error:
            order, outcome = Order(model, str(asked.get("prompt")), (512, 512), extras=asked), str(error)
        price = 80_000 if "banana" in model else 30_000 * -(-order.size[0] * order.size[1] // (1024 * 1024))
        name = f"{len(self.jobs) + 1:08x}-0000-4000-8000-{len(self.orders):012x}"
        job = self.take_job(order, 0 if outcome else price, f"{model}/requests/{name}")
        job.outcome = outcome
        url = f"{str(request.base_url).rstrip('/')}/{job.job_id}"
        told = {"request_id": name, "status": "IN_QUEUE", "queue_position": 0, "response_url": url}
        return JSONResponse({**told, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"})

    def _job_id(self, request: Request) -> str:
        return "{owner}/{app}/requests/{request_id}".format_map(request.path_params)

    async def _status(self, request: Request) -> Response:
        job = self.polled(self._job_id(request))
        if job is None:
            return self.error(404, "Request not found")
        told = {"request_id": request.path_params["request_id"], "logs": None}
        if job.done() or job.outcome is not None:
            return JSONResponse({**told, "status": "COMPLETED", "metrics": {"inference_time": 1.5}})
        waiting = {"status": "IN_PROGRESS"} if job.polls_left < 2 else {"status": "IN_QUEUE", "queue_position": 1}
        return JSONResponse({**told, **waiting}, 202)

    async def _result(self, request: Request) -> Response:
        job = self.jobs.get(self._job_id(request))
        if job is None:
            return self.error(404, "Request not found")
        if job.outcome is not None:
            said = {"loc": ["body", "prompt"], "msg": f"it ended: {job.outcome}", "type": job.outcome}
            return JSONResponse({"detail": [said]}, 422, headers={"x-fal-retryable": "false"})
        width, height = job.order.size
        image = {"url": self.file_url(request, self.picture(job.order)), "content_type": "image/png"}
        told: dict[str, Any] = {"images": [{**image, "width": width, "height": height}], "prompt": job.order.prompt}
        if "banana" not in job.order.model:
            told |= {"seed": job.order.seed or 1, "has_nsfw_concepts": [False], "timings": {}}
        return JSONResponse(told)

    async def _cancel(self, request: Request) -> Response:
        job = self.jobs.get(self._job_id(request))
        if job is None:
            return self.error(404, "Request not found")
        if job.done():
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)


def order_of(model: str, asked: dict[str, Any], *, edits: bool) -> Order:
    """What a request orders, checked as the model checks it when it runs."""
    unknown = set(asked) - INPUTS[model]
    if unknown or not asked.get("prompt") or edits is not bool(asked.get("image_urls")):
        raise BadInput(min(unknown, default="missing"))
    size = asked.get("image_size") or {}
    if "width" in size:
        wanted = (size["width"], size["height"])
        if any(side % 16 or not 512 <= side <= 2048 for side in wanted):
            raise BadInput("image_size")
    elif asked.get("aspect_ratio", "1:1") in RATIOS:
        wanted = RATIOS[asked.get("aspect_ratio", "1:1")]
    else:
        raise BadInput("aspect_ratio")
    shown = tuple(_picture(url) for url in asked.get("image_urls", ()))
    extras = {name: value for name, value in asked.items() if name != "image_urls"}
    return Order(model, asked["prompt"], wanted, seed=asked.get("seed"), references=shown, extras=extras)


def _picture(url: str) -> bytes:
    head, _, text = url.partition(";base64,")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("image_urls") from None
    if head not in {"data:image/png", "data:image/jpeg", "data:image/webp"} or not is_image(data):
        raise BadInput("file_download_error")
    return data


CASE = VendorCase(vendor=Fal, fake=FakeFal, tells_cost=False, refused_job=POLICY, failed_job=FAILED)
