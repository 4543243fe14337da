"""Colours that a plan gives as `#rrggbb`, in words: no image model reads hex."""

import re
from typing import Final

_HEX = re.compile(r"#([0-9a-fA-F]{6})\b")

#: sRGB values of the CSS basic colours and of the cloth colours that scripts name most.
_NAMED: Final[dict[str, tuple[int, int, int]]] = {
    "black": (0, 0, 0),
    "charcoal": (54, 69, 79),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "white": (255, 255, 255),
    "cream": (255, 246, 214),
    "beige": (222, 202, 170),
    "brown": (110, 70, 40),
    "tan": (190, 150, 110),
    "rust": (170, 70, 30),
    "maroon": (115, 15, 30),
    "red": (205, 20, 30),
    "crimson": (220, 20, 80),
    "pink": (245, 170, 190),
    "magenta": (220, 30, 180),
    "purple": (115, 40, 140),
    "lavender": (190, 170, 225),
    "indigo": (60, 40, 130),
    "navy": (20, 30, 85),
    "blue": (35, 85, 200),
    "sky blue": (130, 190, 235),
    "teal": (15, 125, 130),
    "turquoise": (60, 205, 200),
    "green": (40, 140, 60),
    "forest green": (25, 75, 40),
    "olive": (115, 115, 40),
    "lime": (150, 215, 50),
    "yellow": (245, 220, 60),
    "gold": (212, 165, 50),
    "orange": (240, 135, 35),
    "saffron": (245, 180, 50),
    "peach": (250, 205, 165),
}


def in_words(text: str) -> str:
    """The text with every `#rrggbb` replaced by the nearest named colour (least squared distance in sRGB)."""
    return _HEX.sub(lambda found: _nearest(found.group(1)), text)


def _nearest(digits: str) -> str:
    wanted = tuple(int(digits[start : start + 2], 16) for start in (0, 2, 4))
    return min(_NAMED, key=lambda name: sum((a - b) ** 2 for a, b in zip(_NAMED[name], wanted, strict=True)))
