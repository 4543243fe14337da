"""The bible over HTTP: entries are read with their history and edited, references are listed and made again.

An edit is a whole entry under the next version, published as an event; whoever edits says which version he has seen.
"""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response
from pydantic import Field, ValidationError

from schemas.base import Identifier, Model
from schemas.bible import Entity
from schemas.reference import ReferenceRequested, whose
from schemas.registry import field_path
from schemas.run import RunContext
from schemas.text import Name, Phrase
from services.chassis.clock import Clock
from services.chassis.failures import Transient
from services.gateway.answers import Links, as_json, problem
from services.gateway.domain.references import KINDS
from services.gateway.entry_book import EntryBook, defined
from services.gateway.ports import EventPublisher
from services.gateway.read_model import NotFoundError, ReadModel
from services.gateway.routing import add_route

#: Rounds of taking the next number while others take it first.
_ROUNDS: Final = 10
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
    variant: Phrase | None = None
    """Costume, or time/weather/season; None = all that were ever asked for."""
    asked_by: Name = "anonymous"
    """Who wants it."""
    reason: Phrase = ""
    """Why, for people."""


class BibleApi:
    """The answers, bound to what they are read from."""

    def __init__(
        self, read_model: ReadModel, entries: EntryBook, links: Links, publisher: EventPublisher, clock: Clock
    ) -> None:
        self._read = read_model
        self._entries = entries
        self._links = links
        self._publisher = publisher
        self._clock = clock

    async def history(self, project_id: ProjectId, kind: Kind, entity_id: EntityId) -> Answer:
        """Every version of an entry, the oldest first."""
        versions = await self._read.history(project_id, kind, entity_id)
        return {"kind": kind, "id": entity_id, "versions": versions}

    async def write(self, project_id: ProjectId, kind: Kind, entity_id: EntityId, body: EntryBody) -> Response:
        """Publish an entry under the next version; 202 when the broker has it, 200 when nothing changes.

        Of two edits of one version the first to come is published, the other one is told (409). The same edit sent
        again is answered as it was before.
        """
        for _ in range(_ROUNDS):
            newest = await self._entries.newest(project_id, kind, entity_id)
            known = newest.entity.version if newest is not None else 0
            try:
                entity = self._next(newest.entity if newest is not None else None, kind, entity_id, body)
            except ValidationError as error:
                return _invalid(error) if body.base_version == known else _edited_meanwhile(body, known, entity_id)
            if newest is not None and not newest.is_published:
                # Whoever gave it out may have died before it was published, and the next edit builds on it.
                await self._publisher.publish([defined(project_id, newest.entity)])
            if newest is not None and entity.digest == newest.entity.digest:
                return _accepted(project_id, newest.entity, changed=body.base_version < known)
            if body.base_version != known:
                return _edited_meanwhile(body, known, entity_id)
            if await self._entries.give_out(project_id, entity):
                await self._publisher.publish([defined(project_id, entity)])
                return _accepted(project_id, entity, changed=True)
        raise Transient(f"{kind} {entity_id}: others are changing it at this moment")

    def _next(self, newest: Entity | None, kind: str, entity_id: str, body: EntryBody) -> Entity:
        """The entry as it would be published.

        Raises:
            ValidationError: it can't be one.
        """
        now = self._clock.now()
        first = (newest.created_at if newest is not None else None) or now
        version = newest.version + 1 if newest is not None else 1
        given = {**body.entity, "id": entity_id, "version": version, "created_at": first, "updated_at": now}
        return KINDS[kind].model_validate(given)

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


def bible_routes(bible: BibleApi) -> APIRouter:
    """The table of the bible's API."""
    router = APIRouter(prefix="/api/v1/projects/{project_id}")
    entry = "/bible/{kind}/{entity_id}"
    add_route(router, "GET", entry, as_json(bible.history))
    add_route(router, "PUT", entry, as_json(bible.write), HTTPStatus.ACCEPTED, HTTPStatus.OK)
    add_route(router, "GET", "/references", as_json(bible.references))
    add_route(router, "POST", "/references/again", as_json(bible.again), HTTPStatus.ACCEPTED)
    return router


def _again(run: RunContext, body: AgainBody) -> ReferenceRequested:
    other = run.model_copy(update={"regeneration_id": body.request_id})
    reason = body.reason or f"asked for again by {body.asked_by}"
    return ReferenceRequested(**whose(other), run=other, asked_by=body.asked_by, reason=reason[:500])


def _accepted(project_id: str, entity: Entity, *, changed: bool) -> Response:
    if not changed:
        return JSONResponse({"version": entity.version, "changed": False}, status_code=HTTPStatus.OK)
    answer = {"event_id": defined(project_id, entity).event_id, "version": entity.version, "changed": True}
    return JSONResponse(answer, status_code=HTTPStatus.ACCEPTED)


def _edited_meanwhile(body: EntryBody, known: int, entity_id: str) -> Response:
    return problem(
        HTTPStatus.CONFLICT,
        "edited-meanwhile",
        f"base_version: {body.base_version}; allowed is {known}, the newest of {entity_id!r}: it was edited meanwhile",
        field="base_version",
        value=str(body.base_version),
        allowed=str(known),
    )


def _invalid(error: ValidationError) -> Response:
    first = error.errors()[0]
    field = f"entity.{field_path(first['loc'])}"
    # Of what is missing, pydantic tells what is there instead: the whole entry.
    value = "" if first["type"] == "missing" else str(first.get("input", ""))[:80]
    allowed = str(first["msg"])
    message = f"{field}: {value!r}: {allowed}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", message, field=field, value=value, allowed=allowed)
