"""A vendor that doesn't exist and has everything: jobs, uploads, results elsewhere, cancelling, every kind of limit.

It holds the driver to its promises where the real vendors differ, and shows how small a vendor is.
"""

import json
from datetime import date
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.errors import ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    get,
    paid_post,
)
from services.generation.providers.sizes import SizeRange
from services.generation.providers.vendor import (
    Look,
    Made,
    ModelTraits,
    Pending,
    Reference,
    ReferenceLimits,
    Uploaded,
    Vendor,
    VendorJob,
    VendorLimits,
)
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Job, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.wire import files, is_image

_SIZES = SizeRange(min_side=64, max_side=2048, step=8)
_LIMITS = ReferenceLimits(most=2, max_bytes=200_000, max_side=1024, formats=("JPEG",), strength=True)


_MODELS = {
    "toy-plain": ModelTraits(_SIZES, 500, 10_000),
    "toy-rich": ModelTraits(
        _SIZES,
        500,
        20_000,
        seeds=(1, 1_000_000),
        negative_prompt=True,
        references=_LIMITS,
        loras=1,
        steps=(10, 50),
        cfg_scale=(1.0, 10.0),
    ),
    "toy-old": ModelTraits(_SIZES, 500, 10_000, retires=date(2020, 1, 1), successor="toy-rich"),
}


class Toy(Vendor):
    name = "toy"
    key_variable = "TOY_API_KEY"
    base_url = "https://api.toy.example/v1"
    file_hosts = (".toy.example",)
    limits = VendorLimits(concurrent=10, calls=100)
    has_jobs = True
    wants_uploads = True
    models = _MODELS

    def probe(self) -> HttpCall:
        return get("/me")

    def upload(self, reference: Reference) -> HttpCall:
        return HttpCall("POST", "/uploads", JsonBody({"extension": reference.extension}))

    def read_upload(self, reference: Reference, reply: HttpReply) -> Uploaded:
        part = File("file", f"reference.{reference.extension}", reference.data, reference.mime_type)
        body = MultipartBody((("token", reply.text("token")),), (part,))
        return Uploaded(reply.text("id"), HttpCall("POST", reply.text("url"), body, signed=False))

    def submit(self, job: VendorJob) -> HttpCall:
        width, height = job.size
        asked: dict[str, Any] = {"model": job.model, "prompt": job.prompt, "width": width, "height": height}
        asked |= {"seed": job.seed, "negative_prompt": job.negative_prompt, "steps": job.steps, "cfg": job.cfg_scale}
        asked["references"] = [{"id": item.uploaded, "strength": item.strength} for item in job.references]
        asked["adapters"] = [lora.lora_id for lora in job.loras]
        return paid_post(
            "/jobs", JsonBody({name: value for name, value in asked.items() if value not in (None, "", [])})
        )

    def read(self, job: VendorJob, reply: HttpReply) -> Pending:
        del job
        return Pending(reply.text("id"), poll_after_s=0.5, cost_usd_micros=round(reply.number("cost") or 0))

    def poll(self, vendor_job_id: str) -> HttpCall:
        return get(f"/jobs/{vendor_job_id}")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending | Look:
        del job
        status = reply.text("status")
        if status == "running":
            return Pending(vendor_job_id, poll_after_s=0.5)
        if status == "done":
            return Look(get(reply.text("result")))
        if status == "result":
            return Made(url=reply.text("image"))
        if status == "moderated":
            raise Refused("moderated", charged=False)
        if status == "failed":
            raise UnusableImage("the job failed", charged=False)
        raise UnreadableReplyError(f"status: {status!r}")

    def cancel(self, vendor_job_id: str) -> HttpCall | None:
        return HttpCall("DELETE", f"/jobs/{vendor_job_id}")

    def stopped(self, reply: HttpReply) -> bool:
        return reply.at("stopped") is True

    def failure(self, reply: HttpReply) -> ProviderError:
        if reply.is_json and reply.at("error", "code") == "refused":
            return Refused(self.error_message(reply))
        return super().failure(reply)


class FakeToy(FakeVendor):
    name: ClassVar[str] = "toy"

    def routes(self) -> list[Route]:
        return [
            self.route("GET", "/v1/me", At.PROBE, self._me),
            self.route("POST", "/v1/uploads", At.UPLOAD, self._upload),
            self.route("POST", "/signed/{name}", At.UPLOAD, self._receive),
            self.route("POST", "/v1/jobs", At.CREATE, self._create),
            self.route("GET", "/v1/jobs/{job_id}", At.POLL, self._poll),
            self.route("GET", "/v1/jobs/{job_id}/result", At.POLL, self._result),
            self.route("DELETE", "/v1/jobs/{job_id}", At.CANCEL, self._cancel),
        ]

    def refusal(self) -> Response:
        return JSONResponse({"error": {"code": "refused", "message": "not this picture"}}, 400)

    async def _me(self, request: Request) -> Response:
        del request
        return JSONResponse({"ok": True})

    async def _upload(self, request: Request) -> Response:
        name = f"u{len(self.uploads) + 1}"
        self.uploads[name] = b""
        where = f"{self.root_url(request)}/signed/{name}"
        return JSONResponse({"id": name, "url": where, "token": f"t-{name}"})

    async def _receive(self, request: Request) -> Response:
        # Signed URLs belong to somebody else: a key sent there would be given away.
        if "authorization" in request.headers:
            return self.error(400, "a key where none belongs")
        (part,) = files(request.headers["content-type"], await request.body())
        self.uploads[request.path_params["name"]] = part.data
        return Response(status_code=204)

    async def _create(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        pictures = tuple(self.uploads[item["id"]] for item in asked.get("references", []))
        traits = _MODELS.get(asked["model"])
        if (
            traits is None
            or not all(is_image(data) for data in pictures)
            or not _SIZES.makes(asked["width"], asked["height"])
        ):
            return self.error(400, "a wrong request")
        order = Order(
            model=asked["model"],
            prompt=asked["prompt"],
            size=(asked["width"], asked["height"]),
            negative_prompt=asked.get("negative_prompt", ""),
            seed=asked.get("seed"),
            references=pictures,
            loras=tuple(asked.get("adapters", ())),
            steps=asked.get("steps"),
            cfg_scale=asked.get("cfg"),
            extras=asked,
        )
        job = self.take_job(order, traits.price_usd_micros + 7)
        return JSONResponse({"id": job.job_id, "cost": job.cost_usd_micros})

    async def _poll(self, request: Request) -> Response:
        job = self.polled(request.path_params["job_id"])
        if job is None:
            return self.error(404, "no such job")
        if job.outcome is not None:
            return JSONResponse({"status": job.outcome})
        if not job.done():
            return JSONResponse({"status": "running"})
        return JSONResponse({"status": "done", "result": f"{self.root_url(request)}/v1/jobs/{job.job_id}/result"})

    async def _result(self, request: Request) -> Response:
        job: Job = self.jobs[request.path_params["job_id"]]
        return JSONResponse({"status": "result", "image": self.file_url(request, self.picture(job.order))})

    async def _cancel(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["job_id"])
        if job is None:
            return self.error(404, "no such job")
        stopped = not job.done()
        if stopped:
            job.cancelled, job.outcome = True, "failed"
        return JSONResponse({"stopped": stopped})


CASE = VendorCase(
    vendor=Toy,
    fake=FakeToy,
    retired="toy-old",
    successor="toy-rich",
    base_path="/v1",
    stops=True,
    refused_job="moderated",
    failed_job="failed",
    shown=False,
)
