"""The second run of what failed once: few tests, only those with servers, and never in silence."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_run import may_run_again

ROOT = Path(__file__).resolve().parents[2]
PASSES_THE_SECOND_TIME = """
import pathlib
def test_it():
    seen = pathlib.Path(__file__).with_suffix(".seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
NEVER_PASSES = "def test_it():\n    assert False\n"


@pytest.mark.parametrize(
    ("failed", "may"),
    [
        (["tests/e2e/test_a.py::test_a"], True),
        (["tests/integration/a/test_a.py::test_a", "tests/e2e/test_a.py::test_b[x]"], True),
        ([], False),
        (["tests/unit/test_a.py::test_a"], False),
        (["tests/property/test_a.py::test_a", "tests/e2e/test_a.py::test_b"], False),
        (["tests/chaos/test_chaos.py::test_a"], False),
        ([f"tests/e2e/test_a.py::test_{number}" for number in range(3)], False),
    ],
)
def test_only_few_failures_and_only_of_tests_with_servers_are_looked_at_again(failed: list[str], may: bool) -> None:
    assert may_run_again(failed) is may


@pytest.mark.parametrize(("test", "status"), [(PASSES_THE_SECOND_TIME, 0), (NEVER_PASSES, 1)], ids=["goes", "stays"])
def test_a_failure_that_stays_stays_and_one_that_goes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: str, status: int
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "tests" / "e2e").mkdir(parents=True)
    (tmp_path / "tests" / "e2e" / "test_a.py").write_text(test)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    runs = ([sys.executable, "-m", "pytest"], [sys.executable, str(ROOT / "tests" / "second_run.py"), "1"])
    first, again = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False) for command in runs
    )
    assert first.returncode == 1
    assert again.returncode == status, again.stdout
    assert "tests/e2e/test_a.py::test_it" in again.stdout
    assert ("FLAKY tests/e2e/test_a.py::test_it" in again.stdout) is (status == 0)


def test_a_run_that_was_broken_off_is_not_looked_at_again(tmp_path: Path) -> None:
    again = subprocess.run([sys.executable, str(ROOT / "tests" / "second_run.py"), "2"], cwd=tmp_path, check=False)
    assert again.returncode == 2
