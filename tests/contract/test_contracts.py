"""`contracts/` is what the models say, changes compatibly, and leaves nothing undescribed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from schemas import asyncapi, export, topics
from schemas.base import Event
from schemas.events import EVENTS, REGISTRY

CONTRACTS = export.ROOT
SPECS = topics.specs(export.DOCUMENTED_PROVIDERS)


def committed(path: Path) -> Any:
    if path.suffix == ".yaml":
        return YAML(typ="safe").load(path.read_text())
    return json.loads(path.read_text())


def test_contracts_are_up_to_date() -> None:
    assert export.drifted(export.rendered(), CONTRACTS) == []


def test_contracts_changed_only_compatibly() -> None:
    assert export.broken(export.rendered(), CONTRACTS) == []


def test_an_incompatible_change_is_refused_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main([], root=tmp_path) == 0
    name = "schemas/shot.planned.v1.schema.json"
    path = tmp_path / name
    schema = json.loads(path.read_text())
    schema["properties"]["given_up"] = {"type": "string"}
    path.write_text(json.dumps(schema))
    assert export.main([], root=tmp_path) == 1
    assert "given_up: removed" in capsys.readouterr().err
    assert "given_up" in path.read_text()


def test_drift_is_named_with_its_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export.main([], root=tmp_path)
    (tmp_path / "asyncapi.yaml").write_text("stale")
    (tmp_path / "topics" / "orphan.v1.yaml").write_text("{}")
    assert export.main(["--check"], root=tmp_path) == 1
    told = capsys.readouterr().err
    assert "asyncapi.yaml: differs; run `make contracts`" in told
    assert "orphan.v1.yaml: belongs to no event" in told


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_every_event_has_a_topic_of_its_version(event: type[Event]) -> None:
    names = [spec.name for spec in SPECS if spec.event_type == event.TYPE]
    assert names
    assert all(name.endswith(f".v{event.VERSION}") for name in names)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_topic_carries_a_known_event_and_has_both_ends_or_is_reserved(spec: topics.TopicSpec) -> None:
    assert REGISTRY.event(spec.event_type)
    assert topics.event_type_of(spec.name) == spec.event_type
    assert spec.reserved == (not spec.producers and not spec.consumers)


@pytest.mark.parametrize("path", sorted((CONTRACTS / "schemas").glob("*.json")), ids=lambda path: path.name)
def test_schemas_are_valid_and_describe_every_field(path: Path) -> None:
    schema = committed(path)
    Draft202012Validator.check_schema(schema)
    assert [where for where, field in fields(schema) if not field.get("description")] == []


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in {"(body)": schema, **schema.get("$defs", {})}.items():
        for field, value in model.get("properties", {}).items():
            yield f"{name}.{field}", value


def test_asyncapi_references_resolve() -> None:
    document = committed(CONTRACTS / "asyncapi.yaml")
    found = list(references(document))
    assert found
    for reference in found:
        if reference.startswith("./"):
            assert (CONTRACTS / reference).is_file(), reference
        else:
            node = document
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_asyncapi_tells_both_ends_of_every_topic() -> None:
    document = committed(CONTRACTS / "asyncapi.yaml")
    told = {
        (operation["action"], operation["channel"]["$ref"]): name for name, operation in document["operations"].items()
    }
    for spec in SPECS:
        channel = f"#/channels/{spec.name.replace('.', '-')}"
        assert bool(spec.producers) == (("send", channel) in told)
        assert bool(spec.consumers) == (("receive", channel) in told)


def test_schema_files_are_named_after_their_events() -> None:
    assert asyncapi.schema_file(EVENTS[0]) == "shot.planned.v1.schema.json"


EXAMPLES = sorted((CONTRACTS / "examples").glob("*/v*/*.json"))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TYPE)
def test_every_event_has_a_golden_example(event: type[Event]) -> None:
    folder = CONTRACTS / "examples" / event.TYPE.removeprefix("film.") / f"v{event.VERSION}"
    assert list(folder.glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_golden_examples_are_read_by_code_and_schema_alike(path: Path) -> None:
    """INVARIANT: what was once published stays readable, in this and in every other language.

    Broken by renaming, retyping or newly requiring a field inside a version.
    """
    version = int(path.parent.name.removeprefix("v"))
    name = path.parts[-3]
    event = REGISTRY.decode(f"film.{name}", version, path.read_bytes())
    body = json.loads(path.read_bytes())
    Draft202012Validator(committed(CONTRACTS / "schemas" / f"{name}.v{version}.schema.json")).validate(body)
    again = event.model_dump(mode="json")
    assert unknown_fields(body, again) == []


def unknown_fields(given: Any, known: Any, path: str = "") -> list[str]:
    """Fields of an example that no model knows: a typo, since readers would ignore it."""
    if isinstance(given, dict) and isinstance(known, dict):
        found = [f"{path}.{key}" for key in given if key not in known]
        for key in given.keys() & known.keys():
            found += unknown_fields(given[key], known[key], f"{path}.{key}")
        return found
    if isinstance(given, list) and isinstance(known, list):
        return [
            item
            for index, (a, b) in enumerate(zip(given, known, strict=False))
            for item in unknown_fields(a, b, f"{path}[{index}]")
        ]
    return []
