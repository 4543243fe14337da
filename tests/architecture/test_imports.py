"""Importing a module does nothing: no connection, no process, no thread."""

import pkgutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

import schemas
import services

PROBE = """
import importlib, os, socket, sys, threading

def refuse(*_, **__):
    raise AssertionError("a connection while importing")

socket.socket.connect = refuse
socket.create_connection = refuse
def no_child(*_, **__):
    raise AssertionError("a process started while importing")

os.posix_spawn = os.fork = no_child

for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == 1, "a thread started while importing"
print(len(sys.argv) - 1)
"""


#: Loaded in the painter's process alone, where torch is (the extra `diffusers`).
NEEDS_TORCH = "services.generation.providers.diffusers.painter."


def modules() -> list[str]:
    return [
        module.name
        for package in (schemas, services)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not (module.name.endswith("__main__") or module.name.startswith(NEEDS_TORCH))
    ]


def test_importing_connects_and_starts_nothing() -> None:
    names = modules()
    ran = subprocess.run([sys.executable, "-c", PROBE, *names], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == str(len(names))


@pytest.mark.parametrize("heavy", ["skia", "faststream", "aiokafka", "pydantic", "PIL", "numpy", "motor"])
def test_help_of_the_command_imports_nothing_heavy(heavy: str) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['ice', '--help']\n"
        "from services.cli.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.exit({heavy!r} in sys.modules)\n"
    )
    assert find_spec(heavy) is not None
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{heavy} is imported by `ice --help`"
