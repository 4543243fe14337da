"""Nothing but public addresses is connected to, except what the operator has set himself."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import httpcore
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.generation.providers.guarded_transport import (
    GuardedBackend,
    GuardedTransport,
    RefusedAddressError,
    SpreadTransport,
    is_public,
)
from tests.fakes.vendors.server import FakeServer

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),  # noqa: S104
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
        *("", "localhost", "1.2.3", "300.1.1.1"),
    ],
)
def test_every_other_address_is_not(address: str) -> None:
    assert not is_public(address)


class Network(httpcore.AsyncMockBackend):
    """Notes where it was told to connect."""

    def __init__(self, unreachable: Iterable[str] = ()) -> None:
        super().__init__([])
        self.asked: list[str] = []
        self.unreachable = set(unreachable)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if host in self.unreachable:
            raise httpcore.ConnectError("unreachable")
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)


def backend(network: Network, *answers: list[str], exempt: frozenset[tuple[str, int]] = frozenset()) -> GuardedBackend:
    left = list(answers)

    async def resolver(host: str, port: int) -> list[str]:
        del host, port
        return left.pop(0)

    return GuardedBackend(exempt, resolver, network)


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    network = Network()
    # The name answers with a private address from its second question on: it is only asked once.
    guard = backend(network, [PUBLIC], ["127.0.0.1"])
    await guard.connect_tcp("images.example", 443)
    assert network.asked == [PUBLIC]
    with pytest.raises(RefusedAddressError):
        await guard.connect_tcp("images.example", 443)
    assert network.asked == [PUBLIC]


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    network = Network()
    with pytest.raises(RefusedAddressError, match=r"10\.0\.0\.1"):
        await backend(network, [PUBLIC, "10.0.0.1"]).connect_tcp("images.example", 443)
    assert network.asked == []


async def test_the_next_address_is_tried_when_one_is_not_reached() -> None:
    network = Network(unreachable=[PUBLIC])
    await backend(network, [PUBLIC, "8.8.8.8"]).connect_tcp("images.example", 443)
    assert network.asked == [PUBLIC, "8.8.8.8"]


async def test_all_unreachable_is_a_connect_error() -> None:
    with pytest.raises(httpcore.ConnectError):
        await backend(Network(unreachable=[PUBLIC]), [PUBLIC]).connect_tcp("images.example", 443)
    with pytest.raises(httpcore.ConnectError):
        await backend(Network(), []).connect_tcp("images.example", 443)


async def test_what_the_operator_has_set_is_connected_to_as_it_is() -> None:
    network = Network()
    exempt = frozenset({("proxy.intern", 8080)})
    await backend(network, exempt=exempt).connect_tcp("proxy.intern", 8080)
    assert network.asked == ["proxy.intern"]
    with pytest.raises(RefusedAddressError):
        await backend(network, ["10.1.1.1"], exempt=exempt).connect_tcp("proxy.intern", 9090)


async def test_sockets_of_this_machine_are_refused() -> None:
    with pytest.raises(RefusedAddressError):
        await backend(Network()).connect_unix_socket("/run/docker.sock")


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer(Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])) as made:
        yield made


@pytest.mark.parametrize("transport", [GuardedTransport, SpreadTransport])
async def test_the_guard_is_in_force_under_httpx(
    server: FakeServer, transport: type[GuardedTransport | SpreadTransport]
) -> None:
    async with httpx.AsyncClient(transport=transport(GuardedBackend(frozenset()), 2)) as client:
        with pytest.raises(httpx.ConnectError, match="no public address"):
            await client.get(f"http://127.0.0.1:{server.port}/")
        with pytest.raises(httpx.ConnectError, match="no public address"):
            await client.get(f"http://localhost:{server.port}/")
    exempt = frozenset({("127.0.0.1", server.port)})
    async with httpx.AsyncClient(transport=transport(GuardedBackend(exempt), 2)) as client:
        answers = await asyncio.gather(*(client.get(f"http://127.0.0.1:{server.port}/") for _ in range(40)))
    assert {answer.text for answer in answers} == {"here"}


def test_idle_connections_are_closed_well_before_common_servers_close_them() -> None:
    pool = GuardedTransport(GuardedBackend(frozenset()), 4)._pool
    assert isinstance(pool, httpcore.AsyncConnectionPool)
    assert pool._keepalive_expiry is not None
    assert pool._keepalive_expiry <= 2.5, "uvicorn and Node wait 5 s"
