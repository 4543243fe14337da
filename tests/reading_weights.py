"""Readers of weighted prompts, written from what each program documents; none knows how the engine writes them."""

import re
from collections.abc import Callable, Mapping

from schemas.vocabulary import WeightForm

Read = list[tuple[str, float]]


def read_a1111(text: str) -> list[Read]:
    r"""Chunks of (words, weight): `(words:1.2)`, brackets 1.1, square ones 1/1.1, `\\x` = x, `BREAK`, `<name:…>`."""
    assert not re.search(r"<\w+:[^>]+>", text), f"an adapter would be loaded: {text}"
    assert not re.search(r"\bAND\b", text), f"the prompt would be split: {text}"
    return [_nested(part, square=True, escapes="()[]\\") for part in re.split(r"\s*\bBREAK\b\s*", text)]


def read_comfy(text: str) -> list[Read]:
    r"""One chunk of (words, weight): `(words:1.2)`, bare brackets 1.1; `\(` and `\)` are brackets."""
    assert not re.search(r"(^|\s)embedding:\S", text), f"an embedding would be loaded: {text}"
    return [_nested(text, square=False, escapes="()")]


def read_compel(text: str) -> list[Read]:
    r"""One chunk of (words, weight): `(words)1.2`, `word+` is more, `word-` less; `\(` and `\)` are brackets."""
    read: Read = []
    for found in re.finditer(r"(?<!\\)\(((?:\\.|[^()\\])*)\)(\d+(?:\.\d+)?)|((?:\\.|[^()\\])+)", text):
        words, weight = (found.group(1), float(found.group(2))) if found.group(2) else (found.group(3), 1.0)
        assert not re.search(r"[+-](?=[\s,.()]|$)", words), f"a sign would be a weight: {text}"
        assert not re.search(r"[\"=]", words), f"a mark would be syntax: {text}"
        read.append((re.sub(r"\\([()])", r"\1", words), weight))
    return [read]


def read_none(text: str) -> list[Read]:
    """One chunk of words."""
    return [[(text, 1.0)]]


READERS: Mapping[WeightForm, Callable[[str], list[Read]]] = {
    WeightForm.A1111: read_a1111,
    WeightForm.COMFY: read_comfy,
    WeightForm.COMPEL: read_compel,
    WeightForm.NONE: read_none,
}


def merged(read: Read) -> Read:
    """Neighbours of one weight as one, without white space."""
    joined: Read = []
    for text, weight in read:
        bare = "".join(text.split())
        if joined and joined[-1][1] == round(weight, 2):
            joined[-1] = (joined[-1][0] + bare, joined[-1][1])
        elif bare:
            joined.append((bare, round(weight, 2)))
    return joined


def _nested(text: str, *, square: bool, escapes: str) -> Read:
    read: Read = []
    stack: list[tuple[str, int]] = []
    place = 0
    while place < len(text):
        char = text[place]
        if char == "\\" and text[place + 1 : place + 2] and text[place + 1] in escapes:
            read.append((text[place + 1], 1.0))
            place += 2
            continue
        if char == "(" or (square and char == "["):
            stack.append((char, len(read)))
        elif char == ")" or (square and char == "]"):
            opening, first = stack.pop()
            assert (opening, char) in {("(", ")"), ("[", "]")}, text
            words = "".join(piece for piece, _ in read[first:])
            number = re.search(r":\s*(\d+(?:\.\d+)?)$", words)
            factor = 1 / 1.1 if char == "]" else float(number.group(1)) if number else 1.1
            kept = len(words) - len(number.group()) if number and char == ")" else len(words)
            group = [(piece, weight * factor) for piece, weight in read[first:]]
            read[first:] = _first(group, kept)
        else:
            read.append((char, 1.0))
        place += 1
    assert not stack, f"a bracket is never closed: {text}"
    return read


def _first(pieces: Read, length: int) -> Read:
    kept: Read = []
    for text, weight in pieces:
        kept.append((text[:length], weight))
        length -= len(text[:length])
    return [(text, weight) for text, weight in kept if text]
