"""`ice estimate`: what a film costs, per model and as the router chooses."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemas.providers import SWITCHES
from services.cli import money_app
from services.cli.app import app
from services.cli.exits import Exit
from services.cli.films import load_plan_file
from services.cli.publishing import frame_count
from services.orchestrator.domain.estimate import RETAKES

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1"
SMALL = """\
film_plan: 1
project: {project_id: film, title: A film%s}
sequences:
  - sequence_id: q1
    scenes:
      - scene_id: s1
        shots:
          - {shot_id: a, description: Rain., model: previz}
          - {shot_id: b, description: Sun., frames: start-end}
"""


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES.values(), "ICE_PROVIDERS", "DEFAULT_MODEL_PROVIDER", "ICE_ORCHESTRATOR_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "film.yaml"
    path.write_text(SMALL % "")
    return path


def ice(film: object, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ("estimate", str(film), *options))
    return result.exit_code, result.stdout, result.stderr


def answer(film: object, *options: str) -> dict[str, Any]:
    code, out, told = ice(film, *options, "--json")
    assert code == Exit.OK, told
    found: dict[str, Any] = json.loads(out)
    return found


def models(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in value["models"]}


def test_without_a_key_every_vendors_model_is_estimated_and_says_which_key_is_missing(small: Path) -> None:
    value = answer(small)
    rows = models(value)
    assert value["frames"] == 3
    assert rows["previz"]["usable"]
    for provider, variable in SWITCHES.items():
        (*_, row) = (row for row in value["models"] if row["provider"] == provider)
        assert not row["usable"]
        assert row["reasons"][0].removeprefix("no key: ").removeprefix("no address: ") == f"{variable} is not set"
    assert rows["flux-2-pro"]["expected_usd_micros"] > rows["flux-2-pro"]["low_usd_micros"] > 0
    assert value["router"]["models"] == {"previz": 3}
    assert value["router"]["expected_usd_micros"] == 0


def test_models_that_make_the_whole_film_come_by_their_price(small: Path) -> None:
    value = answer(small)
    order = [(-row["makes"], row["expected_usd_micros"]) for row in value["models"]]
    assert order == sorted(order)


def test_the_last_line_is_what_the_router_would_choose_frame_by_frame(small: Path) -> None:
    value = answer(small, "--provider", "previz", "--provider", "google")
    router, rows = value["router"], models(value)
    # The first shot asks for previz by name; the others go to the only vendor.
    (vendors,) = (model for model in router["models"] if model != "previz")
    assert router["models"] == {"previz": 1, vendors: 2}
    assert router["makes"] == 3
    assert router["expected_usd_micros"] == pytest.approx(rows[vendors]["expected_usd_micros"] * 2 / 3, abs=1)
    lines = ice(small, "--provider", "previz", "--provider", "google")[1].strip().splitlines()
    assert lines[-1].startswith("as the router chooses")
    assert f"{vendors} 2" in lines[-1]


def test_a_key_makes_its_models_usable(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "a-key")
    rows = models(answer(small))
    assert rows["fal-ai/flux-2-pro"]["usable"]
    assert not rows["flux-2-pro"]["usable"]


def test_providers_that_are_named_outrank_the_keys(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "a-key")
    monkeypatch.setenv("ICE_PROVIDERS", '["stability"]')
    value = answer(small)
    assert {row["provider"] for row in value["models"] if row["usable"]} == {"stability"}
    assert models(value)["fal-ai/flux-2-pro"]["reasons"][0] == "not named in ICE_PROVIDERS"


def test_more_retakes_cost_more_and_none_cost_the_plain_price(small: Path) -> None:
    plain, usual = (models(answer(small, *more))["flux-2-pro"] for more in (("--retakes", "0"), ()))
    assert usual["expected_usd_micros"] == pytest.approx(plain["expected_usd_micros"] * 1.2, rel=0.01)
    assert inspect.signature(money_app.estimate).parameters["retakes"].default == RETAKES


def test_a_film_beyond_its_budget_is_told(tmp_path: Path) -> None:
    path = tmp_path / "film.yaml"
    path.write_text(SMALL % ", budget: {project: {max_cost_usd_micros: 1000}}")
    value = answer(path, "--provider", "bfl", "--provider", "previz")
    assert value["budget_usd_micros"] == 1000
    assert "is more than the project's budget of $0.0010" in ice(path, "--provider", "bfl")[1]


def test_frames_that_no_provider_here_can_make_are_counted_with_the_reason(small: Path) -> None:
    value = answer(small, "--provider", "diffusers")
    assert value["router"]["makes"] + sum(value["router"]["not_made"].values()) == 3


@pytest.mark.parametrize("film", ["vrindavan", "noir-city"])
def test_the_films_that_come_with_the_engine_are_known_by_name(film: str) -> None:
    value = answer(film)
    assert value["frames"] == frame_count(load_plan_file(EXAMPLES / f"{film}.yaml"))
    assert value["router"]["makes"] == value["frames"]


def test_a_provider_that_the_catalogue_does_not_know_is_refused(small: Path) -> None:
    code, _, told = ice(small, "--provider", "midjourney")
    assert code == Exit.INVALID
    assert "midjourney: not in the catalogue; allowed is one of" in told


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ICE_PROVIDERS", '["previz", "stabilty"]', "ICE_PROVIDERS: stabilty: not in the catalogue; allowed is one of"),
        ("DEFAULT_MODEL_PROVIDER", "dall-f", "DEFAULT_MODEL_PROVIDER: 'dall-f': the catalogue has no model"),
    ],
)
def test_a_name_in_the_settings_that_the_catalogue_does_not_know_is_refused(
    small: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    code, _, words = ice(small)
    assert (code, told in " ".join(words.split())) == (Exit.INVALID, True)


def test_a_catalogue_that_cannot_be_read_is_told_by_its_variable(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICE_ORCHESTRATOR_CATALOGUE", str(tmp_path / "none.yaml"))
    code, _, told = ice(small)
    assert code == Exit.INVALID
    assert "ICE_ORCHESTRATOR_CATALOGUE" in told
