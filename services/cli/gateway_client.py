"""The gateway's JSON API, as the commands use it."""

from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from services.cli.exits import CliError, Exit

Answer = dict[str, Any]

_TIMEOUT_S: Final = 15.0
_START_IT: Final = "start one with `ice up`, or give the address in ICE_GATEWAY_URL"
_NOT_FOUND: Final = 404


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

    async def shots(self, project_id: str) -> list[Answer]:
        """Every shot in story order, all pages."""
        return await self._all(f"/projects/{quote(project_id, safe='')}/shots", "shots")

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

    async def decide(self, decision: Answer) -> Answer:
        """Hand in a reviewer's decision, as the API's `POST /reviews` takes it; it is on the broker when this returns.

        Raises:
            CliError: the gateway refuses it.
        """
        return self._body(await self._request("/api/v1/reviews", decision))

    async def ready(self) -> Answer:
        """What `/readyz` says, whatever its status is."""
        answer = await self._request("/readyz")
        body = answer.json() if answer.content else {}
        return {"ready": answer.is_success, **(body if isinstance(body, dict) else {})}

    async def download(self, url: str) -> bytes:
        """An image by its presigned link.

        Raises:
            CliError: the object store doesn't give it.
        """
        try:
            answer = await self._http.get(url)
        except httpx.HTTPError as error:
            raise CliError(f"object store: {_host(url)}: {_said(error)}", code=Exit.UNREACHABLE) from error
        if not answer.is_success:
            raise CliError(f"object store: {_host(url)} answered {answer.status_code} for {answer.url.path}")
        return answer.content

    async def _all(self, path: str, name: str) -> list[Answer]:
        items: list[Answer] = []
        after: int | None = 0
        while after is not None:
            page = await self._get(f"{path}?after={after}")
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
        try:
            return await (self._http.get(path) if body is None else self._http.post(path, json=body))
        except httpx.HTTPError as error:
            raise CliError(
                f"no engine answers at {self.url} ({_said(error)})", code=Exit.UNREACHABLE, mend=_START_IT
            ) from error


def _refused(answer: httpx.Response) -> CliError:
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{answer.request.url.path}: the gateway answered {answer.status_code}"
    if answer.status_code == _NOT_FOUND:
        return CliError(message, code=Exit.INVALID, mend="`ice status` lists the projects")
    code = Exit.UNREACHABLE if answer.is_server_error else Exit.FAILED
    return CliError(message, code=code)


def _list(body: Answer, name: str) -> list[Answer]:
    items = body.get(name)
    return list(items) if isinstance(items, list) else []


def _said(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _host(url: str) -> str:
    return httpx.URL(url).netloc.decode()
