"""JSON text to plain values with their places.

The standard library's reader gives no places, and YAML's reader refuses what JSON allows (tabs, split surrogates).
"""

import json.decoder
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from services.cli.plan_tree import MAX_NUMBER_LENGTH, Path, Place, Tree, TreeBuilder, UnreadableTextError, fatal, shown

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_SPACE = re.compile(r"[ \t\r\n]*")
_LITERALS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_scan_string: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]


def read_json(text: str) -> Tree:
    """The values of a JSON text and their places.

    Raises:
        UnreadableTextError: it is no JSON, is nested too deep or holds too many values.
    """
    return _JsonReader(text).read()


class _JsonReader(TreeBuilder):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0

    def read(self) -> Tree:
        self._skip()
        self.tree.value = self._value(())
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("more text", "allowed is one film plan per file", code="second-document")
        return self.tree

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        end = match.end() if match else self._at
        breaks = self._text.count("\n", self._at, end)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind("\n", self._at, end) + 1
        self._at = end

    def _place(self) -> Place:
        return Place(self._line, self._at - self._line_start + 1)

    def _wrong(self, value: str, allowed: str, code: str = "not-json") -> UnreadableTextError:
        return fatal(self._place(), value, allowed, code)

    def _value(self, path: Path) -> Any:  # noqa: ANN401 - any JSON value
        self.enter(path, self._place())
        char = self._text[self._at : self._at + 1]
        if char == "{":
            return self._object(path)
        if char == "[":
            return self._array(path)
        if char == '"':
            return self._string()
        number = _NUMBER.match(self._text, self._at)
        if number:
            self._at = number.end()
            return _json_number(number)
        for word, value in _LITERALS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        raise self._wrong(shown(char) if char else "the end of the file", "allowed is a JSON value here")

    def _object(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for _ in self._items("}"):
            place = self._place()
            if self._text[self._at : self._at + 1] != '"':
                raise self._wrong(shown(self._text[self._at : self._at + 1]), 'allowed is a field\'s name in "quotes"')
            name = self._string()
            self._skip()
            if self._text[self._at : self._at + 1] != ":":
                raise self._wrong(shown(self._text[self._at : self._at + 1]), "allowed is a colon here")
            self._at += 1
            self._skip()
            value = self._value(self.key(mapping, path, name, place))
            mapping.setdefault(name, value)
        return mapping

    def _array(self, path: Path) -> list[Any]:
        items: list[Any] = []
        for _ in self._items("]"):
            items.append(self._value((*path, len(items))))
        return items

    def _items(self, closing: str) -> Iterator[None]:
        """Yield once per item of a list or mapping, at its first character."""
        self._at += 1
        self._skip()
        if self._text[self._at : self._at + 1] == closing:
            self._at += 1
            return
        while True:
            yield
            self._skip()
            char = self._text[self._at : self._at + 1]
            if char == closing:
                self._at += 1
                return
            if char != ",":
                found = shown(char) if char else "the end of the file"
                raise self._wrong(found, f"allowed is `,` or `{closing}` here")
            self._at += 1
            self._skip()

    def _string(self) -> str:
        try:
            value, self._at = _scan_string(self._text, self._at + 1, True)  # noqa: FBT003 - the library's signature
        except json.JSONDecodeError as error:
            raise self._wrong(error.msg[:80], "allowed is JSON text in double quotes") from None
        return value


def _json_number(number: re.Match[str]) -> Any:  # noqa: ANN401 - int, float, or the text of a monstrous number
    text = number.group()
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    return int(text) if number.group(2) is None and number.group(3) is None else float(text)
