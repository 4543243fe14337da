"""Loopback ports for the servers: free ones, the same as last time where they are still free."""

import socket
from collections.abc import Iterable, Mapping
from typing import Final

from services.local_stack.errors import PortTakenError

LOOPBACK: Final = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections still linger in TIME_WAIT is free to listen on.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(names: Iterable[str], remembered: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, int]:
    """A free port for each name: the fixed one, else the remembered one if free, else one of the system's choice.

    Raises:
        PortTakenError: a fixed port is in use.
    """
    wanted = list(names)
    ports: dict[str, int] = {}
    held: list[socket.socket] = []
    try:
        for name in wanted:
            asked = fixed.get(name, 0)
            if asked and not is_free(asked):
                raise PortTakenError(
                    f"port {asked} of {LOOPBACK}, asked for {name}, is in use by another process",
                    f"stop that process (`ss -ltnp 'sport = :{asked}'` names it), or leave the port open (0)",
                )
            port = asked or remembered.get(name, 0)
            if not port or port in ports.values() or not is_free(port):
                port = _hold_free_port(held, taken=(*ports.values(), *remembered.values(), *fixed.values()))
            ports[name] = port
    finally:
        for listener in held:
            listener.close()
    return ports


def _hold_free_port(held: list[socket.socket], taken: Iterable[int]) -> int:
    """Bind a port of the system's choice, and keep it bound until all are chosen, so that none is chosen twice."""
    avoid = set(taken)
    while True:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.append(listener)
        listener.bind((LOOPBACK, 0))
        port = int(listener.getsockname()[1])
        if port not in avoid:
            return port
