"""The gateway's JSON API, as the commands use it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from services.cli.exits import CliError, Exit

Answer = dict[str, Any]

_TIMEOUT_S: Final = 15.0
#: The gateway stores a large file before it answers.
_UPLOAD_S: Final = 600.0
#: Far above any keyframe's size.
_MAX_IMAGE_BYTES: Final = 512 * 1024 * 1024
_PART_BYTES: Final = 1024 * 1024
_START_IT: Final = "start one with `ice up`, or give the address in ICE_GATEWAY_URL"
_NOT_FOUND: Final = 404
_WRONG_FIELD: Final = 422


class GatewayClient:
    """Use it as an async context manager.

    Args:
        url: address of the gateway, e.g. `http://127.0.0.1:8080`.
        transport: how to get there; None = over the network.
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        # The addresses are this machine's or a given one: a proxy from the environment would only be in the way.
        self._http = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S, transport=transport, trust_env=False)

    async def __aenter__(self) -> Self:
        """As it is."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def projects(self) -> list[Answer]:
        """Every project with its counts per status."""
        return _list(await self._get("/projects"), "projects")

    async def progress(self, project_id: str) -> Answer:
        """Counts per status and every current run."""
        return await self._get(f"/projects/{quote(project_id, safe='')}/progress")

    async def project(self, project_id: str) -> Answer:
        """Settings, counts and cost.

        Raises:
            CliError: no such project.
        """
        return await self._get(f"/projects/{quote(project_id, safe='')}")

    async def keyframes(self, project_id: str) -> list[Answer]:
        """The newest keyframe of each shot and role, all pages."""
        return await self._all(f"/projects/{quote(project_id, safe='')}/keyframes", "keyframes")

    async def keyframes_with_takes(self, project_id: str) -> list[Answer]:
        """Likewise, each with links to the images of its other takes."""
        return await self._all(f"/projects/{quote(project_id, safe='')}/keyframes?takes=true", "keyframes")

    async def report_material(self, project_id: str) -> Answer:
        """Reference pictures with links, frames without a keyframe, costs."""
        return await self._get(f"/projects/{quote(project_id, safe='')}/report")

    async def shots(self, project_id: str) -> list[Answer]:
        """Every shot in story order, all pages."""
        return await self._all(f"/projects/{quote(project_id, safe='')}/shots", "shots")

    async def run(self, run_id: str) -> Answer:
        """One run with every generation, check and review."""
        return await self._get(f"/runs/{quote(run_id, safe='')}")

    async def providers(self) -> list[Answer]:
        """Providers as their workers announced themselves."""
        return _list(await self._get("/providers"), "providers")

    async def costs(self, project_id: str) -> Answer:
        """What a project has cost, by model, scene and shot."""
        return await self._get(f"/projects/{quote(project_id, safe='')}/costs")

    async def in_doubt(self, project_id: str | None = None) -> list[Answer]:
        """Calls that were sent and of which nothing is known."""
        of = f"?project={quote(project_id, safe='')}" if project_id else ""
        return _list(await self._get(f"/in-doubt{of}"), "calls")

    async def bible(self, project_id: str) -> list[Answer]:
        """The newest entry of every character, location and prop."""
        return _list(await self._get(f"/projects/{quote(project_id, safe='')}/bible"), "entities")

    async def history(self, project_id: str, kind: str, entity_id: str) -> list[Answer]:
        """Every version of an entry, the oldest first.

        Raises:
            CliError: no such entry.
        """
        return _list(await self._get(_entry_path(project_id, kind, entity_id)), "versions")

    async def write_entry(self, project_id: str, kind: str, entity_id: str, body: Answer) -> Answer:
        """Publish an entry's next version; it is on the broker when this returns.

        Raises:
            CliError: the entry is wrong, or somebody else has changed it meanwhile.
        """
        path = f"/api/v1{_entry_path(project_id, kind, entity_id)}"
        return self._body(await self._answered(self._http.put(path, json=body)))

    async def references(self, project_id: str) -> list[Answer]:
        """Every sheet, plate and prop view."""
        return _list(await self._get(f"/projects/{quote(project_id, safe='')}/references"), "references")

    async def references_again(self, project_id: str, body: Answer) -> Answer:
        """Ask for another making of references.

        Raises:
            CliError: none was ever asked for.
        """
        path = f"/api/v1/projects/{quote(project_id, safe='')}/references/again"
        return self._body(await self._request(path, body))

    async def reviews(self, project_id: str) -> list[Answer]:
        """What waits for a reviewer's decision, with links to its images."""
        return await self._all(f"/projects/{quote(project_id, safe='')}/reviews", "reviews")

    async def decide(self, decision: Answer) -> Answer:
        """Hand in a reviewer's decision, as the API's `POST /reviews` takes it; it is on the broker when this returns.

        Raises:
            CliError: the gateway refuses it.
        """
        return self._body(await self._request("/api/v1/reviews", decision))

    async def adapters(self, project_id: str) -> list[Answer]:
        """The newest version of every adapter of a project."""
        return _list(await self._get(f"/projects/{quote(project_id, safe='')}/adapters"), "adapters")

    async def add_adapter(self, project_id: str, name: str, said: Mapping[str, Any], file: Path) -> Answer:
        """Send a file into the registry.

        Raises:
            CliError: the gateway refuses it.
        """
        path = f"/api/v1/projects/{quote(project_id, safe='')}/adapters/{quote(name, safe='')}"
        query = {key: value for key, value in said.items() if value is not None}
        sent = self._http.put(
            path, params=query, content=_parts(file), timeout=httpx.Timeout(_TIMEOUT_S, read=_UPLOAD_S)
        )
        return self._body(await self._answered(sent))

    async def assign_adapter(self, project_id: str, name: str, how: Mapping[str, Any]) -> Answer:
        """Give a character an adapter.

        Raises:
            CliError: the gateway refuses it.
        """
        path = f"/api/v1/projects/{quote(project_id, safe='')}/adapters/{quote(name, safe='')}/assignments"
        return self._body(await self._request(path, dict(how)))

    async def pictures(self, project_id: str, character_id: str) -> Answer:
        """A character's references and the keyframes that show it, with links."""
        return await self._get(
            f"/projects/{quote(project_id, safe='')}/characters/{quote(character_id, safe='')}/pictures"
        )

    async def ready(self) -> Answer:
        """What `/readyz` says, whatever its status is."""
        answer = await self._request("/readyz")
        body = answer.json() if answer.content else {}
        return {"ready": answer.is_success, **(body if isinstance(body, dict) else {})}

    async def download(self, url: str, max_bytes: int = _MAX_IMAGE_BYTES) -> bytes:
        """An image by its presigned link.

        Raises:
            CliError: the object store doesn't give it, or it is larger than `max_bytes`.
        """
        data = bytearray()
        try:
            async with self._http.stream("GET", url) as answer:
                if not answer.is_success:
                    raise CliError(f"object store: {_host(url)} answered {answer.status_code} for {answer.url.path}")
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > max_bytes:
                        raise CliError(f"object store: {answer.url.path} has more than {max_bytes} bytes")
        except httpx.HTTPError as error:
            raise CliError(f"object store: {_host(url)}: {_said(error)}", code=Exit.UNREACHABLE) from error
        return bytes(data)

    async def _all(self, path: str, name: str) -> list[Answer]:
        items: list[Answer] = []
        after: int | None = 0
        while after is not None:
            page = await self._get(f"{path}{'&' if '?' in path else '?'}after={after}")
            items += _list(page, name)
            after = page.get("next")
        return items

    async def _get(self, path: str) -> Answer:
        return self._body(await self._request(f"/api/v1{path}"))

    def _body(self, answer: httpx.Response) -> Answer:
        if answer.is_success:
            try:
                body = answer.json()
            except ValueError:
                body = None
            if isinstance(body, dict):
                return body
            raise CliError(
                f"{self.url} answers, but not as a gateway of this engine", code=Exit.UNREACHABLE, mend=_START_IT
            )
        raise _refused(answer)

    async def _request(self, path: str, body: Answer | None = None) -> httpx.Response:
        """GET, or POST where there is a body."""
        return await self._answered(self._http.get(path) if body is None else self._http.post(path, json=body))

    async def _answered(self, sent: Awaitable[httpx.Response]) -> httpx.Response:
        try:
            return await sent
        except httpx.HTTPError as error:
            raise CliError(
                f"no engine answers at {self.url} ({_said(error)})", code=Exit.UNREACHABLE, mend=_START_IT
            ) from error


async def _parts(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while part := await asyncio.to_thread(opened.read, _PART_BYTES):
            yield part


def _entry_path(project_id: str, kind: str, entity_id: str) -> str:
    return f"/projects/{quote(project_id, safe='')}/bible/{kind}/{quote(entity_id, safe='')}"


def _refused(answer: httpx.Response) -> CliError:
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{answer.request.url.path}: the gateway answered {answer.status_code}"
    if answer.status_code == _NOT_FOUND:
        return CliError(message, code=Exit.INVALID, mend="`ice status` lists the projects")
    if answer.status_code == _WRONG_FIELD:
        return CliError(message, code=Exit.INVALID)
    code = Exit.UNREACHABLE if answer.is_server_error else Exit.FAILED
    return CliError(message, code=code)


def _list(body: Answer, name: str) -> list[Answer]:
    items = body.get(name)
    return list(items) if isinstance(items, list) else []


def _said(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _host(url: str) -> str:
    return httpx.URL(url).netloc.decode()
