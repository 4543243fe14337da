"""CLIP's own tokens: byte-pair encoding (Sennrich et al. 2016) of small-letter words.

Text is cut into English contractions, runs of letters, single numerals and runs of anything else; a word's bytes are
joined pair by pair, the pair that the vocabulary lists first before all others, until it lists none of those left.
OpenCLIP-bigG shares CLIP-L's vocabulary, so that one count holds for each encoder of SDXL.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

#: Marks the last byte of a word in the vocabulary.
_END: Final = "</w>"
_CONTRACTIONS: Final = ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d")
_WORDS_REMEMBERED = 20_000


class ClipTokens:
    """Counts tokens with CLIP's vocabulary.

    Args:
        merges: pairs that may be joined (`"t h"`), the first ones first.
    """

    def __init__(self, merges: Sequence[str]) -> None:
        ranks: Mapping[tuple[str, ...], int] = {tuple(pair.split(" ")): rank for rank, pair in enumerate(merges)}
        self._cost = lru_cache(_WORDS_REMEMBERED)(lambda word: len(_joined(word, ranks)))

    def count(self, text: str) -> int:
        """Tokens of a text, without the start and end marks."""
        return sum(self._cost(word) for word in _words(text.lower()))


def _joined(word: str, ranks: Mapping[tuple[str, ...], int]) -> list[str]:
    """The tokens of one word."""
    parts = [_BYTES[byte] for byte in word.encode()]
    parts[-1] += _END
    while len(parts) > 1:
        place = min(range(len(parts) - 1), key=lambda at: ranks.get((parts[at], parts[at + 1]), len(ranks)))
        if (parts[place], parts[place + 1]) not in ranks:
            break
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts


def _words(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        short = next((item for item in _CONTRACTIONS if text.startswith(item, place)), "")
        kind = _kind(text[place])
        end = place + max(1, len(short))
        if not short and kind in {"letter", "other"}:
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        if kind != "space":
            yield text[place:end]
        place = end


def _kind(char: str) -> str:
    if char.isspace():
        return "space"
    return {"L": "letter", "N": "numeral"}.get(unicodedata.category(char)[0], "other")


def _characters_of_bytes() -> tuple[str, ...]:
    """The character that stands for each byte in the vocabulary: itself if printable, else one from U+0100 on."""
    shown = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in shown else next(hidden)) for byte in range(0x100))


_BYTES: Final = _characters_of_bytes()
