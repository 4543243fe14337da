"""`.env.example` says what the settings read: nothing that nobody reads, no stale default, no missing name."""

import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from schemas.providers import SWITCHES
from services.chassis.settings import ServiceSettings, Settings
from services.generation.providers.vendor_settings import VendorSettings
from services.orchestrator.settings import OrchestratorSettings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()
#: `NAME=value` is to be filled in; `# NAME=value` shows the default.
SET = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
SHOWN = dict(re.findall(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
PROTOTYPE = {
    "STABILITY_API_KEY",
    "OPENAI_API_KEY",
    "LEONARDO_API_KEY",
    "REPLICATE_API_KEY",
    "DEFAULT_MODEL_PROVIDER",
    "DEFAULT_GENERATION_STEPS",
    "DEFAULT_CFG_SCALE",
    "IMAGE_DEFAULT_WIDTH",
    "IMAGE_DEFAULT_HEIGHT",
}


def settings_classes() -> list[type[Settings]]:
    modules = [*(ROOT / "services").glob("*/settings.py"), *(ROOT / "services").rglob("*_settings.py")]
    for path in modules:
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return list(below(Settings))


def below(kind: type[Settings]) -> Iterator[type[Settings]]:
    for inner in kind.__subclasses__():
        if inner.__module__.startswith("services."):
            yield inner
            yield from below(inner)


def variables(kind: type[Settings]) -> dict[str, str]:
    """Environment variables that a class reads, each with its field."""
    prefix = str(kind.model_config.get("env_prefix", ""))
    return {variable: name for name, field in kind.model_fields.items() for variable in named(prefix, name, field)}


def named(prefix: str, name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias) if alias is not None else f"{prefix}{name}".upper()]


CLASSES = settings_classes()
READ = {variable for kind in CLASSES for variable in variables(kind)}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in READ:
        monkeypatch.delenv(name, raising=False)


def test_every_variable_is_read_by_some_settings() -> None:
    assert len(CLASSES) > 10
    assert sorted((SET.keys() | SHOWN.keys()) - READ) == []


def test_every_name_of_the_prototype_and_every_key_can_be_filled_in() -> None:
    assert sorted((PROTOTYPE | set(SWITCHES.values())) - SET.keys()) == []


def test_every_setting_of_the_router_and_the_vendors_is_there() -> None:
    own = OrchestratorSettings.model_fields.keys() - ServiceSettings.model_fields.keys()
    router = {variable for variable, field in variables(OrchestratorSettings).items() if field in own}
    assert sorted((router | variables(VendorSettings).keys()) - SET.keys() - SHOWN.keys()) == []


def test_no_variable_is_there_twice() -> None:
    every = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE, re.MULTILINE)
    assert sorted(every) == sorted(SET.keys() | SHOWN.keys())


def test_each_has_a_line_above_that_says_what_it_means() -> None:
    lines = EXAMPLE.splitlines()
    assert [line for before, line in pairwise(lines) if re.match("(# )?[A-Z][A-Z0-9_]*=", line) and not before] == []


def test_what_is_shown_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [(kind, variables(kind)) for kind in CLASSES]
    before = {kind: kind() for kind in CLASSES}
    for name, value in SHOWN.items():
        monkeypatch.setenv(name, value)
    for kind, read in readers:
        now = kind()
        for name in SHOWN.keys() & read.keys():
            assert getattr(now, read[name]) == getattr(before[kind], read[name]), name


def test_copied_as_it_is_every_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SET.items():
        monkeypatch.setenv(name, value)
    for kind in CLASSES:
        kind()
    assert OrchestratorSettings().workers == ("previz",)
