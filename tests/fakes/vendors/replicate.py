"""Replicate: files, predictions of official models, cancelling; errors as RFC 7807, refusals in a model's own words."""

import json
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.replicate import Replicate
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Handler, Job, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import files, is_image

FLUX: Final = frozenset({"prompt", "aspect_ratio", "width", "height", "seed", "input_images", "output_format"})
BANANA: Final = frozenset({"prompt", "aspect_ratio", "image_input", "output_format", "resolution"})
INPUTS: Final = {
    "black-forest-labs/flux-2-pro": FLUX,
    "black-forest-labs/flux-2-flex": FLUX,
    "google/nano-banana-2": BANANA,
}
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
TITLES: Final = {401: "Unauthenticated", 402: "Insufficient credit", 404: "Not found", 422: "Input validation failed"}
FLAGGED: Final = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
CREATED: Final = "2026-11-23T09:00:00.000Z"


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    pass


class FakeReplicate(FakeVendor):
    name: ClassVar[str] = "replicate"

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/account", At.PROBE, self._account),
            self.route("POST", "/v1/files", At.UPLOAD, self._upload),
            self.route("POST", "/v1/models/{owner}/{model}/predictions", At.CREATE, self._create),
            self.route("GET", "/v1/predictions/{job_id}", At.POLL, self._poll),
            self.route("POST", "/v1/predictions/{job_id}/cancel", At.CANCEL, self._cancel),
        ]

    def error(self, status: int, message: str = "something went wrong") -> Response:
        told = {"title": TITLES.get(status, "Error"), "status": status, "detail": message}
        return JSONResponse(told, status, media_type="application/problem+json")

    def throttled(self, seconds: float) -> Response:
        told = {"detail": f"Request was throttled. Your rate limit resets in ~{seconds:g}s.", "status": 429}
        return JSONResponse({**told, "retry_after": seconds}, 429)

    async def refuse(self, request: Request, handler: Handler) -> Response:
        # The prediction is made, and fails.
        answer = await handler(request)
        list(self.jobs.values())[-1].outcome = FLAGGED
        return answer

    async def _account(self, request: Request) -> Response:
        del request
        return JSONResponse({"type": "organization", "username": "studio", "name": "Studio"})

    async def _upload(self, request: Request) -> Response:
        found = files(request.headers.get("content-type", ""), await request.body())
        if [part.name for part in found] != ["content"]:
            return self.error(422, "content: exactly one file")
        name = f"f{len(self.uploads) + 1}"
        url = f"{str(request.base_url).rstrip('/')}/v1/files/{name}"
        self.uploads[url] = found[0].data
        told = {"id": name, "name": found[0].filename, "content_type": found[0].mime_type, "size": len(found[0].data)}
        more = {"etag": "e", "checksums": {}, "metadata": {}, "created_at": CREATED, "expires_at": CREATED}
        return JSONResponse({**told, **more, "urls": {"get": url}}, 201)

    async def _create(self, request: Request) -> Response:
        model = "{owner}/{model}".format_map(request.path_params)
        if model not in INPUTS:
            return self.error(404, "The requested resource could not be found.")
        try:
            order = self._order(model, json.loads(await request.body()).get("input", {}))
        except BadRequest as error:
            return self.error(422, str(error))
        job = self.take_job(order, job_id=f"p{len(self.jobs) + 1:025x}")
        return JSONResponse(self._told(request, job, "starting"), 201)

    def _order(self, model: str, asked: dict[str, Any]) -> Order:
        unknown = set(asked) - INPUTS[model]
        if unknown or not asked.get("prompt"):
            raise BadRequest(f"- input: {min(unknown, default='prompt is required')}")
        if asked.get("aspect_ratio") == "custom" and "width" in INPUTS[model]:
            size = (asked.get("width", 0), asked.get("height", 0))
            if any(side % 16 or not 256 <= side <= 2048 for side in size):
                raise BadRequest(f"- input.width: {size}: multiples of 16 from 256 to 2048")
        elif asked.get("aspect_ratio", "1:1") in RATIOS:
            size = RATIOS[asked.get("aspect_ratio", "1:1")]
        else:
            raise BadRequest("- input.aspect_ratio: must be one of the following")
        shown = asked.get("input_images") or asked.get("image_input") or []
        if any(url not in self.uploads or not is_image(self.uploads[url]) for url in shown):
            raise BadRequest("- input.images: can't be read")
        return Order(
            model,
            asked["prompt"],
            size,
            seed=asked.get("seed"),
            references=tuple(self.uploads[url] for url in shown),
            extras=asked,
        )

    def _told(self, request: Request, job: Job, status: str, **more: Any) -> dict[str, Any]:
        here = f"{str(request.base_url).rstrip('/')}/v1/predictions/{job.job_id}"
        told = {"id": job.job_id, "model": job.order.model, "version": "hidden", "input": job.order.extras}
        about: dict[str, Any] = {
            "output": None,
            "error": None,
            "logs": "",
            "metrics": {},
            "source": "api",
            "created_at": CREATED,
        }
        urls = {"get": here, "cancel": f"{here}/cancel"}
        return {**told, **about, "started_at": None, "completed_at": None, "status": status, "urls": urls, **more}

    async def _poll(self, request: Request) -> Response:
        job = self.polled(request.path_params["job_id"])
        if job is None:
            return self.error(404, "The requested resource could not be found.")
        if job.cancelled:
            return JSONResponse(self._told(request, job, "canceled"))
        if job.outcome is not None:
            return JSONResponse(self._told(request, job, "failed", error=job.outcome))
        if not job.done():
            return JSONResponse(self._told(request, job, "processing"))
        url = self.file_url(request, self.picture(job.order))
        # Some models answer with one address, some with a list.
        output = url if job.order.model.startswith("black") else [url]
        return JSONResponse(self._told(request, job, "succeeded", output=output))

    async def _cancel(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["job_id"])
        if job is None:
            return self.error(404, "The requested resource could not be found.")
        job.cancelled = not job.done()
        return JSONResponse(self._told(request, job, "canceled" if job.cancelled else "succeeded"))


CASE = VendorCase(
    vendor=Replicate,
    fake=FakeReplicate,
    base_path="/v1",
    stops=True,
    tells_cost=False,
    refused_job=FLAGGED,
    failed_job="CUDA out of memory",
)
