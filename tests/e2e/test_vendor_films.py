"""The noir film made by each vendor's fake with nothing set but its key and its address."""

import pytest

from schemas.generation import GenerationCompleted
from tests.fakes.vendors.cases import CASES
from tests.fixtures.broker import Broker
from tests.fixtures.engine import running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint
from tests.fixtures.settings import FixtureSettings
from tests.fixtures.vendor_films import REAL, SOME_SCENES, events, made, misread, noir, paid_twice, served

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.mark.parametrize("name", REAL)
async def test_a_film_is_made_by_a_vendor_when_its_key_is_set(
    name: str, broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FixtureSettings().test_whole_films
    film = noir(s3_endpoint, f"noir-{name}", None if whole else SOME_SCENES)
    async with served(name) as (fakes, variables):
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("ICE_VENDOR_PACE", "0.05")
        async with running_engine(surroundings(broker, mongo_url, s3_endpoint)) as engine:
            runs = await made(engine, film, timeout_s=300)
            keyframes = (await engine.get(f"/projects/{film.project_id}/keyframes?limit=500"))["keyframes"]
    fake = fakes[name]
    sizes = {
        (item["shot"]["shot_id"], item["frame_role"]): (item["asset"]["width"], item["asset"]["height"])
        for item in keyframes
    }
    assert {run["run_id"]: run["reason"] for run in runs if run["status"] != "ready"} == {}
    assert sizes == film.frames
    assert {item["provider"] for item in keyframes} == {name}
    assert paid_twice(runs, name, fake) == []
    assert misread(film, runs, name, fake) == []
    assert len(fake.bill) == len(film.frames)
    completed = events(runs, GenerationCompleted)
    assert len(completed) == len(film.frames)
    if CASES[name].tells_cost:
        assert sum(event.cost_usd_micros for event in completed) == fake.charged_usd_micros
