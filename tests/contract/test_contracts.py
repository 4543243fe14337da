"""`contracts/` is what the models say, changes compatibly, and leaves nothing undescribed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from schemas import asyncapi, export, topics
from schemas.base import Event
from schemas.events import EVENTS, REGISTRY
from schemas.registry import Registry

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


class Toned(Event):
    """A made-up event, as its second version has it."""

    TYPE: ClassVar[str] = "film.tone.told"
    VERSION: ClassVar[int] = 2

    tone: int
    """What its first version called colour."""


TWO_VERSIONS = Registry((Toned,), {("film.tone.told", 1): lambda body: {"tone": body["colour"]}})


def tone_topic(version: int) -> topics.TopicSpec:
    return topics.TopicSpec(f"tone.told.v{version}", Toned.TYPE, "<project_id>", 1, -1, ("gateway",), ("gateway",))


def test_a_second_version_gets_files_of_its_own_and_the_first_ones_stay() -> None:
    specs = (tone_topic(1), tone_topic(2))
    files = export.rendered(TWO_VERSIONS, specs)
    first, second = (Path("schemas") / f"tone.told.v{version}.schema.json" for version in (1, 2))
    assert first not in files
    assert json.loads(files[second])["$id"] == "urn:ice:schema:tone.told:v2"
    for version in (1, 2):
        topic = YAML(typ="safe").load(files[Path("topics") / f"tone.told.v{version}.yaml"])
        assert (topic["version"], topic["schema"]) == (version, f"../schemas/tone.told.v{version}.schema.json")
    document = YAML(typ="safe").load(files[Path("asyncapi.yaml")])
    payloads = {name: item["payload"]["$ref"] for name, item in document["components"]["messages"].items()}
    assert payloads == {"Toned": f"./{second}", "TonedV1": f"./{first}"}
    assert document["channels"]["tone-told-v1"]["messages"] == {"TonedV1": {"$ref": "#/components/messages/TonedV1"}}


def test_the_schema_of_an_older_version_is_kept_and_missed_when_it_is_gone(tmp_path: Path) -> None:
    specs = (tone_topic(1), tone_topic(2))
    files, kept = export.rendered(TWO_VERSIONS, specs), export.frozen(TWO_VERSIONS, specs)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    first = tmp_path / "schemas" / "tone.told.v1.schema.json"
    assert export.drifted(files, tmp_path, kept) == [
        "schemas/tone.told.v1.schema.json: is missing, and only history has it"
    ]
    first.write_text(json.dumps({"type": "object", "properties": {"colour": {"type": "integer"}}}))
    assert export.drifted(files, tmp_path, kept) == []
    # Between versions anything may change: an upcast leads from one to the other.
    assert export.broken(files, tmp_path) == []


@pytest.mark.parametrize(("versions", "said"), [((1,), "version 2 has no topic, only tone.told.v1"), ((2, 3), "v3: ")])
def test_an_event_and_its_topics_are_of_the_same_versions(versions: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        export.rendered(TWO_VERSIONS, tuple(tone_topic(version) for version in versions))
