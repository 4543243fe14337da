"""Leonardo.ai: created on v2 (v1 for its SDK), polled on v1, uploads in two steps, errors in two forms, a webhook."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.generation.providers.leonardo import Leonardo
from tests.fakes.vendors.case import VendorCase
from tests.fakes.vendors.fake import FakeVendor, Handler, Job, Order
from tests.fakes.vendors.faults import At
from tests.fakes.vendors.leonardo_rules import PRICES, BadRequest, order_of, order_of_v1
from tests.fakes.vendors.wire import is_image, parts

UNSAFE: Final = "nsfw"
FAILED: Final = "FAILED"
BASE: Final = "/api/rest"
#: The live key lies in every callback's body.
LIVE: Final = "key-0123456789-abcdef-SECRET"


class FakeLeonardo(FakeVendor):
    """The vendor with its webhook.

    Attributes beyond the base's: `webhook` (URL and callback key; every job then ends by itself and calls back),
    `called_back` (what each callback was answered), `flat` (create replies as the specification has them, with credits)
    and `listed` (validation errors come with status 200).
    """

    name: ClassVar[str] = "leonardo"

    def __init__(self, key: str = LIVE) -> None:
        super().__init__(key)
        self.webhook: tuple[str, str] | None = None
        self.called_back: list[int] = []
        self.flat = False
        self.listed = True
        self._callbacks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        return [
            self.route("GET", f"{BASE}/v1/me", At.PROBE, self._me),
            self.route("POST", f"{BASE}/v1/init-image", At.UPLOAD, self._upload),
            self.route("POST", "/signed/{name}", At.UPLOAD, self._receive),
            self.route("POST", f"{BASE}/v2/generations", At.CREATE, self._create),
            self.route("POST", f"{BASE}/v1/generations", At.CREATE, self._create_v1),
            self.route("GET", f"{BASE}/v1/generations/{{job_id}}", At.POLL, self._poll),
        ]

    def error(self, status: int, message: str = "something went wrong") -> Response:
        codes = {400: "bad-request", 401: "access-denied", 403: "access-denied"}
        return JSONResponse({"error": message, "path": "$", "code": codes.get(status, "unexpected")}, status)

    def throttled(self, seconds: float) -> Response:
        # No header says how long.
        del seconds
        return self.error(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests")

    def refusal(self) -> Response:
        return self.error(HTTPStatus.FORBIDDEN, "content moderation filter: violence")

    async def refuse(self, request: Request, handler: Handler) -> Response:
        del request, handler
        return self.refusal()

    # --- the account and uploads ------------------------------------------------------------------------------------

    async def _me(self, request: Request) -> Response:
        del request
        user = {"id": str(uuid.uuid4()), "username": "studio"}
        return JSONResponse({"user_details": [{"user": user, "apiPaidTokens": 5000, "apiConcurrencySlots": 10}]})

    async def _upload(self, request: Request) -> Response:
        extension = json.loads(await request.body()).get("extension")
        if extension not in {"png", "jpg", "jpeg", "webp"}:
            return self.error(HTTPStatus.BAD_REQUEST, "extension: must be png, jpg, jpeg, or webp")
        name = str(uuid.UUID(int=len(self.uploads) + 1))
        self.uploads[name] = b""
        form = {"Content-Type": f"image/{extension}", "key": f"users/1/initImages/{name}", "Policy": f"p-{name}"}
        told = {"id": name, "url": f"{self.root_url(request)}/signed/{name}", "key": form["key"]}
        return JSONResponse({"uploadInitImage": {**told, "fields": json.dumps(form)}})

    async def _receive(self, request: Request) -> Response:
        # The store is somebody else's: a key sent there would be given away, and it refuses two kinds of proof.
        sent = parts(request.headers["content-type"], await request.body())
        name = request.path_params["name"]
        form = {part.name: part.data.decode() for part in sent if part.filename is None}
        file = next((part for part in sent if part.name == "file" and part is sent[-1]), None)
        if "authorization" in request.headers or form.get("Policy") != f"p-{name}" or file is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        self.uploads[name] = file.data
        return Response(status_code=204)

    # --- jobs -------------------------------------------------------------------------------------------------------

    async def _create(self, request: Request) -> Response:
        try:
            order = order_of(json.loads(await request.body()), self._uploaded)
        except BadRequest as error:
            return self._invalid(error)
        job = self._ordered(order)
        dollars = f"{job.cost_usd_micros / 1_000_000:g}"
        if self.flat:
            return JSONResponse({"generationId": job.job_id, "apiCreditCost": 14})
        told = {"generationId": job.job_id, "cost": {"amount": dollars, "unit": "DOLLARS"}}
        return JSONResponse({"generate": told})

    async def _create_v1(self, request: Request) -> Response:
        try:
            order = order_of_v1(json.loads(await request.body()))
        except BadRequest as error:
            return self.error(HTTPStatus.BAD_REQUEST, str(error))
        job = self._ordered(order)
        cost = {"amount": f"{job.cost_usd_micros / 1_000_000:g}", "unit": "DOLLARS"}
        return JSONResponse({"sdGenerationJob": {"generationId": job.job_id, "apiCreditCost": 14, "cost": cost}})

    def _ordered(self, order: Order) -> Job:
        job = self.take_job(order, PRICES.get(order.model, 10_000))
        if self.webhook is not None:
            task = asyncio.create_task(self._ended(job))
            self._callbacks.add(task)
            task.add_done_callback(self._callbacks.discard)
        return job

    def _uploaded(self, name: str) -> bytes:
        data = self.uploads.get(name, b"")
        if not is_image(data):
            raise BadRequest(f"guidances: image {name} was not uploaded")
        return data

    def _invalid(self, error: BadRequest) -> Response:
        if not self.listed:
            return self.error(HTTPStatus.BAD_REQUEST, str(error))
        details = {"message": str(error)}
        return JSONResponse(
            [{"message": "Invalid input", "extensions": {"code": "VALIDATION_ERROR", "details": details}}]
        )

    async def _poll(self, request: Request) -> Response:
        job = self.polled(request.path_params["job_id"])
        if job is None:
            return JSONResponse({"generations_by_pk": None})
        return JSONResponse({"generations_by_pk": self._told(job, lambda: self.file_url(request, self._drawn(job)))})

    def _drawn(self, job: Job) -> bytes:
        return self.picture(job.order)

    def _told(self, job: Job, url: Callable[[], str]) -> dict[str, Any]:
        order, complete = job.order, job.done() and job.outcome != FAILED
        image = {"id": str(uuid.UUID(int=1)), "url": url(), "nsfw": job.outcome == UNSAFE} if complete else None
        return {
            "id": job.job_id,
            "status": FAILED if job.outcome == FAILED else "COMPLETE" if complete else "PENDING",
            "generated_images": [{**image, "likeCount": 0, "motionMP4URL": None}] if image else [],
            "seed": 905_778_432 if order.seed is None else order.seed,
            "prompt": order.prompt,
            "negativePrompt": order.negative_prompt,
            "imageWidth": order.size[0],
            "imageHeight": order.size[1],
            "modelId": None,
            "public": False,
            "createdAt": "2026-11-23T12:00:00.000",
        }

    # --- the webhook ------------------------------------------------------------------------------------------------

    async def _ended(self, job: Job) -> None:
        await asyncio.sleep(self.latency())
        job.polls_left, job.ready_at = 0, time.monotonic()
        await self.call_back(job.job_id)

    def callback_body(self, job_id: str, at_ms: int | None = None) -> dict[str, Any]:
        """What the vendor's guide shows, the account's live key included."""
        url, callback_key = self.webhook or ("", "")
        order = self.jobs[job_id].order
        image = {"id": str(uuid.UUID(int=1)), "url": f"https://cdn.leonardo.ai/{job_id}.png", "nsfw": False}
        generation = {
            "id": job_id,
            "status": "COMPLETE",
            "public": False,
            "flagged": False,
            "nsfw": False,
            "imageHeight": order.size[1],
            "imageWidth": order.size[0],
            "prompt": order.prompt,
            "quantity": 1,
            "seed": str(order.seed or 905_778_432),
            "apiDollarCost": "9",
            "api": True,
            "apiKeyId": str(uuid.UUID(int=2)),
            "images": [{**image, "generationId": job_id, "userId": str(uuid.UUID(int=3))}],
            "model": {"id": str(uuid.UUID(int=4)), "name": order.model},
            "apiKey": {"key": self.key, "webhookCallbackUrl": url, "webhookCallbackApiKey": callback_key},
        }
        return {
            "type": "image_generation.complete",
            "object": "generation",
            "timestamp": int(time.time() * 1000) if at_ms is None else at_ms,
            "api_version": "v1",
            "data": {"object": generation},
        }

    async def call_back(self, job_id: str, body: dict[str, Any] | None = None, key: str | None = None) -> int:
        """Call the webhook for a job; returns the status of the answer."""
        url, callback_key = self.webhook or ("", "")
        headers = {"authorization": f"Bearer {callback_key if key is None else key}", "user-agent": "axios/1.4.0"}
        async with httpx.AsyncClient() as client:
            answer = await client.post(url, json=body or self.callback_body(job_id), headers=headers, timeout=30)
        self.called_back.append(answer.status_code)
        return answer.status_code


CASE = VendorCase(
    vendor=Leonardo,
    fake=FakeLeonardo,
    base_path=BASE,
    throttle_tells=False,
    refused_job=UNSAFE,
    failed_job=FAILED,
)
