"""The JSON API, version 1. Reads the read model; writes nothing but what people decide, as events."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from schemas.base import Identifier, Model
from schemas.review import Decision, ReviewDecided
from schemas.text import Name, Text
from services.chassis.failures import Transient
from services.chassis.publishing import UnpublishableError
from services.gateway.answers import Links, as_json, problem
from services.gateway.bible_api import BibleApi, bible_routes
from services.gateway.entry_book import EntryRefusedError
from services.gateway.ports import EventPublisher
from services.gateway.read_model import NotFoundError, ReadModel
from services.gateway.registry.api import RegistryApi, registry_routes
from services.gateway.reporting import report_material, with_attempt_links
from services.gateway.review.page import ReviewPages, review_routes
from services.gateway.review.waiting import on_the_table, refusal, waiting
from services.gateway.routing import add_route
from services.gateway.webhooks import Webhooks, webhook_routes

ProjectId = Annotated[Identifier, Path(description="Film project")]
ShotId = Annotated[Identifier, Path(description="Shot")]
RunId = Annotated[Identifier, Path(description="Run")]
Limit = Annotated[int | None, Query(ge=1, description="Most items to list; None = the server's page size")]
After = Annotated[int, Query(ge=0, description="Items to pass over: the `next` of the answer before")]
Takes = Annotated[bool, Query(description="Whether the attempts come with links to their images")]
Answer = dict[str, Any]

log = logging.getLogger(__name__)

_RETRY_AFTER_S: Final = "2"


class ReviewBody(Model):
    """A reviewer's decision as the API takes it."""

    review_id: Identifier
    """Chosen by the client: sending it again is the same decision."""
    run_id: Identifier
    """Run that was looked at."""
    generation_id: Identifier
    """Generation that was looked at."""
    decision: Decision
    """approve, reject or re-roll."""
    note: Text = ""
    """Why; required to reject."""
    reviewer: Name = Field(default="anonymous")
    """Who decided."""


class Api:
    """The answers, bound to what they are read from."""

    def __init__(self, read_model: ReadModel, links: Links, publisher: EventPublisher, *, page_size: int) -> None:
        self._read = read_model
        self._links = links
        self._publisher = publisher
        self._page_size = page_size

    async def projects(self) -> Answer:
        """Every project with its counts per status."""
        return {"projects": await self._read.projects()}

    async def project(self, project_id: ProjectId) -> Answer:
        """One project."""
        return await self._read.project(project_id)

    async def progress(self, project_id: ProjectId) -> Answer:
        """Counts per status, and where each current run is."""
        return await self._read.progress(project_id)

    async def bible(self, project_id: ProjectId) -> Answer:
        """The newest entry of every character, location and prop."""
        return {"entities": await self._read.bible(project_id)}

    async def shots(self, project_id: ProjectId, limit: Limit = None, after: After = 0) -> Answer:
        """Shots in story order."""
        return self._page("shots", await self._read.shots(project_id), limit, after)

    async def shot(self, project_id: ProjectId, shot_id: ShotId) -> Answer:
        """One shot with every revision and run."""
        return await self._read.shot(project_id, shot_id)

    async def keyframes(
        self, project_id: ProjectId, limit: Limit = None, after: After = 0, takes: Takes = False
    ) -> Answer:
        """The newest keyframe of each shot and role, with links that are good for a few minutes."""
        page = self._page("keyframes", await self._read.keyframes(project_id), limit, after)
        page["keyframes"] = [{**item, **await self._links.of(item["asset"])} for item in page["keyframes"]]
        if takes:
            page["keyframes"] = [await with_attempt_links(self._links, item) for item in page["keyframes"]]
        return page

    async def report(self, project_id: ProjectId) -> Answer:
        """What a film's report is made of beside its keyframes."""
        return await report_material(self._read, self._links, project_id)

    async def reviews(self, project_id: ProjectId, limit: Limit = None, after: After = 0) -> Answer:
        """What waits for a reviewer's decision, with links to its images and to what they are held against."""
        page = self._page("reviews", await waiting(self._read, project_id), limit, after)
        page["reviews"] = await on_the_table(self._read, self._links, project_id, page["reviews"])
        return page

    async def run(self, run_id: RunId) -> Answer:
        """One run with every generation, check and review."""
        return await self._read.run(run_id)

    async def lineage(self, run_id: RunId) -> Answer:
        """Every event of one run, in order of arrival."""
        return {"run_id": run_id, "events": await self._read.lineage(run_id)}

    async def providers(self) -> Answer:
        """Providers as their workers announced themselves."""
        return {"providers": await self._read.providers()}

    async def costs(self, project_id: ProjectId) -> Answer:
        """What a project has cost, by model, scene and shot."""
        return await self._read.costs(project_id)

    async def in_doubt(self, project: Annotated[Identifier | None, Query(description="Film project")] = None) -> Answer:
        """Calls that were sent and of which nothing is known, with what each may have cost."""
        return {"calls": await self._read.in_doubt(project)}

    async def review(self, body: ReviewBody) -> Response:
        """Publish a reviewer's decision; 202 when the broker has it."""
        if body.decision is Decision.REJECT and not body.note.strip():
            return problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-input",
                "note: empty; allowed is the reason why",
                field="note",
                value="",
                allowed="text, since the decision is to reject",
            )
        run = await self._read.run(body.run_id)
        if body.generation_id not in run.get("generations", {}):
            raise NotFoundError(f"generation {body.generation_id!r} of run {body.run_id!r} is unknown")
        event = ReviewDecided(
            review_id=body.review_id,
            project_id=run["project_id"],
            shot_id=run["shot_id"],
            run_id=body.run_id,
            generation_id=body.generation_id,
            decision=body.decision,
            note=body.note,
            reviewer=body.reviewer,
        )
        known = run.get("reviews", {}).get(event.event_id)
        if known is not None and (known["decision"], known["note"]) != (event.decision.value, event.note):
            # The orchestrator follows the first; to say "accepted" to another would be a lie.
            return problem(
                HTTPStatus.CONFLICT,
                "already-decided",
                f"review_id: {body.review_id!r} was sent before with decision {known['decision']!r}; "
                "allowed is that decision again, or a new review_id",
                field="review_id",
                value=body.review_id,
                allowed="a new review_id for another decision",
            )
        refused = refusal(run, body.generation_id, body.decision) if known is None else None
        if refused is not None:
            return refused
        await self._publisher.publish([event])
        return JSONResponse({"event_id": event.event_id}, status_code=HTTPStatus.ACCEPTED)

    def _page(self, name: str, items: Sequence[Answer], limit: int | None, after: int) -> Answer:
        size = min(limit or self._page_size, self._page_size)
        shown = list(items[after : after + size])
        following = after + size
        return {name: shown, "total": len(items), "next": following if following < len(items) else None}


def routes(api: Api) -> APIRouter:
    """The table of the API."""
    router = APIRouter(prefix="/api/v1")
    reads: tuple[tuple[str, Callable[..., Awaitable[Any]]], ...] = (
        ("/projects", api.projects),
        ("/projects/{project_id}", api.project),
        ("/projects/{project_id}/progress", api.progress),
        ("/projects/{project_id}/bible", api.bible),
        ("/projects/{project_id}/shots", api.shots),
        ("/projects/{project_id}/shots/{shot_id}", api.shot),
        ("/projects/{project_id}/keyframes", api.keyframes),
        ("/projects/{project_id}/report", api.report),
        ("/projects/{project_id}/reviews", api.reviews),
        ("/projects/{project_id}/costs", api.costs),
        ("/in-doubt", api.in_doubt),
        ("/runs/{run_id}", api.run),
        ("/runs/{run_id}/lineage", api.lineage),
        ("/providers", api.providers),
    )
    for path, endpoint in reads:
        add_route(router, "GET", path, as_json(endpoint))
    add_route(router, "POST", "/reviews", as_json(api.review), HTTPStatus.ACCEPTED)
    return router


def web_app(
    api: Api,
    webhooks: Webhooks | None = None,
    bible: BibleApi | None = None,
    registry: RegistryApi | None = None,
) -> FastAPI:
    """The whole web application: the routes, and errors in one form."""
    app = FastAPI(title="Image Creation Engine", version="1", docs_url=None, redoc_url=None)
    app.include_router(routes(api))
    app.include_router(review_routes(ReviewPages(api)))
    if bible is not None:
        app.include_router(bible_routes(bible))
    if webhooks is not None:
        app.include_router(webhook_routes(webhooks))
    if registry is not None:
        app.include_router(registry_routes(registry))
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Transient, _away)
    app.add_exception_handler(EntryRefusedError, _refused)
    app.add_exception_handler(UnpublishableError, _refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
    return app


async def _not_found(_: Request, error: Exception) -> Response:
    return problem(HTTPStatus.NOT_FOUND, "not-found", str(error))


async def _invalid(_: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    field = ".".join(str(part) for part in first.get("loc", ()))
    # Of what is missing, pydantic tells what is there instead: the whole body.
    value = "" if first.get("type") == "missing" else str(first.get("input", ""))[:80]
    allowed = str(first.get("msg", "a valid request"))
    if first.get("type") == "json_invalid":
        field, value = "body", f"character {first['loc'][-1]}"
        allowed = f"allowed is JSON ({first.get('ctx', {}).get('error', allowed)})"
    message = f"{field}: {value!r}: {allowed}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", message, field=field, value=value, allowed=allowed)


async def _away(_: Request, error: Exception) -> Response:
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", f"{error}; try again shortly")
    answer.headers["Retry-After"] = _RETRY_AFTER_S
    return answer


async def _refused(_: Request, error: Exception) -> Response:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error))


async def _gone(request: Request, _: Exception) -> Response:
    # Nobody hears it; without an answer the framework would log a fault of ours.
    log.info("%s %s: the client went away before its request was whole", request.method, request.url.path)
    return problem(HTTPStatus.BAD_REQUEST, "incomplete", "body: it ended before it was whole")


async def _http(_: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    detail = str(getattr(error, "detail", ""))
    # Without words of its own an error's detail is the phrase of its status, which says less than its description.
    message = detail if detail not in {"", status.phrase} else status.description or status.phrase
    answer = problem(status, status.phrase.lower().replace(" ", "-"), message)
    # A 405 must name what is allowed (RFC 9110, 15.5.6); the framework hands it over as a header.
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _fault(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "a fault of the engine; the log says more")


__all__ = ["Api", "ReviewBody", "routes", "web_app"]
