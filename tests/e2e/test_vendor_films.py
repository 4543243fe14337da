"""The noir film made by each vendor's fake with nothing set but its key and its address."""

import json
from pathlib import Path

import pytest

from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.validation import FrameValidated, Verdict
from services.orchestrator.adapters.catalogue_file import BUILTIN
from tests.fakes.vendors.cases import CASES
from tests.fakes.vendors.custom import API, MODELS
from tests.fakes.vendors.fake import FakeVendor
from tests.fixtures.broker import Broker
from tests.fixtures.engine import Engine, running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint
from tests.fixtures.settings import FixtureSettings
from tests.fixtures.vendor_films import REAL, SOME_SCENES, events, made, misread, noir, paid_twice, requests, served

WHOLE = FixtureSettings().test_whole_films
#: Seconds that a film may take; a whole one has three times the frames, and is made by hand on machines of any speed.
PATIENCE_S = 2400 if WHOLE else 300
pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(PATIENCE_S + 100)]


CARD = """
  - model: studio-sdxl
    provider: custom
    title: SDXL in the studio
    dialects: [natural]
    prompt_max_chars: 4000
    sizes: {kind: range, min_side: 256, max_side: 2048, step: 8, max_pixels: 4194304}
    seed: {max: 2147483647}
    crops: 0.3
    enlarges: 2
    styles: {"*": 0.8}
    cost_usd_micros: 2000
    latency_s: 10
"""


@pytest.mark.parametrize("name", REAL)
async def test_a_film_is_made_by_a_vendor_when_its_key_is_set(
    name: str, broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(name) as (fakes, variables):
        for variable, value in {**variables, "ICE_VENDOR_PACE": "0.05"}.items():
            monkeypatch.setenv(variable, value)
        async with running_engine(surroundings(broker, mongo_url, s3_endpoint)) as engine:
            await filmed(engine, name, fakes[name], tells_cost=CASES[name].tells_cost)


async def test_a_film_is_made_by_an_endpoint_of_ones_own_that_only_settings_describe(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cards = tmp_path / "catalog.yaml"
    cards.write_text(BUILTIN.read_text(encoding="utf-8") + CARD, encoding="utf-8")
    async with served("custom") as (fakes, variables):
        for variable, value in {
            **variables,
            "ICE_PROVIDERS": '["previz", "custom"]',
            "ICE_CUSTOM_API": API.model_dump_json(),
            "ICE_CUSTOM_MODELS": json.dumps({name: model.model_dump(mode="json") for name, model in MODELS.items()}),
            "ICE_ORCHESTRATOR_CATALOGUE": str(cards),
        }.items():
            monkeypatch.setenv(variable, value)
        async with running_engine(surroundings(broker, mongo_url, s3_endpoint)) as engine:
            await filmed(engine, "custom", fakes["custom"], tells_cost=False, cards=cards)


async def filmed(engine: Engine, name: str, fake: FakeVendor, *, tells_cost: bool, cards: Path | None = None) -> None:
    """Make the film; the vendor made and billed every frame once, and was shown what it should be."""
    film = noir(engine.s3, f"noir-{name}", None if WHOLE else SOME_SCENES)
    runs = await made(engine, film, timeout_s=PATIENCE_S)
    keyframes = (await engine.get(f"/projects/{film.project_id}/keyframes?limit=500"))["keyframes"]
    sizes = {
        (item["shot"]["shot_id"], item["frame_role"]): (item["asset"]["width"], item["asset"]["height"])
        for item in keyframes
    }
    assert {run["run_id"]: run["reason"] for run in runs if run["status"] != "ready"} == {}
    assert sizes == film.frames
    # The fakes' pictures are flat: where the checks have failed them, the router goes on to the next model.
    judged = {event.run.run_id for event in events(runs, FrameValidated) if event.verdict is Verdict.FAILED}
    assert {item["run_id"] for item in keyframes if item["provider"] != name} <= judged
    assert paid_twice(runs, name, fake) == []
    assert misread(film, runs, name, fake, cards) == []
    assert [f"{failed.kind}: {failed.reason}" for failed in events(runs, GenerationFailed)] == []
    completed = [event for event in events(runs, GenerationCompleted) if event.provider == name]
    # More than the frames where a check has asked for a retake: the fakes' pictures are flat.
    assert len(fake.bill) == len(completed) == len(requests(runs, name)) >= len(film.frames)
    if tells_cost:
        assert sum(event.cost_usd_micros for event in completed) == fake.charged_usd_micros
