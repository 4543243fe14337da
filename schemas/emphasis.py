"""Weighted words in the forms that image programs read, and back from the form that people write by hand.

A prompt is a row of chunks, a chunk a row of pieces, a piece a text with its weight; separators belong to the texts.
Whatever a program would take for emphasis, an adapter or a break in a text of people is written so that it is words.

Forms: A1111 and Forge `(words:1.2)`, brackets escaped with a backslash, `BREAK` between chunks; ComfyUI `(words:1.2)`,
round brackets escaped; compel `(words)1.2`; none: the words alone. The last three have no mark between chunks that is
safe with any text: who keeps chunks apart encodes each by itself (`chunk_written`) and concatenates what comes out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.vocabulary import WeightForm

#: What a pair of brackets without a number is worth.
_BRACKETS: Final = 1.1
#: Weights of people are held within these.
_LEAST, _MOST = 0.0, 2.0
_DIGITS: Final = 2
_A1111_BREAK: Final = " BREAK "
_NUMBER = re.compile(r":\s*(\d+(?:\.\d+)?|\.\d+)\s*$")
#: Words in capitals that A1111 obeys; CLIP reads small letters.
_A1111_WORDS = re.compile(r"\b(BREAK|AND)\b")
#: `<lora:name:1>` and its like.
_ADAPTER = re.compile(r"<(?=\w+:)")
_EMBEDDING = re.compile(r"\b(embedding):", re.IGNORECASE)
#: Marks that compel reads as more or less of the word before them, unless a word follows.
_SIGNS = re.compile(r"[+-]+(?![^\s,.()+-])")


class Weighted(Protocol):
    """A text with its weight."""

    @property
    def text(self) -> str:
        """Words as they are meant, separators included."""
        ...

    @property
    def weight(self) -> float:
        """How much they count, 1 = neutral."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, its separators included, and how much it counts; 1 = neutral."""

    text: str
    weight: float = 1.0


Chunks = Iterable[Iterable[Weighted]]


def written(chunks: Chunks, form: WeightForm) -> str:
    """The whole prompt in a form."""
    parts = [chunk_written(chunk, form) for chunk in chunks]
    if form is WeightForm.A1111:
        return _A1111_BREAK.join(parts)
    return ", ".join(parts)


def chunk_written(pieces: Iterable[Weighted], form: WeightForm) -> str:
    """One chunk in a form."""
    literal = _LITERAL[form]
    return "".join(_piece(literal(piece.text), _weight(piece.weight), form) for piece in pieces)


def literal(text: str, form: WeightForm) -> str:
    """A text that a program with this form reads as words, whatever it holds."""
    return _LITERAL[form](text)


def _weight(weight: float) -> float:
    return round(min(_MOST, max(_LEAST, weight)), _DIGITS)


def _piece(words: str, weight: float, form: WeightForm) -> str:
    bare = words.strip()
    if weight == 1.0 or form is WeightForm.NONE or not bare:
        return words
    # White space stays outside, so that words never grow together when a program trims a group.
    before, after = words[: words.index(bare)], words[words.index(bare) + len(bare) :]
    group = f"({bare}){weight:g}" if form is WeightForm.COMPEL else f"({bare}:{weight:g})"
    return f"{before}{group}{after}"


def _a1111(text: str) -> str:
    told = _A1111_WORDS.sub(lambda found: found.group().lower(), _ADAPTER.sub("< ", text))
    return re.sub(r"([\\()\[\]])", r"\\\1", told)


def _comfy(text: str) -> str:
    return re.sub(r"([()])", r"\\\1", _EMBEDDING.sub(r"\1 :", text))


def _compel(text: str) -> str:
    # compel gives no escape back but that of a bracket, so that its other marks are written in other words.
    told = text.replace("\\", "/").replace("=", " equals ").replace('"', "'")
    return re.sub(r"([()])", r"\\\1", _SIGNS.sub(_sign_told, told))


def _sign_told(found: re.Match[str]) -> str:
    return "".join(" plus " if sign == "+" else "\u2013" for sign in found.group())


_LITERAL: Final[Mapping[WeightForm, Callable[[str], str]]] = {
    WeightForm.A1111: _a1111,
    WeightForm.COMFY: _comfy,
    WeightForm.COMPEL: _compel,
    WeightForm.NONE: str,
}


def by_hand(text: str) -> tuple[Piece, ...]:
    r"""Emphasis as people write it, `(words:1.3)`, `((words))`, `[less]`, with `\(` for a bracket that is one.

    Weights of brackets within brackets multiply. Brackets that don't match are brackets to draw: the text stays whole.
    """
    reader = _Reader(text)
    pieces = reader.pieces()
    return _joined(pieces) if pieces is not None else (Piece(text),) if text else ()


class _Reader:
    """Reads emphasis, bracket by bracket."""

    def __init__(self, text: str) -> None:
        self._text = text

    def pieces(self) -> list[Piece] | None:
        """Pieces in order; None when brackets don't match."""
        open_: list[tuple[str, int]] = []
        read: list[Piece] = []
        plain: list[str] = []
        place = 0
        while place < len(self._text):
            char = self._text[place]
            if char == "\\" and self._text[place + 1 : place + 2] in {*"()[]\\"}:
                plain.append(self._text[place + 1])
                place += 2
                continue
            if char in "([":
                read, plain = [*read, *_plain(plain)], []
                open_.append((char, len(read)))
            elif char in ")]":
                if not open_ or open_[-1][0] != {")": "(", "]": "["}[char]:
                    return None
                factor, words = _factor(char, "".join(plain))
                _, first = open_.pop()
                read = [*read, *_plain([words])]
                read[first:] = [Piece(piece.text, piece.weight * factor) for piece in read[first:]]
                plain = []
            else:
                plain.append(char)
            place += 1
        return None if open_ else [*read, *_plain(plain)]


def _plain(parts: Sequence[str]) -> list[Piece]:
    text = "".join(parts)
    return [Piece(text)] if text else []


def _factor(closing: str, words: str) -> tuple[float, str]:
    """What a group is worth, and its words without the number."""
    if closing == "]":
        return 1 / _BRACKETS, words
    number = _NUMBER.search(words)
    return (float(number.group(1)), words[: number.start()]) if number else (_BRACKETS, words)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one weight as one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        weight = _weight(piece.weight)
        if joined and joined[-1].weight == weight:
            joined[-1] = Piece(joined[-1].text + piece.text, weight)
        else:
            joined.append(Piece(piece.text, weight))
    return tuple(joined)
