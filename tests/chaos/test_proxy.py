"""The proxy passes on what it gets, and does what it is told."""

import asyncio
import random
import time
from collections.abc import AsyncIterator

import pytest

from tests.chaos.proxy import Link


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes."""
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """Before a server that echoes."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    found = Link(0, int(server.sockets[0].getsockname()[1]), random.Random(1))
    await found.start()
    yield found
    await found.stop()
    server.close()


async def say(link: Link, text: bytes) -> bytes:
    """What comes back until the connection ends or as much as was sent has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        writer.write(text)
        return await asyncio.wait_for(reader.readexactly(len(text)), 60)
    finally:
        writer.close()


async def test_it_passes_everything_on(link: Link) -> None:
    text = bytes(range(256)) * 1000
    assert await say(link, text) == text


async def test_a_cut_ends_open_connections_and_no_later_one(link: Link) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    writer.write(b"x")
    assert await reader.readexactly(1) == b"x"
    link.apply({"do": "cut"})
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 60)
    writer.close()
    assert await say(link, b"again") == b"again"


async def test_refused_connections_end_at_once_until_the_time_is_over(link: Link) -> None:
    link.apply({"do": "refuse", "for_s": 600})
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await say(link, b"x")
    link.apply({"do": "refuse", "for_s": 0.3})
    await asyncio.sleep(0.35)
    assert await say(link, b"x") == b"x"


async def test_a_delay_holds_each_piece_back(link: Link) -> None:
    link.apply({"do": "delay", "s": 0.2, "for_s": 60})
    begun = time.monotonic()
    assert await say(link, b"x") == b"x"
    assert time.monotonic() - begun >= 0.4  # there and back


async def test_a_truncated_piece_comes_in_part_and_then_nothing(link: Link) -> None:
    link.apply({"do": "truncate", "times": 1})
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)) as error:
        await say(link, b"x" * 1000)
    partial = error.value.partial if isinstance(error.value, asyncio.IncompleteReadError) else b""
    assert len(partial) < 1000
    assert await say(link, b"x" * 1000) == b"x" * 1000


async def test_a_server_that_is_away_looks_like_one() -> None:
    away = Link(0, 1, random.Random(1))
    await away.start()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await say(away, b"x")
    await away.stop()


def test_an_unknown_order_is_named() -> None:
    with pytest.raises(ValueError, match="explode"):
        Link(0, 1, random.Random(1)).apply({"do": "explode"})
