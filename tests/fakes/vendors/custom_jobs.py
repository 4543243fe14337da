"""A render farm of one's own with an API of its own: jobs, references in the request, cost and seed in the answer."""

import base64
import json
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.custom import Custom
from services.generation.providers.custom_settings import CustomApi, CustomModel
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import is_image

API: Final = CustomApi.model_validate(
    {
        "path": "/render",
        "body": {
            "checkpoint": "{model}",
            "input": {
                "text": "{prompt}",
                "avoid": "{negative_prompt}",
                "seed": "{seed}",
                "resolution": "{width} x {height}",
                "look_at": "{references}",
                "sampler": {"steps": "{steps}", "cfg": "{cfg_scale}"},
            },
            "options": ["private", 1, None],
        },
        "key_header": "X-Farm-Key",
        "key_prefix": "",
        "job": "job.id",
        "poll": "/render/{job}",
        "status": "job.state",
        "image": None,
        "url": "job.frames.0.href",
        "cost_usd": "job.price",
        "seed": "job.seed",
        "probe": "/health",
        "refusals": ["not for this house"],
    }
)
MODELS: Final = {
    "farm-xl": CustomModel(
        price_usd_micros=5_000,
        prompt_max_chars=2000,
        seeds=(0, 1_000_000),
        negative_prompt=True,
        references=3,
        steps=(1, 80),
        cfg_scale=(0.0, 20.0),
    )
}
COST: Final = 5_500


class OnFarm(Custom):
    """The same class by another name, so that the contract runs on both."""

    name = "customjobs"

    def __init__(self) -> None:
        super().__init__(API, MODELS)


class FakeFarm(FakeVendor):
    name: ClassVar[str] = "customjobs"

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/api/health", At.PROBE, self._health),
            self.route("POST", "/api/render", At.CREATE, self._create),
            self.route("GET", "/api/render/{job_id}", At.POLL, self._poll),
        ]

    def authorized(self, request: Request) -> bool:
        return request.headers.get("x-farm-key") == self.key

    def refusal(self) -> Response:
        return JSONResponse({"detail": "this is Not for this house"}, 422)

    async def _health(self, request: Request) -> Response:
        del request
        return JSONResponse({"ok": True})

    async def _create(self, request: Request) -> Response:
        asked: dict[str, Any] = json.loads(await request.body())
        given = asked.get("input", {})
        shown = tuple(base64.b64decode(url.partition(";base64,")[2]) for url in given.get("look_at", ()))
        width, _, height = given.get("resolution", "").partition(" x ")
        if asked.get("options") != ["private", 1, None] or not all(is_image(data) for data in shown):
            return self.error(400, "a wrong request")
        order = Order(
            model=asked["checkpoint"],
            prompt=given["text"],
            size=(int(width), int(height)),
            negative_prompt=given.get("avoid", ""),
            seed=given.get("seed"),
            references=shown,
            steps=given["sampler"].get("steps"),
            cfg_scale=given["sampler"].get("cfg"),
            extras=asked,
        )
        job = self.take_job(order, COST)
        return JSONResponse({"job": {"id": job.job_id, "state": "QUEUED", "price": COST / 1_000_000}}, 202)

    async def _poll(self, request: Request) -> Response:
        job = self.polled(request.path_params["job_id"])
        if job is None:
            return self.error(404, "no such job")
        told: dict[str, Any] = {"id": job.job_id, "state": job.outcome or "Rendering"}
        if job.outcome is None and job.done():
            href = self.file_url(request, self.picture(job.order))
            told |= {"state": "Done", "seed": job.order.seed, "frames": [{"href": href}]}
        return JSONResponse({"job": told})


CASE = VendorCase(
    vendor=OnFarm, fake=FakeFarm, base_path="/api", refused_job="Moderated", failed_job="FAILED", shown=False
)
