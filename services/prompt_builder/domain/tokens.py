"""A length in CLIP tokens, estimated without a vocabulary, for templates that come without one (tests).

CLIP cuts text into words, single digits and runs of punctuation, and a rare word into several parts. Counted here: a
small-letter word of up to six letters is one token, a longer one a token per four letters begun, a word with capitals
(most are names) a token per three; a digit or a run of other ASCII marks is one; an East Asian character is three, and
other scripts are two tokens per three bytes of UTF-8. Prose comes out somewhat too long: what is cut for it is listed,
while what ran over would be cut in silence. Emphasis marks are read before the text is encoded and count nothing.
"""

import re
from collections.abc import Callable
from math import ceil
from typing import Final

#: Tokens that a CLIP text encoder reads: 77 with the start and end marks.
CLIP_BUDGET: Final = 75

TokenCount = Callable[[str], int]
"""How many CLIP tokens a text has."""

_COMMON_WORD = 6
_LETTERS_PER_TOKEN = 4
_LETTERS_PER_TOKEN_OF_NAMES = 3
_EAST_ASIAN_FROM, _EAST_ASIAN_TO = "\u2e80", "\ufb00"

_UNITS = re.compile(r"[A-Za-z]+|[0-9]|[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+|[^\x00-\x7f]+")


def estimate(text: str) -> int:
    """Tokens of a text, rounded up per word."""
    return sum(_cost(unit) for unit in _UNITS.findall(text))


def _cost(unit: str) -> int:
    if not unit[0].isascii():
        east_asian = sum(_EAST_ASIAN_FROM <= char < _EAST_ASIAN_TO for char in unit)
        others = len(unit.encode()) - 3 * east_asian
        return 3 * east_asian + ceil(others * 2 / 3)
    if not unit[0].isalpha():
        return 1
    if not unit.islower():
        return ceil(len(unit) / _LETTERS_PER_TOKEN_OF_NAMES)
    return 1 if len(unit) <= _COMMON_WORD else ceil(len(unit) / _LETTERS_PER_TOKEN)
