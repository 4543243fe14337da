"""The tree is what the design says: rooms, sizes, names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    "character_conditioning",
    "location_conditioning",
    "prompt_builder",
    "orchestrator",
    "generation",
    "validation",
    "gateway",
)
ROOMS = {
    "__init__.py",
    "__main__.py",
    "README.md",
    "app.py",
    "settings.py",
    "domain",
    "domain.py",
    "handlers.py",
    "ports.py",
    "adapters",
}
#: What a service has beside the common rooms, and why it has a room of its own.
OWN_ROOMS = {
    "character_conditioning": {"equipping.py"},  # the adapters' last word on what the handlers decided
    "prompt_builder": {"templates"},  # data
    "location_conditioning": {"templates.yaml"},  # data
    "orchestrator": {"catalog.yaml"},  # data
    "generation": {"calls.py", "making.py", "providers"},  # the way of one call, and one module per vendor
    "validation": {"scorers"},  # one module per measure
    # The other side of the service: questions, answers, vendors' calls.
    "gateway": {
        *("api.py", "bible_api.py", "entry_book.py", "registry", "answers.py"),
        *("webhooks.py", "read_model.py", "reporting.py", "routing.py", "review"),
    },
}
TOP_LEVEL = {"services", "schemas", "contracts", "deploy", "tests", "docs"}
BANNED_NAMES = {"utils", "common", "helpers", "misc", "manager"}
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50


def python_files() -> list[Path]:
    return sorted(path for top in ("services", "schemas", "tests") for path in (ROOT / top).rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    found = {path.name for path in (ROOT / "services" / service).iterdir()} - {"__pycache__"}
    assert found - ROOMS - OWN_ROOMS.get(service, set()) == set()
    assert {"__main__.py", "app.py", "settings.py", "handlers.py", "README.md"} <= found
    assert ("domain" in found) != ("domain.py" in found)


def test_no_top_level_folder_beside_the_agreed_ones() -> None:
    hidden_or_made = re.compile(r"^\.|^build$|^dist$|\.egg-info$|^__pycache__$")
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not hidden_or_made.search(path.name)}
    assert found - TOP_LEVEL == set()


def test_modules_are_small_and_named_after_what_they_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): n
        for path in python_files()
        if (n := path.read_text().count("\n")) > MAX_MODULE_LINES
    }
    assert long == {}
    assert [str(path) for path in python_files() if path.stem in BANNED_NAMES] == []


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": size
        for path in python_files()
        for node in functions(path)
        if (size := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_nothing_is_left_undone() -> None:
    marks = re.compile(r"\b(NotImplemented" + r"Error|TO" + r"DO|FIX" + r"ME)\b")
    found = [str(path.relative_to(ROOT)) for path in python_files() if marks.search(path.read_text())]
    assert found == []


def test_services_never_lose_a_cancellation() -> None:
    """Before Python 3.12 `asyncio.wait_for` swallows one that comes as the awaited thing ends (CPython issue 86296)."""
    found = [path for path in (ROOT / "services").rglob("*.py") if "asyncio.wait_for(" in path.read_text()]
    assert found == [], "use `async with asyncio.timeout(…)`"


def test_nothing_is_patched_in_tests() -> None:
    patches = re.compile(r"mock\.patch|@patch|mocker|MagicMock")
    found = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__) and patches.search(path.read_text())
    ]
    assert found == []


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = re.compile(r"py" + r"thonhosted|pypi\." + r"org|npmjs\." + r"org|maven\." + r"(org|apache)|proxy\.golang")
    texts = [
        path
        for pattern in ("*.toml", "*.txt", "*.yml", "*.yaml", "*.md", "Makefile", "Dockerfile")
        for path in ROOT.glob(f"**/{pattern}")
        if ".venv" not in str(path) and ".git/" not in str(path)
    ]
    assert [str(path) for path in texts if hosts.search(path.read_text())] == []
