"""The command line of `ice replay`: what it refuses, with which status."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.exits import Exit


@pytest.fixture(autouse=True)
def _no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from whatever runs on this machine."""
    monkeypatch.setenv("ICE_LOCAL_FOLDER", str(tmp_path / "stack"))
    monkeypatch.setenv("ICE_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("ICE_KAFKA_BOOTSTRAP", "127.0.0.1:9")


def ice_replay(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ("replay", *arguments))
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "say either --topic or --resume"),
        (("--topic", "shot.planned.v1", "--resume", "x"), "say either --topic or --resume"),
        (("--resume", "x", "--regenerate"), "allowed is --rate"),
        (("--topic", "shots"), "the contract has no such topic"),
        (("--topic", "prompt.built.v1.dlq"), "`ice dlq retry` tries dead letters again"),
        (("--topic", "shot.planned.v1", "--model", "previz"), "allowed is with --regenerate"),
        (("--topic", "shot.planned.v1", "--regenerate", "--seed-policy", "dice"), "allowed is shot, scene, character"),
        (("--topic", "bible.props.v1", "--regenerate"), "about no shot"),
        (("--topic", "keyframe.failed.v1", "--character", "radha"), "allowed here is --project, --scene, --shot"),
        (("--topic", "shot.planned.v1", "--rate", "fast"), "above 0 with /s, /m or /h"),
    ],
)
def test_a_wrong_command_line_is_2_and_says_what_is_allowed(arguments: tuple[str, ...], told: str) -> None:
    code, errors = ice_replay(*arguments)
    assert (code, told in " ".join(errors.split())) == (Exit.INVALID, True), errors


@pytest.mark.timeout(120)
def test_without_a_broker_it_is_3_and_nothing_is_remembered(tmp_path: Path) -> None:
    code, errors = ice_replay("--topic", "shot.planned.v1")
    assert code == Exit.UNREACHABLE
    assert "ICE_KAFKA_BOOTSTRAP" in errors
    assert not (tmp_path / "state").exists()
