"""TCP links between services and servers that can be delayed, cut, truncated and refused.

    python -m tests.chaos.proxy NAME=LISTEN_PORT:TARGET_PORT …

A process of its own, told what to do by lines of JSON on standard input, e.g. `{"link": "database", "do": "cut"}`:

| do | what |
|---|---|
| `cut` | resets every open connection |
| `refuse`, `for_s` | resets what is open and every new connection, for so long |
| `delay`, `s`, `for_s` | each piece is passed on `s` seconds later, for so long |
| `truncate`, `times` | of the next so many pieces a part is passed on, then the connection is reset |
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import uvloop

_PIECE: Final = 64 * 1024
_HOST: Final = "127.0.0.1"


class Link:
    """One listening port before one server.

    Args:
        listen: port that clients use; 0 = any free one.
        target: port of the server.
        rng: where pieces are cut.
    """

    def __init__(self, listen: int, target: int, rng: random.Random) -> None:
        self.port = listen
        self._target = target
        self._rng = rng
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._refused_until = 0.0
        self._delayed_until = 0.0
        self._delay_s = 0.0
        self._truncate = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, _HOST, self.port, limit=_PIECE)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut what is open and listen no more."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def apply(self, order: Mapping[str, Any]) -> None:
        """Do what one order says; see the module's table.

        Raises:
            ValueError: `do` is unknown.
        """
        match order["do"]:
            case "cut":
                self.cut()
            case "refuse":
                self._refused_until = time.monotonic() + float(order["for_s"])
                self.cut()
            case "delay":
                self._delayed_until = time.monotonic() + float(order["for_s"])
                self._delay_s = float(order["s"])
            case "truncate":
                self._truncate = int(order["times"])
            case unknown:
                raise ValueError(f"do: {unknown!r}, allowed is cut, refuse, delay or truncate")

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._refused_until:
            writer.transport.abort()
            return
        try:
            back_reader, back_writer = await asyncio.open_connection(_HOST, self._target, limit=_PIECE)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, back_writer}
        self._open |= both
        pumps = [
            asyncio.create_task(self._pump(reader, back_writer)),
            asyncio.create_task(self._pump(back_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._open -= both
            for end in both:
                end.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(_PIECE):
            if time.monotonic() < self._delayed_until:
                await asyncio.sleep(self._delay_s)
            if self._truncate > 0 and len(piece) > 1:
                self._truncate -= 1
                sink.write(piece[: self._rng.randrange(1, len(piece))])
                await sink.drain()
                return
            sink.write(piece)
            await sink.drain()


async def serve(links: Mapping[str, Link]) -> None:
    """Obey standard input until it ends."""
    for link in links.values():
        await link.start()
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        links[order["link"]].apply(order)


def main(arguments: list[str]) -> int:
    """Run the links that the arguments name."""
    links = {}
    for argument in arguments:
        name, _, ports = argument.partition("=")
        listen, _, target = ports.partition(":")
        links[name] = Link(int(listen), int(target), random.Random(name))
    uvloop.run(serve(links))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
