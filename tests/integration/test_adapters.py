"""A LoRA's whole way: added and assigned over HTTP, conditioned, asked for with its hash, in the worker's cache."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas import topics
from schemas.base import Event
from schemas.bible import Character, CharacterDefined
from schemas.generation import GenerationRequested
from schemas.shot import ShotPlanned, ShotRejected
from schemas.topics import Lane
from services.character_conditioning.app import build as build_characters
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.app import ServiceApp
from services.chassis.provision import provision
from services.gateway.app import build as build_gateway
from services.gateway.settings import GatewaySettings
from services.generation.adapters.adapter_files import AdapterCache
from services.location_conditioning.app import build as build_locations
from services.location_conditioning.settings import LocationConditioningSettings
from services.orchestrator.app import build as build_orchestrator
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder.app import build as build_prompts
from services.prompt_builder.settings import PromptBuilderSettings
from tests import builders
from tests.fakes.safetensors_files import lora
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PAINTER = "painter"
CATALOGUE = """
version: test-1
models:
  - model: painter-xl
    provider: painter
    dialects: [tags, natural]
    prompt_max_chars: 4000
    sizes: {kind: range, min_side: 64, max_side: 2048, step: 8, max_pixels: 4194304}
    seed: {}
    negative_prompt: true
    loras: {max: 2, base: sdxl, by: file}
    styles: {"*": 0.8}
    cost_usd_micros: 0
    latency_s: 1
    free: true
"""
REQUESTED = topics.generation_requested(PAINTER, Lane.STANDARD)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def chain(shared: dict[str, Any], catalogue: Path) -> list[ServiceApp]:
    """Every stage up to the request."""
    catalogue.write_text(CATALOGUE)
    asked: dict[str, Any] = {"providers": (PAINTER,), "orchestrator_catalogue": catalogue}
    return [
        build_characters(CharacterConditioningSettings(**shared)),
        build_locations(LocationConditioningSettings(**shared)),
        build_prompts(PromptBuilderSettings(**shared)),
        build_orchestrator(OrchestratorSettings(**shared, **asked)),
    ]


@pytest.fixture
async def http(surroundings: OneService, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    await provision(surroundings.settings, topics.generation_specs(PAINTER))
    port = free_port()
    gateway = GatewaySettings(**surroundings.shared, providers=(PAINTER,), http_port=port)
    await surroundings.start(build_gateway(gateway))
    for app in chain(surroundings.shared, tmp_path / "catalogue.yaml"):
        await surroundings.start(app)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1/projects/vrindavan", timeout=60) as client:
        yield client


async def added(http: httpx.AsyncClient, name: str, family: str) -> dict[str, Any]:
    answer = await http.put(
        f"/adapters/{name}", params={"base": family, "trigger": f"{name} word"}, content=lora(family)
    )
    assert answer.status_code == 201, answer.text
    adapter: dict[str, Any] = answer.json()["adapter"]
    return adapter


async def assigned(http: httpx.AsyncClient, name: str, who: str) -> Character:
    """As soon as the gateway has heard of the character."""
    deadline = time.monotonic() + 120
    while True:
        answer = await http.post(f"/adapters/{name}/assignments", json={"character_id": who, "scale": 0.6})
        if answer.status_code != 404 or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    assert answer.status_code == 201, answer.text
    return Character.model_validate(answer.json()["character"])


def one(events: list[Event], kind: type[Event]) -> Event:
    found = {event.event_id: event for event in events if isinstance(event, kind)}
    assert len(found) == 1
    return next(iter(found.values()))


async def test_an_assigned_file_reaches_the_worker_and_a_wrong_one_no_model(
    surroundings: OneService, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    krishna = builders.RADHA.model_copy(update={"id": "krishna", "name": "Krishna"})
    bible = [CharacterDefined(project_id="vrindavan", character=entry) for entry in (builders.RADHA, krishna)]
    await surroundings.publisher.publish(bible)
    adapter = await added(http, "radha-v1", "sdxl")
    await added(http, "krishna-v1", "sd15")
    radha = await assigned(http, "radha-v1", "radha")
    other = await assigned(http, "krishna-v1", "krishna")

    shots = [
        builders.shot(
            shot_id="sh1", location_id=None, cast=[{"character_id": "radha", "bible_version": radha.version}]
        ),
        builders.shot(
            shot_id="sh2", location_id=None, cast=[{"character_id": "krishna", "bible_version": other.version}]
        ),
    ]
    await surroundings.publisher.publish(
        [ShotPlanned(project=builders.project(), shot=shot, revision=1) for shot in shots]
    )

    request = one(await surroundings.read(REQUESTED, ids=1), GenerationRequested)
    assert isinstance(request, GenerationRequested)
    (entry,) = request.loras
    assert (entry.uri, entry.sha256, entry.scale) == (adapter["uri"], adapter["sha256"], 0.6)
    assert "radha-v1 word" in request.prompt
    cache = AdapterCache(surroundings.objects, tmp_path / "adapters", max_bytes=1_000_000)
    assert entry.uri is not None
    assert entry.sha256 is not None
    path = await cache.fetch(entry.uri, entry.sha256)
    assert path.read_bytes() == lora("sdxl")

    refused = one(await surroundings.read(topics.SHOT_REJECTED, ids=1), ShotRejected)
    assert isinstance(refused, ShotRejected)
    (problem,) = refused.problems
    assert (refused.shot_id, problem.field) == ("sh2", "bible.loras")
    told = f"{problem.value} {problem.allowed}"
    assert "adapter krishna-v1 of krishna: trained for sd15, painter-xl takes adapters for sdxl" in told
