"""Which changes break a reader or old data inside a version."""

from typing import Any

import pytest

from schemas.compatibility import breaking_changes

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 10},
        "size": {"$ref": "#/$defs/Size"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name"],
    "$defs": {"Size": {"type": "string", "enum": ["small", "large"]}},
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


def without(name: str) -> dict[str, Any]:
    return {**OLD, "properties": {key: value for key, value in OLD["properties"].items() if key != name}}


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(extra={"type": "integer", "default": 0}),
        changed(name={"type": "string", "maxLength": 10, "description": "reworded", "title": "Name"}),
    ],
    ids=["nothing", "new optional field", "other wording"],
)
def test_old_and_new_readers_go_on(new: dict[str, Any]) -> None:
    assert breaking_changes(OLD, new) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (without("note"), "note: removed"),
        ({**changed(extra={"type": "integer"}), "required": ["name", "extra"]}, "extra: became required"),
        ({**OLD, "required": []}, "name: is no longer required"),
        (changed(name={"type": "integer", "maxLength": 10}), "type was 'string', is 'integer'"),
        (changed(name={"type": "string", "maxLength": 9}), "maxLength was 10, is 9"),
        (changed(name={"type": "string", "maxLength": 11}), "maxLength was 10, is 11"),
        (changed(note={"type": "string", "default": None}), "anyOf has other branches"),
        (changed(note={"anyOf": [{"type": "string"}, {"type": "null"}], "default": ""}), "default was None, is ''"),
        (changed(tags={"type": "array", "items": {"type": "integer"}}), "items: type was"),
        ({**OLD, "$defs": {"Size": {"type": "string", "enum": ["small"]}}}, "lost ['large']"),
        ({**OLD, "$defs": {"Size": {"type": "string", "enum": ["small", "large", "huge"]}}}, "gained ['huge']"),
    ],
)
def test_breaking_changes_are_named(new: dict[str, Any], said: str) -> None:
    assert any(said in line for line in breaking_changes(OLD, new))
