"""Text as it may stand in a prompt: one line, bounded, any script, never cut inside a character."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

# Sentence marks of ASCII, East Asian, Arabic, Devanagari and Ethiopic script; written as escapes where they look like
# ASCII.
_ENDS: Final = frozenset(".!?\u2026\u3002\uff61\uff01\uff1f\u061f\u06d4\u0964\u0965\u1362")
_CLOSERS: Final = "\"'\u201d\u2019\u00bb)]}\u300d\u300f\uff09"
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")
# ASCII marks separate only before a space ("1.85" stays whole); the others need none.
_SEPARATORS = re.compile(
    r"[,;.!?\u2026]+(?=\s|$)|[\u060c\u061b\u061f\u06d4\u0964\u0965\u1362\u3001\u3002\uff61\uff01\uff0c\uff1b\uff1f]+"
)
#: A role that opens a description: a capital only because it opens it. Names and peoples keep theirs.
_ROLE = re.compile(r"[A-Z][a-z]+(?=,| (?:[a-z]|$))")
_PEOPLES: Final = ("ian", "can", "man", "ese", "ish", "ench", "eek", "tch", "elsh", "wiss", "aqi", "abi")
_MEN: Final = ("woman", "policeman", "gentleman", "fisherman", "watchman", "madman", "nobleman", "man")


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any, and never inside a combined character."""
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _joined(text, end):
        end -= 1
    head = text[:end]
    words = head.rsplit(" ", 1)[0] if text[end] != " " and " " in head else head
    # A text with one space near its start is hardly made of words: cut the character run instead.
    return (words if len(words) * 2 >= end else head).rstrip()


def _joined(text: str, position: int) -> bool:
    """Whether a cut before `position` would part what is shown as one character."""
    after, before = text[position], text[position - 1]
    return (
        after in _JOINERS
        or before == "\u200d"
        or bool(unicodedata.combining(after))
        or unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def ended(text: str) -> str:
    """The text with a full stop, unless it ends a sentence in its own script already."""
    bare = text.rstrip(_CLOSERS)
    if bare and bare[-1] in _ENDS:
        return text
    return text.rstrip(",;:") + "." if text else text


def begun(text: str) -> str:
    """The text with a capital first letter, where it starts with a small ASCII one."""
    return text[0].upper() + text[1:] if text and "a" <= text[0] <= "z" else text


def unended(text: str) -> str:
    """The text without its final full stop, to go on with a comma."""
    return text[:-1].rstrip() if text.endswith(".") and not text.endswith("..") else text


def appositive(text: str) -> str:
    """The text as it stands after a comma: no final stop, a small first letter unless it opens with a name."""
    bare = unended(text)
    first = _ROLE.match(bare)
    if first is None and not bare.startswith("A "):
        return bare
    word = first.group().casefold() if first else "a"
    return bare if word.endswith(_PEOPLES) and word not in _MEN else bare[0].lower() + bare[1:]


def within(name: str) -> str:
    """A name as it stands within a sentence: `the City of Tomorrow`."""
    return f"the {name[4:]}" if name.startswith("The ") else name


def is_short_phrase(text: str, limit: int = 120) -> bool:
    """Whether the text is one phrase that can stand between commas."""
    bare = unended(text)
    return len(bare) <= limit and not any(char in _ENDS or char in ";:" for char in bare)


def pieces(text: str) -> tuple[str, ...]:
    """The text cut into tags at commas and sentence ends."""
    parts = (part.strip() for part in _SEPARATORS.split(one_line(text)))
    return tuple(part for part in parts if part)


def is_balanced(text: str) -> bool:
    """Whether every bracket is closed, so that emphasis written by hand ends where it should."""
    closing = {")": "(", "]": "["}
    open_: list[str] = []
    for char in text:
        if char in "([":
            open_.append(char)
        elif char in closing and (not open_ or open_.pop() != closing[char]):
            return False
    return not open_


def top_level_pieces(text: str) -> tuple[str, ...]:
    """A prompt written by hand, cut at the commas outside of brackets; the text must be balanced."""
    parts = [""]
    depth = 0
    for char in one_line(text):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return tuple(part.strip() for part in parts if part.strip())
