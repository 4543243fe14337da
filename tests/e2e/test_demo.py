"""`ice demo`, as a newcomer runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.cli.plan_reading import load_plan

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(450)]

PLANS = Path(__file__).resolve().parents[2] / "contracts" / "examples" / "film.plan" / "v1"


def ice(*arguments: str, folder: Path) -> Any:
    """Run a command to its end; its JSON answer. Fails with what it printed."""
    command = [sys.executable, "-m", "services.cli", *arguments, "--folder", str(folder), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert ran.returncode == 0, f"ice {' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
    return json.loads(ran.stdout)


def test_the_demo_makes_both_films_and_a_storyboard_of_each_and_leaves_no_process_behind(tmp_path: Path) -> None:
    answer = ice("demo", "--out", str(tmp_path / "out"), folder=tmp_path / "stack")
    wanted = {path.stem: load_plan(path.read_bytes(), path.name) for path in sorted(PLANS.glob("*.yaml"))}
    films = {film["project_id"]: film for film in answer["films"]}
    assert set(films) == {plan.project.project_id for plan in wanted.values()}
    for plan in wanted.values():
        film = films[plan.project.project_id]
        runs = sum(len(shot.frames.roles) for shot in plan.shots)
        assert (film["ready"], film["failed"]) == (runs, 0)
        with Image.open(film["contact_sheet"]) as sheet:
            assert sheet.width >= 1600
    left = [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and _command(pid).find(str(tmp_path)) >= 0]
    assert left == []


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
