"""The bible over HTTP: entries are read with their history and edited, references are listed and made again.

An edit is a whole entry under the next version, published as an event; whoever edits says which version he has seen.
"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response
from pydantic import Field, ValidationError

from schemas.base import Event, Identifier, Model
from schemas.bible import Character, CharacterDefined, Location, LocationDefined, Prop, PropDefined
from schemas.reference import ReferenceRequested, whose
from schemas.run import RunContext
from schemas.text import Name, Phrase
from services.chassis.clock import Clock
from services.gateway.answers import Links, as_json, problem
from services.gateway.domain.references import KINDS
from services.gateway.ports import EventPublisher
from services.gateway.read_model import NotFoundError, ReadModel

Answer = dict[str, Any]
ProjectId = Annotated[Identifier, Path(description="Film project")]
Kind = Annotated[str, Path(description="character, location or prop", pattern="^(character|location|prop)$")]
EntityId = Annotated[Identifier, Path(description="Entry of the bible")]


class EntryBody(Model):
    """An entry as the API takes it."""

    entity: dict[str, Any]
    """The whole entry; its version and dates are set here."""
    base_version: int = Field(default=0, ge=0)
    """Version that was edited; 0 = a new entry."""


class AgainBody(Model):
    """A wish for another making of references."""

    request_id: Identifier
    """Chosen by the client: sending it again asks for the same making."""
    kind: str = Field(pattern="^(character|location|prop)$")
    """character, location or prop."""
    entity_id: Identifier
    """Whose references."""
    variant: str | None = None
    """Costume, or time/weather/season; None = all that were ever asked for."""
    asked_by: Name = "anonymous"
    """Who wants it."""
    reason: Phrase = ""
    """Why, for people."""


class BibleApi:
    """The answers, bound to what they are read from."""

    def __init__(self, read_model: ReadModel, links: Links, publisher: EventPublisher, clock: Clock) -> None:
        self._read = read_model
        self._links = links
        self._publisher = publisher
        self._clock = clock

    async def history(self, project_id: ProjectId, kind: Kind, entity_id: EntityId) -> Answer:
        """Every version of an entry, the oldest first."""
        versions = await self._read.history(project_id, kind, entity_id)
        return {"kind": kind, "id": entity_id, "versions": versions}

    async def write(self, project_id: ProjectId, kind: Kind, entity_id: EntityId, body: EntryBody) -> Response:
        """Publish an entry under the next version; 202 when the broker has it, 200 when nothing changes."""
        newest = await self._newest(project_id, kind, entity_id)
        seen = 0 if newest is None else newest["version"]
        if body.base_version != seen:
            return problem(
                HTTPStatus.CONFLICT,
                "edited-meanwhile",
                f"base_version: {body.base_version}; allowed is {seen}, the newest of {kind} {entity_id!r}",
                field="base_version",
                value=str(body.base_version),
                allowed=str(seen),
            )
        now = self._clock.now()
        first = (newest or {}).get("entity", {}).get("created_at") or now
        given = {**body.entity, "id": entity_id, "version": seen + 1, "created_at": first, "updated_at": now}
        try:
            entity = KINDS[kind].model_validate(given)
        except ValidationError as error:
            return _invalid(error)
        if newest is not None and entity.digest == newest["digest"]:
            return JSONResponse({"version": seen, "changed": False}, status_code=HTTPStatus.OK)
        event = _defined(project_id, entity)
        await self._publisher.publish([event])
        answer = {"event_id": event.event_id, "version": entity.version, "changed": True}
        return JSONResponse(answer, status_code=HTTPStatus.ACCEPTED)

    async def references(self, project_id: ProjectId) -> Answer:
        """Every sheet, plate and prop view, with links that are good for a few minutes."""
        found = await self._read.references(project_id)
        linked = [{**item, **await self._links.of((item.get("image") or {}).get("asset"))} for item in found]
        return {"references": linked}

    async def again(self, project_id: ProjectId, body: AgainBody) -> Response:
        """Ask for another making of an entity's references; 202 when the broker has the wish."""
        runs = await self._read.reference_runs(project_id, body.kind, body.entity_id, body.variant)
        if not runs:
            variant = f", variant {body.variant!r}" if body.variant is not None else ""
            raise NotFoundError(
                f"{body.kind} {body.entity_id!r} of project {project_id!r}{variant}: no reference was ever asked for"
            )
        asked = [_again(RunContext.model_validate(run), body) for run in runs]
        await self._publisher.publish(asked)
        answer = {"event_ids": [event.event_id for event in asked], "asked": len(asked)}
        return JSONResponse(answer, status_code=HTTPStatus.ACCEPTED)

    async def _newest(self, project_id: str, kind: str, entity_id: str) -> Answer | None:
        try:
            return (await self._read.history(project_id, kind, entity_id))[-1]
        except NotFoundError:
            return None


def bible_routes(bible: BibleApi) -> APIRouter:
    """The table of the bible's API."""
    router = APIRouter(prefix="/api/v1/projects/{project_id}")
    for method, path, endpoint in (
        ("GET", "/bible/{kind}/{entity_id}", bible.history),
        ("PUT", "/bible/{kind}/{entity_id}", bible.write),
        ("GET", "/references", bible.references),
        ("POST", "/references/again", bible.again),
    ):
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        router.add_api_route(path, as_json(endpoint), methods=methods, response_model=None)
    return router


def _again(run: RunContext, body: AgainBody) -> ReferenceRequested:
    other = run.model_copy(update={"regeneration_id": body.request_id})
    reason = body.reason or f"asked for again by {body.asked_by}"
    return ReferenceRequested(**whose(other), run=other, asked_by=body.asked_by, reason=reason[:500])


def _defined(project_id: str, entity: Model) -> Event:
    match entity:
        case Character():
            return CharacterDefined(project_id=project_id, character=entity)
        case Location():
            return LocationDefined(project_id=project_id, location=entity)
        case Prop():
            return PropDefined(project_id=project_id, prop=entity)
    raise TypeError(f"entity: {type(entity).__name__}, allowed are Character, Location and Prop")


def _invalid(error: ValidationError) -> Response:
    first = error.errors()[0]
    field = ".".join(("entity", *map(str, first["loc"])))
    value, allowed = str(first.get("input", ""))[:80], str(first["msg"])
    message = f"{field}: {value!r}: {allowed}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", message, field=field, value=value, allowed=allowed)
