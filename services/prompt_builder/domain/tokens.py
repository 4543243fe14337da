"""A length in CLIP tokens, estimated without a tokenizer.

CLIP cuts text into words, single digits and runs of punctuation, and a rare word into several parts. Counted here: one
token per four Latin letters begun, one per digit, one per run of other ASCII marks, and one per byte pair (UTF-8)
of anything else. English prose comes out about a third too long; the error is on the safe side, as what is cut is
listed and what runs over would be cut in silence. Emphasis marks are read before the text is encoded and count nothing.
"""

import re
from math import ceil
from typing import Final

#: Tokens that a CLIP text encoder reads: 77 with the start and end marks.
CLIP_BUDGET: Final = 75

_LETTERS_PER_TOKEN = 4
_UNITS = re.compile(r"[A-Za-z]+|[0-9]|[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+|[^\x00-\x7f]+")


def estimate(text: str) -> int:
    """Tokens of a text, rounded up per word."""
    return sum(_cost(unit) for unit in _UNITS.findall(text))


def _cost(unit: str) -> int:
    if unit[0].isascii():
        return ceil(len(unit) / _LETTERS_PER_TOKEN) if unit[0].isalpha() else 1
    return ceil(len(unit.encode()) / 2)
