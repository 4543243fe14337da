"""The adapters' part of the API: list, add a file, assign to a character, and a character's pictures for training."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, ValidationError

from schemas.adapter import AdapterKind
from schemas.adapter.families import family_named
from schemas.adapter.file_format import BadAdapterFileError
from schemas.base import Identifier, Model
from schemas.registry import describe_validation
from schemas.text import Name, Phrase
from services.gateway.answers import Links, problem
from services.gateway.domain.adapters import Assignment, MisassignedError, Wanted, pictures_of
from services.gateway.read_model import NotFoundError, ReadModel
from services.gateway.registry.registry import Registry
from services.gateway.registry.uploads import Uploads, UploadTooLargeError
from services.gateway.routing import add_route

ProjectId = Annotated[Identifier, Path(description="Film project")]
AdapterId = Annotated[Identifier, Path(description="Adapter, by its name in the project")]
CharacterId = Annotated[Identifier, Path(description="Character, by its id in the bible")]
Scale = Annotated[float, Field(ge=0, le=2)]
Answer = dict[str, Any]


class AssignBody(Model):
    """How a character is to use an adapter, as the API takes it."""

    character_id: Identifier
    """Who."""
    scale: Scale | None = None
    """Strength, 0 to 2; None = the adapter's own."""
    required: bool | None = None
    """As in `Lora`: True = only models that can apply it; False = models go on without it."""


class RegistryApi:
    """The answers, bound to the registry."""

    def __init__(self, registry: Registry, uploads: Uploads, read_model: ReadModel, links: Links) -> None:
        self._registry = registry
        self._uploads = uploads
        self._read = read_model
        self._links = links

    async def adapters(self, project_id: ProjectId) -> Response:
        """The newest version of every adapter of a project, by name."""
        found = await self._registry.adapters(project_id)
        return JSONResponse({"adapters": [item.model_dump(mode="json") for item in found]})

    async def add(  # noqa: PLR0913 - one per parameter
        self,
        project_id: ProjectId,
        adapter_id: AdapterId,
        request: Request,
        base: Annotated[Name, Query(description="Model family, e.g. sdxl")],
        kind: AdapterKind = AdapterKind.LORA,
        trigger: Annotated[list[Name] | None, Query(max_length=16)] = None,
        scale: Scale | None = None,
        character: Identifier | None = None,
        licence: Phrase = "",
    ) -> Response:
        """Take a safetensors file as the request's body: 201 a new version, 200 the same as before."""
        wanted = Wanted(adapter_id, kind, family_named(base), tuple(trigger or ()), scale, character, licence)
        try:
            async with self._uploads.receive(request.stream()) as upload:
                added = await self._registry.add(project_id, wanted, upload)
        except UploadTooLargeError as error:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error))
        except BadAdapterFileError as error:
            field, _, value = str(error).partition(": ")
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-adapter-file", str(error), field=field, value=value)
        status = HTTPStatus.CREATED if added.is_new else HTTPStatus.OK
        return JSONResponse({"adapter": added.adapter.model_dump(mode="json"), "is_new": added.is_new}, status)

    async def assign(self, project_id: ProjectId, adapter_id: AdapterId, body: AssignBody) -> Response:
        """Publish a version of the character that uses the adapter: 201 a new one, 200 it did already."""
        wanted = Assignment(body.scale, body.required)
        try:
            given = await self._registry.assign(project_id, adapter_id, body.character_id, wanted)
        except MisassignedError as error:
            return problem(HTTPStatus.CONFLICT, "another-character", str(error), field="character_id")
        except ValidationError as error:
            message = f"character {body.character_id}: {describe_validation(error)}"
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", message[:500])
        status = HTTPStatus.CREATED if given.is_new else HTTPStatus.OK
        return JSONResponse({"character": given.character.model_dump(mode="json"), "is_new": given.is_new}, status)

    async def pictures(self, project_id: ProjectId, character_id: CharacterId) -> Response:
        """A character's references and the keyframes that show it, with links, and what each shot says of it."""
        entity = next(
            (
                item["entity"]
                for item in await self._read.bible(project_id)
                if (item["kind"], item["id"]) == ("character", character_id)
            ),
            None,
        )
        if entity is None:
            raise NotFoundError(f"character {character_id!r} of project {project_id!r} is unknown")
        references = [{**item, "url": await self._links.to(item["uri"])} for item in entity["reference_images"]]
        keyframes = [
            {
                **item,
                "url": await self._links.to(item["asset"]["uri"]),
                "planned": await self._planned(project_id, item),
            }
            for item in pictures_of(character_id, await self._shown(project_id))
        ]
        return JSONResponse({"character": entity, "references": references, "keyframes": keyframes})

    async def _shown(self, project_id: str) -> list[Answer]:
        try:
            return await self._read.keyframes(project_id)
        except NotFoundError:
            # A bible may be there before the first shot.
            return []

    async def _planned(self, project_id: str, keyframe: Answer) -> Answer | None:
        """The plan that a keyframe was made by: its light, its mood and what everybody in it does."""
        shot = await self._read.shot(project_id, keyframe["shot"]["shot_id"])
        made_by = (keyframe["revision"], keyframe["regeneration_id"])
        plans = [plan for plan in shot["revisions"] if (plan["revision"], plan["regeneration_id"]) == made_by]
        return plans[-1]["shot"] if plans else None


def registry_routes(api: RegistryApi) -> APIRouter:
    """The table of the adapters' part of the API."""
    router = APIRouter(prefix="/api/v1/projects/{project_id}")
    made, same = HTTPStatus.CREATED, HTTPStatus.OK
    add_route(router, "GET", "/adapters", api.adapters)
    add_route(router, "PUT", "/adapters/{adapter_id}", api.add, made, same, streams=True)
    add_route(router, "POST", "/adapters/{adapter_id}/assignments", api.assign, made, same)
    add_route(router, "GET", "/characters/{character_id}/pictures", api.pictures)
    return router
