r"""Weighted prompts for CLIP: `(words:1.2)`, `(words)` = 1.1, `[words]` = 1/1.1, nested; `\(` is a plain bracket. Pure.

The notation is that of AUTOMATIC1111, in which the tag dialect is written. CLIP reads 75 tokens and two marks at a
time: longer prompts are read in pieces, parted at a comma where one is near, so that no phrase is cut in two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Tokens of CLIP's window without its start and end marks.
WINDOW: Final = 75
#: How far back a comma is looked for, in tokens.
_LOOK_BACK: Final = 20
_STRESS: Final = 1.1
_LEAST, _MOST = 0.0, 3.0
_BREAK: Final = re.compile(r"\s*\bBREAK\b\s*")
_PARTS: Final = re.compile(r"\\[()\[\]\\:]|[()\[\]]|:\s*\d*\.?\d+\s*\)|[^\\()\[\]:]+|[\\:]")


@dataclass(frozen=True, slots=True)
class Weighted:
    """Words and how hard they are meant, 0 to 3; 1 = plainly."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What the encoder reads at once: at most `WINDOW` token ids, each with its weight."""

    tokens: tuple[int, ...]
    weights: tuple[float, ...]


def chunks_of(prompt: str) -> tuple[str, ...]:
    """The parts of a prompt between ` BREAK `s, each of which begins a window of its own; at least one."""
    found = tuple(chunk for chunk in _BREAK.split(prompt) if chunk.strip())
    return found or ("",)


def parse(prompt: str) -> tuple[Weighted, ...]:
    """The prompt's words with their weights, brackets taken away; unpaired ones are as if they weren't there."""
    found: list[Weighted] = []
    round_, square = list[int](), list[int]()

    def scale(start: int, factor: float) -> None:
        for place in range(start, len(found)):
            found[place] = Weighted(found[place].text, found[place].weight * factor)

    for part in _PARTS.findall(prompt):
        if part == "(":
            round_.append(len(found))
        elif part == "[":
            square.append(len(found))
        elif part == ")":
            scale(round_.pop() if round_ else len(found), _STRESS)
        elif part == "]":
            scale(square.pop() if square else len(found), 1 / _STRESS)
        elif part[0] == ":" and part[-1] == ")":
            if round_:
                scale(round_.pop(), float(part[1:-1]))
            else:
                found.append(Weighted(part[:-1]))
        else:
            found.append(Weighted(part[1:] if part[0] == "\\" and len(part) > 1 else part))
    return _merged(found)


def _merged(found: Sequence[Weighted]) -> tuple[Weighted, ...]:
    merged: list[Weighted] = []
    for item in found:
        weight = min(max(item.weight, _LEAST), _MOST)
        if merged and abs(merged[-1].weight - weight) < 1e-9:  # noqa: PLR2004 - the same, but for rounding
            merged[-1] = Weighted(merged[-1].text + item.text, merged[-1].weight)
        else:
            merged.append(Weighted(item.text, weight))
    return tuple(item for item in merged if item.text.strip())


def pieces(tokens: Sequence[int], weights: Sequence[float], comma: int | None) -> tuple[Piece, ...]:
    """Tokens parted into windows, in order, none lost; one empty piece when there are none.

    Args:
        tokens: ids without start and end marks.
        weights: as many.
        comma: id of the comma, after which is parted when one is among the last 20 of a full window; None = nowhere.

    Raises:
        ValueError: not as many weights as tokens.
    """
    found: list[Piece] = []
    start = 0
    while len(tokens) - start > WINDOW:
        end = _end(tokens, start, comma)
        found.append(Piece(tuple(tokens[start:end]), tuple(weights[start:end])))
        start = end
    if len(tokens) != len(weights):
        raise ValueError(f"weights: {len(weights)}, allowed are as many as tokens, {len(tokens)}")
    if start < len(tokens) or not found:
        found.append(Piece(tuple(tokens[start:]), tuple(weights[start:])))
    return tuple(found)


def _end(tokens: Sequence[int], start: int, comma: int | None) -> int:
    full = start + WINDOW
    for place in range(full - 1, full - 1 - _LOOK_BACK, -1):
        if comma is not None and tokens[place] == comma:
            return place + 1
    return full
