"""Text for contact sheets, in any script: what a font lacks is taken from another, or replaced.

The bundled typeface (Aileron, in Pillow) is handsome and always there, but has Latin letters only. Characters that it
lacks come from the first system font that has them, else without their accents, else as a middle dot.
"""

import bisect
import functools
import unicodedata
from itertools import groupby
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont

MISSING: Final = "·"
ELLIPSIS: Final = "…"
_NEVER_THERE: Final = "\U0010fffe"
"""A code point that no font has: what is drawn for it is the font's picture of a missing character."""
_FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_WANTED: Final = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "Arial Unicode.ttf",
    "segoeui.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Regular.ttf",
    "Nirmala.ttf",
)
_AS_TYPED: Final = {
    "\u2013": "-",
    "\u2014": "-",
    "\u2192": ">",
    "\u00d7": "x",
    "\u2033": '"',
    "\u2032": "'",
    "\u2018": "'",
}


@functools.cache
def _system_fonts() -> tuple[Path, ...]:
    """The fonts of this machine that cover much, best first."""
    found: dict[str, Path] = {}
    for folder in map(Path, _FOLDERS):
        if folder.is_dir():
            found.update({path.name: path for path in folder.rglob("*.tt[fc]") if path.name in _WANTED})
    return tuple(found[name] for name in _WANTED if name in found)


class Lettering:
    """One size of text.

    Args:
        size: height of the letters in pixels.
        tracking: extra space between letters in pixels; for lines in capitals.
        weight: extra thickness of the strokes in pixels.
    """

    def __init__(self, size: int, *, tracking: float = 0, weight: int = 0) -> None:
        base = ImageFont.load_default(size)
        if not isinstance(base, ImageFont.FreeTypeFont):
            raise TypeError("Pillow was built without FreeType; its bitmap font has one size only")
        self.size = size
        self.tracking = tracking
        self.weight = weight
        self._base = base
        self._fonts: list[Font] = [base]
        self._others_loaded = False
        self._blanks: dict[int, bytes] = {}
        self._choices: dict[str, tuple[str, int]] = {}

    def width(self, text: str) -> float:
        """Width of a line in pixels."""
        return sum(self._advance(run, font) for run, font in self._runs(text))

    def fitted(self, text: str, max_width: float) -> str:
        """The text, cut with an ellipsis where it is wider."""
        # No letter is narrower than a pixel: what goes beyond can't show, and measuring it all would take long.
        whole = " ".join(text.split())
        line = whole[: max(int(max_width), 1)]
        if line == whole and self.width(line) <= max_width:
            return line
        kept = bisect.bisect_right(range(len(line)), max_width, key=lambda end: self.width(line[:end] + ELLIPSIS))
        return line[: max(kept - 1, 0)].rstrip(" -,·") + ELLIPSIS

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: Colour) -> float:
        """Write a line with its baseline at `at`; returns where it ends."""
        x, y = at
        for run, font in self._runs(text):
            if not self.tracking:
                canvas.text((x, y), run, font=font, fill=colour, anchor="ls", stroke_width=self.weight)
                x += self._advance(run, font)
                continue
            for char in run:
                canvas.text((x, y), char, font=font, fill=colour, anchor="ls", stroke_width=self.weight)
                x += font.getlength(char) + self.tracking
        return x

    def _advance(self, run: str, font: Font) -> float:
        return font.getlength(run) + self.tracking * len(run)

    def _runs(self, text: str) -> list[tuple[str, Font]]:
        chosen = [self._choice(char) for char in unicodedata.normalize("NFC", text)]
        return [
            ("".join(shown for shown, _ in group), self._fonts[number])
            for number, group in groupby(chosen, key=lambda item: item[1])
        ]

    def _choice(self, char: str) -> tuple[str, int]:
        """What is drawn for a character, and in which font."""
        if char not in self._choices:
            self._choices[char] = self._find(char)
        return self._choices[char]

    def _find(self, char: str) -> tuple[str, int]:
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
            return "", 0
        if char.isspace():
            return " ", 0
        if self._has(char, 0):
            return char, 0
        if not self._others_loaded:
            self._fonts += [ImageFont.truetype(str(path), self.size) for path in _system_fonts()]
            self._others_loaded = True
        for number in range(1, len(self._fonts)):
            if self._has(char, number):
                return char, number
        plain = _AS_TYPED.get(char) or unicodedata.normalize("NFKD", char)[:1]
        if plain.isascii() and self._has(plain, 0):
            return plain, 0
        # A mark that belongs to the letter before it takes no room of its own.
        return ("", 0) if unicodedata.combining(char) else (MISSING, 0)

    def _has(self, char: str, number: int) -> bool:
        font = self._fonts[number]
        if number not in self._blanks:
            self._blanks[number] = bytes(font.getmask(_NEVER_THERE))
        mask = font.getmask(char)
        return mask.size != (0, 0) and bytes(mask) != self._blanks[number]
