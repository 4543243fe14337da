"""Features by name (`{"hair": "long black"}`) worded as phrases (`long black hair`)."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from schemas.text import Features
from services.prompt_builder.domain.colours import in_words
from services.prompt_builder.domain.wording import listed, one_line

#: Names that say nothing which their value doesn't: only the value is worded.
_SILENT: Final = frozenset(
    {
        "accessories",
        "aging",
        "atmosphere",
        "attire",
        "attribute",
        "body",
        "build_type",
        "clothing",
        "description",
        "details",
        "ethnicity",
        "features",
        "gender",
        "general",
        "height",
        "injury",
        "look",
        "makeup",
        "make_up",
        "mood",
        "notes",
        "other",
        "outfit",
        "overall",
        "scar",
        "sex",
        "species",
        "style",
        "summary",
        "type",
        "wardrobe",
    }
)
_COLOURS: Final = frozenset({"color", "colors", "colour", "colours", "palette"})
_SHORT_WORDS = 2


def phrases(features: Features, *, said: Iterable[str] = ()) -> tuple[str, ...]:
    """One phrase per feature, in the order given, colours last.

    Args:
        features: as in the bible; a value may be several.
        said: texts that reach the prompt anyway; a value found in one of them is left out.
    """
    told = [one_line(text).casefold() for text in said if text]
    plain = [_phrase(name, value, told) for name, value in features.items() if _key(name) not in _COLOURS]
    coloured = [_phrase(name, value, told) for name, value in features.items() if _key(name) in _COLOURS]
    return tuple(dict.fromkeys(phrase for phrase in (*plain, *coloured) if phrase))


def _phrase(name: str, value: str | tuple[str, ...], told: list[str]) -> str:
    values = [one_line(item) for item in ((value,) if isinstance(value, str) else value)]
    values = [item for item in values if item and not any(item.casefold() in text for text in told)]
    if not values:
        return ""
    key = _key(name)
    if key in _COLOURS:
        return f"in {listed([in_words(item) for item in values])}"
    worded = listed([in_words(item) for item in values])
    noun = one_line(name.replace("_", " "))
    if key in _SILENT or _stem(key) in worded.casefold():
        return worded
    if key == "age":
        return f"a {worded}-year-old look" if worded.isdigit() else f"{worded} look"
    return f"{worded} {noun}" if len(worded.split()) <= _SHORT_WORDS else f"{noun} {worded}"


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _stem(key: str) -> str:
    """The last word of a name without its plural, to look for it in the value."""
    return key.rsplit("_", 1)[-1].removesuffix("s")


def merged(*groups: Mapping[str, str | tuple[str, ...]]) -> Features:
    """Features of several groups; of two with one name the later group's."""
    together: Features = {}
    for group in groups:
        together.update(group)
    return together
