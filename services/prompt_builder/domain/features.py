"""Features by name (`{"hair": "long black"}`) worded as phrases (`long black hair`)."""

import re
from collections.abc import Iterable, Sequence
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
#: Names of groups of things: the value names the things, unless it starts with one bare word.
_GROUPS: Final = frozenset(
    {
        "air",
        "architecture",
        "depth",
        "elements",
        "face",
        "furniture",
        "ground",
        "haze",
        "light",
        "lights",
        "objects",
        "plants",
        "props",
        "structures",
        "surfaces",
        "vegetation",
    }
)
_UNSEEN: Final = frozenset({"music", "noise", "odour", "scent", "smell", "sound", "sounds", "soundscape"})
_COLOURS: Final = frozenset({"color", "colors", "colour", "colours", "palette"})
_SHORT_WORDS = 2
#: Starts of phrases that say something of the whole and so follow it after a comma.
_TRAILING: Final = ("aged ", "in ")


def phrases(features: Features, *, said: Iterable[str] = ()) -> tuple[str, ...]:
    """One phrase per feature that can be seen, in the order given; age and colours last.

    Args:
        features: as in the bible; a value may be several.
        said: texts that reach the prompt anyway; a value found in one of them is left out.
    """
    told = [one_line(text).casefold() for text in said if text]
    worded = [_phrase(name, value, told) for name, value in features.items() if _key(name) not in _UNSEEN]
    kept = dict.fromkeys(phrase for phrase in worded if phrase)
    return tuple(sorted(kept, key=lambda phrase: phrase.startswith(_TRAILING)))


def unseen(features: Features) -> tuple[str, ...]:
    """Features that no picture shows: sounds and smells."""
    return tuple(
        f"{one_line(name)} {listed([one_line(item) for item in _several(value)])}"
        for name, value in features.items()
        if _key(name) in _UNSEEN
    )


def joined(worded: Sequence[str]) -> str:
    """Phrases as a list; age and colours follow after a comma."""
    plain = [phrase for phrase in worded if not phrase.startswith(_TRAILING)]
    trailing = [phrase for phrase in worded if phrase.startswith(_TRAILING)]
    return ", ".join(part for part in (listed(plain), *trailing) if part)


def _several(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _phrase(name: str, value: str | tuple[str, ...], told: list[str]) -> str:
    values = [one_line(item) for item in _several(value)]
    values = [in_words(item) for item in values if item and not any(item.casefold() in text for text in told)]
    if not values:
        return ""
    key, worded = _key(name), listed(values)
    if key in _COLOURS:
        return f"in {worded}"
    if key == "age":
        return f"aged {worded}"
    first, comma, rest = worded.partition(",")
    if key in _SILENT or _stem(key) in worded.casefold() or (key in _GROUPS and " " in first):
        return worded
    noun = one_line(name.replace("_", " "))
    if len(first.split()) <= _SHORT_WORDS:
        return f"{first} {noun}{comma}{rest}"
    return f"{noun} {worded}"


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _stem(key: str) -> str:
    """The last word of a name without its plural, to look for it in the value."""
    return key.rsplit("_", 1)[-1].removesuffix("s")
