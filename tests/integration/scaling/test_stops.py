"""Every service as a process, told to stop in the middle of a film: all end in order, and nothing is lost."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from schemas import topics
from schemas.bible import CharacterDefined, LocationDefined
from schemas.keyframe import KeyframeReady
from schemas.shot import ShotPlanned
from services.local_stack.servers import ports
from tests import builders
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
SERVICES = (
    "character_conditioning",
    "location_conditioning",
    "prompt_builder",
    "orchestrator",
    "generation",
    "validation",
    "gateway",
)
SHOTS = 16
#: Work in hand gets 5 s here, a slow stage 10 s to drain and as long for its last commit; the rest is for the machine.
STOPS_WITHIN_S = 120.0


class Running:
    """The processes of the engine, and where each tells its health."""

    def __init__(self, children: dict[str, asyncio.subprocess.Process], doors: dict[str, int]) -> None:
        self.children = children
        self.doors = doors

    async def ready(self, within_s: float = 150.0) -> None:
        deadline = time.monotonic() + within_s
        async with httpx.AsyncClient(timeout=20) as client:
            for name, port in self.doors.items():
                while not await _says_ready(client, port):
                    assert self.children[name].returncode is None, f"{name} ended"
                    assert time.monotonic() < deadline, f"{name} is not ready"
                    await asyncio.sleep(0.1)

    async def stop(self) -> dict[str, int]:
        """SIGTERM for all at once; how each ended."""
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        ends = (asyncio.wait_for(child.wait(), STOPS_WITHIN_S) for child in self.children.values())
        return dict(zip(self.children, await asyncio.gather(*ends), strict=True))


async def _says_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success
    except httpx.TransportError:
        return False


@asynccontextmanager
async def processes(world: OneService, logs: Path) -> AsyncIterator[Running]:
    """Each service as `python -m services.<name>`; what still runs at the end is killed."""
    doors = ports.choose(SERVICES, {}, {})
    shared = {
        **world.environment(),
        "ICE_GENERATION_DRAIN_S": "10",
        "ICE_GENERATION_FREE_LEASE_S": "5",
        "ICE_VALIDATION_DRAIN_S": "10",
        "PATH": os.defpath,
    }
    children = {}
    for name, port in doors.items():
        with (logs / f"{name}.log").open("ab") as log:
            children[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"services.{name}", cwd=ROOT, env={**shared, "ICE_HTTP_PORT": str(port)},
                stderr=log, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
    try:
        yield Running(children, doors)
    finally:
        for child in children.values():
            if child.returncode is None:
                child.kill()
            await child.wait()


async def test_told_to_stop_in_the_middle_all_end_in_order_and_finish_the_film_later(
    surroundings: OneService, tmp_path: Path
) -> None:
    film = [
        ShotPlanned(
            project=builders.project(project_id="film", width=320, height=180),
            shot=builders.shot(shot_id=f"sh{number:03}"),
        )
        for number in range(SHOTS)
    ]
    async with processes(surroundings, tmp_path) as first:
        await first.ready()
        await surroundings.publisher.publish(
            [
                CharacterDefined(project_id="film", character=builders.RADHA),
                LocationDefined(project_id="film", location=builders.FOREST),
                *film[: SHOTS // 2],
            ]
        )
        await surroundings.read(topics.KEYFRAME_READY, 2)
        # So that there is something in the middle of its way, however quick the others were.
        await surroundings.publisher.publish(film[SHOTS // 2 :])
        assert await first.stop() == dict.fromkeys(SERVICES, 0)
    done = {event.event_id for event in await surroundings.read(topics.KEYFRAME_READY, 2)}
    assert len(done) < SHOTS, "all was made before it could be stopped"

    async with processes(surroundings, tmp_path) as again:
        keyframes = await surroundings.read(topics.KEYFRAME_READY, SHOTS, timeout_s=180)
        assert await again.stop() == dict.fromkeys(SERVICES, 0)

    ready = [event for event in keyframes if isinstance(event, KeyframeReady)]
    assert {event.shot.shot_id for event in ready} == {plan.shot.shot_id for plan in film}
    assert len({event.event_id for event in ready}) == SHOTS, "a shot has two keyframes"
    assert await surroundings.documents.collection("ledger").count({"state": "done"}) == SHOTS
    assert _alarms(tmp_path) == []


def _alarms(logs: Path) -> list[str]:
    lines = [line for log in sorted(logs.glob("*.log")) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if "dead-lettered" in line or "Traceback" in line]
