"""What may change in an event's JSON Schema within one version.

Old readers must read new data and new readers old data, since replay reads every version ever written. So the only
free change is a new optional property; wording (title, description, examples) doesn't count.
"""

from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = frozenset({"title", "description", "examples", "$defs", "$schema", "$id", "$comment"})
_BOUNDS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
)
_EXACT = ("const", "pattern", "format", "default", "discriminator", "uniqueItems")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Every incompatible difference as `path: what changed`; empty when old and new readers both go on."""
    return _compare(_inlined(old, old), _inlined(new, new), "(body)")


def _inlined(node: Any, root: Schema) -> Any:  # noqa: ANN401 - any JSON value
    """The schema with each `$ref` replaced by what it names; our models don't recurse."""
    if isinstance(node, list):
        return [_inlined(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = root["$defs"][reference.rsplit("/", 1)[1]]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**_inlined(target, root), **_inlined(beside, root)}
    return {key: _inlined(value, root) for key, value in node.items() if key != "$defs"}


def _compare(old: Schema, new: Schema, path: str) -> list[str]:
    found = [
        f"{path}: {word} was {old.get(word)!r}, is {new.get(word)!r}"
        for word in ("type", *_BOUNDS, *_EXACT)
        if old.get(word) != new.get(word)
    ]
    found += _compare_enum(old, new, path)
    found += _compare_properties(old, new, path)
    found += _compare_branches(old, new, path)
    for word in ("items", "additionalProperties", "propertyNames"):
        found += _compare_inner(old.get(word), new.get(word), f"{path}.{word}")
    return found


def _compare_enum(old: Schema, new: Schema, path: str) -> list[str]:
    before, after = old.get("enum"), new.get("enum")
    if before == after:
        return []
    if before is None or after is None:
        return [f"{path}: enum was {before!r}, is {after!r}"]
    found = []
    if gone := [value for value in before if value not in after]:
        found.append(f"{path}: enum lost {gone!r}; old data may hold it")
    if added := [value for value in after if value not in before]:
        found.append(f"{path}: enum gained {added!r}; old readers refuse it")
    return found


def _compare_properties(old: Schema, new: Schema, path: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
    found = [f"{path}.{name}: removed; old readers and old data rely on it" for name in before if name not in after]
    found += [f"{path}.{name}: became required; old data may lack it" for name in sorted(must_after - must_before)]
    found += [
        f"{path}.{name}: is no longer required; old readers demand it"
        for name in sorted(must_before - must_after)
        if name in after
    ]
    for name in before:
        if name in after:
            found += _compare(before[name], after[name], f"{path}.{name}")
    return found


def _compare_branches(old: Schema, new: Schema, path: str) -> list[str]:
    found = []
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        before, after = old.get(word), new.get(word)
        if before is None and after is None:
            continue
        if before is None or after is None or len(before) != len(after):
            found.append(f"{path}: {word} has other branches")
            continue
        for index, (left, right) in enumerate(zip(before, after, strict=True)):
            found += _compare(left, right, f"{path}.{word}[{index}]")
    return found


def _compare_inner(old: object, new: object, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        return _compare(old, new, path)
    return [] if old == new else [f"{path}: was {old!r}, is {new!r}"]


def without_annotations(node: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A schema without its wording, to tell a change of meaning from a change of words."""
    if isinstance(node, list):
        return [without_annotations(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: (
            {name: without_annotations(value) for name, value in inner.items()}
            if key in {"properties", "$defs"}
            else without_annotations(inner)
        )
        for key, inner in node.items()
        if key == "$defs" or key not in _ANNOTATIONS
    }
