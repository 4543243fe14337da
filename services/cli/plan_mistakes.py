"""What pydantic finds wrong with a plan, and fields that no model has, in the words of whoever wrote the file."""

import difflib
import functools
import re
import typing
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from schemas.film_plan import FilmPlan
from schemas.shot import Shot
from services.cli.plan_tree import Mistake, Path, Tree, dotted, shown

#: What a shot may also be written as (the prototype's names), by what it is read as.
SHOT_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "shot_size": ("shot_type",),
    "cast": ("characters",),
    "duration_s": ("duration",),
    "shot_id": ("id",),
    "composition": ("framing",),
}
INHERITED: Final = ("location_id", "time_of_day", "weather", "season", "lighting", "mood", "style")
"""Fields that a shot takes from its scene when it doesn't say."""

_FILLED_IN: Final = frozenset((*INHERITED, "scene_id", "sequence_id", "scene_title", "story_order", "shot_number"))
_WORD = re.compile(r"'((?:[^'\\]|\\.)*)'")
_NAMED_FIELD = re.compile(r"^([a-z_]+)((?:, [a-z_]+)*): ")
_PATTERNS: Final = {
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$": "1 to 128 letters, digits, `_`, `.` or `-`, led by a letter or digit",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "lower-case words joined by hyphens, e.g. `golden-hour`",
    r"^(s3|https)://[^\s]+$": "an address that starts with s3:// or https://",
    r"^[0-9a-f]{64}$": "64 lower-case hexadecimal digits",
}
_DATE: Final = "a date and time with its zone, e.g. 2026-01-31T10:00:00Z"
#: By pydantic's kind of error; what is missing here is said in pydantic's own words.
_ALLOWED: Final[Mapping[str, str]] = {
    "string_type": "text (put a number or date in quotes)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is not infinite",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of fields",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "datetime_type": _DATE,
    "datetime_parsing": _DATE,
    "datetime_from_date_parsing": _DATE,
    "timezone_aware": _DATE,
}


def closest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that is probably meant, whatever its case and separators; None when none is near."""
    plain = {_plain(item): item for item in allowed}
    found = difflib.get_close_matches(_plain(word[:80]), list(plain), n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return "-".join(word.strip().casefold().replace("_", " ").split())


def field_mistakes(error: ValidationError, tree: Tree) -> list[Mistake]:
    """One mistake per wrong field; what a shot took from a wrong scene is said once, at the scene."""
    by_path: dict[Path, list[dict[str, Any]]] = {}
    for item in error.errors(include_url=False):
        details: dict[str, Any] = dict(item)
        path = _path_in_file(details, tree)
        if path is not None:
            by_path.setdefault(path, []).append(details)
    return [_mistake(path, items, tree) for path, items in by_path.items()]


def _path_in_file(item: Mapping[str, Any], tree: Tree) -> Path | None:
    """Where an error of the model stands in the file; None when another mistake says it already.

    The model's path holds names that the file doesn't: kinds of a union, and fields read under another name.
    """
    path: Path = ()
    node = tree.value
    parts = tuple(item["loc"])
    for position, part in enumerate(parts):
        in_shot = len(path) == 6 and path[4] == "shots"  # noqa: PLR2004 - sequences/i/scenes/j/shots/k
        name = _name_in_file(node, part, in_shot=in_shot)
        if isinstance(node, dict) and name in node:
            path, node = (*path, name), node[name]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            path, node = (*path, part), node[part]
        elif in_shot and part in _FILLED_IN:
            return None
        elif position == len(parts) - 1 and item["type"] == "missing":
            return (*path, str(part))
    if item["type"] == "value_error":
        return _named_in_message(item, path, node)
    if item["type"] == "too_short" and isinstance(node, list) and node:
        # Pydantic counts the valid entries only; what is wrong with the others is said at each.
        return None
    return path


def _name_in_file(node: Any, part: str | int, *, in_shot: bool) -> str:  # noqa: ANN401 - any YAML value
    name = str(part)
    if in_shot and isinstance(node, dict) and name not in node:
        for alias in SHOT_ALIASES.get(name, ()):
            if alias in node:
                return alias
    return name


def _named_in_message(item: Mapping[str, Any], path: Path, node: Any) -> Path | None:  # noqa: ANN401 - any YAML value
    """Our own checks of a whole model name the field first; what is given twice the film's checks say better."""
    message = str(item["msg"])
    if "twice" in message and isinstance(node, dict):
        return None
    named = _NAMED_FIELD.match(message.removeprefix("Value error, "))
    if named and isinstance(node, dict):
        for name in (named.group(1), *re.findall(r"[a-z_]+", named.group(2))):
            if name in node:
                return (*path, name)
    return path


def _mistake(path: Path, items: list[dict[str, Any]], tree: Tree) -> Mistake:
    first = items[0]
    missing = first["type"] == "missing"
    vocabulary = [word for item in items for word in _vocabulary(item)]
    phrases = list(dict.fromkeys(_allowed(item) for item in items if not _vocabulary(item)))
    if vocabulary:
        phrases.insert(0, f"allowed is one of {', '.join(dict.fromkeys(vocabulary))}")
    place = tree.place(path[:-1] if missing else path)
    value = tree.at(path)
    suggestion = closest(value, vocabulary) if isinstance(value, str) and vocabulary else None
    if suggestion is not None and suggestion == value:
        # The word is right and its kind is not: a number in quotes.
        phrases = [f"allowed is {suggestion} without quotes"]
        suggestion = None
    code = str(first["type"]).replace("_", "-")
    return Mistake(*place, dotted(path), "" if missing else shown(value), " or ".join(phrases), code, suggestion)


def _vocabulary(item: Mapping[str, Any]) -> list[str]:
    if item["type"] not in {"enum", "literal_error"}:
        return []
    expected = str(item.get("ctx", {}).get("expected", ""))
    return _WORD.findall(expected) or [expected]


def _allowed(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    context = item.get("ctx", {})
    if kind == "missing":
        return "missing, and has no default"
    if kind == "value_error":
        return str(item["msg"]).removeprefix("Value error, ")
    if kind in _ALLOWED:
        return f"allowed is {_ALLOWED[kind]}"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        return f"allowed is {_PATTERNS.get(pattern, f'text that matches {pattern}')}"
    bound = _bound(kind, context)
    return f"allowed is {bound}" if bound else str(item["msg"])


def _bound(kind: str, context: Mapping[str, Any]) -> str | None:
    if kind == "string_too_long":
        return f"up to {context['max_length']:,} characters"
    if kind == "string_too_short":
        return f"at least {context['min_length']} character(s)"
    if kind == "too_long":
        return f"up to {context['max_length']:,} entries"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    words = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
    phrases = {"gt": "a number above", "ge": "a number from", "lt": "a number below", "le": "a number up to"}
    short = words.get(kind, "")
    return f"{phrases[short]} {_number(context[short])}" if short else None


def _number(bound: float) -> str:
    """As people write it: `4294967295`, never `4.29497e+09`; `0.1`."""
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def unknown_fields(tree: Tree) -> list[Mistake]:
    """Every field that no model has: in a plan that people write, it is a typing mistake."""
    return list(_unknown(FilmPlan, tree.value, (), tree))


def _unknown(model: type[BaseModel], value: Any, path: Path, tree: Tree) -> Iterator[Mistake]:  # noqa: ANN401 - any YAML value
    if not isinstance(value, dict):
        return
    aliases = _aliases(model, value)
    for name, inner in value.items():
        read_as = str(aliases.get(name, name))
        here = (*path, name)
        field = model.model_fields.get(read_as)
        if field is None:
            yield _unknown_field(name, here, model, tree)
            continue
        for nested in _models_in(typing.cast("Hashable", field.annotation)):
            if isinstance(inner, list):
                for number, item in enumerate(inner):
                    yield from _unknown(nested, item, (*here, number), tree)
            else:
                yield from _unknown(nested, inner, here, tree)


def _aliases(model: type[BaseModel], value: Mapping[str, Any]) -> dict[str, str]:
    if not issubclass(model, Shot):
        return {}
    return {old: new for new, olds in SHOT_ALIASES.items() for old in olds if old != "framing" and new not in value}


def _unknown_field(name: str, path: Path, model: type[BaseModel], tree: Tree) -> Mistake:
    place = tree.key_place(path)
    if name == "<<":
        return Mistake(*place, dotted(path), "", "merge keys are not read: write the fields out", "merge-key")
    known = sorted(model.model_fields)
    if issubclass(model, Shot):
        for new, olds in SHOT_ALIASES.items():
            if name in olds:
                return Mistake(
                    *place, dotted(path), "", f"says the same as `{new}`, which stands here too", "field-twice"
                )
    allowed = f"no such field; allowed here are {', '.join(known)}"
    return Mistake(*place, dotted(path), "", allowed, "unknown-field", closest(name, known))


@functools.cache
def _models_in(annotation: Hashable) -> tuple[type[BaseModel], ...]:
    """The models inside `Model | None`, `tuple[Model, ...]`, `Annotated[…]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for inner in typing.get_args(annotation) for model in _models_in(inner))
