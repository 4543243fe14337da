"""Images are fetched from allowed hosts, whole, bounded, without a redirect and without the key."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from services.generation.providers.host_rules import HostRules
from services.generation.providers.safe_fetch import FetchError, safe_fetch
from services.generation.providers.vendor_http import VendorHttp
from tests.fakes.vendors.server import FakeServer
from tests.fakes.vendors.toy import Toy

KEY = "key-that-stays-here"
seen: list[dict[str, str]] = []


async def answer(request: Request) -> Response:
    seen.append({name.lower(): value for name, value in request.headers.items()})
    name = request.path_params["name"]
    if name == "redirect":
        return RedirectResponse("/good")
    if name in {"late", "not-yet"}:
        away = 503 if name == "late" else 403
        return Response(status_code=away if len(seen) < 3 else 200, content=b"picture", media_type="image/png")
    if name == "named-wrong":
        return Response(b"\x89PNG\r\n\x1a\n and so on", media_type="text/plain")
    kinds = {"html": "text/html", "plain": "application/octet-stream"}
    status = {"gone": 404, "broken": 500}.get(name, 200)
    return Response(b"picture" * (100 if name == "large" else 1), status, media_type=kinds.get(name, "image/png"))


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    seen.clear()
    async with FakeServer(Starlette(routes=[Route("/{name}", answer)])) as made:
        yield made


async def fetched(server: FakeServer, name: str, rules: HostRules | None = None, url: str = "") -> bytes:
    trusted = HostRules(server.url, trusted=True)
    http = VendorHttp(Toy(), trusted, SecretStr(KEY), 4)
    await http.start()
    try:
        return await safe_fetch(http, rules or trusted, url or f"{server.url}/{name}", 100, 5.0, pace=0.01)
    finally:
        await http.stop()


@pytest.mark.parametrize("name", ["good", "plain"])
async def test_an_image_is_fetched_without_the_key(server: FakeServer, name: str) -> None:
    assert await fetched(server, name) == b"picture"
    assert KEY not in str(seen)
    assert "authorization" not in seen[0]


@pytest.mark.parametrize(("name", "tries"), [("redirect", 1), ("html", 1), ("large", 1), ("gone", 4), ("broken", 4)])
async def test_anything_else_is_not_believed(server: FakeServer, name: str, tries: int) -> None:
    with pytest.raises(FetchError) as raised:
        await fetched(server, name)
    assert raised.value.passing is (name == "broken")
    assert len(seen) == tries


async def test_a_passing_trouble_passes(server: FakeServer) -> None:
    assert await fetched(server, "late") == b"picture"


async def test_a_file_that_its_store_does_not_know_yet_is_asked_for_again(server: FakeServer) -> None:
    assert await fetched(server, "not-yet") == b"picture"


async def test_a_picture_under_a_wrong_content_type_is_a_picture(server: FakeServer) -> None:
    assert (await fetched(server, "named-wrong")).startswith(b"\x89PNG")


async def test_another_host_is_not_even_asked(server: FakeServer) -> None:
    untrusted = HostRules("https://api.toy.example", file_hosts=(".toy.example",))
    for url in (f"{server.url}/good", "https://evil.example/good", "file:///etc/passwd", "http://169.254.169.254/"):
        with pytest.raises(FetchError, match="allowed is") as raised:
            await fetched(server, "", untrusted, url)
        assert not raised.value.passing
    assert seen == []


async def test_an_allowed_name_on_a_private_address_is_not_connected_to(server: FakeServer) -> None:
    # `localhost` stands for a name of the vendor's that somebody has pointed here.
    rules = replace(HostRules("https://api.toy.example"), file_hosts=("localhost",))
    with pytest.raises(FetchError, match="no public address"):
        await fetched(server, "", rules, "https://localhost/good")
    assert seen == []
