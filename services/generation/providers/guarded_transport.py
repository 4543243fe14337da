"""An httpx transport that connects to public addresses only.

A name is resolved here, every address is checked, and the connection goes to a checked address: a name that answers
with another address a moment later (DNS rebinding) gains nothing. Certificates are checked against the name as usual.
"""

import asyncio
import functools
import itertools
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpcore
import httpx

SocketOptions = Iterable[httpcore.SOCKET_OPTION]
Resolve = Callable[[str, int], Awaitable[list[str]]]
_MOST_ADDRESSES: Final = 4
_POOLS: Final = 16
#: Idle connections per pool.
_KEPT: Final = 16
#: Until an idle one is closed. Common servers (uvicorn, and so AUTOMATIC1111; Node) close theirs after 5 s: a call that
#: is just being sent on such a connection gets no answer, and a paid one would be in doubt.
_IDLE_S: Final = 2.0
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32_BITS: Final = 0xFFFFFFFF


class RefusedAddressError(httpcore.ConnectError):
    """A name led to an address that is not public."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name by the system's resolver.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet; addresses that wrap another are judged by that one, too."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = _wrapped(ip)
        if inner is not None:
            return is_public(str(inner))
        # Python calls fec0::/10 global. It is deprecated, but networks that use it are private ones (RFC 3879).
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _wrapped(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & _LOW_32_BITS)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, connects.

    Args:
        exempt: host and port that may be anywhere: what the operator has set himself.
        resolver: name and port to addresses.
        network: connects; None = for real.
    """

    def __init__(
        self,
        exempt: frozenset[tuple[str, int]],
        resolver: Resolve = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._exempt = exempt
        self._resolve = resolver
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a checked address of the host.

        Raises:
            RefusedAddressError: one of its addresses isn't public.
            httpcore.ConnectError: it can't be reached or has no address.
        """
        if (host.rstrip(".").lower(), port) in self._exempt:
            return await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        addresses = await self._checked(host, port, timeout)
        for last, address in ((address == addresses[-1], address) for address in addresses):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")

    async def _checked(self, host: str, port: int, limit_s: float | None) -> list[str]:
        try:
            async with asyncio.timeout(limit_s):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} was not resolved within {limit_s} s") from None
        except OSError as error:
            raise httpcore.ConnectError(f"{host} can't be resolved: {error.strerror}") from None
        refused = [address for address in addresses if not is_public(address)]
        if refused:
            raise RefusedAddressError(f"{host} leads to {refused[0]}, which is no public address")
        return addresses[:_MOST_ADDRESSES]

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refuse.

        Raises:
            RefusedAddressError: always.
        """
        del timeout, socket_options
        raise RefusedAddressError(f"{path} is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The usual authorities; reading them takes a while, and nothing in the context changes."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """Httpx's own transport over a pool that uses `GuardedBackend`. It knows no proxy of the environment."""

    def __init__(self, backend: GuardedBackend, connections: int) -> None:
        context = _certificates()
        super().__init__(verify=context, trust_env=False)
        # Httpx has no argument for the network; tests/unit/generation/test_guarded_transport.py holds that this works.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_IDLE_S,
            network_backend=backend,
        )


class SpreadTransport(httpx.AsyncBaseTransport):
    """Several pools in turn: httpcore looks at every connection of a pool for every idle one, at every request.

    With hundreds of calls in flight that square takes longer than the calls.
    """

    def __init__(self, backend: GuardedBackend, connections: int) -> None:
        self._pools = [GuardedTransport(backend, connections) for _ in range(_POOLS)]
        self._turn = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request through the next pool."""
        return await next(self._turn).handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()
