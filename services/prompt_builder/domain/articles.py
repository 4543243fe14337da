"""`a` and `an` before things of which there is one. Where it isn't plain that there is, nothing is put there."""

import re
from typing import Final

#: Ends the words that name the thing: `belted coat` of `belted coat over a suit`.
_AFTER: Final = re.compile(r",| (?:with|without|in|of|over|under|from|and|or|on|at|to|that|who|which|worn|tied|cut) ")
_DETERMINED: Final = re.compile(
    r"(?:a|an|the|no|some|one|two|three|four|five|six|seven|eight|nine|ten|many|few|several|his|her|their|its|"
    r"pair|in|with|without|all|both|same)\b|\d",
    re.IGNORECASE,
)
#: Named without an article, and words for more than one that don't end in `s`.
_UNCOUNTED: Final = frozenset(
    {"armour", "armor", "attire", "clothing", "embroidery", "footwear", "gear", "headwear", "jewellery", "jewelry"}
    | {"livery", "makeup", "underwear", "wear", "work", "hair", "skin", "stubble", "feet", "men", "teeth", "women"}
    | {"ash", "blood", "brass", "bronze", "clay", "cloth", "cotton", "denim", "fleece", "fur", "gold", "ink", "lace"}
    | {"leather", "linen", "mail", "mud", "netting", "paint", "satin", "silk", "silver", "tweed", "velvet", "wool"}
)
_LEAST_WORDS: Final = 2
_VOWEL: Final = re.compile(r"[aeio]|u(?!ni|se|ti)", re.IGNORECASE)


def article(words: str) -> str:
    """`a`, or `an` where it is easier to say."""
    first = words[:1].casefold()
    return (
        "an"
        if (first and first in "aeio") or (first == "u" and not re.match(r"u(ni|se|ti)", words.casefold()))
        else "a"
    )


def one(thing: str) -> str:
    """`a red silk sari with gold border` of `red silk sari with gold border`; words of which there is none stay.

    A single word stays too: it may be a name, a stuff or how something is, `barefoot`.
    """
    named = _AFTER.split(thing, maxsplit=1)[0].split()
    if len(named) < _LEAST_WORDS or _DETERMINED.match(thing):
        return thing
    head = named[-1]
    plain = thing[0].islower() and head.isascii() and head.isalpha() and head.islower()
    many = head.endswith("s") and not head.endswith(("ss", "us"))
    bare = head in _UNCOUNTED or (head.endswith(("ed", "en", "ing", "ly")) and not head.endswith(("ring", "sling")))
    if not plain or many or bare or "'s" in named[0]:
        return thing
    return f"{article(thing)} {thing}"
