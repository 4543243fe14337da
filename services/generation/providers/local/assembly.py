"""Puts the drivers of servers of one's own together: one per address, pooled."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr

from services.chassis.clock import Clock
from services.generation.providers.local.a1111 import A1111
from services.generation.providers.local.a1111_server import WebuiServer
from services.generation.providers.local.comfyui import ComfyUI
from services.generation.providers.local.comfyui_server import ComfyServer
from services.generation.providers.local.comfyui_socket import ComfySocket
from services.generation.providers.local.models import LocalModel
from services.generation.providers.local.pool import ServerPool
from services.generation.providers.local.server import LocalServer
from services.generation.providers.local.vendor import LocalVendor
from services.generation.providers.references import Offload, ReferenceReader
from services.generation.providers.vendor_provider import Timing

Models = Mapping[str, LocalModel]


def make_pool(  # noqa: PLR0913 - its parts
    vendor: LocalVendor,
    key: SecretStr,
    references: ReferenceReader,
    offload: Offload,
    addresses: Sequence[str],
    *,
    timing: Timing | None = None,
    clock: Clock | None = None,
) -> ServerPool:
    """The servers at these addresses as one provider; nothing is opened.

    Args:
        vendor: their kind.
        key: for all of them; empty = they want none.
        references: reads reference images.
        offload: draws masks and guides.
        addresses: `http(s)://host:port`, at least one.
        timing: of waits.
        clock: for waits.
    """
    servers = []
    for address in addresses:
        made = _driver(vendor)(vendor, key, references, offload, address.rstrip("/"), timing=timing, clock=clock)
        if isinstance(vendor, ComfyUI) and isinstance(made, ComfyServer):
            headers = vendor.authorization(key.get_secret_value())
            made.listen(ComfySocket(made.address, vendor.client_id, headers))
        servers.append(made)
    return ServerPool(servers)


def make_comfyui(models: Models | None = None) -> ComfyUI:
    """ComfyUI for this process: servers tell each process of its own jobs."""
    return ComfyUI(models, client_id=f"ice-{secrets.token_hex(8)}")


def _driver(vendor: LocalVendor) -> type[LocalServer]:
    return ComfyServer if isinstance(vendor, ComfyUI) else WebuiServer


#: Every kind of server, by the provider's name.
LOCAL: Final[Mapping[str, Callable[..., LocalVendor]]] = MappingProxyType(
    {ComfyUI.name: make_comfyui, A1111.name: A1111}
)
