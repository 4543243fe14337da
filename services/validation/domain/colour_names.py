"""Colours named in words: those of CSS, and names of cloth that CSS doesn't know."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import ImageColor

from services.validation.domain.colours import chroma, hue, oklab

#: Names of cloth and dye; where CSS has the word for a pure screen colour, the cloth wins.
_CLOTH: Final = {
    "red": "#c22f35", "orange": "#e08030", "yellow": "#ecc640", "green": "#3d8a4a", "blue": "#2f62b4",
    "purple": "#6e3a94", "pink": "#e88aa8", "magenta": "#c23a8c", "brown": "#6e4a32", "gold": "#d9a638",
    "golden": "#d9a638", "violet": "#7a4cb4", "indigo": "#39347e", "turquoise": "#34b4b4", "tan": "#b8906a",
    "scarlet": "#d8322e", "vermilion": "#e04a2f", "ruby": "#b0173f", "burgundy": "#6a1b30", "wine": "#641c34",
    "rust": "#a8502c", "terracotta": "#c0643f", "saffron": "#f0a028", "amber": "#e8a33a", "mustard": "#c99a2c",
    "ochre": "#c08a30", "marigold": "#ee9c26", "turmeric": "#e0a020", "lemon": "#f2e05a", "straw": "#dcc078",
    "cream": "#efe3c4", "camel": "#b98a56", "sand": "#d8c194", "bronze": "#95693a", "copper": "#b06a3c",
    "chestnut": "#7a4630", "emerald": "#1f8a5a", "jade": "#3a9a78", "moss": "#6a7a3c", "mint": "#a4dcc0",
    "sage": "#94a684", "cobalt": "#2448a8", "sapphire": "#1f4a9c", "cerulean": "#3a8cc0", "denim": "#3f5a86",
    "lilac": "#c4a8d8", "mauve": "#a8809c", "rose": "#d86a84", "peach": "#f2b48c", "charcoal": "#3c3e46",
    "slate": "#586270", "steel": "#7c8894", "pearl": "#e6e2da", "sky": "#86bce4", "fuchsia": "#d83c94",
}  # fmt: skip
_PALE: Final = frozenset({"dusty", "faded", "light", "muted", "pale", "pastel", "soft", "washed"})
_PALER: Final = 0.5
_TOKEN: Final = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|[a-z]+")
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class NamedColour:
    """A colour as it was named, with its hue in degrees and its distance from grey, both Oklab."""

    name: str
    hue: float
    chroma: float


@lru_cache(maxsize=4096)
def colours_in(text: str) -> tuple[NamedColour, ...]:
    """Every colour that a phrase names, in order: `deep emerald green` is one, `red with gold border` two.

    `pale`, `faded` and the like before it halve its distance from grey; `dark` and `deep` are skipped: light changes
    them more than words do. Words of other languages than English, and colours without a usual name, are not found.
    """
    words = _TOKEN.findall(text[:_MOST].casefold())
    if not words:
        return ()
    found: list[NamedColour] = []
    beside = False
    for before, first, second in zip(["", *words[:-1]], words, [*words[1:], ""], strict=True):
        code = _code(first + second) or _code(first)
        # A second colour word right after one says it more exactly, or less: `emerald green` is one colour.
        if code and not beside:
            name = first if _code(first) else f"{first} {second}"
            found.append(_named(f"{before} {name}", code, _PALER) if before in _PALE else _named(name, code, 1.0))
        beside = code is not None
    return tuple(dict.fromkeys(found))


def _code(word: str) -> str | None:
    return word if word.startswith("#") else _CLOTH.get(word) or _css(word)


def _css(word: str) -> str | None:
    code = ImageColor.colormap.get(word)
    return code if isinstance(code, str) else None


def _named(name: str, code: str, chroma_left: float) -> NamedColour:
    lab = oklab(np.array(ImageColor.getrgb(code)[:3]))
    return NamedColour(name, float(hue(lab)), float(chroma(lab)) * chroma_left)
