"""Keeps a key out of texts that quote a vendor: vendors like to repeat the key that they refuse. Pure."""

from typing import Final

MASK: Final = "***"
_HEAD: Final = 6
_TAIL: Final = 4
#: Of shorter keys the head would mask ordinary words.
_LONG: Final = 12


def without_key(text: str, key: str) -> str:
    """The text without the key, and without words that show its head or its tail."""
    clean = text.replace(key, MASK) if key else text
    if len(key) < _LONG:
        return clean
    return " ".join(MASK if _shows(word, key) else word for word in clean.split(" "))


def _shows(word: str, key: str) -> bool:
    bare = word.strip(".,;:'\"()[]{}")
    return key[:_HEAD] in bare or (bare.endswith(key[-_TAIL:]) and "*" in bare)
