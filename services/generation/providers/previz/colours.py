"""Colour names in free text, and the arithmetic of light on colour (sRGB, 0 to 255)."""

import colorsys
import re
from collections.abc import Iterable
from typing import Final

from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import clamp

BLACK: Final[RGB] = (12.0, 11.0, 18.0)
WHITE: Final[RGB] = (255.0, 255.0, 255.0)
INK: Final[RGB] = (22.0, 17.0, 32.0)

_NAMES: Final[dict[str, str]] = {
    "red": "c22f35", "crimson": "b01c38", "scarlet": "d8322e", "maroon": "6e1f2c", "burgundy": "6a1b30",
    "vermilion": "e04a2f", "ruby": "b0173f", "wine": "641c34", "rust": "a8502c", "terracotta": "c0643f",
    "brick": "96463a", "orange": "e08030", "saffron": "f0a028", "amber": "e8a33a", "peach": "f2b48c",
    "coral": "ee7a66", "salmon": "ee9080", "gold": "d9a638", "golden": "d9a638", "mustard": "c99a2c",
    "yellow": "ecc640", "lemon": "f2e05a", "cream": "efe3c4", "ivory": "f0e8d4", "beige": "d4bd98",
    "tan": "b8906a", "khaki": "a89868", "camel": "b98a56", "sand": "d8c194", "bronze": "95693a",
    "copper": "b06a3c", "brown": "6e4a32", "chocolate": "54321f", "chestnut": "7a4630", "auburn": "7c3424",
    "mahogany": "5c2a20", "umber": "5a4632", "sepia": "6a5038", "olive": "6e7038", "green": "3d8a4a",
    "emerald": "1f8a5a", "jade": "3a9a78", "moss": "6a7a3c", "lime": "9ac83c", "mint": "a4dcc0",
    "sage": "94a684", "teal": "1f7f82", "turquoise": "34b4b4", "cyan": "42c4d8", "aqua": "5cc8cc",
    "blue": "2f62b4", "navy": "1f2c54", "cobalt": "2448a8", "azure": "4a90d8", "sapphire": "1f4a9c",
    "indigo": "39347e", "denim": "3f5a86", "sky": "86bce4", "cerulean": "3a8cc0", "midnight": "1a2040",
    "purple": "6e3a94", "violet": "7a4cb4", "lavender": "b09ad4", "lilac": "c4a8d8", "plum": "6c2f5c",
    "mauve": "a8809c", "magenta": "c23a8c", "fuchsia": "d83c94", "pink": "e88aa8", "rose": "d86a84",
    "white": "f0eeea", "pearl": "e6e2da", "silver": "b4bac2", "grey": "84868c", "gray": "84868c",
    "charcoal": "3c3e46", "slate": "586270", "steel": "7c8894", "ash": "a8a6a2", "graphite": "44464e",
    "smoke": "8c8c92", "black": "201e28", "ebony": "241e22", "jet": "1a1a20", "onyx": "22222a",
    "blond": "dcb868", "blonde": "dcb868", "platinum": "e6dcc0", "ginger": "c0602c", "redhead": "a8442a",
    "brunette": "4e3222", "raven": "1c1a22", "turmeric": "e0a020", "henna": "84401e", "marigold": "ee9c26",
    "peacock": "14708c", "lotus": "e294b0", "sandalwood": "c8966a", "bone": "e2d8c2", "leather": "6a4630",
    "straw": "dcc078", "neon": "ff4fa0",
    "dorado": "d9a638", "rojo": "c22f35", "azul": "2f62b4", "verde": "3d8a4a", "negro": "201e28", "blanco": "f0eeea",
    "rouge": "c22f35", "bleu": "2f62b4", "noir": "201e28", "blanc": "f0eeea", "rot": "c22f35", "blau": "2f62b4",
    "schwarz": "201e28", "weiss": "f0eeea", "gruen": "3d8a4a", "lal": "c22f35", "pila": "ecc640", "neela": "2f62b4",
    "लाल": "c22f35", "पीला": "ecc640", "नीला": "2f62b4", "हरा": "3d8a4a", "सुनहरा": "d9a638", "सफेद": "f0eeea",
    "काला": "201e28", "केसरिया": "f0a028", "красный": "c22f35", "синий": "2f62b4", "зелёный": "3d8a4a",
    "чёрный": "201e28", "белый": "f0eeea", "红": "c22f35", "红色": "c22f35", "蓝色": "2f62b4", "金色": "d9a638",
    "黑色": "201e28", "白色": "f0eeea", "赤": "c22f35", "青": "2f62b4", "黒": "201e28", "白": "f0eeea",
}  # fmt: skip

_SHADES: Final[dict[str, tuple[float, float]]] = {
    # value shift (towards black < 0 < towards white), saturation factor
    "dark": (-0.38, 1.0), "deep": (-0.25, 1.1), "light": (0.32, 0.9), "pale": (0.45, 0.7), "bright": (0.08, 1.25),
    "faded": (0.15, 0.6), "dusty": (0.08, 0.6), "vivid": (0.0, 1.35), "muted": (0.0, 0.6), "soft": (0.18, 0.75),
    "royal": (-0.05, 1.2), "burnt": (-0.25, 0.95), "rich": (-0.08, 1.2),
}  # fmt: skip

# Words end at blanks, digits and punctuation; combining marks of Indic scripts belong to them.
_TOKEN: Final = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|[^\s\d!-/:-@\[-`{-~\u2010-\u2027\u0964\u3001\u3002\uff0c]+")


def rgb(code: str) -> RGB:
    """Return the colour of a hex code.

    Args:
        code: six hex digits, with or without a leading '#'.

    Raises:
        ValueError: the code is not six hex digits.
    """
    digits = code.lstrip("#")
    if len(digits) != 6:
        raise ValueError(f"colour {code!r}: six hex digits are allowed, such as '#c22f35'")
    return (float(int(digits[:2], 16)), float(int(digits[2:4], 16)), float(int(digits[4:], 16)))


TABLE: Final[dict[str, RGB]] = {name: rgb(code) for name, code in _NAMES.items()}


def tokens(text: str) -> list[str]:
    """Return the words and hex codes of a text, lower case, in order; at most 400."""
    return _TOKEN.findall(text[:4000].casefold())[:400]


def find_all(text: str) -> list[RGB]:
    """Return every colour that a text names, in order, with shades such as 'dark' applied; empty if none."""
    found: list[RGB] = []
    shade: tuple[float, float] | None = None
    for word in tokens(text):
        if word in _SHADES:
            shade = _SHADES[word]
            continue
        colour = _of(word)
        if colour is not None:
            found.append(_shaded(colour, shade) if shade else colour)
        shade = None
    return found


def find(text: str) -> RGB | None:
    """Return the first colour that a text names, or None."""
    colours = find_all(text)
    return colours[0] if colours else None


def _of(word: str) -> RGB | None:
    if word.startswith("#"):
        digits = word[1:]
        return rgb(digits if len(digits) == 6 else "".join(d * 2 for d in digits))
    if word in TABLE:
        return TABLE[word]
    if not word.endswith("ish"):
        return None
    stem = word.removesuffix("ish")
    return TABLE.get(stem) or TABLE.get(stem[:-1])


def _shaded(colour: RGB, shade: tuple[float, float]) -> RGB:
    shift, saturation = shade
    towards = WHITE if shift > 0 else BLACK
    return saturated(mix(colour, towards, abs(shift)), saturation)


def mix(a: RGB, b: RGB, t: float) -> RGB:
    """Return the colour a fraction t of the way from a to b."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def times(a: RGB, b: RGB) -> RGB:
    """Return a seen in light b (white light changes nothing)."""
    return (a[0] * b[0] / 255.0, a[1] * b[1] / 255.0, a[2] * b[2] / 255.0)


def brighter(a: RGB, by: float) -> RGB:
    """Return a with its light multiplied, kept within 0 to 255."""
    return (min(255.0, a[0] * by), min(255.0, a[1] * by), min(255.0, a[2] * by))


def luma(a: RGB) -> float:
    """Return brightness, 0 to 1 (Rec. 601 weights)."""
    return (0.299 * a[0] + 0.587 * a[1] + 0.114 * a[2]) / 255.0


def saturated(a: RGB, by: float) -> RGB:
    """Return a with its distance from grey multiplied; 0 is grey, 1 unchanged."""
    grey = luma(a) * 255.0
    r, g, b = (clamp(grey + (c - grey) * by, 0.0, 255.0) for c in a)
    return (r, g, b)


def hue(a: RGB) -> tuple[float, float, float]:
    """Return hue (0 to 1), saturation (0 to 1) and value (0 to 1)."""
    return colorsys.rgb_to_hsv(a[0] / 255.0, a[1] / 255.0, a[2] / 255.0)


def average(colours: Iterable[RGB]) -> RGB:
    """Return the mean of at least one colour."""
    many = list(colours)
    n = len(many)
    return (sum(c[0] for c in many) / n, sum(c[1] for c in many) / n, sum(c[2] for c in many) / n)
