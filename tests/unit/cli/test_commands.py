"""The command line: exit codes, JSON, colours, and what help costs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.exits import Exit

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1"
NOIR = EXAMPLES / "noir-city.yaml"


@pytest.fixture(autouse=True)
def _no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from whatever runs on this machine."""
    monkeypatch.setenv("ICE_LOCAL_FOLDER", str(tmp_path / "stack"))
    monkeypatch.setenv("ICE_GATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ICE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


def ice(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def commands(group: typer.Typer = app, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*above, command.name or command.callback.__name__)
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, (*above, str(inner.name)))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_takes_json_and_quiet_and_has_help(command: tuple[str, ...]) -> None:
    code, out, _ = ice(*command, "--help")
    assert code == Exit.OK
    assert "--json" in out
    assert "--quiet" in out


def test_a_valid_plan_is_0_and_says_what_it_holds() -> None:
    code, out, _ = ice("plan", "validate", str(NOIR), "--json")
    film = json.loads(out)["film"]
    assert code == Exit.OK
    assert (film["shots"], film["keyframes"], film["characters"]) == (32, 36, 6)


def test_a_wrong_plan_is_2_and_every_line_links_to_its_mistake(tmp_path: Path) -> None:
    plan = tmp_path / "film.yaml"
    plan.write_text(NOIR.read_text().replace("camera_movement: whip-pan", "camera_movement: whippan"))
    code, out, _ = ice("plan", "validate", str(plan))
    lines = out.splitlines()
    assert code == Exit.INVALID
    assert all(line.startswith(f"{plan}:") for line in lines[:-1])
    assert "did you mean 'whip-pan'?" in lines[0]
    assert lines[-1] == "2 mistakes"


def test_a_word_that_no_template_knows_is_a_mistake_unless_the_project_adds_it(tmp_path: Path) -> None:
    plan = tmp_path / "film.yaml"
    plan.write_text(NOIR.read_text().replace("mood: lonely", "mood: hard-boiled"))
    assert ice("plan", "validate", str(plan))[0] == Exit.INVALID
    added = "  templates:\n    - {table: mood, key: hard-boiled, text: terse and bruised}"
    plan.write_text(plan.read_text().replace("  templates:", added))
    assert ice("plan", "validate", str(plan))[0] == Exit.OK


def test_a_size_that_no_model_makes_is_told_before_anything_is_published(tmp_path: Path) -> None:
    plan = tmp_path / "film.yaml"
    plan.write_text(NOIR.read_text().replace("1024\n            height: 428", "8192\n            height: 8192"))
    code, out, _ = ice("plan", "validate", str(plan))
    assert code == Exit.INVALID
    assert "SC420_SH0010 and 2 more shots" in out
    assert "sides of 64 to 4096" in out


@pytest.mark.parametrize("arguments", [("plan", "validate", "/nowhere.yaml"), ("demo", "--film", "casablanca")])
def test_a_name_that_is_wrong_is_2_and_nothing_is_started(arguments: tuple[str, ...]) -> None:
    code, _, err = ice(*arguments)
    assert code == Exit.INVALID
    assert err.startswith("ice: ")


@pytest.mark.parametrize("arguments", [("status",), ("watch",), ("keyframes", "list"), ("plan", "publish", str(NOIR))])
def test_without_an_engine_it_is_3_with_the_mend(arguments: tuple[str, ...]) -> None:
    code, out, err = ice(*arguments, "--json")
    assert code == Exit.UNREACHABLE
    assert out == ""
    assert "127.0.0.1:9" in err
    assert "ice up" in err


def test_a_wrong_setting_is_2_and_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_GATEWAY_URL", "gateway")
    code, _, err = ice("status")
    assert code == Exit.INVALID
    assert "ICE_GATEWAY_URL: 'gateway'" in err


def test_topics_are_told_without_a_broker_too() -> None:
    code, out, _ = ice("topics", "--json")
    told = json.loads(out)
    assert code == Exit.OK
    assert told["reachable"] is False
    assert {"shot.planned.v1", "keyframe.ready.v1"} <= {topic["topic"] for topic in told["topics"]}


def test_explain_tells_facts_prompts_model_and_seeds_of_every_frame() -> None:
    code, out, _ = ice("explain", "noir-city", "SC310_SH0030", "--json")
    frames = json.loads(out)
    assert code == Exit.OK
    assert [frame["frame_role"] for frame in frames] == ["start", "end"]
    for frame in frames:
        assert frame["facts"]
        assert set(frame["prompts"]) == {"natural", "tags"}
        assert frame["model"] == "previz"
        assert all(item["reasons"] for item in frame["considered"])
        assert frame["seeds"]["characters"].keys() == {"nora"}


def test_explain_draws_a_page_for_people() -> None:
    code, out, _ = ice("explain", "vrindavan", "SC040_SH0040")
    assert code == Exit.OK
    for part in ("facts", "prompt, natural", "prompt, tags", "model", "references", "seeds", "once it is made"):
        assert part in out


def test_explain_lists_capable_models_best_first_and_folds_what_no_worker_serves() -> None:
    code, out, _ = ice("explain", "noir-city", "SC120_SH0030", "--provider", "openai", "--provider", "stability")
    assert code == Exit.OK
    lines = out.splitlines()
    scores = [float(found[0]) for line in lines if (found := re.findall(r"^[✓–]  [a-z0-9./-]+ +(-?[0-9.]+)", line))]
    assert len(scores) > 5
    assert scores == sorted(scores, reverse=True)
    assert len([line for line in lines if line.startswith("✗  provider leonardo runs no worker here: phoenix")]) == 1


def test_explain_asks_the_providers_whose_keys_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-0123456789")
    code, out, _ = ice("explain", "noir-city", "SC120_SH0030", "--json")
    assert code == Exit.OK
    assert json.loads(out)["model"].startswith("gpt-image")


def test_explain_honours_the_provider_preferred_by_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("explain", "noir-city", "SC120_SH0030", "--json", "--provider", "openai", "--provider", "stability")
    for preferred, provider in (("openai", "openai"), ("stability", "stability")):
        monkeypatch.setenv("DEFAULT_MODEL_PROVIDER", preferred)
        code, out, _ = ice(*asked)
        assert code == Exit.OK
        assert json.loads(out)["provider"] == provider
    monkeypatch.setenv("DEFAULT_MODEL_PROVIDER", "midjourney")
    code, _, err = ice(*asked)
    assert code == Exit.INVALID
    assert "DEFAULT_MODEL_PROVIDER: 'midjourney', allowed is" in err


def test_explain_tells_which_wording_says_a_fact_and_every_shorter_wording() -> None:
    code, out, _ = ice("explain", "vrindavan", "SC040_SH0040")
    assert code == Exit.OK
    for part in ("prompt, natural #2", "prompt, tags #2", "of 75 CLIP tokens per chunk", "dropped (75-token budget)"):
        assert part in out
    assert {"✓", "~", "–"} <= set(out)


def test_explain_of_an_unknown_shot_suggests_the_right_one() -> None:
    code, _, err = ice("explain", "vrindavan", "sc040_sh004")
    assert code == Exit.INVALID
    assert "did you mean SC040_SH0040?" in err


def test_doctor_names_every_check_and_fails_only_for_what_is_missing() -> None:
    code, out, _ = ice("doctor", "--json")
    told = json.loads(out)
    verdicts = {check["name"]: check["verdict"] for check in told["checks"]}
    assert {"Python", "broker", "object store", "database", "drawing", "disk", "java", "docker", "engine"} <= set(
        verdicts
    )
    assert verdicts["engine"] == "note"
    assert told["healthy"] is ("missing" not in verdicts.values())
    assert code == (Exit.OK if told["healthy"] else Exit.FAILED)
    assert all(check["mend"] for check in told["checks"] if check["verdict"] == "missing")


def test_a_port_that_is_taken_is_found_before_the_stack_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket  # noqa: PLC0415 - only this test opens a port

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("ICE_LOCAL_GATEWAY_PORT", str(port))
        code, out, _ = ice("doctor", "--json")
    (check,) = [item for item in json.loads(out)["checks"] if item["name"] == f"port {port}"]
    assert code == Exit.FAILED
    assert "ICE_LOCAL_GATEWAY_PORT" in check["mend"]


def doctor_in_a_pipe() -> str:
    ran = subprocess.run([sys.executable, "-m", "services.cli", "doctor"], capture_output=True, text=True, check=False)
    return ran.stdout


def test_colour_needs_a_terminal_and_no_color_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in doctor_in_a_pipe()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in doctor_in_a_pipe()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in doctor_in_a_pipe()


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "--help"), ("demo", "--help"), ("explain", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['ice', *{list(arguments)!r}]\n"
        "from services.cli.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        # pydantic is left out: Typer itself loads it to read the types of a command's options.
        "heavy = {'faststream', 'aiokafka', 'PIL', 'skia', 'numpy', 'httpx', 'motor', 'ruamel', 'uvloop',\n"
        "         'asyncio', 'schemas'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip().splitlines()[-1] == "[]"
