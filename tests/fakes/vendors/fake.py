"""The base of every fake vendor: keys, faults, jobs, files, rate limit and bill."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tests.fakes.vendors.faults import CARRIED_OUT, At, Dropped, Fault, Kind, Truncated, until_given_up
from tests.fakes.vendors.server import Receive, Scope, Send
from tests.fakes.vendors.wire import drawn

Handler = Callable[[Request], Awaitable[Response]]
#: The image of the order that this request makes, where it isn't what was ordered.
_SPOILT: ContextVar[bytes] = ContextVar("spoilt", default=b"")


@dataclass(frozen=True, slots=True)
class Order:
    """A paid call as the vendor understood it.

    `start`: the picture that it begins with, none of the references; `remade`: how much of it is made anew, 0 to 1,
    where the vendor takes that as a number.
    """

    model: str
    prompt: str
    size: tuple[int, int]
    negative_prompt: str = ""
    seed: int | None = None
    references: tuple[bytes, ...] = ()
    loras: tuple[str, ...] = ()
    steps: int | None = None
    cfg_scale: float | None = None
    start: bytes | None = None
    remade: float | None = None
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the bill."""

    order: Order
    cost_usd_micros: int


@dataclass(slots=True)
class Job:
    """An order on its way. `outcome`: None = runs or has succeeded; else what the fake's poll makes of it."""

    job_id: str
    order: Order
    cost_usd_micros: int
    ready_at: float
    polls_left: int
    outcome: str | None = None
    cancelled: bool = False

    def done(self) -> bool:
        return self.polls_left <= 0 and time.monotonic() >= self.ready_at


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    at: At
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class FakeVendor:
    """A vendor's API as an ASGI application. Subclasses add routes and speak the vendor's words.

    Attributes that a test may set: `latency` (seconds per image), `polls` (before a job is done), `calls_per_window`.
    Attributes that a test may read: `seen`, `orders`, `bill`, `jobs`.
    """

    name: ClassVar[str]
    price_usd_micros: ClassVar[int] = 10_000

    def __init__(self, key: str = "key-0123456789-abcdef-SECRET") -> None:
        self.key = key
        self.latency: Callable[[], float] = lambda: 0.0
        self.polls = 2
        self.calls_per_window: int | None = None
        self.window_s = 1.0
        self.seen: list[Seen] = []
        self.orders: list[Order] = []
        self.bill: list[Charge] = []
        self.jobs: dict[str, Job] = {}
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}
        self.running = self.most_running = 0
        self._faults: list[Fault] = []
        self._begun: list[float] = []
        self._spoilt: list[tuple[Order, bytes]] = []
        self._app = Starlette(routes=[*self.routes(), self.route("GET", "/files/{name}", At.FILE, self._file)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    # --- what a subclass says ---------------------------------------------------------------------------------------

    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's API, each made by `route`."""
        raise AssertionError(f"{self.name}: a fake without routes")

    def error(self, status: int, message: str = "something went wrong") -> Response:
        """An error in the vendor's words."""
        return JSONResponse({"error": {"message": message}}, status)

    def refusal(self) -> Response:
        """The content policy says no."""
        raise AssertionError(f"{self.name}: a fake without a refusal")

    def throttled(self, seconds: float) -> Response:
        """429 with the vendor's headers."""
        answer = self.error(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        answer.headers["retry-after"] = f"{seconds:g}"
        return answer

    def authorized(self, request: Request) -> bool:
        """Whether the request has the key."""
        return request.headers.get("authorization") == f"Bearer {self.key}"

    async def refuse(self, request: Request, handler: Handler) -> Response:
        """Answer a call that the content policy refuses; a vendor that refuses later, in its job, overrides it."""
        del request, handler
        return self.refusal()

    # --- what a test does -------------------------------------------------------------------------------------------

    def next(self, *faults: Fault) -> None:
        """Let these go wrong, each once, in this order for each kind of call."""
        self._faults += faults

    @property
    def to_come(self) -> tuple[Fault, ...]:
        """Faults that nothing has met yet."""
        return tuple(self._faults)

    @property
    def charged_usd_micros(self) -> int:
        return sum(charge.cost_usd_micros for charge in self.bill)

    # --- what a subclass uses ---------------------------------------------------------------------------------------

    def route(self, method: str, path: str, at: At, handler: Handler) -> Route:
        """A route with key check, faults and records. Uploads to signed URLs and files need no key."""

        async def endpoint(request: Request) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.seen.append(Seen(at, request.method, request.url.path, headers, await request.body()))
            if at is not At.FILE and not (self.signed(request) or self.authorized(request)):
                # As some vendors do: the wrong key is repeated.
                return self.error(HTTPStatus.UNAUTHORIZED, f"Incorrect API key provided: {dict(request.headers)}")
            if at is At.CREATE and self._too_many():
                return self.throttled(self.window_s)
            fault = self._take(at)
            return await handler(request) if fault is None else await self._faulty(fault, request, handler)

        return Route(path, endpoint, methods=[method])

    def signed(self, request: Request) -> bool:
        """Whether the URL alone is proof enough: those of uploads."""
        return "/signed/" in request.url.path

    async def carry_out(self, order: Order, cost_usd_micros: int | None = None, kind: str = "PNG") -> bytes:
        """Take an order, charge it and draw it, after the latency: for vendors that answer with the image."""
        self._charge(order, cost_usd_micros)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.latency())
        finally:
            self.running -= 1
        return self.picture(order, kind)

    def take_job(self, order: Order, cost_usd_micros: int | None = None, job_id: str | None = None) -> Job:
        """Take an order, charge it and begin its job."""
        cost = self._charge(order, cost_usd_micros)
        # Vendors' ids are UUIDs, and their SDKs check it.
        name = job_id or f"{len(self.jobs) + 1:08x}-0000-4000-8000-{len(self.orders):012x}"
        job = Job(name, order, cost, time.monotonic() + self.latency(), self.polls)
        self.jobs[name] = job
        return job

    def polled(self, job_id: str) -> Job | None:
        """The job after one more poll; None = unknown."""
        job = self.jobs.get(job_id)
        if job is not None:
            job.polls_left -= 1
        return job

    def picture(self, order: Order, kind: str = "PNG") -> bytes:
        spoilt = next((data for of, data in self._spoilt if of is order), None)
        return spoilt or drawn(*order.size, f"{order.prompt}|{order.seed}|{order.model}", kind)

    def file_url(self, request: Request, data: bytes, extension: str = "png") -> str:
        """A URL of this server where the bytes can be fetched."""
        name = f"{len(self.files) + 1}.{extension}"
        self.files[name] = data
        return f"{self.root_url(request)}/files/{name}"

    @staticmethod
    def root_url(request: Request) -> str:
        """Where this fake begins, as the caller sees it; it may be mounted below a path."""
        return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"

    def _charge(self, order: Order, cost_usd_micros: int | None) -> int:
        cost = self.price_usd_micros if cost_usd_micros is None else cost_usd_micros
        self.orders.append(order)
        if _SPOILT.get():
            self._spoilt.append((order, _SPOILT.get()))
        self.bill.append(Charge(order, cost))
        return cost

    async def _file(self, request: Request) -> Response:
        data = self.files.get(request.path_params["name"])
        if data is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        kind = request.path_params["name"].rpartition(".")[2].replace("jpg", "jpeg")
        return Response(data, media_type=f"image/{kind}")

    def _too_many(self) -> bool:
        if self.calls_per_window is None:
            return False
        now = time.monotonic()
        self._begun = [*(moment for moment in self._begun if now - moment < self.window_s), now]
        return len(self._begun) > self.calls_per_window

    def _take(self, at: At) -> Fault | None:
        found = next((fault for fault in self._faults if fault.at is at), None)
        if found is not None:
            self._faults.remove(found)
        return found

    async def _faulty(self, fault: Fault, request: Request, handler: Handler) -> Response:
        if fault.carried_out or fault.kind in CARRIED_OUT:
            whole = await handler(request)
        answers: dict[Kind, Callable[[], Response]] = {
            Kind.THROTTLE: lambda: self.throttled(fault.seconds),
            Kind.STATUS: lambda: self.error(fault.status),
            Kind.PROXY: lambda: HTMLResponse("<html><body>Bad gateway</body></html>", fault.status),
            Kind.DROP: Dropped,
            Kind.TRUNCATE: lambda: Truncated(whole),
            Kind.MALFORMED: lambda: Response(b'{"data": [{"id": ', media_type="application/json"),
            Kind.STRANGE: lambda: JSONResponse({"unheard": ["of"]}),
            Kind.REDIRECT: lambda: RedirectResponse(fault.location),
        }
        if fault.kind in answers:
            return answers[fault.kind]()
        if fault.kind is Kind.REFUSE:
            return await self.refuse(request, handler)
        if fault.kind is Kind.FAIL:
            answer = await handler(request)
            list(self.jobs.values())[-1].outcome = fault.outcome
            return answer
        _SPOILT.set(fault.data)
        if fault.kind is Kind.HANG:
            await until_given_up(request)
            return Response()
        await asyncio.sleep(fault.seconds)
        return await handler(request)
