"""Settings of the command line: providers by the keys that are set, and the size of films that name none."""

import io
import sys
from pathlib import Path

import pytest

from schemas.film_plan import FilmPlan
from schemas.providers import SWITCHES
from schemas.run import runs_of
from services.cli.__main__ import main
from services.cli.exits import CliError, Exit
from services.cli.films import load_plan_file, read_plan_file
from services.cli.plan_reading import plan_events
from services.cli.settings import CliSettings, gateway_url, read_settings, stack_folder

PLAN = """\
film_plan: 1
project: {project_id: film, title: A film%s}
sequences:
  - sequence_id: q1
    scenes:
      - scene_id: s1
        shots:
          - {shot_id: a, description: Rain.}
          - {shot_id: b, description: Sun., width: 640, height: 640}
"""


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES.values(), "ICE_PROVIDERS", "IMAGE_DEFAULT_WIDTH", "IMAGE_DEFAULT_HEIGHT"):
        monkeypatch.delenv(name, raising=False)


def film(folder: Path, named: str = "") -> FilmPlan:
    path = folder / "film.yaml"
    path.write_text(PLAN % named)
    return load_plan_file(path)


def sizes(plan: FilmPlan) -> list[tuple[int, int]]:
    return [(run.width, run.height) for shot in plan_events(plan)[1] for run in runs_of(shot)]


def test_providers_follow_the_keys_unless_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliSettings().providers == ("previz",)
    monkeypatch.setenv("LEONARDO_API_KEY", "key")
    assert CliSettings().providers == ("previz", "leonardo")
    monkeypatch.setenv("ICE_PROVIDERS", '["openai"]')
    assert CliSettings().providers == ("openai",)


def test_a_film_without_a_size_has_the_contracts(tmp_path: Path) -> None:
    assert sizes(film(tmp_path)) == [(1024, 576), (640, 640)]


def test_a_film_without_a_size_has_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_DEFAULT_WIDTH", "1920")
    monkeypatch.setenv("IMAGE_DEFAULT_HEIGHT", "1080")
    plan = film(tmp_path)
    assert sizes(plan) == [(1920, 1080), (640, 640)]
    # The event says it itself: no stage asks the settings.
    body = plan_events(plan)[1][0].model_dump(mode="json")
    assert (body["project"]["width"], body["project"]["height"]) == (1920, 1080)


def test_a_size_in_the_plan_outranks_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_DEFAULT_WIDTH", "1920")
    monkeypatch.setenv("IMAGE_DEFAULT_HEIGHT", "1080")
    assert sizes(film(tmp_path, ", width: 512, height: 512"))[0] == (512, 512)
    assert sizes(film(tmp_path, ", width: 1280"))[0] == (1280, 1080)


def test_a_size_set_to_nothing_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_DEFAULT_WIDTH", "")
    assert sizes(film(tmp_path))[0] == (1024, 576)


@pytest.mark.parametrize("pixels", ["wide", "63", "8193", "0"])
def test_a_wrong_size_is_told_by_its_variable(pixels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_DEFAULT_HEIGHT", pixels)
    with pytest.raises(CliError, match=f"IMAGE_DEFAULT_HEIGHT: '{pixels}'") as raised:
        film(tmp_path)
    assert raised.value.code is Exit.INVALID


def test_what_is_no_plan_at_all_is_still_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_DEFAULT_WIDTH", "1920")
    path = tmp_path / "film.yaml"
    for text in ("[]", "project: 3", "film_plan: 1\nproject: [a]"):
        path.write_text(text)
        assert read_plan_file(path).mistakes


@pytest.mark.parametrize("address", ["http://[::1", "http://:8080", "http://host:99999", "http://host:x", "ftp://host"])
def test_an_address_that_is_none_is_told_by_its_variable(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_GATEWAY_URL", address)
    with pytest.raises(CliError, match="ICE_GATEWAY_URL") as told:
        gateway_url()
    assert told.value.code is Exit.INVALID


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "https://films.example/ice", "http://[::1]:8080"])
def test_an_address_is_taken_as_it_is(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_GATEWAY_URL", address)
    assert read_settings(CliSettings).gateway_url == address


def test_a_folder_that_can_not_be_looked_into_is_left_to_whoever_needs_it(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert stack_folder(loop / "x").is_absolute()


def test_a_terminal_that_lacks_a_character_gets_it_spelt_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.yaml").write_text(PLAN % "", encoding="utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["ice", "plan", "validate", str(tmp_path / "film.yaml")])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert written.getvalue().startswith(b"\\u2713")
