"""The driver of the vendor that bills. It says what it knows and no more: a call without an answer is in doubt."""

import asyncio
import base64
import time
from typing import Any

import httpx

from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import Outage, OutcomeUnknown
from tests.chaos.film import MODELS

_PATIENCE_S = 20.0
_POLL_S = 0.15


class BillingVendorProvider:
    """Paid, so that a call without an answer must not be repeated.

    Args:
        url: of the vendor, or of what stands before it.
    """

    name = "chaos"
    free = False
    models = MODELS
    slots = 8

    def __init__(self, url: str) -> None:
        self._url = url
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        # No connection is kept: one that was cut meanwhile would be noticed only after sending.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.AsyncClient(base_url=self._url, timeout=5.0, limits=limits, trust_env=False)

    async def stop(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def ping(self) -> None:
        try:
            await self._client.get("/v1/health")
        except httpx.TransportError as error:
            raise Outage(f"vendor: {error!r}") from error

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        call = {
            "generation_id": job.generation_id,
            "shot_id": job.run.shot.shot_id,
            "frame_role": job.run.frame_role.value,
            "model": job.model,
            "width": job.width,
            "height": job.height,
        }
        answer = await self._pay(call)
        if "job" not in answer:
            return _image(answer, job, None)
        await accepted(answer["job"])
        return await self.resume(job, answer["job"])

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                reply = await self._client.get(f"/v1/jobs/{vendor_job_id}")
                reply.raise_for_status()
                answer = reply.json()
            except (httpx.HTTPError, ValueError) as error:
                if time.monotonic() > until:
                    raise Outage(f"vendor: {error!r}") from error
            else:
                if answer["state"] == "done":
                    return _image(answer, job, vendor_job_id)
            await asyncio.sleep(_POLL_S)

    async def _pay(self, call: dict[str, Any]) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                reply = await self._client.post("/v1/images", json=call)
                reply.raise_for_status()
                answer: dict[str, Any] = reply.json()
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                # Nothing was sent.
                if time.monotonic() > until:
                    raise Outage(f"vendor: {error!r}") from error
                await asyncio.sleep(_POLL_S)
            except (httpx.HTTPError, ValueError) as error:
                raise OutcomeUnknown(f"vendor: {error!r}") from error
            else:
                return answer

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            raise Outage("vendor: not started")
        return self._http


def _image(answer: dict[str, Any], job: ImageJob, vendor_job_id: str | None) -> GeneratedImage:
    return GeneratedImage(
        base64.b64decode(answer["image"]), seed_used=job.seed, cost_usd_micros=40_000, vendor_job_id=vendor_job_id
    )
