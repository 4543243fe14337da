"""Features by name (`{"hair": "long black"}`) worded as phrases (`long black hair`)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from schemas.text import Features
from services.prompt_builder.domain.articles import article, one
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
        "water",
    }
)
_UNSEEN: Final = frozenset({"music", "noise", "odour", "scent", "smell", "sound", "sounds", "soundscape"})
_COLOURS: Final = frozenset({"color", "colors", "colour", "colours", "palette"})
_SHORT_WORDS = 2
#: Things of which there is one: `a slender build`; groups of words before them are one description.
_COUNTED: Final = frozenset({"build", "expression", "face", "gait", "posture"})
#: Of a face, of which there is one of each.
_PARTS: Final = frozenset(
    {"face", "nose", "chin", "jaw", "mouth", "smile", "scar", "beard", "moustache", "bindi", "brow", "parting"}
    | {"afro", "bob", "braid", "bun", "crop", "fringe", "plait", "ponytail"}
)
#: Words that say by themselves that they are about hair.
_HAIRSTYLES: Final = frozenset(
    {"afro", "bob", "braid", "braids", "bun", "crop", "curls", "dreadlocks", "fringe", "locks", "plait", "ponytail"}
)
#: Ages in words: `nineteen` is an age, `elderly` a look.
_DECADE = re.compile(r"^(early|mid|late)[ -](\w+ties|teens)$", re.IGNORECASE)
_NUMBER = re.compile(
    r"^(about |around )?(\d|(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety)\b)",
    re.IGNORECASE,
)
#: Starts of phrases that say something of the whole and so follow it after a comma.
_TRAILING: Final = ("aged ", "in ")
_HEIGHT = re.compile(r"\d+(\.\d+)? ?(cm|m)$")


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


def as_now(static: Features, now: Features) -> tuple[dict[str, str | tuple[str, ...]], tuple[str, ...]]:
    """Static features with an age as it is now, and the names of those changed: nobody is 30 and 60 at once.

    Any other feature stays beside what has changed of it: hair that is wet is still black.
    """
    anew = {_key(name): value for name, value in now.items() if value and _key(name) == "age"}
    changed = tuple(name for name, value in static.items() if anew.get(_key(name), value) != value)
    return {name: anew.get(_key(name), value) for name, value in static.items()}, changed


def unseen(features: Features) -> tuple[str, ...]:
    """Features that no picture shows: sounds and smells."""
    return tuple(
        f"{one_line(name)} {listed([one_line(item) for item in _several(value)])}"
        for name, value in features.items()
        if _key(name) in _UNSEEN
    )


def joined(worded: Sequence[str]) -> str:
    """Phrases, and the parts of those that have commas, as one list; age and colours follow after a comma."""
    plain = [part for phrase in worded if not phrase.startswith(_TRAILING) for part in phrase.split(", ")]
    heights = [part for part in plain if _HEIGHT.match(part)]
    plain = [one(part) if _PARTS.intersection(part.split()) else part for part in plain if part not in heights]
    trailing = [*(f"{height} tall" for height in heights), *(item for item in worded if item.startswith(_TRAILING))]
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
    return _aged(worded) if key == "age" else _named(name, key, worded)


def _named(name: str, key: str, worded: str) -> str:
    """The value with the name of the feature, unless it says that by itself."""
    first, comma, rest = worded.partition(",")
    things = key in _GROUPS and (" " in first or (comma != "" and key not in _COUNTED))
    styled = key == "hair" and _HAIRSTYLES.intersection(re.findall(r"\w+", worded.casefold()))
    if key in _SILENT or _stem(key) in worded.casefold() or things or styled:
        return worded
    noun = one_line(name.replace("_", " "))
    if key == "build" and first.isascii() and " and " not in worded:
        looks = [part for part in worded.split(", ") if not _HEIGHT.match(part)]
        sizes = [part for part in worded.split(", ") if _HEIGHT.match(part)]
        return ", ".join([f"{article(first)} {' and '.join(looks)} {noun}", *sizes] if looks else sizes)
    if key in _COUNTED and first.isascii():
        return f"{article(first)} {first} {noun}{comma}{rest}"
    return f"{first} {noun}{comma}{rest}" if len(first.split()) <= _SHORT_WORDS else f"{noun} {worded}"


def _aged(worded: str) -> str:
    if _DECADE.match(worded):
        return f"in their {worded}"
    parts = worded.split(", ")
    told = next((part for part in parts if _NUMBER.match(part)), "")
    return ", ".join([f"aged {told}", *(part for part in parts if part != told)]) if told else worded


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _stem(key: str) -> str:
    """The last word of a name without its plural, to look for it in the value."""
    return key.rsplit("_", 1)[-1].removesuffix("s")
