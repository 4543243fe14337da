"""`contracts/topics`, the tables of the services and docs/scaling.md say the same."""

import re
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

import pytest

from schemas import export, topics
from schemas.base import Event
from schemas.events import REGISTRY
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.app import ServiceApp
from services.gateway.settings import GatewaySettings
from services.generation.settings import GenerationSettings
from services.location_conditioning.settings import LocationConditioningSettings
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder.settings import PromptBuilderSettings
from services.validation.settings import ValidationSettings

SPECS = topics.specs(export.DOCUMENTED_PROVIDERS)
SCALING = (Path(__file__).resolve().parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
SETTINGS = {
    "character_conditioning": CharacterConditioningSettings,
    "location_conditioning": LocationConditioningSettings,
    "prompt_builder": PromptBuilderSettings,
    "orchestrator": OrchestratorSettings,
    "generation": GenerationSettings,
    "validation": ValidationSettings,
    "gateway": GatewaySettings,
}
#: Published outside the table: decisions, callbacks and adapters come over HTTP, the worker announces its health.
BESIDE_THE_TABLE = {
    ("gateway", "film.review.decided"),
    ("gateway", "film.adapter.defined"),
    ("gateway", "film.character.defined"),
    ("gateway", "film.location.defined"),
    ("gateway", "film.prop.defined"),
    ("gateway", "film.reference.requested"),
    ("gateway", "film.provider.callback_received"),
    ("generation", "film.provider.health_changed"),
}


def table(service: str) -> ServiceApp:
    app: ServiceApp = import_module(f"services.{service}.app").build(SETTINGS[service]())
    return app


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_consumes_what_the_contract_says(service: str) -> None:
    told = {spec.name for spec in SPECS if service in spec.consumers}
    bound = {topic for binding in table(service).bindings for topic in binding.topics}
    assert bound == told


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_emits_what_the_contract_says(service: str) -> None:
    told = {spec.event_type for spec in SPECS if service in spec.producers}
    emitted: set[type[Event]] = {event for binding in table(service).bindings for event in binding.emits}
    beside = {event_type for name, event_type in BESIDE_THE_TABLE if name == service}
    assert {event.TYPE for event in emitted} | beside == told


def test_every_consumed_event_is_produced_by_somebody() -> None:
    for spec in SPECS:
        assert bool(spec.producers) == bool(spec.consumers), spec.name
        assert REGISTRY.event(spec.event_type)


def _told_of_scaling() -> list[tuple[list[str], str, int]]:
    """Rows of the table of topics: patterns of names, the cell with the keys, partitions."""
    rows = re.findall(r"^\| ([^|]*`[^|]*) \| ([^|]+) \| (\d+) \|", SCALING, re.MULTILINE)
    return [
        (re.findall(r"`(.+?)`", re.sub(r"<\w+>", "*", names)), keys, int(partitions))
        for names, keys, partitions in rows
    ]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_page_on_scaling_tells_key_and_partitions_of_every_topic(spec: topics.TopicSpec) -> None:
    name = spec.name.rpartition(".")[0]
    told = [row[1:] for row in _told_of_scaling() if any(fnmatchcase(name, pattern) for pattern in row[0])]
    assert [(spec.key.replace("_id>", ">") in keys, partitions) for keys, partitions in told] == [
        (True, spec.partitions)
    ]
