"""YAML or JSON text to plain values with their places. Safe against what a stranger's file may hold.

YAML is read event by event: no tag makes an object, depth, size and the growth by aliases are bounded, and a field
given twice is a mistake instead of a silent overwrite. JSON is read by a reader of its own, since tabs and split
surrogates, which JSON allows, are not YAML.
"""

import codecs
import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from services.cli.plan_json import read_json
from services.cli.plan_tree import (
    MAX_NUMBER_LENGTH,
    START,
    Mistake,
    Path,
    Place,
    Tree,
    TreeBuilder,
    UnreadableTextError,
    dotted,
    fatal,
    shown_name,
)

MAX_BYTES: Final = 4 * 1024 * 1024
"""A film of 2,000 shots takes about 1 MB."""
_MAX_CONTROL_MISTAKES: Final = 50

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{f"{sign}.{word}": float(f"{sign}inf") for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")},
}
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))


def read_text(data: bytes) -> Tree:
    """The values of a file and their places.

    Raises:
        UnreadableTextError: it is too big, not UTF-8, holds control characters, is no YAML or JSON, is nested too
            deep, or grows too big by aliases. Its `mistakes` say where.
    """
    text = _decoded(data)
    _refuse_controls(text)
    if text.lstrip()[:1] == "{":
        try:
            return read_json(text)
        except UnreadableTextError as error:
            # A YAML flow mapping also starts with `{`; JSON's complaint is the better one when both fail.
            try:
                return _YamlReader(text).read()
            except UnreadableTextError:
                raise error from None
    return _YamlReader(text).read()


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise fatal(START, f"{len(data):,} bytes", f"allowed are at most {MAX_BYTES:,} bytes", "too-big")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise fatal(START, "UTF-16 text", "allowed is UTF-8: save the file as UTF-8", "not-utf-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        bad = " ".join(f"0x{byte:02x}" for byte in data[error.start : error.start + 4])
        raise fatal(place, f"bytes {bad}", "allowed is UTF-8: save the file as UTF-8", "not-utf-8") from None


def _refuse_controls(text: str) -> None:
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isprintable():
            continue
        for column, char in enumerate(line.removesuffix("\r"), start=1):
            if char in "\ufffe\uffff" or (char not in "\t\x85" and unicodedata.category(char) == "Cc"):
                allowed = "allowed is text without control characters: delete it"
                found.append(Mistake(number, column, "", f"U+{ord(char):04X}", allowed, "control-character"))
                break
        if len(found) >= _MAX_CONTROL_MISTAKES:
            break
    if found:
        raise UnreadableTextError(found)


class _YamlReader(TreeBuilder):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._anchors: dict[str, list[Any]] = {}
        self._recording: list[list[Any]] = []

    def read(self) -> Tree:
        try:
            self._read(iter(YAML(typ="safe", pure=True).parse(self._text)))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else START
            problem = " ".join(str(error.problem or error.context or "unreadable").split())
            raise fatal(place, problem, _yaml_hint(problem), "not-yaml") from None
        except (YAMLError, ValueError, RecursionError) as error:
            if isinstance(error, UnreadableTextError):
                raise
            problem = " ".join(str(error).split())[:200]
            raise fatal(START, problem, "allowed is YAML 1.2 or JSON", "not-yaml") from None
        return self.tree

    def _read(self, events: Iterator[Any]) -> None:
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    allowed = "allowed is one film plan per file: delete the `---` and what follows"
                    raise fatal(_place(event), "a second document", allowed, "second-document")
                self.tree.value = self._value(next(events), events, ())
        if documents == 0:
            raise fatal(START, "an empty file", "allowed is a film plan", "empty")

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:  # noqa: ANN401 - ruamel's events
        name = type(event).__name__
        place = _place(event)
        if name == "AliasEvent":
            return self._alias(event, path)
        self.enter(path, place)
        self._check_tag(event, path, place)
        if event.anchor is None:
            return self._content(name, event, events, path)
        # The events under an anchor are kept and read again at each alias: every copy gets its own places in the
        # count of values, which is what bounds a "billion laughs" file.
        record: list[Any] = [event]
        self._anchors.pop(event.anchor, None)
        value = self._content(name, event, _recorded(events, record), path)
        self._anchors[event.anchor] = record
        return value

    def _content(self, name: str, event: Any, events: Iterator[Any], path: Path) -> Any:  # noqa: ANN401 - as above
        if name == "ScalarEvent":
            return _scalar(event)
        if name == "SequenceStartEvent":
            items: list[Any] = []
            while type(following := next(events)).__name__ != "SequenceEndEvent":
                items.append(self._value(following, events, (*path, len(items))))
            return items
        return self._mapping(events, path)

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while type(key := next(events)).__name__ != "MappingEndEvent":
            place = _place(key)
            if type(key).__name__ != "ScalarEvent":
                raise fatal(place, "a mapping or list as a field's name", "allowed is text", "not-a-name")
            inner = self.key(mapping, path, key.value, place)
            value = self._value(next(events), events, inner)
            mapping.setdefault(key.value, value)
        return mapping

    def _alias(self, event: Any, path: Path) -> Any:  # noqa: ANN401 - as above
        record = self._anchors.get(event.anchor)
        if record is None:
            allowed = "allowed is an alias of an anchor (`&name`) that ends before it"
            raise fatal(_place(event), f"*{shown_name(event.anchor)}", allowed, "unknown-alias")
        replay = iter(record)
        first = next(replay)
        self.enter(path, _place(event))
        return self._content(type(first).__name__, first, replay, path)

    def _check_tag(self, event: Any, path: Path, place: Place) -> None:  # noqa: ANN401 - as above
        tag = str(event.tag) if event.tag is not None else None
        if tag is not None and tag != "!" and tag not in _PLAIN_TAGS:
            allowed = "allowed are plain values: delete the tag"
            self.tree.mistakes.append(Mistake(*place, dotted(path), shown_name(tag), allowed, "tag"))


def _recorded(events: Iterator[Any], record: list[Any]) -> Iterator[Any]:
    for event in events:
        record.append(event)
        yield event


def _place(event: Any) -> Place:  # noqa: ANN401 - ruamel's events
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _scalar(event: Any) -> Any:  # noqa: ANN401 - any YAML scalar
    """A scalar by YAML 1.2's core schema, dates left as text (pydantic reads them where a date is wanted)."""
    text = str(event.value)
    if event.style is not None or str(event.tag or "").endswith(":str"):
        return text
    if text in _SPECIAL:
        return _SPECIAL[text]
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _yaml_hint(problem: str) -> str:
    """What usually is behind a YAML error, in the words of somebody who writes a film plan."""
    hints = (
        ("mapping values are not allowed", "put text that holds `: ` in quotes"),
        ("'\\t' that cannot start", "indent with spaces, never with tabs"),
        ("cannot start any token", "put text that starts with a special character in quotes"),
        ("expected <block end>", "indent the fields of one mapping alike"),
        ("unexpected end of stream", "close the quote"),
        ("could not find expected ':'", "each field is `name: value`"),
    )
    for part, hint in hints:
        if part in problem:
            return f"allowed is YAML 1.2 or JSON: {hint}"
    return "allowed is YAML 1.2 or JSON"
