"""Serve every fake vendor: `python -m tests.fakes [--port 9400] [--latency 2 8]`. Prints the settings for them."""

import argparse
import asyncio
import random
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount

from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.fake import FakeVendor
from tests.fakes.vendors.server import FakeServer


def together(fakes: Mapping[str, FakeVendor]) -> Starlette:
    """Every fake below its own name."""
    return Starlette(routes=[Mount(f"/{name}", fake) for name, fake in fakes.items()])


def settings_for(fakes: Mapping[str, FakeVendor], url: str) -> dict[str, str]:
    """Environment variables with which the engine finds the fakes."""
    found: dict[str, str] = {}
    for name, fake in fakes.items():
        found |= CASES[name].settings(fake.key, f"{url}/{name}{CASES[name].base_path}")
    return found


async def serve(port: int, latency: tuple[float, float]) -> None:
    chance = random.Random(7)
    fakes = {name: case.fake() for name, case in CASES.items() if case.shown}
    for fake in fakes.values():
        fake.latency = lambda: chance.uniform(*latency)
    async with FakeServer(together(fakes), port) as server:
        for name, value in settings_for(fakes, server.url).items():
            print(f"export {name}={value}", flush=True)  # noqa: T201
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fakes", description="Fakes of every vendor, on one port.")
    parser.add_argument("--port", type=int, default=9400)
    parser.add_argument("--latency", type=float, nargs=2, default=(0.5, 2.0), metavar=("LEAST", "MOST"), help="seconds")
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.port, (given.latency[0], given.latency[1])))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
